/** `nics`: the names of network cards, by MAC address. */
import { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { text } from "../../model/values/value";
import type { DeepReadonly, Place } from "../concern";

/** What the kernel counts itself, and what software makes: a pin to such a name would meet another link that has it. */
const counted = /^(?:eth|wlan|usb|ib|vmbr|bond|tap|veth|fwbr|fwpr|fwln|dummy|tun|lo)\d*$/;
const nicName = text(/^[A-Za-z][A-Za-z0-9_-]{0,14}$/, "a card's name of at most 15 characters").refine(
    (name) => !counted.test(name),
    {
        error: "expected a name that neither the kernel counts (eth0) nor a bridge, bond or guest gets: nic0, lan0, or the one that the card has",
    },
);
/** Of one card: the first byte's lowest bit would make it a group's. */
const macAddress = text(
    /^[0-9A-Fa-f][02468ACEace](?::[0-9A-Fa-f]{2}){5}$/,
    "the card's own MAC address, as 02:00:5e:10:00:01",
).refine((mac) => !/^(?:00:){5}00$/.test(mac), { error: "expected the card's own MAC address, not zeros" });

export const schema = z
    .union(
        [
            z.record(nicName, z.union([macAddress, z.literal(false)], { error: "expected a MAC address, or false" })),
            z.literal(false),
        ],
        { error: "expected { NAME: MAC ADDRESS, … }, or false" },
    )
    .optional()
    .describe(
        "names of network cards, pinned by their MAC addresses from the next boot on; `false` takes a pin away again. Only where declared: else a name that may change is told by bootReadiness",
    );

type NicsConfig = NonNullable<z.infer<typeof schema>>;

export interface NicNamesSettings {
    /** MAC address in small letters by name; `false`: no longer pinned. */
    readonly nics: Readonly<Record<string, string | false>>;
}

export function resolveNics(given: DeepReadonly<Exclude<NicsConfig, false>>): NicNamesSettings {
    const sorted = Object.entries(given).sort(([one], [other]) => (one < other ? -1 : 1));
    return { nics: Object.fromEntries(sorted.map(([name, mac]) => [name, mac && mac.toLowerCase()])) };
}

/** A MAC address belongs to one machine: nothing of the defaults but what they take away can hold for two. */
export function mergeNics(base: NicsConfig | undefined, own: NicsConfig | undefined): NicsConfig | undefined {
    if (own === undefined) return base;
    return own && base ? { ...base, ...own } : own;
}

export function checkNics({ machine, own, merged, path }: Place<NicsConfig>): Fault[] {
    if (!machine)
        return Object.entries(own || {}).flatMap(([name, mac]) =>
            mac ? [{ path: [...path, name], message: "a MAC address belongs to one node: declare it there" }] : [],
        );
    const seen = new Map<string, string>();
    return Object.entries(merged || {}).flatMap(([name, mac]) => {
        if (!mac) return [];
        const other = seen.get(mac.toLowerCase());
        seen.set(mac.toLowerCase(), name);
        return other === undefined
            ? []
            : [{ path: [...path, name], message: `${other} has this MAC address already; a card has one name` }];
    });
}
