/**
 * `holdfast reboot` on real nodes that really reboot, with a real corosync between them. Proxmox's tools are not part
 * of Debian: stand-ins say what the files in /root/lab say; so does one for a QDevice.
 */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Lab, LabNode } from "../../lab";
import { formCluster, leaveCluster, waitFor } from "../helpers/corosync";
import { openTestLab, toIncidentState } from "../helpers/lab";
import { fleetOf } from "../helpers/labFleet";
import { PulumiProject, type Finished } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

let lab: Lab;
let project: PulumiProject;
let nodes: LabNode[];

/** Files of the stand-ins by path; they go with the test. */
const standIns: Readonly<Record<string, string>> = {
    "/usr/bin/pvesh": '#!/bin/sh\n[ "$2" = /nodes/localhost/qemu ] && exec cat /root/lab/qemu\necho "[]"\n',
    "/usr/local/sbin/qm": '#!/bin/sh\necho "$*" >>/root/lab/asked\necho "[]" >/root/lab/qemu\n',
};

/** What corosync says of two nodes whose QDevice is lost. */
const withoutDevice = `#!/bin/sh
cat <<END
Quorate:          Yes
Expected votes:   3
Total votes:      2
Quorum:           2
Membership information
----------------------
    Nodeid      Votes    Qdevice Name
0x00000001          1    A,NV,NMW 192.0.2.11
0x00000002          1    A,NV,NMW 192.0.2.12 (local)
0x00000000          0            Qdevice (votes 1)
END
`;
const quorumTool = "/usr/local/sbin/corosync-quorumtool";

const write = (node: LabNode, path: string, content: string) =>
    node.exec(
        ["sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat >"$1"; case $1 in *bin/*) chmod 755 "$1";; esac', "sh", path],
        { input: content },
    );

beforeAll(async () => {
    lab = await openTestLab();
    nodes = lab.nodes.slice(0, 2);
    for (const node of lab.nodes) await toIncidentState(lab, node);
    project = await PulumiProject.create(lab);
    const fleet = await fleetOf(
        lab,
        project,
        lab.nodes.map(({ name }) => name),
    );
    await project.configure("lab", { fleet: { ...fleet, defaults: { ...fleet.defaults, bootReadiness: true } } });
    await project.pulumi("stack", "init", "lab");
    await harden();
    for (const node of nodes) {
        for (const [path, content] of Object.entries(standIns)) await write(node, path, content);
        await write(node, "/root/lab/qemu", "[]");
    }
    await formCluster(lab.nodes);
    for (const node of lab.nodes) await node.exec(["systemctl", "enable", "corosync"]);
}, 600_000);

afterAll(async () => {
    const paths = [
        ...Object.keys(standIns),
        "/root/lab",
        quorumTool,
        "/usr/local/sbin/systemctl",
        "/etc/tmpfiles.d/lab-breaks.conf",
        "/etc/systemd/system/holdfast-boot-readiness.*",
    ];
    for (const node of lab.nodes) {
        await node.exec(["systemctl", "disable", "corosync"]);
        await node.exec(["systemctl", "disable", "holdfast-boot-readiness.timer", "holdfast-boot-readiness.path"]);
        await node.exec(["sh", "-c", `rm -rf ${paths.join(" ")}; systemctl daemon-reload`]);
    }
    await leaveCluster(lab.nodes);
    await project.remove();
});

/**
 * ifupdown2 runs once at a time: a push that meets the node's own look at the network is refused, and done by the next.
 */
async function harden(): Promise<void> {
    const up = ["up", "--yes", "--skip-preview", "--refresh", "--stack", "lab"];
    for (let attempt = 1; ; attempt++) {
        const { exitCode, output } = await project.runPulumi(up);
        if (exitCode === 0) return;
        if (attempt === 4 || !output.includes("Another instance of this program")) throw new Error(output);
    }
}
const bootId = async (node: LabNode) => (await node.exec(["cat", "/proc/sys/kernel/random/boot_id"])).stdout;
const bootIds = () => Promise.all(nodes.map(bootId));
const reboot = (...args: string[]): Promise<Finished> =>
    project.holdfast("reboot", ...nodes.map(({ name }) => name), "--stack", "lab", ...args);

async function lastLog(): Promise<{ node: string; step: string; state: string; text: string }[]> {
    const folder = join(project.folder, ".holdfast", "reboots");
    const last = (await readdir(folder)).sort().at(-1)!;
    const lines = (await readFile(join(folder, last), "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as { node: string; step: string; state: string; text: string });
}

/** @returns what was said, with the nodes untouched. */
async function refused(status: number, ...args: string[]): Promise<string> {
    const before = await bootIds();
    const { exitCode, output } = await reboot(...args);
    expect([output, exitCode]).toEqual([output, status]);
    expect(await bootIds()).toEqual(before);
    return output;
}

test("a dry run says what would happen, and nothing does", async () => {
    expect(await refused(0, "--dry-run")).toContain("pve02: look: would be rebooted");
});

test("the second of three that would be away takes the quorum with it: the first stays up too", async () => {
    const third = lab.nodes[2]!;
    await third.exec(["systemctl", "stop", "corosync"]);
    await nodes[0]!.exec(waitFor("corosync-quorumtool -s | grep -q 'Total votes: *2'"));
    const lacks =
        "look: bad: without this node the cluster would have 1 votes of the 2 that it needs (2 of 3 votes are there now)";
    const output = await refused(2);
    expect([output.includes(`pve01: ${lacks}`), output.includes(`pve02: ${lacks}`)]).toEqual([true, true]);
    await third.exec(["systemctl", "start", "corosync"]);
    for (const node of nodes) await node.exec(waitFor("corosync-quorumtool -s | grep -q 'Total votes: *3'"));
});

test("a QDevice that is lost is not counted", async () => {
    await write(nodes[1]!, quorumTool, withoutDevice);
    expect(await refused(2)).toContain(
        "pve02: look: bad: without this node the cluster would have 1 votes of the 2 that it needs (2 of 3 votes are there now, its QDevice casts none)",
    );
});

test("a corosync that does not answer is a no: could not tell", async () => {
    await write(nodes[1]!, quorumTool, "#!/bin/sh\necho 'Cannot initialize CMAP service'\nexit 1\n");
    expect(await refused(1)).toContain("pve02: look: unknown: how the cluster's votes stand is not known");
    await nodes[1]!.exec(["rm", quorumTool]);
});

test("guests that run are nobody's to stop unless it is said", async () => {
    await write(nodes[0]!, "/root/lab/qemu", '[{"vmid":101,"name":"wiki","status":"running"}]');
    expect(await refused(2)).toContain("pve01: look: bad: guests run there and nobody moves them: 101 (wiki)");
});

test("both nodes reboot, one after the other, guests first, and each is proven", async () => {
    const before = await bootIds();
    const { exitCode, output } = await reboot("--guests", "shutdown");
    expect([output, exitCode]).toEqual([output, 0]);
    const after = await bootIds();
    expect(after.every((id, index) => id !== before[index])).toBe(true);
    expect((await nodes[0]!.exec(["cat", "/root/lab/asked"])).stdout).toBe("shutdown 101 --timeout 180");
    const log = await lastLog();
    expect(log.map(({ node, step, state }) => `${node} ${step} ${state}`)).toEqual([
        "pve01 look ok",
        "pve02 look ok",
        "pve01 look ok",
        "pve01 guests ok",
        "pve01 look ok",
        "pve01 reboot ok",
        "pve01 back ok",
        "pve01 guests ok",
        "pve02 look ok",
        "pve02 reboot ok",
        "pve02 back ok",
    ]);
    expect(
        (
            await nodes[1]!.exec([
                "journalctl",
                "--identifier=holdfast",
                "--output=cat",
                "--no-pager",
                "--grep=^reboot: asked for by",
            ])
        ).stdout,
    ).toMatch(/^reboot: asked for by \S+@\S+$/m);
});

test("a node that boots into the incident's fault is not proven, and the next is untouched", async () => {
    const second = await bootId(nodes[1]!);
    await write(nodes[0]!, "/etc/tmpfiles.d/lab-breaks.conf", "f+ /etc/hosts 0644 root root - 127.0.1.1 pve01\n");
    const { exitCode, output } = await reboot("--timeout", "30");
    expect([output, exitCode]).toEqual([output, 2]);
    expect(output).toMatch(/pve01: back: bad: not ready: own-name: pve01 resolves to 127\.0\.1\.1/);
    expect(output).toContain("pve02: reboot: bad: untouched: pve01 is not proven");
    expect(await bootId(nodes[1]!)).toBe(second);
    await nodes[0]!.exec(["sh", "-c", "rm /etc/tmpfiles.d/lab-breaks.conf"]);
    await harden();
    // It has failed over the hosts file, and what lies in /etc/pve is asked for before a reboot.
    await nodes[0]!.exec(["systemctl", "restart", "pve-cluster"]);
});

test("a node that says it goes and stays is not back", async () => {
    await write(
        nodes[0]!,
        "/usr/local/sbin/systemctl",
        '#!/bin/sh\n[ "$1" = reboot ] && exit 0\nexec /usr/bin/systemctl "$@"\n',
    );
    const output = await refused(2, "--timeout", "15");
    expect(output).toContain(
        "pve01: back: bad: it still answers from the boot that was to end: it never went down, after 15 s",
    );
});

test("a name that is none of the stack's is refused before anything is asked", async () => {
    const { exitCode, stderr } = await project.holdfast("reboot", "pve77", "--stack", "lab");
    expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining("pve77: the stack declares no such node; it has pve01"),
    ]);
});
