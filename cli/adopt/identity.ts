/**
 * Who a node is, read from its own files: the address that its name should stand on, its domain and its further names.
 */
import { canonicalAddress, familyOf, isReachable } from "../../model/values/address";
import { parseHosts, type HostsLine } from "../../model/hosts";
import { canonicalName } from "../../model/hosts/names";
import { addressesOf } from "../../model/interfaces/addresses";
import { interfacesOf, parseInterfaces, type Interface } from "../../model/interfaces";
import { optionsNamed } from "../../model/interfaces/network";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { anyName, domainName } from "../../model/fleet/values";
import type { Survey } from "./survey";

/**
 * The hosts file is believed where an interface really has the address; incident A's node has only 127.0.1.1 there, and
 * then the interface with the default gateway tells. A second address family is taken over only where the hosts file
 * names it.
 * @throws Error where no address can be found
 */
export function identify(survey: Survey): NodeIdentity {
    const { name } = survey;
    const own = ownLines(survey);
    const named = own.map(({ address }) => address!.text).filter(isReachable);
    const interfaces = declaredInterfaces(survey);
    const held = interfaces
        .flatMap(addressesOf)
        .map(({ address }) => address)
        .filter(isReachable);
    // Without a static address (DHCP) the hosts file is all there is.
    const confirmed = held.length === 0 ? named : named.filter((address) => held.includes(canonicalAddress(address)));
    const address = [
        ...byFamily(confirmed),
        ...byFamily(gatewayAddresses(interfaces)),
        ...held.filter((each) => each === survey.target.host),
        ...byFamily(held),
        ...[survey.target.host].filter(familyOf),
    ][0];
    if (address === undefined)
        throw new Error(
            `${name}: no LAN address found in its hosts and interfaces files; adopt it by address instead of by name`,
        );
    const address6 = familyOf(address) === 4 ? confirmed.find((each) => familyOf(each) === 6) : undefined;
    return { name, domain: domainOf(own, name), address, address6, aliases: aliasesOf(own, name) };
}

function ownLines({ name, files }: Survey): HostsLine[] {
    return parseHosts(files["/etc/hosts"]?.content ?? "").filter(
        ({ address, names }) => address && names.some(({ text }) => canonicalName(text) === canonicalName(name)),
    );
}

function declaredInterfaces({ files, sourced }: Survey): Interface[] {
    return [files["/etc/network/interfaces"]?.content ?? "", ...Object.values(sourced)].flatMap((content) =>
        interfacesOf(parseInterfaces(content)),
    );
}

function gatewayAddresses(interfaces: readonly Interface[]): string[] {
    return interfaces
        .filter((iface) => optionsNamed(iface, "gateway").length > 0)
        .flatMap(addressesOf)
        .map(({ address }) => address)
        .filter(isReachable);
}

/** IPv4 first: it is what most clusters' corosync uses. */
function byFamily(addresses: readonly string[]): string[] {
    return [...addresses].sort((a, b) => (familyOf(a) ?? 0) - (familyOf(b) ?? 0));
}

function domainOf(own: readonly HostsLine[], name: string): string | undefined {
    const prefix = `${canonicalName(name)}.`;
    const full = own
        .flatMap(({ names }) => names)
        .map(({ text }) => text)
        .find((text) => canonicalName(text).startsWith(prefix));
    const domain = full?.slice(prefix.length);
    return domainName.safeParse(domain).success ? domain : undefined;
}

/**
 * Further names of the node's own 127.0.1.1 line, as claims: `settleNames` decides. Those of other lines stay where
 * they are.
 */
function aliasesOf(own: readonly HostsLine[], name: string): string[] {
    const names = own
        .filter(({ address }) => address!.text === "127.0.1.1")
        .flatMap((line) => line.names.map(({ text }) => text));
    const isOwn = (text: string) =>
        canonicalName(text) === canonicalName(name) || canonicalName(text).startsWith(`${canonicalName(name)}.`);
    return [...new Set(names.filter((text) => !isOwn(text) && anyName.safeParse(text).success))];
}
