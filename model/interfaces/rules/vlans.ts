/** Rules on VLANs: their id and raw device, as ifupdown2's vlan addon works them out. */
import { finding, type Finding } from "../../lint/finding";
import { isLink, isMadeByCommand, isPlainVlan, lowerLinks } from "../links";
import { optionsNamed, type Interface } from "../network";
import type { Token } from "../parse";
import { allInterfaces, type Subject } from "./subject";

/** Without an id ifupdown2 says "could not determine vlanid", and the interface does not come up. */
export function missingVlanIds({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) => {
        const [device] = optionsNamed(iface, "vlan-raw-device");
        const [id] = optionsNamed(iface, "vlan-id");
        if (!device || id?.value.includes("$") || idOf(iface) !== undefined) return [];
        if (id)
            return [
                finding(
                    "vlan-id",
                    "error",
                    id.values[0] ?? id.keyword,
                    `'${id.value}' is no VLAN id, so ${iface.name} does not come up. Write a number from 1 to 4094.`,
                ),
            ];
        return [
            finding(
                "vlan-id",
                "error",
                device.keyword,
                `Neither a 'vlan-id' nor the name of ${iface.name} gives its VLAN id, so it does not come up. Add 'vlan-id N', or name it vlanN or DEVICE.N.`,
            ),
        ];
    });
}

/** The kernel refuses an id from 4095 on, and takes 0 for frames with a priority and no VLAN. */
export function vlanIdRanges(subject: Subject): Finding[] {
    const all = allInterfaces(subject);
    const links = subject.context.facts?.links ?? [];
    const declared = new Set(all.map(({ name }) => name));
    return subject.interfaces.flatMap((iface) => {
        const own = isVlan(iface)
            ? [
                  {
                      token: optionsNamed(iface, "vlan-id")[0]?.values[0] ?? iface.token,
                      name: iface.name,
                      id: idOf(iface),
                  },
              ]
            : [];
        // ifupdown2 itself makes a port NAME.N that has no stanza, but for Open vSwitch's.
        const implied = lowerLinks(iface)
            .filter(({ token, option }) => option !== "ovs-ports" && !declared.has(token.text))
            .map(({ token }) => ({ token, name: token.text, id: dottedId(token.text) }));
        return [...own, ...implied].flatMap(({ token, name, id }) => {
            if (id === undefined || (id >= 1 && id <= 4094) || isMadeByCommand(name, all) || isLink(name, links))
                return [];
            const effect =
                id === 0 ? "is for frames without a VLAN" : `is refused by the kernel, so ${name} does not come up`;
            return [
                finding(
                    "vlan-id",
                    id === 0 ? "warning" : "error",
                    token,
                    `VLAN id ${id} ${effect}. Use one from 1 to 4094.`,
                ),
            ];
        });
    });
}

/** "rawdevice eno1 eno2 not present": the whole line is one name. */
export function rawDevices({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) =>
        optionsNamed(iface, "vlan-raw-device").flatMap(({ values: [, more] }) => {
            if (!more || more.text.startsWith("#")) return [];
            return [
                finding(
                    "vlan-raw-device",
                    "error",
                    more,
                    `ifupdown2 takes the whole line for one device, so ${iface.name} does not come up. Write one device.`,
                ),
            ];
        }),
    );
}

function isVlan(iface: Interface): boolean {
    return (
        optionsNamed(iface, "vlan-raw-device").length > 0 || (isPlainVlan(iface) && dottedId(iface.name) !== undefined)
    );
}

/** From `vlan-id`, else from the name: `eno1.10`, `eno1.100.20`, or `vlan10`. */
function idOf(iface: Interface): number | undefined {
    const [option] = optionsNamed(iface, "vlan-id");
    if (option) return numberOf(withoutComment(option.values));
    return iface.name.includes(".") ? dottedId(iface.name) : numberOf(/^vlan(.*)$/.exec(iface.name)?.[1] ?? "");
}

function dottedId(name: string): number | undefined {
    return numberOf(/^[^.]+(?:\.[^.]+)?\.(\d+)$/.exec(name)?.[1] ?? "");
}

function numberOf(text: string): number | undefined {
    return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** What stands behind a `#` is the business of another rule. */
function withoutComment(values: readonly Token[]): string {
    const comment = values.findIndex(({ text }) => text.startsWith("#"));
    return values
        .slice(0, comment === -1 ? undefined : comment)
        .map(({ text }) => text)
        .join(" ");
}
