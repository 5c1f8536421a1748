/**
 * `configBackup`: where the node's configuration goes every night, what is kept there, and who restores it on trial.
 */
import { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { concern, object } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import type { BackupPlace, FleetView, MachineView, Place, Settings } from "../concern";

const count = (of: string) => value.backupsKept.optional().describe(of);
export const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

export const schema = concern({
    target: value.backupTarget.describe(
        "in restic's notation; each node has a repository of its own below it. Opened by the secrets holdfast:backupPassword, and backupKey (sftp) or backupLogin (rest, s3)",
    ),
    hostKey: value.hostKey.optional().describe("of an sftp target, as ssh-keyscan prints it after the host name"),
    port: value.port.optional().describe("of an sftp target; 22 by default"),
    time: value.timeOfDay.optional().describe("when, HH:MM, up to half an hour later; 02:00 by default"),
    keep: object({
        daily: count("days of which one backup stays; 14 by default"),
        weekly: count("weeks; 8 by default"),
        monthly: count("months; 12 by default"),
    })
        .optional()
        .describe("what stays at the target"),
    drill: object({
        on: value.hostName
            .optional()
            .describe("the machine that restores it on trial, a node or another host; by default the next node"),
        day: z
            .enum(days, { error: `expected one of ${days.join(", ")}` })
            .optional()
            .describe("Sun by default"),
    })
        .optional()
        .describe("the weekly restore on trial, on another machine"),
})
    .optional()
    .describe("the configuration off-site every night, encrypted, read back each time; off without a target");

type Given = z.infer<typeof schema>;
export type TargetKind = "sftp" | "rest" | "s3" | "local";

export interface ConfigBackupSettings extends BackupPlace {
    readonly kind: TargetKind;
    /** Host and port as known_hosts has them, and the pinned key; of sftp alone. */
    readonly pinned?: { readonly host: string; readonly hostKey: string };
    readonly port: number;
    readonly time: string;
    readonly keep: { readonly daily: number; readonly weekly: number; readonly monthly: number };
}

export function resolveConfigBackup(given: Settings<Given>): ConfigBackupSettings {
    const { hostKey, port = 22, time = "02:00", keep, drill } = given;
    const target = inFull(given.target);
    const kind = kindOf(target);
    const host = /^sftp:[^@]+@([^:]+):/.exec(target)?.[1];
    return {
        target,
        kind,
        ...(host !== undefined &&
            hostKey !== undefined && { pinned: { host: port === 22 ? host : `[${host}]:${port}`, hostKey } }),
        port,
        time,
        keep: { daily: 14, weekly: 8, monthly: 12, ...keep },
        drill: { day: drill?.day ?? "Sun", ...(drill?.on !== undefined && { on: drill.on }) },
    };
}

/** `USER@HOST:/PATH` is what earlier versions took, and rsync and ssh write. */
function inFull(target: string): string {
    return /^(?:sftp|rest|s3):|^\//.test(target) ? target : `sftp:${target}`;
}

function kindOf(target: string): TargetKind {
    return target.startsWith("/") ? "local" : (target.slice(0, target.indexOf(":")) as TargetKind);
}

/** There is no default to back up to, and none whose host key is not known. */
export function checkConfigBackup({ machine, merged, own, path }: Place<Given>): Fault[] {
    const place = (key: string) =>
        machine === undefined || typeof own === "object" ? [...path, key] : ["defaults", "configBackup", key];
    if (merged === true)
        return [
            {
                path,
                message: "expected { target: sftp:USER@HOST:/PATH }, got true: there is no target to back up to",
            },
        ];
    if (typeof merged !== "object") return [];
    const kind = kindOf(inFull(merged.target));
    if (kind === "sftp" && merged.hostKey === undefined)
        return [
            {
                path: place("hostKey"),
                message: "is missing: expected the target's host key, as ssh-keyscan prints it after the host name",
            },
        ];
    const pointless = (["hostKey", "port"] as const).filter((key) => kind !== "sftp" && merged[key] !== undefined);
    return pointless.map((key) => ({ path: place(key), message: `is for an sftp target, and this one is ${kind}` }));
}

/** What opens the repository, by its keys of `holdfast:`. */
export function secretsOfBackup({ kind }: ConfigBackupSettings): string[] {
    if (kind === "sftp") return ["backupPassword", "backupKey"];
    return kind === "local" ? ["backupPassword"] : ["backupPassword", "backupLogin"];
}

interface Having {
    readonly name: string;
    readonly settings: ConfigBackupSettings;
}

export function unwiseBackups(having: readonly Having[], fleet: FleetView): string[] {
    const named = (all: readonly Having[]) => all.map(({ name }) => name).join(", ");
    const warnings: string[] = [];
    const local = having.filter(({ settings }) => settings.kind === "local");
    if (local.length > 0)
        warnings.push(
            `${named(local)}: configBackup.target is a folder of the node itself: what takes the node takes the backup, unless something else is mounted there`,
        );
    const open = having.filter(({ settings }) => settings.target.startsWith("rest:http:"));
    if (open.length > 0)
        warnings.push(
            `${named(open)}: configBackup.target is spoken to without TLS: whoever listens has the login of the rest-server, not what is stored`,
        );
    const isNode = (name: string) => fleet.machines.some((each) => each.identity.name === name && isBackedUp(each));
    const nowhere = having.filter(
        ({ name, settings: { drill, target } }) =>
            isNode(name) &&
            drill.on !== undefined &&
            !fleet.machines.some(
                ({ identity, configBackup }) => identity.name === drill.on && configBackup?.target === target,
            ),
    );
    if (nowhere.length > 0)
        warnings.push(
            `${named(nowhere)}: configBackup.drill.on names no machine with the same configBackup.target, so nobody restores these on trial`,
        );
    return warnings;
}

/**
 * The machines whose backups this one restores on trial: those that name it, and the one before it of those that name
 * none.
 */
export function drillsOf(machine: string, machines: FleetView["machines"]): string[] {
    const target = machines.find(({ identity }) => identity.name === machine)?.configBackup?.target;
    const all = machines.filter((each) => isBackedUp(each) && each.configBackup?.target === target);
    return all.flatMap(({ identity: { name }, configBackup }, index) => {
        const by = configBackup?.drill.on ?? all[(index + 1) % all.length]?.identity.name;
        return by === machine ? [name] : [];
    });
}

/** A machine that is no node has no /etc/pve: it only restores. */
export function isBackedUp({ roles, configBackup }: Pick<MachineView, "roles" | "configBackup">): boolean {
    return roles.includes("node") && configBackup !== undefined;
}
