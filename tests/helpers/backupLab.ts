/** The test lab with a node to back up and another one that keeps the backups, over sftp. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planConfigBackup } from "../../components/configBackup";
import { resolveConfigBackup } from "../../components/configBackup/settings";
import type { Lab, LabNode, VmNode } from "../../lab";
import { leaveCluster } from "./corosync";
import { openTestLab, toIncidentState } from "./lab";
import { hostOf } from "./pushFileSet";

export const programs = "/usr/local/lib/holdfast";
export const password = "correct horse battery staple";

export interface BackupLab {
    readonly lab: Lab;
    readonly node: LabNode;
    /** Where the backups go; restores them on trial. */
    readonly store: LabNode;
}

/** What `config-backup` has left behind. */
export interface BackupState {
    readonly exitCode: number;
    readonly code: string;
    readonly text: string;
    readonly good?: number;
    readonly guests?: number;
    /** Subject and body of the mail, or nothing. */
    readonly mail: string;
}

export async function openBackupLab(): Promise<BackupLab> {
    const lab = await openTestLab();
    const [node, store] = lab.nodes as [LabNode, LabNode];
    for (const each of lab.nodes) await each.exec(["sed", "-i", `s/^127.0.1.1/${each.address}/`, "/etc/hosts"]);
    for (const each of [node, store]) await each.exec(["systemctl", "restart", "pve-cluster"]);
    await fill(node);
    return { lab, node, store };
}

/** What `key` opens. */
export async function openStore(store: LabNode, key: KeyPair): Promise<void> {
    await store.exec([
        "sh",
        "-c",
        `id keeper 2>/dev/null || useradd --create-home --shell /bin/sh keeper; mkdir -p /srv/backup /home/keeper/.ssh; echo "restrict ${key.public}" >/home/keeper/.ssh/authorized_keys; chown -R keeper /srv/backup /home/keeper/.ssh`,
    ]);
}

export async function closeBackupLab({ lab, store }: BackupLab): Promise<void> {
    await leaveCluster(lab.nodes);
    for (const each of lab.nodes)
        await each.exec([
            "sh",
            "-c",
            `systemctl disable --now holdfast-config-backup.timer holdfast-drill.timer holdfast-restore-undo.service; rm -rf /var/lib/holdfast/backup /var/lib/holdfast/restored /etc/holdfast/backup.* ${programs}/config-* ${programs}/backup-drill ${programs}/mail /etc/systemd/system/holdfast-config-backup.* /etc/systemd/system/holdfast-drill.* /etc/systemd/system/holdfast-restore-undo.service; systemctl daemon-reload`,
        ]);
    await store.exec(["sh", "-c", "pkill -u keeper; userdel -r keeper; rm -rf /srv/backup; true"]);
    for (const each of lab.nodes) await toIncidentState(lab, each);
}

/** What the /etc/pve of a node in use has: four guests, two storages, keys. */
export async function fill(node: Pick<LabNode | VmNode, "exec" | "name">): Promise<void> {
    await node.exec([
        "sh",
        "-c",
        `cd /etc/pve && printf 'dir: local\\n\\tpath /var/lib/vz\\n\\ndir: data\\n\\tpath /srv/local\\n' >storage.cfg && echo 'user:root@pam:1:0:::::' >user.cfg && echo 'keyboard: de' >datacenter.cfg && : >jobs.cfg && echo secret >priv/authkey.key && mkdir -p priv/storage && echo 'pass word' >"priv/storage/with space.pw"
         for id in 100 101 102; do echo "name: vm$id" >nodes/${node.name}/qemu-server/$id.conf; done; echo 'hostname: ct' >nodes/${node.name}/lxc/200.conf`,
    ]);
}

/** A rest-server or S3, and what it lets in. */
export interface Elsewhere {
    readonly target: string;
    readonly login: string;
}

/** Of a push to `on`, whose own backups and those of the other are in the same place. */
export async function planOf({ node, store }: BackupLab, key: KeyPair, on: LabNode = node, elsewhere?: Elsewhere) {
    const settings = resolveConfigBackup(
        elsewhere
            ? { target: elsewhere.target, keep: { daily: 1, weekly: 1, monthly: 1 } }
            : { target: `sftp:keeper@${store.address}:/srv/backup`, hostKey: await store.hostKey() },
    );
    const machines = [node, store].map(({ name, address }) => ({
        identity: { name, address },
        roles: ["node"] as const,
        configBackup: settings,
    }));
    return planConfigBackup({
        host: await hostOf(on),
        node: { name: on.name, address: on.address },
        settings,
        secrets: {
            backupPassword: password,
            ...(elsewhere ? { backupLogin: elsewhere.login } : { backupKey: key.private }),
        },
        fleet: { machines },
    });
}

/** Of a push to a machine that is no node of the stack, and that the node names as the one that restores on trial. */
export async function planOfHost({ node, store }: BackupLab, key: KeyPair, on: LabNode) {
    const common = { target: `sftp:keeper@${store.address}:/srv/backup`, hostKey: await store.hostKey() };
    const settings = resolveConfigBackup(common);
    const machine = ({ name, address }: LabNode) => ({ identity: { name, address } });
    return planConfigBackup({
        host: await hostOf(on),
        node: { name: on.name, address: on.address },
        settings,
        secrets: { backupPassword: password, backupKey: key.private },
        fleet: {
            machines: [
                {
                    ...machine(node),
                    roles: ["node"],
                    configBackup: resolveConfigBackup({ ...common, drill: { on: on.name } }),
                },
                { ...machine(on), roles: ["docker"], configBackup: settings },
            ],
        },
    });
}

/** One run, with a mailer that keeps the last mail. */
export async function runBackup(node: LabNode, ...args: string[]): Promise<BackupState> {
    await node.exec([
        "sh",
        "-c",
        `printf '#!/bin/sh\\n{ echo "$1"; cat; } >/tmp/mail\\n' >${programs}/mail; chmod +x ${programs}/mail; rm -f /tmp/mail`,
    ]);
    const { exitCode } = await node.exec([`${programs}/config-backup`, ...args], { reject: false, timeout: 120 });
    const { stdout } = await node.exec(["cat", "/var/lib/holdfast/backup/state.json"]);
    const mail = await node.exec(["cat", "/tmp/mail"], { reject: false });
    return { ...(JSON.parse(stdout) as Omit<BackupState, "exitCode" | "mail">), exitCode, mail: mail.stdout };
}

/** restic beside the repository, as its owner would. What it printed. */
export async function resticAt(store: LabNode, name: string, ...args: string[]): Promise<string> {
    const script = 'RESTIC_PASSWORD="$0" exec restic --no-cache --quiet -r "$@"';
    const { stdout } = await store.exec(["sh", "-c", script, password, `/srv/backup/${name}`, ...args], {
        reject: false,
    });
    return stdout;
}

/** Ids of the snapshots that were found complete. */
export async function goodSnapshots(store: LabNode, name: string): Promise<string[]> {
    const listed = JSON.parse((await resticAt(store, name, "snapshots", "--json", "--no-lock")) || "[]") as {
        tags: string[];
    }[];
    return listed.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith("of=")).map((tag) => tag.slice(3)));
}

export interface KeyPair {
    readonly private: string;
    /** `ssh-ed25519 AAAA…` */
    readonly public: string;
}

export async function makeKey(): Promise<KeyPair> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-key-"));
    const path = join(folder, "key");
    try {
        await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
        return { private: await readFile(path, "utf8"), public: (await readFile(`${path}.pub`, "utf8")).trim() };
    } finally {
        await rm(folder, { recursive: true });
    }
}
