/**
 * The declared fleet: `holdfast:fleet` of the stack config, validated, defaults merged, files read. Nothing downstream
 * checks again.
 */
import { type Fault, describe, formatFault, formatPath } from "../../model/fleet/faults";
import { checkCommands, resolveCommands, type OwnCommand } from "../commands/settings";
import type { Proof } from "../../model/contract/fileSet";
import type { BatchSize } from "../../model/fleet/values";
import type { FleetView, ProjectFile } from "../concern";
import { certificateFault } from "../proxmox/certificate";
import { checkProxmox } from "../proxmox/checks";
import { resolveProxmox, type ProxmoxSettings } from "../proxmox/settings";
import { checkFleet } from "./checks";
import { fileSetNames, type Machine, resolveMachine, unwise, withoutIdle } from "./machine";

import { mountsOf } from "../fstab/plan";
import { mailRecipients } from "../mail/settings";
import { notApplied } from "./notApplied";
import { parseShape } from "./shape";

export { type Fault, formatFault } from "../../model/fleet/faults";
export { type Machine, secretsOf } from "./machine";
export { allSecretKeys, optionalSecrets, ownSecretsOf } from "./secretKeys";
export type { Machine as FleetHost, Machine as FleetNode } from "./machine";

export interface Fleet {
    /** By name, `pve2` before `pve10`: the order of the stack file does not reach a Pulumi program. */
    readonly nodes: readonly Machine[];
    /** The machines that are no nodes of the cluster; by name. */
    readonly hosts: readonly Machine[];
    readonly proxmox?: ProxmoxSettings;
    /** By name. */
    readonly commands: readonly OwnCommand[];
    readonly rollout: {
        readonly canary: readonly string[];
        readonly batch: BatchSize;
        /** Absent: what a push's own success shows. */
        readonly proof?: Proof;
        readonly withoutQuorum?: true;
    };
    /** One line each: accepted settings that change nothing yet, or that are unwise. */
    readonly warnings: readonly string[];
}

/** Reads a file of the project; throws with the reason. */
export type ReadFile = (path: string) => string;

/** Exactly one of the two is there. */
export interface ParsedFleet {
    readonly fleet?: Fleet;
    /** All faults, not just the first. */
    readonly faults: readonly Fault[];
}

/**
 * For whoever can go on with a sound one only.
 * @param between the faults @throws Error with all of them
 */
export function soundFleet(given: unknown, readFile: ReadFile, between: "; " | "\n" = "; "): Fleet {
    const { fleet, faults } = parseFleet(given, readFile);
    if (fleet) return fleet;
    const told = faults.map(formatFault).join(between);
    throw new Error(`holdfast:fleet of this stack has faults:${between.at(-1)}${told}`);
}

/** @param given what `holdfast:fleet` holds, from YAML or JSON. */
export function parseFleet(given: unknown, readFile: ReadFile): ParsedFleet {
    const { config, faults } = parseShape(given);
    if (!config) return { faults };
    const { nodes: nodeConfigs, hosts: hostConfigs = {} } = config;
    const ofCluster = namesOf(nodeConfigs).map((name) =>
        resolveMachine(config, name, { own: nodeConfigs[name]!, roles: ["node"], readAt }),
    );
    const others = namesOf(hostConfigs).map((name) =>
        resolveMachine(config, name, { own: hostConfigs[name]!, roles: hostConfigs[name]!.roles ?? [], readAt }),
    );
    const machines = withoutIdle([...ofCluster, ...others]);
    const [nodes, hosts] = [machines.slice(0, ofCluster.length), machines.slice(ofCluster.length)];
    const reachable = machines.map((machine) => ({ ...machine, fileSets: fileSetNames(machine) }));
    faults.push(...checkFleet(config, declaredNodes(given)), ...checkCommands(config.commands, reachable));
    faults.push(...checkProof(config.rollout?.proof, nodes));
    const proxmox = config.proxmox && resolveApi(config.proxmox);
    if (faults.length > 0) return { faults };
    const rollout = {
        canary: config.rollout?.canary ?? nodes.slice(0, 1).map(({ identity }) => identity.name),
        batch: config.rollout?.batch ?? usualBatch(config.rollout?.proof, nodes),
        ...(config.rollout?.proof && { proof: config.rollout.proof }),
        ...(config.rollout?.withoutQuorum && { withoutQuorum: true as const }),
    };
    return {
        fleet: deepFreeze({
            nodes,
            hosts,
            rollout,
            ...(proxmox && { proxmox }),
            commands: resolveCommands(config.commands, reachable),
            warnings: [...notApplied(config), ...unwise(machines)],
        }),
        faults,
    };

    function resolveApi(given: NonNullable<typeof config>["proxmox"] & object): ProxmoxSettings {
        faults.push(...checkProxmox(given, Object.keys(nodeConfigs)));
        const all = nodes.map(({ identity: { name }, host, fstab, nodeExporter }) => ({
            name,
            mounts: fstab ? mountsOf(fstab) : [],
            firewall: { sshPort: host.port ?? 22, ...(nodeExporter && { exporter: nodeExporter }) },
        }));
        const mail = config?.mail ? mailRecipients(config).filter((each) => each.includes("@")) : [];
        const path = ["proxmox", "ca"];
        const resolved = resolveProxmox(given, { nodes: all, mail, read: (file) => readAt(file, path) });
        const { ca } = resolved.trust;
        const fault = ca && ca.content !== "" ? certificateFault(ca.content) : undefined;
        if (fault !== undefined) faults.push({ path, message: `${describe(ca?.path)} ${fault}` });
        return resolved;
    }

    function readAt(path: string, at: readonly PropertyKey[]): ProjectFile {
        try {
            return { path, content: readFile(path) };
        } catch (error) {
            // Once for `defaults`, not for every node.
            const isKnown = faults.some((fault) => formatPath(fault.path) === formatPath(at));
            if (!isKnown)
                faults.push({
                    path: at,
                    message: `cannot read ${describe(path)}: ${error instanceof Error ? error.message : String(error)}`,
                });
            return { path, content: "" };
        }
    }
}

/**
 * What every node of a wave has proven carries twice as many, but for a running network's reload: it makes corosync
 * pause, and two pauses at once can cost a small cluster its quorum.
 */
function usualBatch(proof: Proof | undefined, nodes: readonly Machine[]): BatchSize {
    return proof !== undefined && !nodes.some(({ interfaces }) => interfaces?.reload) ? "double" : 1;
}

/** Readiness is asked of each node itself. */
function checkProof(proof: Proof | undefined, nodes: readonly Machine[]): Fault[] {
    const silent = nodes.filter(({ bootReadiness, maintenance }) => !bootReadiness && !maintenance);
    if (proof !== "booted" || silent.length === 0) return [];
    const names = silent.map(({ identity }) => identity.name).join(", ");
    return [
        {
            path: ["rollout", "proof"],
            message: `booted asks each node whether it is ready: bootReadiness is off for ${names}`,
        },
    ];
}

/** As the concerns see it. */
export function viewOf({ nodes, hosts, proxmox, commands }: Fleet): FleetView {
    return { machines: [...nodes, ...hosts], ...(proxmox && { proxmox }), commands };
}

function namesOf(machines: Readonly<Record<string, unknown>>): string[] {
    return Object.keys(machines).sort(new Intl.Collator("en", { numeric: true }).compare);
}

function declaredNodes(given: unknown): string[] {
    const nodes: unknown = typeof given === "object" && given !== null && "nodes" in given ? given.nodes : undefined;
    return typeof nodes === "object" && nodes !== null ? Object.keys(nodes) : [];
}

function deepFreeze<T>(value: T): T {
    if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
        Object.freeze(value);
        Object.values(value).forEach(deepFreeze);
    }
    return value;
}
