/** Rules on what interfaces stand on: ports, raw devices, cycles. */
import { finding, type Finding } from "../../lint/finding";
import { isBareNic, isDeclared, isLink, lowerLinks, portListOptions, portsOf, rawDeviceOf, type Port } from "../links";
import { baseName, optionsNamed, type Interface } from "../network";
import { allInterfaces, severityOfAbsence, type Subject } from "./subject";

/**
 * A port without a stanza is fine where the link exists (a NIC needs none), so offline only the node can tell.
 * A port `eno1.100` is made by ifupdown2 itself where `eno1` exists.
 */
export function missingPorts(subject: Subject): Finding[] {
    const all = allInterfaces(subject);
    const links = subject.context.facts?.links;
    // A NIC's bare stanza makes no link; offline it is all there is to go by.
    const making = links ? all.filter((iface) => !isBareNic(iface)) : all;
    const undeclared = subject.interfaces.flatMap((iface) =>
        uniquePorts(lowerLinks(iface))
            .filter(({ token }) => !isAvailable(token.text, (name) => isDeclared(name, making)))
            .map((port) => ({ iface, port })),
    );
    if (!links) {
        const names = [...new Set(undeclared.map(({ port }) => port.token.text))];
        if (names.length === 0) return [];
        const shown =
            names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
        const message = `Only the node can tell whether ${shown} exist${names.length === 1 ? "s" : ""}, having no stanza here. Look with 'ip -br link'.`;
        return [finding("missing-port", "not checked", undeclared[0]!.port.token, message)];
    }
    const exists = (name: string) => isDeclared(name, making) || isLink(baseName(name), links);
    const withOthers = new Map<Interface, boolean>();
    const hasOther = (iface: Interface) => {
        let has = withOthers.get(iface);
        if (has === undefined) {
            has = lowerLinks(iface).some(({ token }) => isAvailable(token.text, exists));
            withOthers.set(iface, has);
        }
        return has;
    };
    return undeclared
        .filter(({ port }) => !isAvailable(port.token.text, exists))
        .map(({ iface, port }) => {
            // One card of several may be dead or not plugged in yet: with its stanza it is meant, and the others carry
            // on.
            const isSpare = isDeclared(port.token.text, all) && hasOther(iface);
            if (isSpare)
                return finding(
                    "missing-port",
                    severityOfAbsence(subject, "warning"),
                    port.token,
                    `${port.token.text}, in ${port.option} of ${iface.name}, does not exist on the node: ${iface.name} goes without it.`,
                );
            const role =
                port.option === "name" ? `the raw device of ${iface.name}` : `in ${port.option} of ${iface.name}`;
            return finding(
                "missing-port",
                severityOfAbsence(subject, "error"),
                port.token,
                `${port.token.text}, ${role}, does not exist on the node, and nothing here makes it. Correct the name, or declare what makes it.`,
            );
        });
}

/** ifupdown2 takes a name with wildcards for a name, unless `glob` or `regex` stands before it (its issue 128). */
export function barePatterns({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) =>
        optionsNamed(iface, ...portListOptions).flatMap(({ values }) => {
            if (values.some(({ text }) => text === "regex")) return [];
            const bare = values.filter(({ text }, index) => /[*?[\]]/.test(text) && values[index - 1]?.text !== "glob");
            return bare.map((token) =>
                finding(
                    "port-pattern",
                    "error",
                    token,
                    `ifupdown2 looks for a link that is named '${token.text}'. Write 'glob ${token.text}'.`,
                ),
            );
        }),
    );
}

/**
 * ifupdown2 splits the list at blanks only, and no link bears such a name: "bridge port eno1,eno2 does not exist", exit
 * 1.
 */
export function portSeparators({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) =>
        optionsNamed(iface, ...portListOptions).flatMap(({ values }) => {
            if (values.some(({ text }) => text === "regex" || text.startsWith("#") || text.includes("$"))) return [];
            const wrong = values.filter(({ text }, index) => /[,;"']/.test(text) && values[index - 1]?.text !== "glob");
            return wrong.map((token) =>
                finding(
                    "port-separator",
                    "error",
                    token,
                    `ifupdown2 looks for a link that is named '${token.text}'. Separate ports with blanks only, without quotes.`,
                ),
            );
        }),
    );
}

/**
 * The kernel takes 15 characters (dev_valid_name). What ifupdown2 has to make under a longer name it cannot; another
 * port may be an alternative name, which Proxmox's ifupdown2 takes, so only the node's facts prove it wrong.
 */
export function longPortNames(subject: Subject): Finding[] {
    const declared = new Set(allInterfaces(subject).map(({ name }) => name));
    const links = subject.context.facts?.links;
    return subject.interfaces.flatMap((iface) => {
        const peers = optionsNamed(iface, "veth-peer-name").flatMap(({ values: [token] }) =>
            token && !token.text.includes("$") ? [{ token, option: "veth-peer-name" }] : [],
        );
        const named = [...lowerLinks(iface).filter(({ option }) => option !== "name"), ...peers];
        // The name of a stanza is judged there; Open vSwitch's own ports (patches) are no links of the kernel.
        return named
            .filter(
                ({ token, option }) => token.text.length > 15 && !declared.has(token.text) && option !== "ovs-ports",
            )
            .flatMap(({ token, option }) => {
                if (links && isLink(token.text, links)) return [];
                const isVlan = rawDeviceOf(token.text) !== undefined;
                const made = isVlan || option === "veth-peer-name";
                return [
                    finding(
                        "long-name",
                        made || links ? "error" : "warning",
                        token,
                        `'${token.text}' has ${token.text.length} characters, and the kernel takes 15. Choose a shorter name${isVlan ? "; a VLAN may have any, with 'vlan-raw-device' and 'vlan-id'" : ""}.`,
                    ),
                ];
            });
    });
}

/** A link can be a port of one bridge or bond only; adding it to a second fails. */
export function portsUsedTwice({ interfaces }: Subject): Finding[] {
    const owners = new Map<string, string>();
    return interfaces.flatMap((iface) =>
        uniquePorts(portsOf(iface)).flatMap(({ token }) => {
            const owner = owners.get(token.text);
            owners.set(token.text, owner ?? iface.name);
            if (!owner || owner === iface.name) return [];
            return [
                finding(
                    "port-used-twice",
                    "warning",
                    token,
                    `${token.text} is a port of ${owner} already, and a link has one master only. Remove it from one of the two.`,
                ),
            ];
        }),
    );
}

function isAvailable(name: string, exists: (name: string) => boolean): boolean {
    const raw = rawDeviceOf(name);
    return exists(name) || (raw !== undefined && exists(raw));
}

function uniquePorts(ports: readonly Port[]): Port[] {
    return [...new Map(ports.map((port) => [port.token.text, port])).values()];
}
