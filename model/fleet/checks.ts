/** Rules that span several fields of `holdfast:fleet`. Each takes a config whose single values are sound. */
import { bindProblem, deviceNameOptions, isOnDeviceName, sourceProblem, type SourceProblem } from "../fstab/blockSource";
import { canonicalTarget, isMountedAtBoot, isSwap } from "../fstab/entry";
import { typeProblem } from "../fstab/fstype";
import { canonicalAddress } from "../hosts/address";
import { type Fault, describe, formatPath } from "./faults";
import { mergeConcerns, mergeSettings } from "./merge";
import type { FleetConfig, FstabEntryConfig, NodeConfig } from "./schema";
import { checkSmartd } from "./smartdChecks";
import { temperatureLimits } from "./watch";
import { checkMail, checkNodeExporters } from "./watchChecks";

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
        ...Object.entries({ ...fleet.nodes, ...fleet.hosts }).flatMap(([name, { address, address6 }]) => checkFamilies([name in fleet.nodes ? "nodes" : "hosts", name, "address6"], address, address6)),
    ];
}

function checkCanary(fleet: FleetConfig, declared: readonly string[]): Fault[] {
    const canary = fleet.rollout?.canary ?? [];
    return canary.flatMap((name, index) => {
        const path = ["rollout", "canary", index];
        if (!declared.includes(name)) return [{ path, message: `expected the name of a node (${declared.join(", ")}), got ${describe(name)}` }];
        return canary.indexOf(name) < index ? [{ path, message: `${name} is listed twice` }] : [];
    });
}

interface Claim {
    readonly path: Path;
    readonly value: string;
    /** Written down more than once by right: the same extra line for several nodes. */
    readonly shared?: boolean;
}

function checkUnique(what: string, claims: readonly Claim[]): Fault[] {
    const first = new Map<string, Claim>();
    return claims.flatMap((claim) => {
        const key = claim.value.toLowerCase();
        const earlier = first.get(key);
        if (!earlier) first.set(key, claim);
        if (!earlier || (earlier.shared && claim.shared)) return [];
        if (claim.path.includes("aliases") && isBelow(claim.path, earlier.path)) return [{ path: claim.path, message: `${formatPath(earlier.path)} has the name ${claim.value} already: remove it` }];
        return [{ path: claim.path, message: `${what} ${claim.value} is already taken by ${formatPath(earlier.path)}` }];
    });
}

function isBelow(path: Path, above: Path): boolean {
    return above.every((step, index) => step === path[index]);
}

function addressClaims(fleet: FleetConfig): Claim[] {
    return machines(fleet).flatMap(({ path, machine }) =>
        (["address", "address6"] as const).flatMap((key) => (machine[key] === undefined ? [] : [{ path: [...path, key], value: canonicalAddress(machine[key]) }])),
    );
}

/** Every hosts file holds all nodes, so no two of them, and no node's extra line, may claim one name. */
function nameClaims(fleet: FleetConfig): Claim[] {
    const own = machines(fleet).flatMap(({ path, name, isNode }) => [
        { path, value: name },
        ...(isNode && fleet.domain !== undefined ? [{ path, value: `${name}.${fleet.domain}` }] : []),
    ]);
    const aliases = Object.entries(fleet.nodes).flatMap(([name, node]) => (node.aliases ?? []).map((value, index) => ({ path: ["nodes", name, "aliases", index], value })));
    const holders = [{ path: ["defaults"], hostsFile: fleet.defaults?.hostsFile }, ...Object.entries(fleet.nodes).map(([name, { hostsFile }]) => ({ path: ["nodes", name], hostsFile }))];
    const extras = holders.flatMap(({ path, hostsFile }) =>
        (hostsFile?.extra ?? []).flatMap(({ names }, line) => names.map((value, index) => ({ path: [...path, "hostsFile", "extra", line, "names", index], value, shared: true }))),
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
        return machine.ssh?.host === undefined ? { path: [...path, "address"], value, shared: true } : { path: [...path, "ssh", "host"], value };
    });
}

function machines(fleet: FleetConfig) {
    return [
        ...Object.entries(fleet.nodes).map(([name, machine]) => ({ path: ["nodes", name], name, machine, isNode: true })),
        ...Object.entries(fleet.hosts ?? {}).map(([name, machine]) => ({ path: ["hosts", name], name, machine, isNode: false })),
    ];
}

function checkFamilies(path: Path, address: string, address6: string | undefined): Fault[] {
    return address6 !== undefined && address.includes(":") ? [{ path, message: "is for the second family: address is an IPv6 address already" }] : [];
}

function checkNode(fleet: FleetConfig, name: string, node: NodeConfig): Fault[] {
    const path = ["nodes", name];
    const merged = mergeConcerns(fleet.defaults ?? {}, node);
    return [
        ...checkSmartd(node.smartd, [...path, "smartd"]),
        ...checkFstab(node.fstab, [...path, "fstab"]),
        ...(fleet.defaults?.configBackup === true ? [] : checkBackup(merged.configBackup, [...path, "configBackup"])),
        ...checkInterfaces(merged.interfaces, node.interfaces !== undefined, [...path, "interfaces"]),
        ...checkExtra(merged.hostsFile?.extra ?? [], [...path, "hostsFile", "extra"]),
    ];
}

/** As they come to each node; the fault is where the node has written a limit, else once at the defaults. */
function checkTemperatures({ nodes, defaults = {} }: FleetConfig): Fault[] {
    const faults = Object.entries(nodes).flatMap(([name, { temperature: own }]) => {
        const settings = mergeSettings(defaults.temperature, own);
        if (typeof settings !== "object") return [];
        const { warning, critical } = { ...temperatureLimits, ...settings };
        const isOwn = typeof own === "object" && (own.warning ?? own.critical) !== undefined;
        const path = isOwn ? ["nodes", name, "temperature"] : ["defaults", "temperature"];
        return warning < critical ? [] : [{ path, message: `expected warning below critical, got warning ${warning} and critical ${critical}` }];
    });
    return faults.filter(({ path }, index) => faults.findIndex((other) => formatPath(other.path) === formatPath(path)) === index);
}

function checkFstab(fstab: NodeConfig["fstab"], path: Path): Fault[] {
    if (!Array.isArray(fstab)) return [];
    const single = fstab.flatMap(({ options = [], ...entry }, index) => {
        const { source, target, fstype } = entry;
        const deviceName = (device: string, expected: string, remedy: string) => `expected ${expected}, got ${device}: the kernel may give that name to another disk at the next boot; ${remedy}`;
        const bad = (key: string, found: SourceProblem | undefined) => (found ? [{ path: [...path, index, key], message: `${found.problem}. ${found.remedy}` }] : []);
        const name = isOnDeviceName(entry) ? [{ path: [...path, index, "source"], message: deviceName(source, "UUID=…", `blkid ${source} prints the UUID`) }] : [];
        const devices = deviceNameOptions({ fstype, options }).map((found) => ({ path: [...path, index, "options", found.index], message: deviceName(found.device, "a path below /dev/disk/by-id", "ls -l /dev/disk/by-id lists them") }));
        const nowhere = !target.startsWith("/") && !isSwap({ ...entry, options }) ? [{ path: [...path, index, "target"], message: `expected an absolute mount point, got ${describe(target)}: only swap has none, so this is never mounted` }] : [];
        return [...name, ...devices, ...nowhere, ...bad("source", sourceProblem({ ...entry, options })), ...bad("fstype", typeProblem({ ...entry, options })), ...bad("options", bindProblem({ ...entry, options }))];
    });
    return [...single, ...checkTargetTwice(fstab, path)];
}

/** systemd makes a unit of the first only. Two drives that share a mount point by hand (noauto) are an old custom. */
function checkTargetTwice(fstab: readonly FstabEntryConfig[], path: Path): Fault[] {
    const first = new Map<string, number>();
    return fstab.flatMap(({ options = [], ...entry }, index) => {
        if (isSwap({ ...entry, options }) || !entry.target.startsWith("/") || !isMountedAtBoot({ ...entry, options })) return [];
        const target = canonicalTarget(entry.target);
        const earlier = first.get(target);
        if (earlier === undefined) first.set(target, index);
        return earlier === undefined ? [] : [{ path: [...path, index, "target"], message: `${target} is already the target of ${formatPath([...path, earlier])}, and only that one is mounted: remove one of them` }];
    });
}

function checkMonitoring({ monitoring }: FleetConfig): Fault[] {
    const addresses = monitoring?.hosts.map(canonicalAddress) ?? [];
    return addresses.flatMap((address, index) => (addresses.indexOf(address) < index ? [{ path: ["monitoring", "hosts", index], message: `${address} is listed twice` }] : []));
}

/** There is no default to back up to. */
function checkBackup(settings: NodeConfig["configBackup"], path: Path): Fault[] {
    return settings === true ? [{ path, message: "expected { target: USER@HOST:/PATH }, got true: there is no target to back up to" }] : [];
}

function checkInterfaces(interfaces: NodeConfig["interfaces"], isOwn: boolean, path: Path): Fault[] {
    if (!interfaces) return [];
    const { file, source, stanzas } = interfaces;
    if (file !== undefined && (stanzas ?? source) !== undefined) return [{ path, message: "expected either file, or source and stanzas, not both" }];
    if (file === undefined && stanzas === undefined && (isOwn || source !== undefined)) return [{ path, message: "expected file or stanzas" }];
    return [];
}

/** One name on two addresses of a family: the resolver would take either. */
function checkExtra(extra: NonNullable<NonNullable<NodeConfig["hostsFile"]>["extra"]>, path: Path): Fault[] {
    return checkUnique(
        "name",
        extra.flatMap(({ address, names }, line) => names.map((name, index) => ({ path: [...path, line, "names", index], value: `${name} (${address.includes(":") ? "IPv6" : "IPv4"})` }))),
    );
}
