/** Rules on addresses, prefixes, gateways and MTU. */
import { canonicalAddress, familyOf, hostPrefix, isLinkLocal, type Family } from "../../values/address";
import { finding, type Finding } from "../../lint/finding";
import { addressesOf, isInSubnetOf, parseAddress, prefixOfNetmask, type InterfaceAddress } from "../addresses";
import { commandsOf, isUpAtBoot, optionsNamed, type Interface } from "../network";
import { optionsOf, type Option, type Token } from "../parse";
import { allInterfaces, type Subject } from "./subject";

export function badAddresses(subject: Subject): Finding[] {
    return plainValues(subject, "address").flatMap(({ value, more }) => {
        if (parseAddress(value.text)) {
            if (more.length === 0 || isComment(more[0]!)) return [];
            return [
                finding(
                    "bad-address",
                    "error",
                    more[0]!,
                    "ifupdown2 takes the whole line for one address, so the interface comes up without it. Write each address on its own line, and its prefix length after a slash.",
                ),
            ];
        }
        const what = value.text.includes("/") ? "address with a prefix length" : "address";
        return [
            finding(
                "bad-address",
                "error",
                value,
                `'${value.text}' is no ${what}, so the interface comes up without it. Write it like 192.0.2.11/24 or 2001:db8::11/64.`,
            ),
        ];
    });
}

export function badNetmasks(subject: Subject): Finding[] {
    const lost = new Map(stanzasOf(subject.interfaces).flatMap(lostNetmasks));
    return plainValues(subject, "netmask").flatMap(({ value }) => {
        const family = lost.get(value);
        if (family)
            return [
                finding(
                    "bad-netmask",
                    "error",
                    value,
                    `'${value.text}' is no netmask of IPv${family}, so the address before it is not set. Write a prefix length up to ${hostPrefix(family)}, best after the address: ${family === 4 ? "192.0.2.11/24" : "2001:db8::11/64"}.`,
                ),
            ];
        if (prefixOfNetmask(value.text, 4) !== undefined || prefixOfNetmask(value.text, 6) !== undefined) return [];
        return [
            finding(
                "bad-netmask",
                "error",
                value,
                `'${value.text}' is no netmask. Write a prefix length, such as 24, best after the address: 192.0.2.11/24.`,
            ),
        ];
    });
}

/** Netmasks that fit the other family only than that of the address before them, with the latter. */
function lostNetmasks(options: readonly Option[]): [Token, Family][] {
    let before: Token | undefined;
    return options.flatMap(({ name, values: [value] }) => {
        if (name === "address") before = value;
        const { family, prefix } = (before && parseAddress(before.text)) ?? {};
        if (
            name !== "netmask" ||
            !value ||
            !family ||
            prefix !== undefined ||
            prefixOfNetmask(value.text, family) !== undefined
        )
            return [];
        return prefixOfNetmask(value.text, family === 4 ? 6 : 4) === undefined ? [] : [[value, family]];
    });
}

export function badGateways(subject: Subject): Finding[] {
    const own = gatewaysThatAreOwn(subject.interfaces);
    return plainValues(subject, "gateway").flatMap(({ value, more }) => {
        if (own.has(value))
            return [
                finding(
                    "bad-gateway",
                    "error",
                    value,
                    `${value.text} is this interface's own address, so the kernel refuses the route. Write the router's address.`,
                ),
            ];
        if (familyOf(value.text) && (more.length === 0 || isComment(more[0]!))) return [];
        if (familyOf(value.text))
            return [
                finding(
                    "bad-gateway",
                    "error",
                    more[0]!,
                    "ifupdown2 takes the whole line for one address, so the default route is not set. Write one gateway.",
                ),
            ];
        const message = `'${value.text}' is no address, so the default route is not set. Write the gateway's address, without prefix length and zone.`;
        return [finding("bad-gateway", "error", value, message)];
    });
}

function gatewaysThatAreOwn(interfaces: readonly Interface[]): Set<Token> {
    return new Set(
        interfaces.flatMap((iface) => {
            const own = new Set(addressesOf(iface).map(({ address }) => address));
            return gatewaysOf(iface)
                .map(({ value }) => value)
                .filter(({ text }) => own.has(canonicalAddress(text)));
        }),
    );
}

/**
 * ifupdown2 takes every form with six pairs of digits, shorter ones too; what no number can be read from makes it stop.
 */
export function badHardwareAddresses(subject: Subject): Finding[] {
    return plainValues(subject, "hwaddress").flatMap(({ value, more }) => {
        const token = value.text === "ether" ? more[0] : value;
        if (!token || token.text.includes("$")) return [];
        if (isMulticast(token.text))
            return [
                finding(
                    "bad-hwaddress",
                    "error",
                    token,
                    `'${token.text}' is a multicast address (its first octet is odd), which the kernel refuses. Write one with an even first octet, like 02:00:5e:00:53:01.`,
                ),
            ];
        if (/^[0-9a-f:.]+$/i.test(token.text)) return [];
        return [
            finding(
                "bad-hwaddress",
                "error",
                token,
                `'${token.text}' is no hardware address: ifupdown2 exits 1. Write it like 02:00:5e:00:53:01.`,
            ),
        ];
    });
}

/** Of the two usual forms, `02:00:5e:00:53:01` and `0200.5e00.5301`; InfiniBand's addresses are longer. */
function isMulticast(address: string): boolean {
    const usual = /^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2})$/i.test(address);
    return usual && parseInt(address.slice(0, 2), 16) % 2 === 1;
}

/** 68 is IPv4's smallest MTU; 65,536 the loopback's. The driver's own limit is not known here. */
export function badMtus(subject: Subject): Finding[] {
    return plainValues(subject, "mtu", "ovs-mtu").flatMap(({ value, more }) => {
        if (more.length > 0 && !isComment(more[0]!))
            return [
                finding(
                    "bad-mtu",
                    "error",
                    more[0]!,
                    "ifupdown2 takes the whole line for one number, so the MTU is not set. Write one MTU.",
                ),
            ];
        const mtu = /^\d{1,6}$/.test(value.text) ? Number(value.text) : NaN;
        if (mtu >= 68 && mtu <= 65_536) return [];
        return [
            finding(
                "bad-mtu",
                "error",
                value,
                `'${value.text}' is no MTU. Write a whole number of bytes, such as 1500 or 9000.`,
            ),
        ];
    });
}

/** ifupdown2 stores a netmask with the address before it, and drops one that has none before it. */
export function netmasksBeforeAddress({ interfaces }: Subject): Finding[] {
    return stanzasOf(interfaces).flatMap((options) => {
        const netmask = options.findIndex(({ name }) => name === "netmask");
        const address = options.findIndex(({ name }) => name === "address");
        if (netmask === -1 || (address !== -1 && (address < netmask || options[address]!.value.includes("/"))))
            return [];
        return [
            finding(
                "netmask-before-address",
                "warning",
                options[netmask]!.keyword,
                "ifupdown2 drops a netmask that has no address before it. Put it after the address.",
            ),
        ];
    });
}

export function missingPrefixes({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) => {
        if (iface.name === "lo" || optionsNamed(iface, "pointopoint", "peer", "endpoint", "netmask").length > 0)
            return [];
        return addressesOf(iface)
            .filter(({ prefix }) => prefix === undefined)
            .map(({ token, family }) => {
                return finding(
                    "missing-prefix",
                    "warning",
                    token,
                    `Without a prefix length ifupdown2 sets ${token.text}/${hostPrefix(family)}. Write the prefix length after the address.`,
                );
            });
    });
}

/** ifupdown2 sets the gateway `onlink`, so an off-subnet one may work, as hosting providers use it. */
export function gatewaysOffSubnet({ interfaces }: Subject): Finding[] {
    return interfaces.flatMap((iface) =>
        // Of more than a few none is right, and each is held against every address and command.
        gatewaysOf(iface)
            .slice(0, 8)
            .flatMap(({ value, family }) => {
                const addresses = addressesOf(iface).filter((address) => address.family === family);
                const reachable =
                    addresses.length === 0 ||
                    isLinkLocal(value.text) ||
                    addresses.some((address) => isInSubnetOf(value.text, address)) ||
                    [...optionsNamed(iface, "pointopoint", "peer"), ...commandsOf(iface)].some((option) =>
                        option.value.includes(value.text),
                    ) ||
                    // A host prefix together with a gateway is a provider's routed set-up: no subnet is claimed.
                    addresses.every(({ prefix }) => prefix === hostPrefix(family));
                if (reachable) return [];
                return [
                    finding(
                        "gateway-off-subnet",
                        "warning",
                        value,
                        `No address of ${iface.name} is in the subnet of gateway ${value.text}. Check both; where the provider routes this way, add 'pointopoint ${value.text}'.`,
                    ),
                ];
            }),
    );
}

/** A warning: ifupdown2 passes over `File exists`, so the first route stands (exit 0). */
export function twoDefaultGateways(subject: Subject): Finding[] {
    const atBoot = allInterfaces(subject).filter(isUpAtBoot);
    const gateways = atBoot.flatMap((iface) => {
        const table = `${firstValue(iface, "vrf")} ${firstValue(iface, "metric")}`;
        return gatewaysOf(iface).map(({ value, family }) => ({ iface, token: value, family, table }));
    });
    const repeated = repetitions(subject, gateways, ({ family, table }) => `${family} ${table}`);
    return repeated.map(({ first, current }) =>
        finding(
            "two-default-gateways",
            "warning",
            current.token,
            `${first.iface.name} already sets the default gateway of IPv${current.family}, so this one is not set. Keep one, or give this one a 'metric'.`,
        ),
    );
}

/**
 * A warning: the kernel takes the first of the two routes, which hosting providers' set-ups (the NIC's address on a
 * bridge without ports) and Proxmox's routed full mesh rely on. A host prefix may repeat freely.
 */
export function duplicateAddresses(subject: Subject): Finding[] {
    const held = allInterfaces(subject).flatMap((iface) => {
        const [vrf, routed] = [firstValue(iface, "vrf"), hasOwnRoutes(iface)];
        return addressesOf(iface)
            .filter(({ address }) => !isLinkLocal(address))
            .map((address) => ({ ...address, iface, vrf, routed }));
    });
    return repetitions(subject, held, ({ vrf, address }) => `${vrf} ${address}`).flatMap(({ first, current }) => {
        if (first.iface.name === current.iface.name) {
            return [
                finding(
                    "duplicate-address",
                    "warning",
                    current.token,
                    `${current.iface.name} has ${current.address} twice. Delete one of the lines.`,
                ),
            ];
        }
        if ([first, current].some((address) => isHostPrefix(address) || address.routed)) return [];
        return [
            finding(
                "duplicate-address",
                "warning",
                current.token,
                `${first.iface.name} has ${current.address} too, and the kernel answers through one of the two. Give it to one interface: to the bridge, not to its port.`,
            ),
        ];
    });
}

interface Entry {
    readonly iface: Interface;
    readonly token: Token;
}

/**
 * This file's entries that repeat the key of an earlier one; sourced files count as earlier, then the order of the
 * lines.
 */
function repetitions<T extends Entry>(
    subject: Subject,
    entries: readonly T[],
    keyOf: (entry: T) => string,
): { readonly first: T; readonly current: T }[] {
    const own = new Set(subject.interfaces);
    const inOrder = [
        ...entries.filter(({ iface }) => !own.has(iface)),
        ...entries.filter(({ iface }) => own.has(iface)).sort((a, b) => a.token.line - b.token.line),
    ];
    const seen = new Map<string, T>();
    return inOrder.flatMap((current) => {
        const first = seen.get(keyOf(current));
        if (!first) seen.set(keyOf(current), current);
        return first && own.has(current.iface) ? [{ first, current }] : [];
    });
}

function firstValue(iface: Interface, option: string): string {
    return optionsNamed(iface, option)[0]?.value ?? "";
}

export function gatewaysOf(iface: Interface): { readonly value: Token; readonly family: Family }[] {
    return optionsNamed(iface, "gateway").flatMap(({ values: [value] }) => {
        const family = value && familyOf(value.text);
        return family ? [{ value, family }] : [];
    });
}

function isHostPrefix({ prefix, family }: InterfaceAddress): boolean {
    return prefix === undefined || prefix === hostPrefix(family);
}

/** Routes or a peer set by hand: whoever writes them means the address to be where it is. */
function hasOwnRoutes(iface: Interface): boolean {
    return (
        optionsNamed(iface, "pointopoint", "peer").length > 0 ||
        commandsOf(iface).some(({ value }) => /\b(?:route|rule)\b/.test(value))
    );
}

/** Values of the options with these names, first word and the rest; those with a variable are another rule's. */
function plainValues(
    { interfaces }: Subject,
    ...names: readonly string[]
): { readonly value: Token; readonly more: readonly Token[] }[] {
    const options = stanzasOf(interfaces)
        .flat()
        .filter(({ name }) => names.includes(name));
    return options.flatMap(({ values: [value, ...more] }) =>
        value && !value.text.includes("$") ? [{ value, more }] : [],
    );
}

function isComment({ text }: Token): boolean {
    return text.startsWith("#");
}

function stanzasOf(interfaces: readonly Interface[]): Option[][] {
    return [...new Set(interfaces.flatMap(({ stanzas }) => stanzas))].map(optionsOf);
}
