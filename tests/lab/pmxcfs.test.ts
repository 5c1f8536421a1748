/**
 * The lab's stand-in of pmxcfs behaves as the real one was measured to (pve-cluster 9.1.6): what backup and restore
 * meet.
 */
import type { Lab, LabNode } from "../../lab";
import { formCluster, leaveCluster, waitFor } from "../helpers/corosync";
import { openTestNode, toIncidentState } from "../helpers/lab";

let lab: Lab;
let node: LabNode;
beforeAll(async () => {
    ({ lab, node } = await openTestNode(1));
    for (const each of lab.nodes) await each.exec(["sed", "-i", `s/^127.0.1.1/${each.address}/`, "/etc/hosts"]);
    await node.exec(["systemctl", "restart", "pve-cluster"]);
});
afterAll(async () => {
    await leaveCluster(lab.nodes);
    for (const each of lab.nodes) await toIncidentState(lab, each);
});

/** In /etc/pve. What it printed, then its exit status. */
const inPve = async (script: string, on = node) => {
    const { stdout, exitCode } = await on.exec(["sh", "-c", `cd /etc/pve && { ${script}\n} 2>&1`], { reject: false });
    return `${stdout} [${exitCode}]`.trim();
};

describe("alone", () => {
    test("has one owner and its own modes, and refuses all others", async () => {
        expect(
            await inPve(
                "echo 'dir: local' >storage.cfg; echo key >priv/authkey.key; stat -c '%n %U:%G %a' storage.cfg priv/authkey.key nodes priv",
            ),
        ).toBe(
            "storage.cfg root:www-data 640\npriv/authkey.key root:www-data 600\nnodes root:www-data 755\npriv root:www-data 700 [0]",
        );
        expect(await inPve("chmod 600 storage.cfg")).toContain("Operation not permitted [1]");
        expect(await inPve("chown root:root storage.cfg")).toContain("Operation not permitted [1]");
        expect(await inPve("ln -s storage.cfg other")).toContain("Function not implemented [1]");
        expect(await inPve("mv storage.cfg other && mv other storage.cfg")).toBe("[0]");
    });

    test("takes the content of what is copied with its owner, which then fails", async () => {
        expect(await inPve("cp -a /etc/fstab copied")).toContain("Operation not permitted [1]");
        expect(await inPve("cmp copied /etc/fstab; rm copied")).toBe("[0]");
    });

    test("a file ends at 1 MiB, and what fitted stays", async () => {
        expect(await inPve("head -c 2000000 /dev/zero >big")).toContain("File too large [1]");
        expect(await inPve("stat -c %s big; rm big")).toBe("1048576 [0]");
    });

    test("knows its guests, each on one node only", async () => {
        expect(await inPve("echo 'name: web' >qemu-server/100.conf; tr -d '\\n' <.vmlist")).toContain(
            '"100": {"node": "pve01","type": "qemu"',
        );
        expect(await inPve("mkdir -p nodes/pve09/lxc; echo >nodes/pve09/lxc/100.conf")).toContain("File exists");
    });

    test("a plain copy of config.db is sound to sqlite and lacks what was written last", async () => {
        const { stdout } = await node.exec([
            "sh",
            "-c",
            `cd /var/lib/pve-cluster && rm -f /tmp/plain.db /tmp/whole.db && echo new >/etc/pve/new.cfg && cp config.db /tmp/plain.db && sqlite3 config.db '.backup /tmp/whole.db'
             for copy in plain whole; do sqlite3 /tmp/$copy.db "PRAGMA integrity_check; SELECT count(*) FROM tree WHERE name = 'new.cfg'"; done`,
        ]);
        expect(stdout.split("\n")).toEqual(["ok", "0", "ok", "1"]);
    });

    test("beside an old -wal a restored config.db brings the old content back; without it, its own", async () => {
        const restore = (first: string) =>
            node.exec([
                "sh",
                "-c",
                `pkill -9 -x pmxcfs; umount -l /etc/pve; cd /var/lib/pve-cluster && ${first}cp /tmp/before.db config.db && systemctl restart pve-cluster && cat /etc/pve/state.cfg`,
            ]);
        await node.exec([
            "sh",
            "-c",
            "echo before >/etc/pve/state.cfg; rm -f /tmp/before.db; sqlite3 /var/lib/pve-cluster/config.db '.backup /tmp/before.db'; echo after >/etc/pve/state.cfg",
        ]);
        expect((await restore("")).stdout).toBe("after");
        expect((await restore("rm -f config.db*; ")).stdout).toBe("before");
    });

    test("does not start on a second one's lock, a file at its mount point, or a damaged config.db", async () => {
        const run = async (script: string) => (await node.exec(["sh", "-c", `{ ${script}; } 2>&1; true`])).stdout;
        expect(await run("pmxcfs")).toContain("unable to acquire pmxcfs lock");
        await node.exec(["systemctl", "stop", "pve-cluster"]);
        expect(await run("touch /etc/pve/left; pmxcfs; rm /etc/pve/left")).toContain("mountpoint is not empty");
        expect(
            await run("cd /var/lib/pve-cluster; rm config.db*; echo damaged >config.db; pmxcfs; rm config.db"),
        ).toContain("unable to set WAL mode: file is not a database");
        await node.exec(["systemctl", "start", "pve-cluster"]);
    });
});

test("in a cluster: a write waits while the loss of quorum is not noticed, and fails; reads go on", async () => {
    await formCluster(lab.nodes);
    expect(await inPve("echo 'dir: local' >storage.cfg; cat storage.cfg")).toBe("dir: local [0]");
    const cut = `ip link set enp1s0 down`;
    const { stdout } = await node.exec(
        [
            "sh",
            "-c",
            `${cut}; start=$(date +%s%N); sh -c 'echo x >>/etc/pve/storage.cfg' 2>&1; echo $((($(date +%s%N) - start) / 1000000))`,
        ],
        { timeout: 60 },
    );
    const [said, waited] = stdout.split("\n");
    expect(said).toContain("Operation not permitted");
    expect(Number(waited)).toBeGreaterThan(500);
    await node.exec(waitFor("grep -q '\"quorate\": 0' /etc/pve/.members"));
    expect(await inPve("cat storage.cfg; stat -c %a storage.cfg")).toBe("dir: local\n440 [0]");
    expect(await inPve("echo x >storage.cfg")).toContain("Permission denied");
    await node.exec(["ip", "link", "set", "enp1s0", "up"]);
    await node.exec(waitFor("grep -q '\"quorate\": 1' /etc/pve/.members"));
    expect(await inPve("echo again >storage.cfg; cat storage.cfg")).toBe("again [0]");
});
