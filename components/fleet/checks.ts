/** Rules that span several fields of `holdfast:fleet`; those of one concern are in `settings/`. Each takes a config whose single values are sound. */
import { canonicalAddress, familyOf } from "../../model/values/address";
import { type Fault, describe } from "../../model/fleet/faults";
import { mergeConcerns } from "./merge";
import type { FleetConfig, NodeConfig } from "./schema";
import { checkFstab } from "../fstab/settings";
import { checkHostsFile } from "../hosts/settings";
import { checkInterfaces } from "../interfaces/settings";
import { checkMail } from "../mail/settings";
import { checkNodeExporters } from "../nodeExporter/settings";
import { checkSmartd } from "../smartd/settings";
import { checkTemperatures } from "../temperature/settings";
import { checkUnique, type Claim } from "../../model/fleet/unique";

type Path = readonly PropertyKey[];

/** @param declared every node name that the user wrote, also of nodes that were left out of `fleet` for other faults. */
export function checkFleet(fleet: FleetConfig, declared: readonly string[]): Fault[] {
    return [
        ...checkCanary(fleet, declared),
        ...checkMail(fleet),
        ...checkNodeExporters(fleet),
        ...checkMonitoring(fleet),
        ...checkUnique("address", addressClaims(fleet)),
        ...checkUnique("name", nameClaims(fleet)),
        ...checkUnique("SSH target", targetClaims(fleet)),
        ...Object.entries(fleet.nodes).flatMap(([name, node]) => checkNode(fleet, name, node)),
        ...checkTemperatures(fleet),
        ...checkSmartd(fleet.defaults?.smartd, ["defaults", "smartd"]),
        ...checkFstab(fleet.defaults?.fstab, ["defaults", "fstab"]),
        ...checkBackup(fleet.defaults?.configBackup, ["defaults", "configBackup"]),
        ...Object.entries({ ...fleet.nodes, ...fleet.hosts }).flatMap(([name, { address, address6 }]) =>
            checkFamilies([name in fleet.nodes ? "nodes" : "hosts", name, "address6"], address, address6),
        ),
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

function checkFamilies(path: Path, address: string, address6: string | undefined): Fault[] {
    return address6 !== undefined && familyOf(address) === 6
        ? [{ path, message: "is for the second family: address is an IPv6 address already" }]
        : [];
}

function checkNode(fleet: FleetConfig, name: string, node: NodeConfig): Fault[] {
    const path = ["nodes", name];
    const merged = mergeConcerns(fleet.defaults ?? {}, node);
    return [
        ...checkSmartd(node.smartd, [...path, "smartd"]),
        ...checkFstab(node.fstab, [...path, "fstab"]),
        ...(fleet.defaults?.configBackup === true ? [] : checkBackup(merged.configBackup, [...path, "configBackup"])),
        ...checkInterfaces(merged.interfaces, node.interfaces !== undefined, [...path, "interfaces"]),
        ...checkHostsFile(merged.hostsFile, [...path, "hostsFile"]),
    ];
}

function checkMonitoring({ monitoring }: FleetConfig): Fault[] {
    const addresses = monitoring?.hosts.map(canonicalAddress) ?? [];
    return addresses.flatMap((address, index) =>
        addresses.indexOf(address) < index
            ? [{ path: ["monitoring", "hosts", index], message: `${address} is listed twice` }]
            : [],
    );
}

/** There is no default to back up to. */
function checkBackup(settings: NodeConfig["configBackup"], path: Path): Fault[] {
    return settings === true
        ? [{ path, message: "expected { target: USER@HOST:/PATH }, got true: there is no target to back up to" }]
        : [];
}
