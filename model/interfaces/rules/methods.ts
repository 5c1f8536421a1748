/**
 * Rules on `dhcp` and its like, tried with `ifup -a` of Debian 13's ifupdown2 3.0.0-1.3, with a dhclient that notes how
 * it was called.
 */
import { finding, type Finding } from "../../lint/finding";
import { isUpAtBoot, type Interface } from "../network";
import { optionsOf, type Stanza, type Token } from "../parse";
import type { Subject } from "./subject";

/** With one of these as its first method an interface gets none of the addresses that its stanzas name. */
const dynamic = new Set(["dhcp", "ppp"]);

/**
 * ifupdown2 takes the stanzas of one name together, in one of them's method: the first one's, whatever the families.
 */
export function firstMethods({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) => {
        const [first, ...later] = iface.stanzas;
        const method = first?.method?.text;
        if (method !== undefined && dynamic.has(method)) return lostAddresses(iface, first!, later);
        const hasAddress = iface.options.some(({ name }) => name === "address");
        const lost = later.find((stanza) => stanza.method && ["dhcp", "dhcp6", "ppp"].includes(stanza.method.text));
        if (!lost) return [];
        return [
            finding(
                "first-method",
                hasAddress ? "warning" : "error",
                lost.method!,
                `ifupdown2 takes the method of ${iface.name}'s first stanza for all of them, and that one is '${method ?? "static"}': no ${lost.method!.text} is started for this one. Put this stanza first if no address is given, else leave it out.`,
            ),
        ];
    });
}

/**
 * One finding: the others have the same cause. In the stanza of the method itself an address is only without effect.
 */
function lostAddresses(iface: Interface, first: Stanza, later: readonly Stanza[]): Finding[] {
    const method = first.method!.text;
    const inLater = later.flatMap(addressTokens)[0];
    if (inLater)
        return [
            finding(
                "first-method",
                "error",
                inLater,
                `ifupdown2 takes the method of ${iface.name}'s first stanza, '${method}', for all of them: this address is never set. Write 'up ip address add ${inLater.text} dev ${iface.name}' in the first stanza, or leave ${method} out.`,
            ),
        ];
    const [own] = addressTokens(first);
    return own
        ? [
              finding(
                  "first-method",
                  "warning",
                  own,
                  `With the method '${method}' ifupdown2 sets no address of its own. Delete the line, or write 'static' for '${method}'.`,
              ),
          ]
        : [];
}

function addressTokens(stanza: Stanza): Token[] {
    return optionsOf(stanza).flatMap(({ name, values: [value] }) => (name === "address" && value ? [value] : []));
}

/** ifupdown2 runs /sbin/dhclient and no other client; Debian 13 installs none by itself. */
export function missingDhclient({ interfaces, context: { facts } }: Subject): Finding[] {
    const users = interfaces.flatMap((iface) => {
        const method = iface.stanzas[0]?.method;
        return method?.text.startsWith("dhcp") && isUpAtBoot(iface) ? [method] : [];
    });
    if (users.length === 0 || facts?.tools?.dhclient) return [];
    if (!facts?.tools)
        return [
            finding(
                "missing-dhclient",
                "not checked",
                users[0]!,
                "Only the node can tell whether it has /sbin/dhclient, which ifupdown2 needs for DHCP. Look for the package isc-dhcp-client there.",
            ),
        ];
    return users.map((method) =>
        finding(
            "missing-dhclient",
            "error",
            method,
            "The node has no /sbin/dhclient, so no address is asked for. Install the package isc-dhcp-client, or write a static address.",
        ),
    );
}
