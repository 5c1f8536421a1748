/** What an interface stands on, down to the cards: bridges, bonds, VLANs, and Open vSwitch's. */
import { lowerLinks, rawDeviceOf } from "./links";
import { type Interface, optionsNamed } from "./network";

/** Names of the links directly below; those that need no stanza, as `eno1` below `eno1.50`, are among them. */
export function directlyBelow(name: string, interfaces: readonly Interface[]): string[] {
    const stanzas = interfaces.filter((each) => each.name === name);
    const ports = stanzas.flatMap((iface) => lowerLinks(iface).map(({ token }) => token.text));
    // A bridge's internal ports lead to no card; from one the way goes on through its bridge.
    const outward = ports.filter((port) => !isInternalPort(port, interfaces));
    const bridges = isInternalPort(name, interfaces)
        ? stanzas.flatMap((iface) => optionsNamed(iface, "ovs-bridge").map(({ value }) => value))
        : [];
    const raw = rawDeviceOf(name);
    const found = [...bridges, ...outward];
    return found.length > 0 || raw === undefined ? [...new Set(found)] : [raw];
}

/** The link itself and one way down from it: always the first port. Its last one is a card, where the file is sound. */
export function chainBelow(name: string, interfaces: readonly Interface[]): string[] {
    const chain: string[] = [];
    let next: string | undefined = name;
    while (next !== undefined && !chain.includes(next)) {
        chain.push(next);
        [next] = directlyBelow(next, interfaces);
    }
    return chain;
}

/** Every link below, by all ways, each once; the link itself not among them. */
export function allBelow(name: string, interfaces: readonly Interface[]): string[] {
    const found = new Set<string>();
    const follow = (above: string): void => {
        for (const link of directlyBelow(above, interfaces))
            if (link !== name && !found.has(link)) {
                found.add(link);
                follow(link);
            }
    };
    follow(name);
    return [...found];
}

/** On the wire: of a VLAN by its option or its name, or Open vSwitch's; undefined where it is none. */
export function vlanTagOf(name: string, interfaces: readonly Interface[]): number | undefined {
    const stanzas = interfaces.filter((each) => each.name === name);
    const has = (option: string) => stanzas.flatMap((iface) => optionsNamed(iface, option));
    const onLink = has("vlan-raw-device").length > 0 ? /^vlan(\d{1,4})$/.exec(name)?.[1] : undefined;
    const tag = has("vlan-id")[0]?.value ?? /\.(\d{1,4})$/.exec(name)?.[1] ?? onLink;
    return internalTagOf(name, interfaces) ?? (tag === undefined ? undefined : Number(tag));
}

/** Of an internal port; where a port below it has the same, that is taken off there, and the wire sees none. */
function internalTagOf(name: string, interfaces: readonly Interface[]): number | undefined {
    if (!isInternalPort(name, interfaces)) return undefined;
    const tagsOf = (names: readonly string[]) =>
        interfaces
            .filter((each) => names.includes(each.name))
            .flatMap((each) => optionsNamed(each, "ovs-options"))
            .flatMap(({ value }) => [...value.matchAll(/(?:^|\s)tag=(\d+)/g)].map(([, tag]) => Number(tag)));
    const [own] = tagsOf([name]);
    return own === undefined || tagsOf(allBelow(name, interfaces)).includes(own) ? undefined : own;
}

function isInternalPort(name: string, interfaces: readonly Interface[]): boolean {
    return interfaces.some(
        (each) => each.name === name && optionsNamed(each, "ovs-type").some(({ value }) => value === "OVSIntPort"),
    );
}
