/** Every machine of a fleet, the risky concerns wave by wave. */
import type * as pulumi from "@pulumi/pulumi";
import type { RolledOut } from "../model/contract/fileSet";
import type { FileSet } from "../provider/resource";
import type { Secrets } from "./component";
import { type Fleet, viewOf } from "./fleet";
import { fileSetsOf, harden, HardenedNode, rolledOut } from "./hardenedNode";
import { planWaves } from "./rollout";

/**
 * Harmless concerns go to all nodes at once. The risky ones of a wave wait for those of the wave before, and are never
 * registered after a failure. By node name, in the order of the fleet.
 */
export function hardenFleet(
    fleet: Fleet,
    secrets: Secrets = {},
    parent?: pulumi.Resource,
): Readonly<Record<string, HardenedNode>> {
    const made = new Map<string, HardenedNode>();
    const { proof, withoutQuorum } = fleet.rollout;
    let after: readonly FileSet[] = [];
    let toProve: readonly RolledOut[] = [];
    for (const wave of planWaves(fleet)) {
        const nodes = wave.map((node) => {
            const { name } = node.identity;
            const peers = fleet.nodes.filter((peer) => peer !== node).map(({ identity }) => identity);
            const rollout = { ...(proof && { proof, after: toProve }), ...(withoutQuorum && { withoutQuorum }) };
            const hardened = new HardenedNode(
                name,
                { node, peers, fleet: viewOf(fleet), after, rollout, secrets },
                parent && { parent },
            );
            made.set(name, hardened);
            return hardened;
        });
        const risky = nodes.flatMap((node) => node.risky);
        if (risky.length > 0) after = risky;
        const changed = proof ? wave.flatMap((node) => rolledOut(node, viewOf(fleet))) : [];
        if (changed.length > 0) toProve = changed;
    }
    return Object.fromEntries(
        fleet.nodes.flatMap(({ identity: { name } }) => (made.has(name) ? [[name, made.get(name)!]] : [])),
    );
}

/** A host that is no node of the cluster. */
export interface WatchedHost {
    /** The first. */
    readonly fileSet: FileSet;
    /** By concern. */
    readonly fileSets: Readonly<Record<string, FileSet>>;
}

/** What the hosts that are no nodes get; by name, in the order of the fleet. Without those that ask for nothing. */
export function watchHosts(
    fleet: Fleet,
    secrets: Secrets = {},
    parent?: pulumi.Resource,
): Readonly<Record<string, WatchedHost>> {
    const made = fleet.hosts.flatMap((host): [string, WatchedHost][] => {
        const { name } = host.identity;
        const fileSets = fileSetsOf(
            harden(host, { name, fleet: viewOf(fleet), secrets, optionsOf: () => (parent ? { parent } : {}) }),
        );
        const [fileSet] = Object.values(fileSets);
        return fileSet ? [[name, { fileSet, fileSets }]] : [];
    });
    return Object.fromEntries(made);
}

/** By name in the state, `pve01-fstab`, of all machines. */
export function named(
    machines: Readonly<Record<string, { readonly fileSets: Readonly<Record<string, FileSet>> }>>,
): Readonly<Record<string, FileSet>> {
    return Object.fromEntries(
        Object.entries(machines).flatMap(([name, { fileSets }]) =>
            Object.entries(fileSets).map(([concern, fileSet]): [string, FileSet] => [`${name}-${concern}`, fileSet]),
        ),
    );
}
