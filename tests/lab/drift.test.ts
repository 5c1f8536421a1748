import { readdirSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { driftReport } from "../../cli/drift/report";
import type { Lab, LabNode } from "../../lab";
import { openTestLab, readNodeFile, sshArguments } from "../helpers/lab";
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
                    // The lab's nodes would not boot well, which is not what is looked for here.
                    {
                        address: node.address,
                        ssh,
                        bootReadiness: false,
                        runbook: false,
                        ...(maintenance && node === second && { maintenance }),
                    },
                ] as const;
            }),
        ),
    );
    await project.configure("drift", { fleet: { domain: "example.test", takeOver: true, nodes } });
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
        expect(stdout).toContain(`| \`${second.name}\` | unreachable |`);
        expect(stdout).toMatch(new RegExp(`\n\`${second.name}\`\n\`\`\`text\n${second.name}: root@`));
        expect(stdout).toContain("mode 0600, expected 0644");
    } finally {
        await second.exec(["systemctl", "start", "ssh.service"]);
        await first.exec(["sh", "-c", "chmod 644 /etc/hosts; cat >/etc/hosts"], { input: clean });
    }
});

/** As a transaction on the node does, for as long as `during` takes. */
async function whileLocked(node: LabNode, during: () => Promise<void>): Promise<void> {
    const holding =
        "exec 9<>/run/holdfast/lock; flock 9; echo ops@workstation >/run/holdfast/lock; echo $$ >/run/holding; exec sleep 600";
    await node.exec(["sh", "-c", "rm -f /run/holding; umask 077; mkdir -p /run/holdfast"]);
    await node.exec(["systemd-run", "--quiet", "--unit=holding", "sh", "-c", holding]);
    try {
        await node.exec(["sh", "-c", "for i in $(seq 600); do [ -s /run/holding ] && exit; sleep 0.1; done; exit 1"]);
        await during();
    } finally {
        await node.exec(["systemctl", "stop", "holding.service"]);
    }
}

test("what differs while a transaction is under way on the node is nobody's edit: could not tell, and no issue", async () => {
    await whileLocked(first, async () => {
        await first.exec(["sh", "-c", "echo '# half done' >>/etc/hosts"]);
        const { exitCode, stdout } = await project.holdfast("drift");
        expect(exitCode).toBe(1);
        expect(stdout).toMatch(
            new RegExp(
                `^${first.name}: could not tell: a transaction is under way \\(since .*Z, by ops@workstation\\)`,
                "m",
            ),
        );
        expect(stdout).not.toContain("perhaps by");
        const markdown = await project.holdfast("drift", "--format", "markdown");
        expect(markdown.stdout).toMatch(/^## ⏳ An update is under way\n[^]*\n<!-- holdfast: under way -->\n$/);
    });
    expect(await project.holdfast("drift")).toMatchObject({
        exitCode: 2,
        stdout: expect.stringContaining("(written "),
    });
    await first.exec(["sed", "-i", "/# half done/d", "/etc/hosts"]);
});

test("what differs during an `up`, or after one that was killed, is its own; the way out is named, and works", async () => {
    const [before, config] = [await readNodeFile(first, "/etc/hosts"), join(project.folder, "Pulumi.drift.yaml")];
    const stack = await readFile(config, "utf8");
    await project.write(
        "Pulumi.drift.yaml",
        stack
            .replace("fleet:\n", "fleet:\n    onDelete: restore\n")
            .replace(`${first.name}:\n`, `${first.name}:\n        aliases: [${first.name}-more]\n`),
    );
    await whileLocked(first, async () => {
        const up = project.startPulumi(["up", "--yes", "--skip-preview", "--stack", "drift"]);
        await new Promise<void>((resolve) => {
            let said = "";
            up.all!.on("data", (data: Buffer) => {
                said += data.toString();
                if (said.includes("waiting for ops@workstation")) resolve();
            });
        });
        await first.exec(["sh", "-c", "echo '# half done' >>/etc/hosts"]);
        const during = await project.holdfast("drift");
        expect(during.exitCode).toBe(1);
        expect(during.stdout).toMatch(
            /^error: an update of the stack is under way \(since .*, by .*@.*, process \d+\)/,
        );
        up.kill("SIGKILL");
        await up;
        const after = await project.holdfast("drift");
        expect(after.exitCode).toBe(1);
        expect(after.stdout).toMatch(/^error: an update of the stack was killed \(since .*`pulumi cancel --yes`, then/);
    });
    await project.pulumi("cancel", "--yes", "--stack", "drift");
    await project.pulumi("refresh", "--clear-pending-creates", "--yes", "--stack", "drift");
    await project.write("Pulumi.drift.yaml", stack);
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "drift");
    expect(await project.holdfast("drift")).toMatchObject({ exitCode: 0 });
    expect(await readNodeFile(first, "/etc/hosts")).toBe(before);
});

test("a drift run that is killed leaves no engine and no provider behind", async () => {
    await first.exec(["systemctl", "kill", "--signal=STOP", "--kill-whom=all", "ssh.service"]);
    try {
        // The language host of an `up` that was killed outlives it: pulumi's own doing.
        const before = new Set(processesIn(project.folder));
        const command = project.start(process.execPath, [join(__dirname, "../../cli/holdfast.js"), "drift"]);
        const mine = async () => {
            const { stdout } = await execa("pgrep", ["-f", "pulumi.* refresh --preview-only"], { reject: false });
            return stdout
                .split("\n")
                .filter(Boolean)
                .map(Number)
                .filter((pid) => cwdOf(pid) === project.folder);
        };
        await until(async () => (await mine()).length > 0);
        command.kill("SIGKILL");
        await command;
        await until(async () => (await mine()).length === 0);
        await until(() => Promise.resolve(processesIn(project.folder).every((pid) => before.has(pid))));
    } finally {
        await first.exec(["systemctl", "kill", "--signal=CONT", "--kill-whom=all", "ssh.service"]);
    }
});

/** Bounded only against a hang. */
async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; !(await holds()); tries++) {
        if (tries > 600) throw new Error("it never came true");
        await delay(100);
    }
}

function cwdOf(pid: number): string | undefined {
    try {
        return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
        return undefined; // gone
    }
}

/** Whatever still works in that folder: engine, language host, provider. */
function processesIn(folder: string): number[] {
    return readdirSync("/proc")
        .map(Number)
        .filter((pid) => pid > 0 && cwdOf(pid) === folder);
}

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
