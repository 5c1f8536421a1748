/** The nightly backup on real nodes: restic over sftp to another node's sshd, a real corosync, and every fault told. */
import { createHash } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabNode } from "../../lab";
import { ensureS3Server } from "../../toolchain/s3Server";
import {
    type BackupLab,
    closeBackupLab,
    fill,
    goodSnapshots,
    type KeyPair,
    makeKey,
    openBackupLab,
    openStore,
    planOf,
    programs,
    resticAt,
    runBackup,
} from "../helpers/backupLab";
import { formCluster, waitFor } from "../helpers/corosync";
import { buildTimeout } from "../helpers/lab";
import { pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(180_000);

let all: BackupLab;
let node: LabNode;
let store: LabNode;
let key: KeyPair;
const program = `${programs}/config-backup`;
const repository = "/srv/backup/pve01";

beforeAll(async () => {
    all = await openBackupLab();
    ({ node, store } = all);
    key = await makeKey();
    await openStore(store, key);
});
afterAll(() => closeBackupLab(all));

const good = () => goodSnapshots(store, node.name);
const run = (...args: string[]) => runBackup(node, ...args);
const sh = (script: string, on = node) => on.exec(["sh", "-c", script], { reject: false });
const metrics = async () =>
    (await node.exec(["cat", "/var/lib/prometheus-holdfast/node-exporter/holdfast-backup.prom"])).stdout;

test("a push makes the repository and the first backup; secrets are root's alone", async () => {
    const { observed } = await pushFileSet(all.lab, await planOf(all, key));
    expect(observed.facts).toMatchObject({
        "config backup": "good",
        "backup drill": "not checked: no drill has been due yet",
        "last good backup": expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/) as string,
        "last good restores on trial": "pve02 never",
    });
    expect((await node.exec(["sh", "-c", "stat -c '%n %U %a' /etc/holdfast/backup.* | sort"])).stdout).toBe(
        ["conf", "key", "known_hosts", "password"].map((name) => `/etc/holdfast/backup.${name} root 600`).join("\n"),
    );
    expect(await good()).toHaveLength(1);
    expect((await node.exec(["systemctl", "show", "-P", "Persistent", "holdfast-config-backup.timer"])).stdout).toBe(
        "yes",
    );
    expect(await metrics()).toMatch(/^holdfast_backup_ok 1$/m);
    expect(await metrics()).toMatch(/^holdfast_backup_last_success_timestamp_seconds \d{10}$/m);
    expect(await metrics()).toMatch(/^holdfast_backup_guests 4$/m);
});

test("everything is in it, by content: what pmxcfs has as text and as its own database, /etc, an inventory", async () => {
    const [first] = await good();
    const listed = await resticAt(store, node.name, "ls", first!);
    for (const name of [
        "pmxcfs/config.db",
        "pve/storage.cfg",
        "pve/priv/authkey.key",
        "pve/priv/storage/with space.pw",
        "pve/nodes/pve01/qemu-server/102.conf",
        "pve/nodes/pve01/lxc/200.conf",
        "etc/hosts",
        "etc/network/interfaces",
        "inventory/lsblk.txt",
        "manifest.json",
    ])
        expect(`${listed}\n`).toContain(`/var/lib/holdfast/backup/new/${name}\n`);
    expect(listed).not.toMatch(/pve\/\.(?:members|vmlist)|new\/pve\/qemu-server|backup\.(?:password|key)/);
    const path = "/var/lib/holdfast/backup/new/pve/nodes/pve01/qemu-server/101.conf";
    expect(await resticAt(store, node.name, "dump", first!, path)).toBe("name: vm101");
});

describe("no fault replaces the last good one, and each is told", () => {
    const fails = async (code: string, broken: () => Promise<unknown>, mend: () => Promise<unknown>) => {
        const before = await good();
        try {
            await broken();
            const told = await run();
            expect([told.code, told.exitCode, told.text]).toEqual([code, 1, expect.any(String)]);
            expect(told.good).toBeGreaterThan(0);
            expect(told.mail).toContain(`config backup failed: ${code}\n`);
            expect((await node.exec([program, "--state"])).stdout).toBe(code);
            expect(await metrics()).toMatch(/^holdfast_backup_ok 0$/m);
        } finally {
            await mend();
        }
        expect(await good()).toEqual(before);
    };

    test("wrong password", async () => {
        const own = "/etc/holdfast/backup.password";
        await fails(
            "wrong password",
            () => sh(`cp -p ${own} /tmp/kept; echo wrong >${own}`),
            () => sh(`mv /tmp/kept ${own}`),
        );
    });
    test("another host key at the target", async () => {
        const own = "/etc/holdfast/backup.known_hosts";
        const other = (await makeKey()).public;
        await fails(
            "other host key",
            () => sh(`cp -p ${own} /tmp/kept; echo '${store.address} ${other}' >${own}`),
            () => sh(`mv /tmp/kept ${own}`),
        );
    });
    test("a target that refuses the key", async () => {
        const own = "/home/keeper/.ssh/authorized_keys";
        await fails(
            "refused",
            () => sh(`mv ${own} ${own}.kept`, store),
            () => sh(`mv ${own}.kept ${own}`, store),
        );
    });
    test("a target that is gone", async () => {
        await fails(
            "unreachable",
            () => sh("systemctl stop ssh.socket ssh", store),
            () => sh("systemctl start ssh", store),
        );
    });
    test("a target that takes too long", async () => {
        const own = "/etc/holdfast/backup.conf";
        await fails(
            "slow",
            () => sh(`cp -p ${own} /tmp/kept; echo TIMEOUT=0.2 >>${own}`),
            () => sh(`mv /tmp/kept ${own}`),
        );
    });
    test("a target that is full in the middle", async () => {
        await fails(
            "full",
            () =>
                sh(
                    `cp -a ${repository} /tmp/kept && mount -t tmpfs -o size=$((\`du -sk /tmp/kept | cut -f1\` + 24))k tmpfs ${repository} && cp -a /tmp/kept/. ${repository}; chown keeper ${repository}`,
                    store,
                ),
            () => sh(`umount ${repository}; rm -rf /tmp/kept`, store),
        );
    });
    test("a repository that is gone: no new one is made in its place", async () => {
        await fails(
            "repository gone",
            () => sh(`mv ${repository} ${repository}.away`, store),
            () => sh(`rm -rf ${repository}; mv ${repository}.away ${repository}`, store),
        );
    });
    test("a pmxcfs that hangs", async () => {
        await sh(`sed -i 's/^PATIENCE = 60 .*/PATIENCE = 3/' ${program}`);
        await fails(
            "hung",
            () => sh("pkill -STOP -x pmxcfs"),
            () => sh("pkill -CONT -x pmxcfs"),
        );
    });
    test("no pmxcfs", async () => {
        await fails(
            "no pmxcfs",
            () => sh("systemctl stop pve-cluster"),
            () => sh("systemctl start pve-cluster"),
        );
    });
    test("incident A's state: an empty /etc/pve", async () => {
        const own = "/var/lib/pve-cluster";
        await fails(
            "empty",
            () => sh(`systemctl stop pve-cluster; mv ${own} ${own}.kept; systemctl start pve-cluster`),
            () => sh(`systemctl stop pve-cluster; rm -rf ${own}; mv ${own}.kept ${own}; systemctl start pve-cluster`),
        );
    });
    test("guests that are gone, until somebody says that it is right", async () => {
        const gone = "cd /etc/pve/nodes/pve01/qemu-server; rm 100.conf 101.conf 102.conf";
        await fails(
            "losses",
            () => sh(gone),
            () => fill(node),
        );
        await sh(gone);
        expect(await run("--accept")).toMatchObject({ code: "good", guests: 1 });
        await fill(node);
        expect(await run()).toMatchObject({ code: "good", guests: 4 });
    });
    test("a config.db that is damaged, with which this pmxcfs cannot be read", async () => {
        const db = "/var/lib/pve-cluster/config.db";
        await fails(
            "incomplete",
            () =>
                sh(
                    `sqlite3 ${db} 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null; cp ${db} /tmp/whole.db; dd if=/dev/zero of=${db} bs=64 seek=64 count=40 conv=notrunc status=none`,
                ),
            () =>
                sh(
                    `pkill -9 -x pmxcfs; sleep 1; umount -l /etc/pve; rm -f ${db}*; cp /tmp/whole.db ${db}; systemctl restart pve-cluster`,
                ),
        );
        await fill(node);
    });
});

test("a run that was killed leaves nothing behind that stops the next; of a day one good one stays", async () => {
    for (const after of [0.4, 1.2, 2.4]) await sh(`timeout -s KILL ${after} ${program}; pkill -9 -x restic`);
    expect(await run()).toMatchObject({ code: "good", exitCode: 0 });
    expect(await good()).toHaveLength(1);
});

test("two at once: the second one leaves it to the first", async () => {
    const both = await Promise.all([node.exec([program], { timeout: 120 }), node.exec([program], { timeout: 120 })]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect((await node.exec([program, "--state"])).stdout).toBe("good");
});

test("a guest that is added meanwhile is in the next one whole, and in this one whole or not at all", async () => {
    const adding = sh(
        'for id in $(seq 300 330); do echo "name: vm$id" >/etc/pve/nodes/pve01/qemu-server/$id.conf; sleep 0.05; done',
    );
    expect(["good", "incomplete"]).toContain((await run()).code);
    await adding;
    expect(await run()).toMatchObject({ code: "good", guests: 35 });
    await sh("rm /etc/pve/nodes/pve01/qemu-server/3??.conf");
    expect(await run("--accept")).toMatchObject({ code: "good", guests: 4 });
});

test("a clock that was a year ahead costs nothing: the newest is the last one made", async () => {
    const ahead = `import runpy, sys, time\nreal = time.time\ntime.time = lambda: real() + 365 * 86400\nsys.argv = ["config-backup"]\nrunpy.run_path("${program}", run_name="__main__")\n`;
    await node.exec(["python3", "-"], { input: ahead, timeout: 120 }).catch(() => undefined);
    const kept = await good();
    expect(await run()).toMatchObject({ code: "good", text: expect.stringContaining("clock has gone back") as string });
    expect(await good()).toEqual(expect.arrayContaining(kept));
    expect(await run()).toMatchObject({ code: "good", text: "" });
});

describe.each(["a rest-server that only adds", "S3"] as const)("%s", (kind) => {
    const word = "sEcret:w/rd é";
    const rest = kind !== "S3";
    const server = rest
        ? "/usr/bin/restic-rest-server --path /srv/rest --listen :8000 --append-only --private-repos"
        : `/usr/local/bin/s3-server -listen :8000 -access-key keeper -secret-key '${word}'`;
    const start = () => sh(`systemd-run --quiet --collect --unit=keeper sh -c "exec ${server}"`, store);
    const told = async (broken: string, mend: string, on = node) => {
        await sh(broken, on);
        const { code, exitCode } = await run().finally(() => sh(mend, on));
        return [code, exitCode, (await node.exec([program, "--state"])).stdout];
    };

    beforeAll(async () => {
        if (rest)
            await store.exec(["sh", "-c", "mkdir -p /srv/rest; tee /srv/rest/.htpasswd"], {
                input: `keeper:{SHA}${createHash("sha1").update(word).digest("base64")}\n`,
            });
        else await copyFile(await ensureS3Server(), join(store.root, "usr/local/bin/s3-server"));
        await start();
        await store.exec(waitFor("nc -z 127.0.0.1 8000"));
        const at = `http://${store.address}:8000`;
        const target = rest ? `rest:${at}/keeper` : `s3:${at}/backup`;
        const { observed } = await pushFileSet(
            all.lab,
            await planOf(all, key, node, { target, login: `keeper:${word}` }),
        );
        expect(observed.facts).toMatchObject({ "config backup": "good" });
        await sh(`sed -i 's/^OPENING = 60 .*/OPENING = 6/' ${program} ${programs}/backup-drill`);
    }, buildTimeout);
    afterAll(() => sh("systemctl stop keeper; rm -rf /srv/rest /usr/local/bin/s3-server", store));

    test("takes a backup that is read back whole, and is restored on trial; what is old goes where it may", async () => {
        expect(await run()).toMatchObject({
            code: "good",
            guests: 4,
            text: rest ? (expect.stringContaining("a target that only adds?") as string) : "",
        });
        const { exitCode, stdout } = await node.exec([`${programs}/backup-drill`, node.name], { reject: false });
        expect([exitCode, stdout]).toEqual([0, `${node.name}: ok`]);
    });

    test("refuses another login, and the repository another password; gone is gone", async () => {
        const [login, own] = ["login", "password"].map((name) => `/etc/holdfast/backup.${name}`) as [string, string];
        const back = (file: string) => `mv /tmp/kept ${file}`;
        expect(await told(`cp -p ${login} /tmp/kept; echo keeper:other-word >${login}`, back(login))).toEqual([
            "refused",
            1,
            "refused",
        ]);
        expect(await told(`cp -p ${own} /tmp/kept; echo wrong >${own}`, back(own))).toEqual([
            "wrong password",
            1,
            "wrong password",
        ]);
        expect(await told("systemctl stop keeper", "true", store)).toEqual(["unreachable", 1, "unreachable"]);
        const drill = await node.exec([`${programs}/backup-drill`, node.name], { reject: false });
        expect([drill.exitCode, drill.stdout]).toEqual([
            1,
            expect.stringMatching(/^pve01: could not tell: unreachable/),
        ]);
    });

    test("no word of the login stands where others can read it", async () => {
        const { stdout } = await sh(
            `journalctl -t holdfast --no-pager; cat /var/lib/holdfast/backup/state.json /tmp/mail`,
        );
        expect(stdout).toContain("config backup");
        expect(stdout).not.toMatch(/sEcret|w\/rd|w%2Frd/);
    });
});

test("a member of a cluster without quorum, or in local mode, is no backup", async () => {
    await pushFileSet(all.lab, await planOf(all, key)); // its target was another in the tests before
    await formCluster(all.lab.nodes);
    await fill(node);
    await node.exec(["ip", "link", "set", "enp1s0", "down"]);
    await node.exec(waitFor("grep -q '\"quorate\": 0' /etc/pve/.members"));
    expect(await run()).toMatchObject({ code: "no quorum", exitCode: 1 });
    await node.exec(["ip", "link", "set", "enp1s0", "up"]);
    await sh("systemctl stop pve-cluster; pmxcfs -l >/dev/null 2>&1");
    expect(await run()).toMatchObject({ code: "local mode", exitCode: 1 });
    await sh("pkill -x pmxcfs; sleep 1; systemctl start pve-cluster");
    await node.exec(waitFor("grep -q '\"quorate\": 1' /etc/pve/.members"));
    expect(await run()).toMatchObject({ code: "good" });
});
