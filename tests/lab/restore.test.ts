/** The day itself: what was backed up is restored on trial by another node, and on the node that has lost it. */
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { stringify } from "yaml";
import type { LabNode } from "../../lab";
import {
    type BackupLab,
    closeBackupLab,
    fill,
    type KeyPair,
    makeKey,
    openBackupLab,
    openStore,
    password,
    planOf,
    planOfHost,
    programs,
    runBackup,
} from "../helpers/backupLab";
import { formCluster, waitFor } from "../helpers/corosync";
import { pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(180_000);

let all: BackupLab;
let node: LabNode;
let store: LabNode;
let key: KeyPair;

beforeAll(async () => {
    all = await openBackupLab();
    ({ node, store } = all);
    key = await makeKey();
    await openStore(store, key);
    await fill(store);
    for (const each of [node, store]) await pushFileSet(all.lab, await planOf(all, key, each));
}, 300_000);
afterAll(() => closeBackupLab(all));

const sh = (script: string, on = node) => on.exec(["sh", "-c", script], { reject: false });
const restore = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await node.exec([`${programs}/config-restore`, ...args], {
        reject: false,
        timeout: 120,
    });
    return { exitCode, said: stdout + stderr };
};
const drill = async () => {
    const { exitCode, stdout } = await store.exec([`${programs}/backup-drill`], { reject: false, timeout: 120 });
    return { exitCode, said: stdout };
};
/** All that /etc/pve holds, by content. */
const pve = async () => (await sh("cd /etc/pve && find . -type f ! -name '.*' -exec sha256sum {} + | sort -k2")).stdout;

describe("the drill, on another node", () => {
    test("restores the newest, starts a pmxcfs of its own on it, and leaves nothing behind", async () => {
        const own = (await sh("cd /etc/pve && find . -type f | sort", store)).stdout;
        expect(await drill()).toEqual({ exitCode: 0, said: "pve01: ok" });
        expect((await sh("cd /etc/pve && find . -type f | sort", store)).stdout).toBe(own);
        expect((await sh("pgrep -cx pmxcfs; ls /var/lib/holdfast/backup/drill", store)).stdout).toBe("1");
        const { stdout } = await sh("cat /var/lib/prometheus-holdfast/node-exporter/holdfast-drill.prom", store);
        expect(stdout).toMatch(/^holdfast_drill_ok\{backup="pve01"\} 1$/m);
        expect(stdout).toMatch(/^holdfast_drill_last_success_timestamp_seconds\{backup="pve01"\} \d{10}$/m);
        expect((await sh(`${programs}/backup-drill --state`, store)).stdout).toBe("ok");
    });

    test("on a host of the stack, which gets what that needs and backs up nothing", async () => {
        const host = all.lab.nodes[2]!;
        const { observed } = await pushFileSet(all.lab, await planOfHost(all, key, host));
        expect(observed.facts).toMatchObject({
            "backup drill": expect.stringContaining("no drill has been due yet") as string,
        });
        const { exitCode, stdout } = await host.exec([`${programs}/backup-drill`], { reject: false, timeout: 120 });
        expect([exitCode, stdout]).toEqual([0, "pve01: ok"]);
        expect((await sh(`ls ${programs}; systemctl list-timers 'holdfast-*'`, host)).stdout).not.toMatch(
            /config-(?:backup|restore)/,
        );
    });

    test("finds a backup that lacks one guest, whoever said that it is good", async () => {
        const repository = "/srv/backup/pve01";
        const without = `import json, sys; m = json.load(open("manifest.json")); m["taken"] += 1; json.dump(m, open("manifest.json", "w"))`;
        await sh(`cp -a ${repository} /srv/backup/kept`, store);
        await sh(
            `cd /var/lib/holdfast/backup && cp -a last new && rm new/pve/nodes/pve01/qemu-server/101.conf && cd new && python3 -c '${without}' &&
             run() { python3 - "$@" <<'P'
import sys, os
names = {"__name__": "program"}
exec(compile(open("${programs}/config-backup").read(), "p", "exec"), names)
r = names["Run"](False).repository
seq = names["next_seq"](r.snapshots())
r.attest(r.backup("/var/lib/holdfast/backup/new", "pve01", seq), "pve01", seq, "{}")
P
}; run; rm -rf /var/lib/holdfast/backup/new`,
        );
        const found = await drill();
        expect(found.exitCode).toBe(2);
        expect(found.said).toContain("pve01: differs: pve/nodes/pve01/qemu-server/101.conf is missing");
        expect((await sh(`${programs}/backup-drill --state`, store)).stdout).toBe("pve01 differs");
        await sh(`rm -rf ${repository}; mv /srv/backup/kept ${repository}`, store);
    });

    test.each([
        [
            "a flipped byte",
            "f=$(find data -type f -size +1k | sort | head -1); printf X | dd of=$f bs=1 seek=100 conv=notrunc status=none",
        ],
        ["a file cut short", "f=$(find data -type f -size +1k | sort | head -1); truncate -s 200 $f"],
        ["a file that is gone", "rm -f $(find data -type f -size +1k | sort | head -1)"],
    ])("finds %s in the repository", async (_, damage) => {
        const repository = "/srv/backup/pve01";
        await sh(`cp -a ${repository} /srv/backup/kept; cd ${repository}; chmod -R u+w data; ${damage}`, store);
        const found = await drill();
        await sh(`rm -rf ${repository}; mv /srv/backup/kept ${repository}`, store);
        expect(found).toEqual({ exitCode: 2, said: expect.stringMatching(/^pve01: differs: damaged/) as string });
        expect(await drill()).toEqual({ exitCode: 0, said: "pve01: ok" });
    });

    test("could not tell is no ok: a target that does not answer", async () => {
        await sh("systemctl stop ssh.socket ssh", store);
        const found = await drill();
        await sh("systemctl start ssh", store);
        expect(found).toEqual({
            exitCode: 1,
            said: expect.stringMatching(/^pve01: could not tell: unreachable/) as string,
        });
        const { stdout } = await sh("cat /var/lib/prometheus-holdfast/node-exporter/holdfast-drill.prom", store);
        expect(stdout).not.toMatch(/^holdfast_drill_ok\{/m);
    });
});

describe("restore", () => {
    let whole: string;
    beforeAll(async () => {
        await fill(node);
        expect(await runBackup(node)).toMatchObject({ code: "good" });
        whole = await pve();
    });

    test("shows what differs and does nothing; secrets are masked", async () => {
        await sh(
            "cd /etc/pve; rm qemu-server/100.conf; printf 'dir: local\\n\\tpath /elsewhere\\n\\tpassword hunter2\\n' >storage.cfg; echo other >priv/authkey.key",
        );
        const before = await pve();
        const { exitCode, said } = await restore();
        expect(exitCode).toBe(0);
        expect(said).toContain("/etc/pve/storage.cfg: changed\n");
        expect(said).toContain("\n    -\tpath /elsewhere\n");
        expect(said).toContain("/etc/pve/nodes/pve01/qemu-server/100.conf: new\n");
        expect(said).toMatch(/priv\/authkey\.key: changed \(\d+ bytes, not shown/);
        expect(said).not.toMatch(/hunter2|secret\n/);
        expect(said.indexOf("storage.cfg")).toBeLessThan(said.indexOf("priv/"));
        expect(said.indexOf("priv/")).toBeLessThan(said.indexOf("100.conf"));
        expect(await pve()).toBe(before);
    });

    test("one file, where only that is asked for", async () => {
        expect(await restore("--only", "*/100.conf", "--yes")).toMatchObject({ exitCode: 0 });
        expect((await sh("cat /etc/pve/qemu-server/100.conf; cat /etc/pve/priv/authkey.key")).stdout).toBe(
            "name: vm100\nother",
        );
    });

    test("all that differs; what was there is kept, and nothing goes that the backup has not", async () => {
        await sh("echo mine >/etc/pve/mine.cfg");
        const { exitCode, said } = await restore("--yes");
        expect(exitCode).toBe(0);
        expect((await sh("cat /etc/pve/mine.cfg; rm /etc/pve/mine.cfg")).stdout).toBe("mine");
        expect(await pve()).toBe(whole);
        const [, kept] = /what was there is in (\S+)/.exec(said)!;
        expect((await sh(`cat ${kept}/pve/storage.cfg`)).stdout).toContain("path /elsewhere");
    });

    test("incident A: config.db and every guest are gone, and come back whole", async () => {
        await sh("systemctl stop pve-cluster; rm -f /var/lib/pve-cluster/config.db*; systemctl start pve-cluster");
        expect(await pve()).toBe("");
        const { exitCode, said } = await restore("--database", "--yes");
        expect([exitCode, said]).toEqual([0, expect.stringContaining("config.db restored")]);
        expect(await pve()).toBe(whole);
        expect((await sh("stat -c %a /var/lib/pve-cluster/config.db")).stdout).toBe("600");
    });

    test("from the copy on the node's own disk, where the target cannot be reached", async () => {
        await sh("rm /etc/pve/storage.cfg");
        await sh("systemctl stop ssh.socket ssh", store);
        expect(await restore("--yes")).toMatchObject({
            exitCode: 1,
            said: expect.stringContaining("does not answer") as string,
        });
        expect(await restore("--last", "--yes")).toMatchObject({ exitCode: 0 });
        await sh("systemctl start ssh", store);
        expect(await pve()).toBe(whole);
    });

    test("a file of /etc, by name, with its owner and mode", async () => {
        await sh(
            "cp -p /etc/network/interfaces /tmp/interfaces; echo broken >/etc/network/interfaces; chmod 600 /etc/network/interfaces",
        );
        expect(await restore("--only", "/etc/network/interfaces", "--yes")).toMatchObject({ exitCode: 0 });
        expect(
            (await sh("cmp /etc/network/interfaces /tmp/interfaces && stat -c '%U %a' /etc/network/interfaces")).stdout,
        ).toBe("root 644");
    });

    test("one that was killed in the middle is taken back by the next start, and done anew", async () => {
        await sh("cd /etc/pve; for id in 100 101 102; do echo lost >qemu-server/$id.conf; done; rm storage.cfg");
        for (const after of [1.0, 1.6, 2.2, 2.8, 3.4])
            await sh(`timeout -s KILL ${after} ${programs}/config-restore --yes >/dev/null 2>&1`);
        expect(await restore("--yes")).toMatchObject({ exitCode: 0 });
        expect(await pve()).toBe(whole);
        expect((await sh("ls /var/lib/holdfast/restored/open.json")).exitCode).not.toBe(0);
    });

    test("the whole database, killed at any moment, is the old one or the new, and pmxcfs runs", async () => {
        await sh("echo mine >/etc/pve/mine.cfg");
        const old = await pve();
        for (const after of [0.8, 1.4, 2.0, 2.6, 3.2]) {
            await sh(`timeout -s KILL ${after} ${programs}/config-restore --database --yes >/dev/null 2>&1`);
            // As the next boot does it: what was left is taken back.
            expect(await sh("systemctl start holdfast-restore-undo.service")).toMatchObject({ exitCode: 0 });
            expect([old, whole]).toContain(await pve());
            expect((await sh("ls /var/lib/holdfast/restored/open.json")).exitCode).not.toBe(0);
        }
        expect(await restore("--database", "--yes")).toMatchObject({ exitCode: 0 });
        expect(await pve()).toBe(whole);
    });

    test("two at once: the second one is refused", async () => {
        // However long the second one takes to begin.
        const holding = sh(
            "exec 9<>/var/lib/holdfast/backup/restore.lock; flock 9; touch /tmp/held; while [ -e /tmp/held ]; do sleep 0.2; done",
        );
        await node.exec(waitFor("test -e /tmp/held"));
        const second = await restore("--last").finally(() => sh("rm /tmp/held"));
        await holding;
        expect(second).toEqual({ exitCode: 2, said: "refused: another restore is under way" });
    });

    test("one that fails is undone: a pmxcfs that takes no more writes half-way", async () => {
        await sh("cd /etc/pve; echo lost >storage.cfg; echo lost >qemu-server/102.conf");
        const before = await pve();
        // The last guest cannot be written: a folder stands at its name.
        await sh("rm /etc/pve/qemu-server/102.conf; mkdir /etc/pve/qemu-server/102.conf");
        const { exitCode, said } = await restore("--yes");
        expect([exitCode, said]).toEqual([1, expect.stringContaining("what had been done was taken back")]);
        await sh("rmdir /etc/pve/qemu-server/102.conf; echo lost >/etc/pve/qemu-server/102.conf");
        expect(await pve()).toBe(before);
        expect(await restore("--yes")).toMatchObject({ exitCode: 0 });
    });

    describe("a pmxcfs that hangs", () => {
        const program = `${programs}/config-restore`;
        beforeEach(() =>
            sh(
                `cp -p ${program} /tmp/program; sed -i 's/^PATIENCE = 60 .*/PATIENCE = 3/' ${program}; pkill -STOP -x pmxcfs`,
            ),
        );
        afterEach(() => sh(`pkill -CONT -x pmxcfs; mv /tmp/program ${program}`));

        test("is told instead of waited for", async () => {
            expect(await restore()).toEqual({
                exitCode: 1,
                said: expect.stringContaining("did not answer within 3 s: pmxcfs hangs (pkill -9 pmxcfs") as string,
            });
        });
        test("is ended, where it gets another database anyway", async () => {
            expect(await restore("--database", "--yes")).toMatchObject({ exitCode: 0 });
            expect(await pve()).toBe(whole);
        });
    });

    test("config.db, on a full disk: pmxcfs runs on with what it had", async () => {
        await sh("echo mine >/etc/pve/mine.cfg; mkdir -p /var/lib/holdfast/restored");
        const before = await pve();
        await sh("mount -t tmpfs -o size=16k tmpfs /var/lib/holdfast/restored");
        const found = await restore("--database", "--yes");
        await sh("umount /var/lib/holdfast/restored");
        expect(found).toEqual({
            exitCode: 1,
            said: expect.stringMatching(/No space left on device; what had been done was taken back/) as string,
        });
        expect(await pve()).toBe(before);
        await sh("rm /etc/pve/mine.cfg");
    });

    test("to a folder, and from there", async () => {
        await sh("rm -rf /tmp/out");
        expect(await restore("--to", "/tmp/out")).toMatchObject({ exitCode: 0 });
        await sh("rm /etc/pve/user.cfg");
        expect(await restore("--from", "/tmp/out", "--yes")).toMatchObject({ exitCode: 0 });
        expect(await pve()).toBe(whole);
        await sh("echo changed >/tmp/out/pve/user.cfg");
        expect(await restore("--from", "/tmp/out")).toMatchObject({
            exitCode: 2,
            said: expect.stringContaining("not what its manifest says: pve/user.cfg has other content") as string,
        });
    });

    test("from the workstation, by its stack file: through a jump host, as a user who may use sudo", async () => {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-restore-"));
        try {
            await sh(
                "useradd --create-home --shell /bin/sh ops; mkdir -p /home/ops/.ssh; cp /root/.ssh/authorized_keys /home/ops/.ssh/; chown -R ops /home/ops/.ssh; echo 'ops ALL=(root) NOPASSWD: /usr/bin/python3, /usr/bin/rm' >/etc/sudoers.d/ops; rm /etc/pve/user.cfg",
            );
            const proxy = { host: store.ssh.host, port: store.ssh.port, user: "root", hostKey: await store.hostKey() };
            const ssh = { user: "ops", hostKey: await node.hostKey(), proxy };
            const fleet = { nodes: { [node.name]: { address: node.address, ssh } } };
            await writeFile(join(folder, "Pulumi.lab.yaml"), stringify({ config: { "holdfast:fleet": fleet } }));
            await writeFile(join(folder, "ssh"), `IdentityFile ${all.lab.identityFile}\nIdentitiesOnly yes\n`);
            await writeFile(join(folder, "password"), `${password}\n`);
            await symlink(join(node.root, "usr/bin/restic"), join(folder, "restic"));
            const run = (...args: string[]) =>
                execa(process.execPath, [join(__dirname, "../../cli/holdfast.js"), "restore", node.name, ...args], {
                    cwd: folder,
                    env: {
                        HOLDFAST_SSH_CONFIG: join(folder, "ssh"),
                        PATH: `${process.env["PATH"]}:${folder}`,
                    },
                    reject: false,
                });
            const shown = await run("--stack", "lab");
            expect([shown.exitCode, shown.stdout]).toEqual([0, expect.stringContaining("/etc/pve/user.cfg: new")]);
            expect(await run("--stack", "lab", "--yes")).toMatchObject({ exitCode: 0 });
            expect(await pve()).toBe(whole);
            // Fetched here, with this machine's restic, and handed over.
            await sh("rm /etc/pve/user.cfg");
            const repository = ["--repository", join(store.root, "srv/backup")];
            const fetch = (name: string) =>
                run("--stack", "lab", "--yes", ...repository, "--password-file", join(folder, name));
            expect(await fetch("password")).toMatchObject({ exitCode: 0 });
            expect(await pve()).toBe(whole);
            expect((await sh("ls -d /tmp/tmp.*")).stdout).toBe("");
            await writeFile(join(folder, "wrong"), "another one\n");
            expect(await fetch("wrong")).toMatchObject({
                exitCode: 1,
                stderr: expect.stringContaining("the repository's password is another one") as string,
            });
        } finally {
            await sh("userdel -r ops; rm -f /etc/sudoers.d/ops");
            await rm(folder, { recursive: true });
        }
    });

    test("refused on a member of a cluster that has newer data, until it is spelled out", async () => {
        await formCluster(all.lab.nodes);
        await sh("sleep 1; echo 'keyboard: us' >/etc/pve/datacenter.cfg");
        expect(await restore("--yes")).toMatchObject({
            exitCode: 2,
            said: expect.stringContaining("quorum, and newer data than the backup: pve/datacenter.cfg") as string,
        });
        expect((await sh("cat /etc/pve/datacenter.cfg")).stdout).toBe("keyboard: us");
        expect(await restore("--yes", "--over-newer")).toMatchObject({ exitCode: 0 });
        expect((await sh("cat /etc/pve/datacenter.cfg")).stdout).toBe("keyboard: de");
        await node.exec(waitFor("test -e /etc/pve/storage.cfg"));
    });
});
