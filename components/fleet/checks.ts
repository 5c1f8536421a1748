/**
 * Rules that span several fields of `holdfast:fleet`; those of one concern are in its `settings.ts`. Each takes a
 * config whose single values are sound.
 */
import { canonicalAddress, familyOf } from "../../model/values/address";
import { type Fault, describe, formatPath } from "../../model/fleet/faults";
import { probeKinds } from "../../model/fleet/shared";
import { checkUnique, type Claim } from "../../model/fleet/unique";
import { type ConcernDefinition, type Place } from "../concern";
import { checkMail } from "../mail/settings";
import { concerns } from "../table";
import { mergedSetting, type Written } from "./merge";
import type { FleetConfig, HostConfig } from "./schema";

type Path = readonly PropertyKey[];

/**
 * @param declared every node name that the user wrote, also of nodes that were left out of `fleet` for other faults.
 */
export function checkFleet(fleet: FleetConfig, declared: readonly string[]): Fault[] {
    return [
        ...checkCanary(fleet, declared),
        ...checkMail(fleet),
        ...checkMonitoring(fleet),
        ...checkUnique("address", addressClaims(fleet)),
        ...checkUnique("name", nameClaims(fleet)),
        ...checkUnique("SSH target", targetClaims(fleet)),
        ...Object.values(concerns).flatMap((concern) => checkConcern(concern, fleet)),
        ...machines(fleet).flatMap(({ path, machine: { address, address6 } }) =>
            checkFamilies([...path, "address6"], address, address6),
        ),
        ...machines(fleet).flatMap(checkFormer),
        ...Object.entries(fleet.hosts ?? {}).flatMap(([name, host]) => checkRoles(["hosts", name], host)),
    ];
}

/**
 * Under `defaults`, then under each machine; what is wrong with the defaults alone is said once, not for every machine.
 */
function checkConcern({ check, ...concern }: ConcernDefinition, fleet: FleetConfig): Fault[] {
    if (!check) return [];
    const faults = placesOf(concern, fleet).flatMap((place) => check(place as never));
    const seen = new Set<string>();
    return faults.filter(({ path, message }) => {
        const key = `${formatPath(path)}: ${path[0] === "defaults" ? "" : message}`;
        return seen.has(key) ? false : seen.add(key);
    });
}

function placesOf(concern: ConcernDefinition, fleet: FleetConfig): Place<unknown>[] {
    const { setting } = concern;
    const defaults: Written = fleet.defaults ?? {};
    return [
        { path: ["defaults", setting], own: defaults[setting], merged: defaults[setting] },
        ...machines(fleet).map(({ path, name, machine, isNode }) => {
            const own: Written = machine;
            const merged = mergedSetting(concern, defaults, own);
            return { path: [...path, setting], machine: { name, isNode }, own: own[setting], merged };
        }),
    ];
}

function checkCanary(fleet: FleetConfig, declared: readonly string[]): Fault[] {
    const canary = fleet.rollout?.canary ?? [];
    return canary.flatMap((name, index) => {
        const path = ["rollout", "canary", index];
        if (!declared.includes(name))
            return [{ path, message: `expected the name of a node (${declared.join(", ")}), got ${describe(name)}` }];
        return canary.indexOf(name) < index ? [{ path, message: `${name} is listed twice` }] : [];
    });
}

function addressClaims(fleet: FleetConfig): Claim[] {
    return machines(fleet).flatMap(({ path, machine }) =>
        (["address", "address6"] as const).flatMap((key) =>
            machine[key] === undefined ? [] : [{ path: [...path, key], value: canonicalAddress(machine[key]) }],
        ),
    );
}

/** Every hosts file holds all nodes, so no two of them, and no node's extra line, may claim one name. */
function nameClaims(fleet: FleetConfig): Claim[] {
    const own = machines(fleet).flatMap(({ path, name, isNode }) => [
        { path, value: name },
        ...(isNode && fleet.domain !== undefined ? [{ path, value: `${name}.${fleet.domain}` }] : []),
    ]);
    const aliases = Object.entries(fleet.nodes).flatMap(([name, node]) =>
        (node.aliases ?? []).map((value, index) => ({ path: ["nodes", name, "aliases", index], value })),
    );
    const holders = [
        { path: ["defaults"], hostsFile: fleet.defaults?.hostsFile },
        ...Object.entries(fleet.nodes).map(([name, { hostsFile }]) => ({ path: ["nodes", name], hostsFile })),
    ];
    const extras = holders.flatMap(({ path, hostsFile }) =>
        (hostsFile?.extra ?? []).flatMap(({ names }, line) =>
            names.map((value, index) => ({
                path: [...path, "hostsFile", "extra", line, "names", index],
                value,
                shared: true,
            })),
        ),
    );
    const nodesOnly = [...own.filter(({ path }) => path[0] === "nodes"), ...aliases];
    const taken = new Set(nodesOnly.map(({ value }) => value.toLowerCase()));
    return [...own, ...aliases, ...extras.filter(({ value }) => taken.has(value.toLowerCase()))];
}

/** Two names for one SSH target would manage one machine twice. Two equal addresses are reported as such. */
function targetClaims(fleet: FleetConfig): Claim[] {
    return machines(fleet).map(({ path, machine }) => {
        const { host = machine.address, port = fleet.ssh?.port ?? 22, proxy = fleet.ssh?.proxy } = machine.ssh ?? {};
        const value = `${canonicalAddress(host)} port ${port}${proxy ? ` through ${proxy.host}` : ""}`;
        return machine.ssh?.host === undefined
            ? { path: [...path, "address"], value, shared: true }
            : { path: [...path, "ssh", "host"], value };
    });
}

function machines(fleet: FleetConfig) {
    return [
        ...Object.entries(fleet.nodes).map(([name, machine]) => ({
            path: ["nodes", name],
            name,
            machine,
            isNode: true,
        })),
        ...Object.entries(fleet.hosts ?? {}).map(([name, machine]) => ({
            path: ["hosts", name],
            name,
            machine,
            isNode: false,
        })),
    ];
}

/** Settings of a concern that does not stand on hosts of these roles would change nothing. */
function checkRoles(path: Path, host: HostConfig): Fault[] {
    const written: Written = host;
    return Object.values(concerns).flatMap(({ setting, roles }: ConcernDefinition) => {
        if (roles === "every" || written[setting] === undefined || written[setting] === false) return [];
        const wanted = roles.filter((role) => role !== "node");
        return wanted.some((role) => host.roles?.includes(role))
            ? []
            : [
                  {
                      path: [...path, setting],
                      message: `stands on hosts with roles: [${wanted.join("] or [")}]: add that`,
                  },
              ];
    });
}

/** The address that it moves to is in nobody's known_hosts yet. */
function checkFormer({ path, machine }: ReturnType<typeof machines>[number]): Fault[] {
    const { former, hostKey, host = machine.address } = machine.ssh ?? {};
    if (former === undefined) return [];
    const at = [...path, "ssh", "former"];
    if (canonicalAddress(former) === canonicalAddress(host))
        return [{ path: at, message: `is where the node is to be reached anyway (${host}): take it out` }];
    return hostKey === undefined
        ? [{ path: at, message: "needs ssh.hostKey: nobody knows the node's key at its new address yet" }]
        : [];
}

function checkFamilies(path: Path, address: string, address6: string | undefined): Fault[] {
    return address6 !== undefined && familyOf(address) === 6
        ? [{ path, message: "is for the second family: address is an IPv6 address already" }]
        : [];
}

function checkMonitoring(fleet: FleetConfig): Fault[] {
    const { hosts = [], targets = [] } = fleet.monitoring ?? {};
    const addresses = hosts.map(canonicalAddress);
    const twice = addresses.flatMap((address, index) =>
        addresses.indexOf(address) < index
            ? [{ path: ["monitoring", "hosts", index], message: `${address} is listed twice` }]
            : [],
    );
    const names = targets.map(({ name }) => name);
    const known = [...Object.keys(fleet.nodes), ...Object.keys(fleet.hosts ?? {})];
    const ofTargets = targets.flatMap((target, index): Fault[] => {
        const path = ["monitoring", "targets", index];
        const kinds = probeKinds.filter((kind) => target[kind] !== undefined);
        return [
            ...(kinds.length === 1
                ? []
                : [
                      {
                          path,
                          message: `expected exactly one of ${probeKinds.join(", ")}, got ${kinds.join(", ") || "none"}`,
                      },
                  ]),
            ...(target.record === undefined || target.dns !== undefined
                ? []
                : [{ path: [...path, "record"], message: "belongs to dns" }]),
            ...(names.indexOf(target.name) < index
                ? [{ path: [...path, "name"], message: `${describe(target.name)} is listed twice` }]
                : []),
            ...(target.on === undefined || known.includes(target.on)
                ? []
                : [
                      {
                          path: [...path, "on"],
                          message: `expected the name of a machine of this stack, got ${describe(target.on)}`,
                      },
                  ]),
        ];
    });
    return [...twice, ...ofTargets];
}
