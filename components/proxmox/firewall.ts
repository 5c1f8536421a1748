/**
 * What the cluster's firewall has to let in. Rules that accept, alone: nothing here can shut anybody out. Not through
 * proxmoxve: its one resource for rules (RulesLegacy) owns the whole list, and would remove everybody else's.
 */
import { isIPv6 } from "node:net";
import { acceptedText } from "../../model/contract/apiObject";

interface FirewallConfig {
    readonly ssh: readonly string[];
    readonly exporter?: boolean;
}

/** Of a node, what of it is to be reached. */
export interface FirewallNode {
    readonly sshPort: number;
    /** Absent: it has none, or only for itself. */
    readonly exporter?: { readonly port: number; readonly scrapers: readonly string[] };
}

/** What is accepted, by the rule's name; SSH comes first. */
export function resolveFirewall(
    { ssh, exporter = true }: FirewallConfig,
    nodes: readonly FirewallNode[],
): Readonly<Record<string, string>> {
    const exporters = exporter ? nodes.flatMap((node) => (node.exporter ? [node.exporter] : [])) : [];
    return {
        ...byFamily(
            "ssh",
            nodes.map(({ sshPort }) => sshPort),
            ssh,
        ),
        ...byFamily(
            "exporter",
            exporters.map(({ port }) => port),
            exporters.flatMap(({ scrapers }) => scrapers),
        ),
    };
}

/** A rule of Proxmox has sources of one family alone. */
function byFamily(name: string, ports: readonly number[], sources: readonly string[]): Record<string, string> {
    const isSix = (source: string) => isIPv6(source.split("/")[0]!);
    const of = (given: readonly string[]) => acceptedText([...new Set(ports)], [...new Set(given)]);
    const four = sources.filter((source) => !isSix(source));
    const six = sources.filter(isSix);
    return { ...(four.length > 0 && { [name]: of(four) }), ...(six.length > 0 && { [`${name}6`]: of(six) }) };
}
