/** Every node of a fleet, the risky concerns wave by wave. */
import type { Fleet } from "./fleet";
import { planWaves } from "./rollout";
import type { FileSet } from "../provider/resource";
import { HardenedNode, type HardenedNodeArgs } from "./hardenedNode";
import { NodeExporter } from "./nodeExporter";

/**
 * Harmless concerns go to all nodes at once. The risky ones of a wave depend on those of the wave before, so that the
 * engine starts none of them after a failure. By node name, in the order of the fleet.
 */
export function hardenFleet(
    fleet: Fleet,
    secrets: Pick<HardenedNodeArgs, "mailPassword"> = {},
): Readonly<Record<string, HardenedNode>> {
    const made = new Map<string, HardenedNode>();
    let after: readonly FileSet[] = [];
    for (const wave of planWaves(fleet)) {
        const nodes = wave.map((node) => {
            const { name } = node.identity;
            const peers = fleet.nodes.filter((peer) => peer !== node).map(({ identity }) => identity);
            const hardened = new HardenedNode(name, { node, peers, after, ...secrets });
            made.set(name, hardened);
            return hardened;
        });
        const risky = nodes.flatMap((node) => node.risky);
        if (risky.length > 0) after = risky;
    }
    return Object.fromEntries(
        fleet.nodes.flatMap(({ identity: { name } }) => (made.has(name) ? [[name, made.get(name)!]] : [])),
    );
}

/** What the hosts that are no nodes get; by name, in the order of the fleet. Without those that ask for nothing. */
export function watchHosts({ hosts }: Fleet): Readonly<Record<string, NodeExporter>> {
    return Object.fromEntries(
        hosts.flatMap(({ identity, host, maintenance, onDelete, nodeExporter: settings }) =>
            settings
                ? [
                      [
                          identity.name,
                          new NodeExporter(`${identity.name}-node-exporter`, {
                              host,
                              node: identity,
                              maintenance,
                              onDelete,
                              settings,
                          }),
                      ],
                  ]
                : [],
        ),
    );
}
