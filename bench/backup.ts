/**
 * `npm run bench -- --backup [GUESTS]`: a cluster's guests in the lab's pmxcfs, backed up over sftp to another node,
 * restored on trial there, and planned back.
 */
import { planConfigBackup } from "../components/configBackup/plan";
import { resolveConfigBackup } from "../components/configBackup/settings";
import { labDown, labUp, type LabNode } from "../lab";
import { median } from "./median";

const id = "bench-backup";
const RUNS = 3;
const programs = "/usr/local/lib/holdfast";

export async function timeBackup(guests: number): Promise<void> {
    const lab = await labUp({ id, nodes: 2, log: (line) => console.log(line) });
    try {
        const [node, store] = lab.nodes as [LabNode, LabNode];
        await prepare(node, store, guests);
        const first = await timed(node, [`${programs}/config-backup`]);
        const backups: number[] = [];
        for (let run = 0; run < RUNS; run++) {
            // What a day changes.
            await sh(node, `echo "name: run${run}" >/etc/pve/nodes/${node.name}/qemu-server/1000.conf`);
            backups.push(await timed(node, [`${programs}/config-backup`]));
        }
        const drills = await inTurn(() => timed(store, [`${programs}/backup-drill`, node.name]));
        await sh(node, `rm /etc/pve/nodes/${node.name}/qemu-server/1[0-4]??.conf`);
        const plans = await inTurn(() => timed(node, [`${programs}/config-restore`]));
        const restore = await timed(node, [`${programs}/config-restore`, "--yes"]);
        console.log(`\n${guests} guests, over sftp, seconds (medians of ${RUNS})`);
        row("first backup", first);
        row("backup", median(backups), 10);
        row("drill", median(drills), 30);
        row("restore plan", median(plans), 5);
        row("restore of up to 500 guests, file by file", restore);
    } finally {
        await labDown(id);
    }
}

/** Into the database itself: one by one by way of pmxcfs takes minutes. */
const fill = `
import sqlite3, sys
db = sqlite3.connect("/var/lib/pve-cluster/config.db")
inode = lambda parent, name: db.execute("SELECT inode FROM tree WHERE parent = ? AND name = ?", (parent, name)).fetchone()[0]
folder = inode(inode(inode(0, "nodes"), sys.argv[1]), "qemu-server")
(version,) = db.execute("SELECT MAX(version) FROM tree").fetchone()
text = "name: vm{0}\\nmemory: 4096\\nscsi0: local:vm-{0}-disk-0,size=32G\\nnet0: virtio=BC:24:11:00:00:01,bridge=vmbr0\\n"
for number in range(1000, 1000 + int(sys.argv[2])):
    version += 1
    row = (version, folder, version, 0, 1767225600, 8, f"{number}.conf", text.format(number).encode())
    db.execute("INSERT INTO tree VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
db.execute("UPDATE tree SET version = ? WHERE inode = 0", (version,))
db.commit()
`;

async function prepare(node: LabNode, store: LabNode, guests: number): Promise<void> {
    for (const each of [node, store]) {
        await sh(each, `sed -i 's/^127.0.1.1/${each.address}/' /etc/hosts; systemctl restart pve-cluster`);
    }
    await sh(
        store,
        `useradd --create-home --shell /bin/sh keeper; mkdir -p /srv/backup /home/keeper/.ssh; ssh-keygen -q -t ed25519 -N '' -f /root/key; cp /root/key.pub /home/keeper/.ssh/authorized_keys; chown -R keeper /srv/backup /home/keeper`,
    );
    const { stdout: key } = await store.exec(["cat", "/root/key"]);
    await sh(
        node,
        "cd /etc/pve; printf 'dir: local\\n\\tpath /var/lib/vz\\n' >storage.cfg; echo 'user:root@pam:1:0:::::' >user.cfg; systemctl stop pve-cluster",
    );
    await node.exec(["python3", "-", node.name, String(guests)], { input: fill });
    await sh(node, "systemctl start pve-cluster");
    const settings = resolveConfigBackup({
        target: `sftp:keeper@${store.address}:/srv/backup`,
        hostKey: await store.hostKey(),
    });
    const machines = [node, store].map(({ name, address }) => ({
        identity: { name, address },
        roles: ["node"] as const,
        configBackup: settings,
    }));
    for (const each of [node, store]) {
        const { name, address } = each;
        const { files } = planConfigBackup({
            host: { name, address },
            node: { name, address },
            settings,
            secrets: { backupPassword: "of the bench", backupKey: key },
            fleet: { machines },
        });
        for (const [path, { content, mode = "0644" }] of Object.entries(files)) {
            if (content === undefined) continue;
            const write = 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"';
            await each.exec(["sh", "-ec", write, "sh", path, mode], { input: content });
        }
        await sh(each, "chmod 700 /etc/holdfast");
    }
}

async function timed(node: LabNode, command: readonly string[]): Promise<number> {
    const started = process.hrtime.bigint();
    const { exitCode, stdout, stderr } = await node.exec(command, { reject: false, timeout: 600 });
    if (exitCode !== 0)
        throw new Error(`${command.join(" ")}: exit status ${exitCode}: ${stdout.slice(-500)}${stderr}`);
    return Number(process.hrtime.bigint() - started) / 1e9;
}

async function inTurn(once: () => Promise<number>): Promise<number[]> {
    const results: number[] = [];
    for (let run = 0; run < RUNS; run++) results.push(await once());
    return results;
}

function sh(node: LabNode, script: string) {
    return node.exec(["sh", "-c", script], { timeout: 300 });
}

function row(name: string, seconds: number, aim?: number): void {
    console.log(
        `${name.padEnd(42)} ${seconds.toFixed(1).padStart(6)}${aim === undefined ? "" : `   (aim: under ${aim})`}`,
    );
}
