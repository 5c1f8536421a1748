/** Which links an interface stands on, and which links a configuration brings into being. */
import type { NetworkLink } from "../lint/lintContext";
import { baseName, commandsOf, optionsNamed, type Interface } from "./network";
import type { Token } from "./parse";

/** Options whose value is a list of links, with `glob` and `regex` expressions and `none` allowed. */
export const portListOptions = [
    "bridge-ports",
    "bond-slaves",
    "bond-ports",
    "slaves",
    "ovs-ports",
    "ovs-bonds",
    "batman-ifaces",
    "batman-ports",
] as const;

/** Options whose value is one link. */
const lowerLinkOptions = ["vlan-raw-device", "vxlan-physdev", "xfrm-physdev", "tunnel-physdev"] as const;

export interface Port {
    readonly token: Token;
    /** Name of the option that lists it. */
    readonly option: string;
}

/** Ports by name; what `glob`, `regex` or wildcards select is left out, since it may match nothing. */
export function portsOf(iface: Interface, ...names: readonly string[]): Port[] {
    const options = optionsNamed(iface, ...(names.length > 0 ? names : portListOptions));
    return options.flatMap(({ name, values }) => {
        let pattern = false;
        const comment = values.findIndex(({ text }) => text.startsWith("#"));
        return values.slice(0, comment === -1 ? undefined : comment).flatMap((token) => {
            if (token.text === "glob" || token.text === "regex") pattern = true;
            else if (token.text === "noglob" || token.text === "noregex") pattern = false;
            else if (!pattern && isName(token.text)) return [{ token, option: name }];
            return [];
        });
    });
}

/** What must exist before the interface can be made: ports, a VLAN's raw device, a VXLAN's physical device. */
export function lowerLinks(iface: Interface): Port[] {
    const single = optionsNamed(iface, ...lowerLinkOptions).flatMap(({ name, values: [token] }) =>
        token && isName(token.text) ? [{ token, option: name }] : [],
    );
    const dotted = single.some(({ option }) => option === "vlan-raw-device") ? undefined : rawDeviceOf(iface.name);
    const implicit = dotted && isPlainVlan(iface) ? [{ token: { ...iface.token, text: dotted }, option: "name" }] : [];
    return [...portsOf(iface), ...single, ...implicit];
}

/** `eno1` of `eno1.100`; `undefined` for a name that is not a VLAN's. */
export function rawDeviceOf(name: string): string | undefined {
    return /^(.+)\.\d{1,4}$/.exec(name)?.[1];
}

/** Commands that bring a link into being: ip-link, ip-tuntap, tunctl, openvpn, brctl, iw, vconfig and ovs-vsctl. */
const creation = /\b(?:link add|tuntap add|tunctl|mktun|addbr|interface add|vconfig add|add-port|add-br|add-bond)\b/;

/** Whether any of the interfaces declares the link, makes it in a command, or has it as the other end of a pair. */
export function isDeclared(name: string, interfaces: readonly Interface[]): boolean {
    return interfaces.some(
        (iface) =>
            iface.name === baseName(name) ||
            optionsNamed(iface, "veth-peer-name", "ovs-patch-peer").some(({ value }) => value === name) ||
            makes(iface, name),
    );
}

/** Whether a command of any of the interfaces makes the link. */
export function isMadeByCommand(name: string, interfaces: readonly Interface[]): boolean {
    return interfaces.some((iface) => makes(iface, name));
}

function makes(iface: Interface, name: string): boolean {
    return commandsOf(iface).some(({ value }) => creation.test(value) && hasWord(value, name));
}

/** Whether a link of the node bears the name, or has it as an alternative one. */
export function isLink(name: string, links: readonly NetworkLink[]): boolean {
    return links.some((link) => link.name === name || link.altnames?.includes(name));
}

/** Options of a stanza that sets up a link which must be there already. */
const plainOptions =
    /^(?:address|netmask|gateway|broadcast|network|metric|mtu|hwaddress|alias|pointopoint|dns-.*|ethernet-.*|link-(?:speed|duplex|autoneg|fec)|offload-.*|hardware-.*)$/;
const plainMethods = new Set(["manual", "static", "dhcp", "auto"]);

/** Whether its stanzas say nothing by which ifupdown2, Open vSwitch or a command would make the link. */
export function isBareNic(iface: Interface): boolean {
    const plain = iface.stanzas.every(({ method }) => method === undefined || plainMethods.has(method.text));
    return (
        iface.name !== "lo" &&
        plain &&
        rawDeviceOf(iface.name) === undefined &&
        iface.options.every(({ name }) => plainOptions.test(name))
    );
}

/** Whether a command names the link. */
export function hasWord(command: string, word: string): boolean {
    return command.split(/[\s;&|"'/]+/).includes(word);
}

/** Whether nothing makes it another kind of link than the VLAN its name may speak of. */
export function isPlainVlan(iface: Interface): boolean {
    return (
        optionsNamed(iface, ...portListOptions, "ovs-type", "link-type", "bond-mode", "vxlan-id", "bridge-stp")
            .length === 0
    );
}

function isName(text: string): boolean {
    return text !== "none" && text !== "all" && /^[A-Za-z0-9_.:@-]+$/.test(text);
}
