/** Backup jobs that run on a node already, and what Holdfast would take in their place. */
import * as value from "../../model/fleet/values";

interface Job {
    /** `/etc/cron.d/backup:3: restic` */
    readonly where: string;
    /** As configBackup.target takes it. */
    readonly target?: string;
}

/** Where jobs stand: what cron and systemd start. */
export const jobPatterns = [
    "/etc/crontab",
    "/etc/cron.d/*",
    "/etc/cron.daily/*",
    "/var/spool/cron/crontabs/root",
    "/etc/systemd/system/*.service",
] as const;

export function isJobFile(path: string): boolean {
    return /^\/etc\/cron|^\/var\/spool\/cron\/|^\/etc\/systemd\/system\//.test(path);
}

const tools = /(?:^|[\s/;&|=])(restic|borg|borgmatic|rsync|rclone|scp|proxmox-backup-client)\s/;

/**
 * A comment above the node, or nothing. What a job's line says besides the target is not repeated: it may hold a
 * password. `jobs`: what cron and systemd start, by path.
 */
export function proposeBackup(jobs: Readonly<Record<string, string>>): string | undefined {
    const found = Object.entries(jobs).flatMap(([file, content]) => jobsIn(file, content));
    if (found.length === 0) return undefined;
    const target = found.find((job) => job.target !== undefined)?.target;
    const kind = target?.startsWith("/") || target === undefined ? "" : target.replace(/:.*/, "");
    const key = kind === "rest" || kind === "s3" || target?.startsWith("/") ? "" : `, hostKey: "ssh-ed25519 AAAA…"`;
    const shown = found.slice(0, 3).map(({ where }) => where);
    const more = found.length > 3 ? ` and ${found.length - 3} more` : "";
    return ` A backup job runs here already (${shown.join(", ")}${more}). Beside it or in its place Holdfast backs up the node's configuration, reads it back
 each time and restores it on trial (docs/concerns/config-backup.md). Each node has a repository of its own below the target:
 configBackup: { target: "${target ?? "sftp:backup@192.0.2.60:/srv/backup"}"${key} }`;
}

function jobsIn(file: string, content: string): Job[] {
    if (!/^[\w./@-]+$/.test(file)) return [];
    const lines = content.split("\n");
    const repository = lines.map((line) => /\bRESTIC_REPOSITORY=["']?([^\s"']+)/.exec(line)?.[1]).find(Boolean);
    return lines.flatMap((line, index) => {
        if (/^\s*[#;]/.test(line)) return [];
        const [, tool] = tools.exec(line) ?? [];
        if (tool === undefined) return [];
        const target = [targetOf(line), repository].find((each) => each !== undefined && isTarget(each));
        return [{ where: `${file}:${index + 1}: ${tool}`, ...(target !== undefined && { target }) }];
    });
}

/** restic's own, or what rsync, scp and borg write for a place that sftp reaches as well. */
function targetOf(line: string): string | undefined {
    const [, given] = /\s(?:-r|--repo)[= ]["']?([^\s"']+)/.exec(line) ?? [];
    const [, user, path] = /\s["']?([a-z_][a-z0-9_-]*@[A-Za-z0-9.-]+):(\/[^\s"':]+)/.exec(line) ?? [];
    if (given !== undefined) return given;
    return user === undefined ? undefined : `sftp:${user}:${path}`;
}

/** One with a login in it is none. */
function isTarget(target: string): boolean {
    return value.backupTarget.safeParse(target).success;
}
