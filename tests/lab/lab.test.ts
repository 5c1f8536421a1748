/** The lab itself: what other tests rely on, and that it leaves nothing behind, whatever happened to it. */
import { spawn } from "node:child_process";
import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { labDown, labUp, openLab, strayLine, type Lab, type LabNode } from "../../lab";
import { readBootReport } from "../../lab/bootReport";
import { cgroupOf } from "../../lab/cgroups";
import { nodeNamespace } from "../../lab/network";
import { waitForExit } from "../../vm/processes";
import { labFolder, readSlots } from "../../lab/state";
import { openTestLab, openTestNode, readNodeFile, sshArguments, toIncidentState } from "../helpers/lab";

jest.setTimeout(180_000);

describe("a node in the incidents' state", () => {
    let lab: Lab;
    let node: LabNode;
    beforeAll(async () => {
        ({ lab, node } = await openTestNode(3));
        await toIncidentState(lab, node); // other files have used it
    });

    const ssh = async (user: string, ...command: string[]) =>
        execa("ssh", [...(await sshArguments(lab, node, user)), ...command], { reject: false });

    test("has incident A's and incident B's files", async () => {
        expect(await readNodeFile(node, "/etc/hosts")).toContain(`127.0.1.1\t${node.fqdn} ${node.name}`);
        expect(await readNodeFile(node, "/etc/fstab")).toContain("/dev/sdb1 /srv/local ext4 defaults 0 2");
        expect((await readNodeFile(node, "/etc/network/interfaces")).endsWith(strayLine)).toBe(true);
    });

    test("boots, but pmxcfs refuses its hosts file and accepts a sound one", async () => {
        const before = await node.reboot();
        expect(before).toMatchObject({
            multiUser: true,
            failed: [
                { unit: "pve-cluster.service", message: expect.stringContaining("non-loopback IP address") as string },
            ],
        });
        await node.exec(["sed", "-i", `s/^127.0.1.1/${node.address}/`, "/etc/hosts"]);
        expect((await node.reboot()).failed).toEqual([]);
        await node.exec(["sed", "-i", `s/^${node.address}/127.0.1.1/`, "/etc/hosts"]);
    });

    test("brings up its bridge, with both addresses, by its own networking.service", async () => {
        const { stdout } = await node.exec(["ip", "-brief", "address", "show", "vmbr0"]);
        expect(stdout).toContain(`${node.address}/24`);
        expect(stdout).toContain(`${node.address6}/64`);
        expect((await node.exec(["bridge", "link", "show"])).stdout).toMatch(/enp1s0.*master vmbr0 state forwarding/);
    });

    test("holdfast lab reboot restarts it, and says what the console would have", async () => {
        const before = await node.initPid();
        const { stdout } = await execa(
            process.execPath,
            ["cli/holdfast.js", "lab", "reboot", "--id", lab.id, node.name],
            { cwd: join(__dirname, "..", "..") },
        );
        expect(stdout).toMatch(new RegExp(`^${node.name}: booted in [\\d.]+ s, multi-user.target reached`));
        expect(stdout).toContain("failed: pve-cluster.service: ");
        expect(await node.initPid()).not.toBe(before);
    });

    test("is reached over SSH with the lab's key and the pinned host key", async () => {
        expect((await ssh("root", "uname", "-n")).stdout).toBe(node.name);
        expect((await ssh("ops", "sudo", "-n", "id", "-u")).stdout).toBe("0");
        expect((await ssh("nosudo", "sudo", "-n", "id", "-u")).exitCode).not.toBe(0);
    });

    test("has disks of its own, found by UUID and mountable", async () => {
        const device = (await node.exec(["blkid", "-U", node.dataUuid])).stdout;
        expect(device).toMatch(/^\/dev\/loop\d+$/);
        expect((await node.exec(["readlink", "-f", `/dev/disk/by-uuid/${node.dataUuid}`])).stdout).toBe(device);
        await node.exec(["mount", device, "/srv/local"]);
        await node.exec(["umount", "/srv/local"]);
    });

    test("has no way out of the lab", async () => {
        expect((await node.exec(["ping", "-c1", "-W1", "192.0.2.1"])).exitCode).toBe(0);
        expect((await node.exec(["ping", "-c1", "-W1", "198.51.100.1"], { reject: false })).exitCode).not.toBe(0);
    });

    test("keeps its files through a power cut and a clean shutdown", async () => {
        await node.exec(["sh", "-c", "echo kept > /etc/kept && sync"]);
        const peer = (await openTestLab()).nodes.find((each) => each.name !== node.name)!;
        const ping = async () =>
            (await peer.exec(["ping", "-c1", "-W2", node.address], { reject: false })).exitCode === 0;
        expect(await ping()).toBe(true);
        await node.kill();
        expect([await node.initPid(), await ping()]).toEqual([undefined, false]);
        await node.start();
        await node.stop();
        await expect(node.exec(["true"])).rejects.toThrow("is off");
        expect(await ping()).toBe(false);
        await node.start();
        expect(await readNodeFile(node, "/etc/kept")).toBe("kept");
    });
});

describe("several nodes", () => {
    test("have a machine id, host key and disks of their own, and reach one another", async () => {
        const { nodes } = await openTestLab();
        const ids = await Promise.all(nodes.map((node) => readNodeFile(node, "/etc/machine-id")));
        expect(new Set(ids).size).toBe(nodes.length);
        expect(new Set(await Promise.all(nodes.map((node) => node.hostKey()))).size).toBe(nodes.length);
        expect((await nodes[0]!.exec(["ping", "-c1", "-W2", nodes[1]!.address6])).exitCode).toBe(0);
    });

    test("have a control group each, so that no node's systemd takes another's services for its own", async () => {
        const { nodes } = await openTestLab();
        const groups = await Promise.all(
            nodes.map(async (node) => readFile(`/proc/${await node.initPid()}/cgroup`, "utf8")),
        );
        expect(new Set(groups.map((group) => /^0::(.*)$/m.exec(group)?.[1])).size).toBe(nodes.length);
    });
});

describe("lab up and lab down", () => {
    const id = `crash-${process.pid}`;
    afterEach(() => labDown(id));

    test("up twice boots nothing twice, and a node more or less leaves the others alone", async () => {
        const first = await labUp({ id, nodes: 2, state: "sound" });
        const pid = await first.nodes[0]!.initPid();
        expect(await (await labUp({ id, nodes: 1, state: "sound" })).nodes[0]!.initPid()).toBe(pid);
        await expect(access(first.nodes[1]!.root)).rejects.toThrow("ENOENT");
    });

    test.each([100, 400, 900, 1600])("up, killed after %i ms, is completed by the next", async (milliseconds) => {
        await upAndKill(milliseconds);
        const lab = await labUp({ id, nodes: 2, state: "sound" });
        for (const { exec } of lab.nodes)
            expect(await readBootReport(exec, 0)).toEqual({ multiUser: true, failed: [], seconds: 0 });
    });

    test.each([100, 400, 900, 1600])("up, killed after %i ms, is removed wholly by down", async (milliseconds) => {
        await upAndKill(milliseconds);
        const slot = await findSlot();
        await labDown(id);
        expect(await findRemains(slot)).toEqual([]);
    });

    test("down, killed in the middle, is completed by the next", async () => {
        await labUp({ id, nodes: 2, state: "sound" });
        const slot = await findSlot();
        await runAndKill(`labDown(${JSON.stringify(id)})`, 60);
        await labDown(id);
        expect(await findRemains(slot)).toEqual([]);
        await expect(openLab(id)).rejects.toThrow("there is no lab");
    });

    test("a power cut at any moment of the start leaves nothing of the node running", async () => {
        const {
            nodes: [node],
        } = await labUp({ id, nodes: 1, state: "sound" });
        const inGroup = join(await cgroupOf(nodeNamespace((await findSlot())!, node!.name)), "cgroup.procs");
        for (let moment = 100; moment <= 500; moment += 80) {
            await node!.kill();
            await runAndKill(`openLab(${JSON.stringify(id)}).then((lab) => lab.nodes[0].start())`, moment);
            await node!.kill();
            expect([moment, await readFile(inGroup, "utf8")]).toEqual([moment, ""]);
        }
    });

    test("down waits for a disk that somebody still has open", async () => {
        const {
            nodes: [node],
        } = await labUp({ id, nodes: 1, state: "sound" });
        const slot = await findSlot();
        const { stdout: device } = await node!.exec(["blkid", "-U", node!.dataUuid]);
        const reader = execa("sh", ["-c", `exec 3<${device}; echo open; sleep 1`]);
        await new Promise((open) => reader.stdout?.once("data", open));
        await labDown(id);
        expect(await findRemains(slot)).toEqual([]);
        await reader;
    });

    test("what up was running when it was killed ends with it", async () => {
        const program = `const { runBound } = require("./vm/processes"); const { pid } = runBound("sleep", ["1000"]); setTimeout(() => console.log(pid), 300)`;
        const child = execa(process.execPath, ["--require", "./toolchain/loadTypeScript.js", "--eval", program], {
            cwd: join(__dirname, "..", ".."),
            reject: false,
        });
        const pid = await new Promise<number>((said) => child.stdout?.once("data", (line) => said(Number(line))));
        expect(await readFile(`/proc/${pid}/comm`, "utf8")).toBe("sleep\n");
        child.kill("SIGKILL");
        await waitForExit([pid], 5);
    });

    /** In a process of its own, killed as soon as that time has passed since the lab's first sign. */
    async function upAndKill(milliseconds: number): Promise<void> {
        await runAndKill(`labUp({ id: ${JSON.stringify(id)}, nodes: 2, state: "sound" })`, milliseconds);
    }

    async function runAndKill(call: string, milliseconds: number): Promise<void> {
        const program = `const { labUp, labDown, openLab } = require("./lab"); console.log("ready"); void ${call}`;
        const child = spawn(process.execPath, ["--require", "./toolchain/loadTypeScript.js", "--eval", program], {
            cwd: join(__dirname, "..", ".."),
            stdio: ["ignore", "pipe", "inherit"],
        });
        const ended = new Promise((done) => child.once("exit", done));
        await new Promise((ready) => child.stdout.once("data", ready));
        await delay(milliseconds);
        child.kill("SIGKILL");
        await ended;
    }

    /** Undefined where the lab was killed before it took one. */
    async function findSlot(): Promise<number | undefined> {
        return [...(await readSlots())].find(([, owner]) => owner === labFolder(id))?.[0];
    }

    /** Whatever on the workstation still names the lab. */
    async function findRemains(slot: number | undefined): Promise<string[]> {
        const folder = labFolder(id);
        const names = [
            ...(await readdir("/run/netns")),
            ...(await readdir(dirname(await cgroupOf("x")))),
            ...(await inSystemdsHierarchy()),
        ];
        const named = names.filter((name) => new RegExp(`^(holdfast-)?hf${slot}(-|$)`).test(name));
        const [mounts, loops, processes] = await Promise.all([
            execa("cat", ["/proc/mounts"]),
            execa("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"]),
            execa("sh", ["-c", "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' || true"]),
        ]);
        const lines = [mounts, loops, processes]
            .flatMap(({ stdout }) => stdout.split("\n"))
            .filter((line) => line.includes(folder));
        const slots = [...(await readSlots()).values()].filter((owner) => owner === folder);
        const files = await access(folder).then(
            () => [folder],
            () => [],
        );
        return [...named, ...lines, ...slots, ...files];
    }
});

/** Where the workstation has the older hierarchies too, nspawn leaves a group there as well. */
async function inSystemdsHierarchy(): Promise<string[]> {
    return readdir("/sys/fs/cgroup/systemd").catch(() => []);
}
