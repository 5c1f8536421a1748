import { readFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { driftReport } from "../../cli/drift/report";
import type { Lab, LabNode } from "../../lab";
import { openTestLab, sshArguments } from "../helpers/lab";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

let lab: Lab;
let first: LabNode;
let second: LabNode;
let project: PulumiProject;
const hostsBefore = new Map<string, string>();

beforeAll(async () => {
    lab = await openTestLab();
    [first, second] = [lab.nodes[0]!, lab.nodes[1]!];
    for (const node of [first, second])
        hostsBefore.set(node.name, (await node.exec(["cat", "/etc/hosts"], { strip: false })).stdout);
    project = await PulumiProject.create(lab);
    await writeStack();
    await project.pulumi("stack", "init", "drift");
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "drift");
});

afterAll(async () => {
    for (const node of [first, second])
        await node.exec(["sh", "-c", "cat >/etc/hosts"], { input: hostsBefore.get(node.name) });
    await project.remove();
});

async function writeStack({ maintenance = false } = {}): Promise<void> {
    const nodes = Object.fromEntries(
        await Promise.all(
            [first, second].map(async (node) => {
                const ssh = { host: node.ssh.host, port: node.ssh.port, hostKey: await node.hostKey() };
                return [
                    node.name,
                    { address: node.address, ssh, ...(maintenance && node === second && { maintenance }) },
                ] as const;
            }),
        ),
    );
    await project.configure("drift", { fleet: { domain: "example.test", nodes } });
}

test("a stack that was just applied has no drift, exit status 0", async () => {
    expect(await project.holdfast("drift")).toMatchObject({ exitCode: 0, stdout: "2 nodes: 2 clean\n", stderr: "" });
});

test("a stray line is a line diff with the time it was written, exit status 2; undone, it is gone", async () => {
    const clean = (await first.exec(["cat", "/etc/hosts"], { strip: false })).stdout;
    await first.exec(["sh", "-c", "echo '27: eno1: <UP> mtu 1500' >>/etc/hosts; touch -d @1767323045 /etc/hosts"]);
    const { exitCode, stdout } = await project.holdfast("drift", "--format", "json", "--metrics", "drift.prom");
    expect(exitCode).toBe(2);
    const { stacks } = driftReport.parse(JSON.parse(stdout));
    expect(stacks[0]!.nodes.map(({ name, status }) => `${name} ${status}`)).toEqual([
        `${first.name} drift`,
        `${second.name} clean`,
    ]);
    const [change, ...others] = stacks[0]!.nodes[0]!.changes;
    expect(others).toEqual([]);
    expect(change).toMatchObject({
        concern: "hosts",
        kind: "file",
        subject: "/etc/hosts",
        summary: "1 line added, 0 removed",
        modified: "2026-01-02T03:04:05.000Z",
    });
    expect(change!.diff!.split("\n").filter((line) => /^[+-]/.test(line))).toEqual(["+27: eno1: <UP> mtu 1500"]);
    expect(await readFile(join(project.folder, "drift.prom"), "utf8")).toContain(
        `holdfast_drift_node{stack="drift",node="${first.name}",status="drift"} 1`,
    );
    await first.exec(["sh", "-c", "cat >/etc/hosts"], { input: clean });
    expect((await project.holdfast("drift")).exitCode).toBe(0);
});

test("an edit made over SSH says from where; one that a package made names the package", async () => {
    const clean = (await first.exec(["cat", "/etc/hosts"], { strip: false })).stdout;
    await execa("ssh", [...(await sshArguments(lab, first)), "echo '# by hand' >>/etc/hosts; sleep 2"]);
    const drift = async () =>
        driftReport.parse(JSON.parse((await project.holdfast("drift", "--format", "json")).stdout)).stacks[0]!.nodes[0]!
            .changes[0]!.by;
    expect(await drift()).toMatch(/^root from [\d.]+$/);
    await first.exec([
        "sh",
        "-c",
        "date -d @1767323045 '+%Y-%m-%d %H:%M:%S upgrade ifupdown2:all 3.0 3.1' >>/var/log/dpkg.log; touch -d @1767323045 /etc/hosts",
    ]);
    expect(await drift()).toBe("dpkg (ifupdown2)");
    await first.exec(["sh", "-c", "cat >/etc/hosts"], { input: clean });
});

test("an unreachable node is status 1 and named, and the drift elsewhere is printed all the same", async () => {
    const clean = (await first.exec(["cat", "/etc/hosts"], { strip: false })).stdout;
    await first.exec(["chmod", "600", "/etc/hosts"]);
    await second.exec(["systemctl", "stop", "ssh.socket", "ssh.service"]);
    try {
        const { exitCode, stdout } = await project.holdfast("drift", "--format", "markdown");
        expect(exitCode).toBe(1);
        expect(stdout).toMatch(/^## ❌ Could not tell\n\n2 nodes: 1 drift, 1 unreachable\n/);
        expect(stdout).toContain(`| ${second.name} | unreachable | ${second.name}: root@`);
        expect(stdout).toContain("mode 0600, expected 0644");
    } finally {
        await second.exec(["systemctl", "start", "ssh.service"]);
        await first.exec(["sh", "-c", "chmod 644 /etc/hosts; cat >/etc/hosts"], { input: clean });
    }
});

test("a node under maintenance is said to be skipped, and is no drift", async () => {
    await writeStack({ maintenance: true });
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "drift");
    const { exitCode, stdout } = await project.holdfast("drift");
    expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: `${second.name}: skipped: under maintenance, not contacted\n2 nodes: 1 clean, 1 skipped\n`,
    });
});

test("the report page is of the same look, and ends as the drift run does", async () => {
    const { exitCode, stderr } = await project.holdfast("report", "-o", "report.html");
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const page = await readFile(join(project.folder, "report.html"), "utf8");
    for (const { name } of [first, second]) expect(page).toContain(name);
    await first.exec(["chmod", "600", "/etc/hosts"]);
    expect((await project.holdfast("report", "-o", "report.html")).exitCode).toBe(2);
    await first.exec(["chmod", "644", "/etc/hosts"]);
    expect(await readFile(join(project.folder, "report.html"), "utf8")).toContain("mode 0600, expected 0644");
});

test("a pull request's preview needs no way to the nodes, and says what it compared with", async () => {
    const before = await readFile(join(project.folder, "Pulumi.drift.yaml"), "utf8");
    await project.write("Pulumi.drift.yaml", before.replace("domain: example.test", "domain: moved.example.test"));
    for (const node of [first, second]) await node.exec(["systemctl", "stop", "ssh.socket", "ssh.service"]);
    try {
        const { exitCode, stdout } = await project.holdfast("preview", "--stack", "drift", "--format", "markdown");
        expect(exitCode).toBe(0);
        expect(stdout).toMatch(/^## .*to update\n\nStack `drift`\. Compared with the state/);
        expect(stdout).toMatch(
            new RegExp(`^\\+ +${first.address} ${first.name}\\.moved\\.example\\.test ${first.name}$`, "m"),
        );
    } finally {
        for (const node of [first, second]) await node.exec(["systemctl", "start", "ssh.service"]);
        await project.write("Pulumi.drift.yaml", before);
    }
});

test("--all-stacks looks at every stack; one that cannot be looked at is status 1 with its reason", async () => {
    await project.pulumi("stack", "init", "empty");
    const { exitCode, stdout } = await project.holdfast("drift", "--all-stacks");
    expect(stdout).toContain("drift: clean\n");
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("empty: clean\n0 nodes\n")]);
    const missing = await project.holdfast("drift", "--stack", "none");
    expect(missing.exitCode).toBe(1);
    expect(missing.stdout).toMatch(/error: no stack named 'none' found/);
});
