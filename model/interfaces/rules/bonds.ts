/** Rules on bonds and their ports. */
import { finding, type Finding } from "../../lint/finding";
import { isMadeByCommand, portsOf } from "../links";
import { optionsNamed, type Interface } from "../network";
import { allInterfaces, severityOfAbsence, type Subject } from "./subject";

const portLists = ["bond-slaves", "bond-ports"] as const;

/** Options that only a bond itself has; `bond-primary` may stand at a port, too. */
const ofBondsOnly = [
    "bond-mode",
    "bond-miimon",
    "bond-lacp-rate",
    "bond-xmit-hash-policy",
    "bond-updelay",
    "bond-downdelay",
    "bond-min-links",
] as const;

/**
 * ifupdown2 knows a bond by its list of ports and makes none without. `bond-master` at the ports is ifenslave's way,
 * which ifupdown2 does not read: there the list says `none`.
 */
export function bondsWithoutPorts(subject: Subject): Finding[] {
    const all = allInterfaces(subject);
    const masters = new Set(all.flatMap((iface) => optionsNamed(iface, "bond-master").map(({ value }) => value)));
    return subject.interfaces.flatMap((bond) => {
        const lists = optionsNamed(bond, ...portLists);
        const [old] = optionsNamed(bond, "slaves");
        const [option] = lists.length > 0 ? lists : old ? [old] : optionsNamed(bond, ...ofBondsOnly);
        if (!option || optionsNamed(bond, "bond-master", "ovs-type").length > 0 || isMadeByCommand(bond.name, all))
            return [];
        const named = masters.has(bond.name);
        if (lists.length === 0) {
            const severity = severityOfAbsence(subject, named ? "warning" : "error");
            if (old)
                return [
                    finding(
                        "bond-without-ports",
                        severity,
                        old.keyword,
                        `'slaves' is ifenslave's, and ifupdown2 does not read it: "${bond.name}: interface not recognized", and no bond is made. Write 'bond-slaves'.`,
                    ),
                ];
            return [
                finding(
                    "bond-without-ports",
                    severity,
                    option.keyword,
                    `${bond.name} lists no ports, so ifupdown2 does not make the bond. Add 'bond-slaves' with their names.`,
                ),
            ];
        }
        const empty = lists.every(({ values }) => values.every(({ text }) => text === "none"));
        if (!empty || named) return [];
        return [
            finding(
                "bond-without-ports",
                severityOfAbsence(subject, "warning"),
                option.keyword,
                `${bond.name} has no ports: no interface names it as 'bond-master'. List them in '${option.keyword.text}'.`,
            ),
        ];
    });
}

/** The primary port of a bond must be one of its ports. */
export function bondPrimaries({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) => {
        const [primary] = optionsNamed(iface, "bond-primary").flatMap(({ values }) => values);
        const ports = portsOf(iface, ...portLists);
        if (!primary || !listsNamesOnly(iface, ports.length) || ports.some(({ token }) => token.text === primary.text))
            return [];
        return [
            finding(
                "bond-primary",
                "warning",
                primary,
                `${primary.text} is no port of ${iface.name}. Name one of: ${ports.map(({ token }) => token.text).join(", ")}.`,
            ),
        ];
    });
}

/** Whether the list holds no pattern, `none` or variable. */
function listsNamesOnly(iface: Interface, ports: number): boolean {
    const lists = optionsNamed(iface, ...portLists);
    return lists.length > 0 && lists.flatMap(({ values }) => values).length === ports;
}
