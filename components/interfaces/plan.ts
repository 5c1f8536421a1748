/** The files, units and commands. */
import type { FactArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { InterfacesSettings } from "./settings";
import { renderInterfaces } from "../../model/interfaces/format";
import { lowerLinks } from "../../model/interfaces/links";
import { type Interface, interfacesOf, optionsNamed, sourcedPatterns } from "../../model/interfaces/network";
import { parseInterfaces } from "../../model/interfaces/parse";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs, type FleetView } from "../concern";

export interface NetworkInterfacesArgs extends ConcernArgs {
    readonly settings: InterfacesSettings;
    /** The other nodes are among what has to be reachable after a reload; without it, nobody is. */
    readonly fleet?: FleetView;
}

const path = "/etc/network/interfaces";

export function planNetworkInterfaces(args: NetworkInterfacesArgs): FileSetArgs {
    const { settings } = args;
    const content = interfacesContent(settings);
    return {
        ...ofConcern("interfaces", args),
        files: { [path]: { content } },
        validate: [
            { argv: ["holdfast", "interfaces", `{staged:${path}}`] },
            ...(settings.reload ? [{ argv: ["holdfast", "reload", `{staged:${path}}`] }] : []),
        ],
        facts: {
            "interfaces running": { probe: "interfaces-running" },
            "interfaces pending": { probe: "interfaces-pending", value: "none" },
            // Reported: what stands against it is no drift.
            ...(settings.reload && { reload: { probe: "reload-now" } }),
            ...sourcedFact(content),
            ...linkFacts(content),
        },
        ...confirmed(args),
    };
}

/** Of `apply: reload`: what has to hold before the new network stays. */
function confirmed({ settings: { reload }, node, fleet }: NetworkInterfacesArgs): Pick<FileSetArgs, "confirm"> {
    if (!reload) return {};
    const peers = (fleet?.machines ?? []).filter(
        ({ identity, roles }) => roles.includes("node") && identity.name !== node.name,
    );
    const addresses = [node.address, node.address6].filter((address) => address !== undefined);
    return { confirm: { ...reload, addresses, peers: peers.map(({ identity }) => identity.address) } };
}

function interfacesContent(settings: InterfacesSettings): string {
    return "file" in settings ? settings.file.content : renderFile(path, { stanzas: renderInterfaces(settings) });
}

/** Read, never owned; a stray line there takes the network down as one in the file itself does. */
function sourcedFact(content: string): Record<string, FactArgs> {
    const patterns = sourcedPatterns(parseInterfaces(content));
    return patterns.length > 0 ? { "sourced files": { probe: "sourced-files", args: patterns, value: "sound" } } : {};
}

/**
 * Reported, not expected: `up` cannot plug a cable in, and a port that the running network does not use yet is down by
 * right.
 */
function linkFacts(content: string): Record<string, FactArgs> {
    return Object.fromEntries(physicalPorts(content).map((name) => [`link ${name}`, { probe: "link", args: [name] }]));
}

/** Names of network cards that the file declares, or uses as ports of bonds and bridges; in the order of the file. */
export function physicalPorts(content: string): string[] {
    const declared = interfacesOf(parseInterfaces(content));
    const made = new Set(declared.filter(isMadeBySoftware).map(({ name }) => name));
    const named = declared.flatMap((one) => [one.name, ...lowerLinks(one).map(({ token }) => token.text)]);
    return [...new Set(named)].filter((name) => !made.has(name) && isPlainPort(name));
}

/** What only a bond, bridge, VLAN or tunnel carries; `bridge-access` and its kin stand on ports too. */
const softwareOptions = new Set([
    "bond-slaves",
    "slaves",
    "bond-mode",
    "bridge-ports",
    "bridge-vlan-aware",
    "vlan-raw-device",
    "vlan-id",
    "vxlan-id",
    "vrf-table",
    "tunnel-mode",
    "link-type",
]);

function isMadeBySoftware(one: Interface): boolean {
    const isOvs = optionsNamed(one, "ovs-type").some(({ value }) => value !== "OVSPort");
    return isOvs || one.options.some(({ name }) => softwareOptions.has(name));
}

/**
 * No loopback, no VLAN (`bond0.100`, `vlan7`), nothing that only software brings: such a name may be declared in a
 * sourced file.
 */
function isPlainPort(name: string): boolean {
    return !name.includes(".") && !/^(?:lo|(?:vlan|bond|vmbr|tap|veth|fwpr|fwln|fwbr|dummy)\d.*)$/.test(name);
}
