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

const lowerLinksOf = new WeakMap<Interface, readonly Port[]>();

/** What must exist before the interface can be made: ports, a VLAN's raw device, a VXLAN's physical device. */
export function lowerLinks(iface: Interface): readonly Port[] {
    let found = lowerLinksOf.get(iface);
    if (!found) lowerLinksOf.set(iface, (found = findLowerLinks(iface)));
    return found;
}

function findLowerLinks(iface: Interface): Port[] {
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

interface Declarations {
    readonly names: ReadonlySet<string>;
    /** The other ends of pairs. */
    readonly peers: ReadonlySet<string>;
    /** Every word of the commands that make a link. */
    readonly made: ReadonlySet<string>;
}

/** By the list itself: a rule asks of each port of each interface. */
const declarations = new WeakMap<readonly Interface[], Declarations>();

function declarationsOf(interfaces: readonly Interface[]): Declarations {
    let found = declarations.get(interfaces);
    if (!found) {
        const commands = interfaces.flatMap(commandsOf).map(({ value }) => value);
        found = {
            names: new Set(interfaces.map(({ name }) => name)),
            peers: new Set(
                interfaces.flatMap((iface) =>
                    optionsNamed(iface, "veth-peer-name", "ovs-patch-peer").map(({ value }) => value),
                ),
            ),
            made: new Set(commands.filter((command) => creation.test(command)).flatMap(wordsOf)),
        };
        declarations.set(interfaces, found);
    }
    return found;
}

/** Whether any of the interfaces declares the link, makes it in a command, or has it as the other end of a pair. */
export function isDeclared(name: string, interfaces: readonly Interface[]): boolean {
    const { names, peers, made } = declarationsOf(interfaces);
    return names.has(baseName(name)) || peers.has(name) || made.has(name);
}

/** Whether a command of any of the interfaces makes the link. */
export function isMadeByCommand(name: string, interfaces: readonly Interface[]): boolean {
    return declarationsOf(interfaces).made.has(name);
}

const linkNames = new WeakMap<readonly NetworkLink[], ReadonlySet<string>>();

/** Whether a link of the node bears the name, or has it as an alternative one. */
export function isLink(name: string, links: readonly NetworkLink[]): boolean {
    let names = linkNames.get(links);
    if (!names) {
        names = new Set(links.flatMap((link) => [link.name, ...(link.altnames ?? [])]));
        linkNames.set(links, names);
    }
    return names.has(name);
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

/** Of a command. */
export function wordsOf(command: string): string[] {
    return command.split(/[\s;&|"'/]+/);
}

/** Whether a command names the link. */
export function hasWord(command: string, word: string): boolean {
    return wordsOf(command).includes(word);
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
