/**
 * Rules on values that make ifupdown2 lose an address, a route or a link, tried with `ifup -a` of Debian 13's ifupdown2
 * 3.0.0-1.3.
 */
import { familyOf } from "../../values/address";
import { finding, type Finding } from "../../lint/finding";
import { parseAddress, prefixOfNetmask } from "../addresses";
import { findKeyword } from "../keywords";
import { portListOptions } from "../links";
import { optionsNamed } from "../network";
import { optionsOf, type Option } from "../parse";
import type { Subject } from "./subject";

/** Options whose value ifupdown2 reads as it stands; commands and ovs_extra reach a shell, which knows `$IFACE`. */
const plainOptions = new Set([
    "address",
    "netmask",
    "broadcast",
    "gateway",
    "metric",
    "preferred-lifetime",
    "mtu",
    "ovs-mtu",
    "hwaddress",
    "vlan-raw-device",
    "vlan-id",
]);
const portLists: ReadonlySet<string> = new Set(portListOptions);

/** ifupdown2 fills in no variable; in a `regex` a dollar sign is the end of the name. */
export function unrenderedVariables(subject: Subject): Finding[] {
    return optionsIn(subject).flatMap(({ name, keyword, values }) => {
        if (!plainOptions.has(name) && !portLists.has(name)) return [];
        const end = values.findIndex(({ text }) => text.startsWith("#") || (text === "regex" && portLists.has(name)));
        const token = values.slice(0, end === -1 ? undefined : end).find(({ text }) => text.includes("$"));
        if (!token) return [];
        return [
            finding(
                "unrendered-variable",
                "error",
                token,
                `ifupdown2 fills in no variable, so it takes '${token.text}' as it stands and ${keyword.text} is not set. Write the value itself.`,
            ),
        ];
    });
}

/**
 * "'str' object has no attribute 'packed'": Debian's ifupdown2 3.0.0 sets the address before it in no case. Proxmox's
 * own build was not tried, and classic ifupdown takes `+` and `-`.
 */
export function broadcasts({ interfaces }: Subject): Finding[] {
    return stanzasWith(interfaces, "address").flatMap((options) =>
        options
            .filter(({ name }) => name === "broadcast")
            .flatMap(({ values: [value] }) => {
                if (!value || value.text.includes("$")) return [];
                if (familyOf(value.text) === 4 || value.text === "+" || value.text === "-") {
                    return [
                        finding(
                            "broadcast",
                            "warning",
                            value,
                            "Debian 13's ifupdown2 then does not set the address, and the kernel works out the broadcast address itself. Delete the line.",
                        ),
                    ];
                }
                return [
                    finding(
                        "broadcast",
                        "error",
                        value,
                        `'${value.text}' is no IPv4 address, and Debian 13's ifupdown2 then does not set the interface's own. Delete the line: the kernel works it out.`,
                    ),
                ];
            }),
    );
}

/** `ip route add` refuses anything but a number of 32 bits, and the default route is lost. */
export function metrics({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) =>
        optionsNamed(iface, "metric").flatMap(({ values: [value] }) => {
            if (
                !value ||
                value.text.includes("$") ||
                (/^(?:\d+|0x[0-9a-f]+)$/i.test(value.text) && Number(value.text) <= 0xffff_ffff)
            )
                return [];
            const lost = optionsNamed(iface, "gateway").length > 0;
            return [
                finding(
                    "bad-metric",
                    lost ? "error" : "warning",
                    value,
                    `'${value.text}' is no metric${lost ? ", so the default route is not set" : ""}. Write a whole number, such as 100.`,
                ),
            ];
        }),
    );
}

export function preferredLifetimes({ interfaces }: Subject): Finding[] {
    return stanzasWith(interfaces, "address").flatMap((options) =>
        options
            .filter(({ name }) => name === "preferred-lifetime")
            .flatMap(({ values: [value] }) => {
                if (
                    !value ||
                    value.text.includes("$") ||
                    value.text.toLowerCase() === "forever" ||
                    (/^\d+$/.test(value.text) && Number(value.text) <= 0xffff_ffff)
                )
                    return [];
                return [
                    finding(
                        "bad-lifetime",
                        "error",
                        value,
                        `'${value.text}' is no lifetime, so the address is not set. Write a number of seconds, or 'forever'.`,
                    ),
                ];
            }),
    );
}

/**
 * ifupdown2 reads a mask of the host's part like the netmask it complements. Classic ifupdown passes it on to `ip`,
 * which does not.
 */
export function hostMasks(subject: Subject): Finding[] {
    return optionsIn(subject).flatMap(({ name, values: [value] }) => {
        const mask =
            name === "netmask"
                ? value?.text
                : name === "address" && value && parseAddress(value.text)
                  ? value.text.split("/")[1]
                  : undefined;
        const prefix = mask?.startsWith("0.") && mask !== "0.0.0.0" ? prefixOfNetmask(mask, 4) : undefined;
        if (prefix === undefined) return [];
        return [
            finding(
                "host-mask",
                "warning",
                value!,
                `'${mask}' masks the host's part; ifupdown2 takes it for a prefix length of ${prefix}, other programs may not. Write that.`,
            ),
        ];
    });
}

/**
 * Ranges of ifupdown2's table that the kernel has as well. It takes other values than the table for most options, and
 * ifupdown2 does not check.
 */
const hardRanges: ReadonlyMap<string, readonly [number, number]> = new Map([
    ["bond-num-grat-arp", [0, 255]],
    ["bond-num-unsol-na", [0, 255]],
    ["bridge-access", [1, 4094]],
    ["bridge-pvid", [0, 4094]],
    ["bridge-bridgeprio", [0, 65_535]],
    ["vxlan-id", [1, 16_777_215]],
    ["vxlan-port", [1, 65_535]],
]);

/** Read by other rules, or more than the table says. */
const notNumbers = new Set(["mtu", "ovs-mtu", "preferred-lifetime", "vlan-id"]);

export function numbers(subject: Subject): Finding[] {
    return optionsIn(subject).flatMap(({ name, keyword, values }) => {
        const [value] = values;
        if (!findKeyword(name)?.range || notNumbers.has(name) || !value || values.length !== 1) return [];
        if (!/^(?:\d+(?:\.\d+)?|0x[0-9a-f]+)$/i.test(value.text)) {
            return [
                finding(
                    "bad-number",
                    "warning",
                    value,
                    `'${value.text}' is no number, so ${keyword.text} may not be set. Write a number.`,
                ),
            ];
        }
        const [least, most] = hardRanges.get(name) ?? [0, Infinity];
        if (Number(value.text) >= least && Number(value.text) <= most) return [];
        return [
            finding(
                "bad-number",
                "warning",
                value,
                `The kernel takes ${keyword.text} from ${least} to ${most}, so ${value.text} may not be set. Correct it.`,
            ),
        ];
    });
}

function optionsIn({ interfaces }: Subject): Option[] {
    return stanzasWith(interfaces).flat();
}

/** The options of each stanza that has the one named, of every stanza without a name. */
function stanzasWith(interfaces: Subject["interfaces"], required?: string): Option[][] {
    const stanzas = [...new Set(interfaces.flatMap(({ stanzas }) => stanzas))].map(optionsOf);
    return stanzas.filter((options) => required === undefined || options.some(({ name }) => name === required));
}
