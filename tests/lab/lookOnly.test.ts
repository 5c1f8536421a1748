/** A key that may only look, with the real sshd: a drift run works with it, and nothing else does. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { nodeProgram } from "../../host/program";
import type { Lab, LabNode } from "../../lab";
import { openTestLab, readNodeFile, sshArguments } from "../helpers/lab";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

let lab: Lab;
let node: LabNode;
let project: PulumiProject;
let key: string;
let before: Record<string, string>;

beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    before = { hosts: await read("/etc/hosts"), keys: await read("/root/.ssh/authorized_keys") };
    project = await PulumiProject.create(lab);
    key = join(project.folder, "drift-key");
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "drift", "-f", key]);
    const ssh = { host: node.ssh.host, port: node.ssh.port, hostKey: await node.hostKey() };
    // In the incidents' state it would not boot, and what it says of that is not what is looked at here.
    const declared = { address: node.address, bootReadiness: false, runbook: false, ssh };
    await project.configure("look", {
        fleet: { domain: "example.test", takeOver: true, nodes: { [node.name]: declared } },
    });
    await project.pulumi("stack", "init", "look");
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", "look");
    const ci = await readFile(join(__dirname, "../../docs/ci.md"), "utf8");
    const [, options = ""] = /^(restrict,.*,command="[^"]*") ssh-ed25519/m.exec(ci) ?? [];
    expect(options).toContain("look_only.py");
    // The documented line, but for the address that the runner comes from.
    const line = `${options.replace(/from="[^"]*",/, "")} ${await readFile(`${key}.pub`, "utf8")}`;
    await node.exec(["sh", "-c", "cat >>/root/.ssh/authorized_keys"], { input: line });
});

afterAll(async () => {
    await put("/etc/hosts", before["hosts"]!);
    await put("/root/.ssh/authorized_keys", before["keys"]!);
    await project.remove();
});

async function read(path: string): Promise<string> {
    return (await node.exec(["cat", path], { strip: false })).stdout;
}

async function put(path: string, content: string): Promise<void> {
    await node.exec(["sh", "-c", 'cat >"$1"', "sh", path], { input: content });
}

/** With that key alone, whatever the stack says. */
const withKey = (command: string, ...args: readonly string[]) =>
    execa(command, args, {
        cwd: project.folder,
        env: { ...project.environment, HOLDFAST_IDENTITY_FILE: key },
        extendEnv: false,
        reject: false,
        all: true,
    });
const holdfast = (...args: readonly string[]) =>
    withKey(process.execPath, join(__dirname, "../../cli/holdfast.js"), ...args);

/** What OpenSSH gets with that key. */
const ssh = async (command: string, input = "") => {
    const args = (await sshArguments(lab, node)).map((word) => (word === lab.identityFile ? key : word));
    return execa("ssh", [...args, command], { input, reject: false, all: true });
};
const frame = (message: object) => `${Buffer.byteLength(JSON.stringify(message))}\n${JSON.stringify(message)}`;

test("looks: no drift, then drift by line", async () => {
    expect(await holdfast("drift", "--stack", "look")).toMatchObject({ exitCode: 0, stdout: "1 node: 1 clean" });
    await node.exec(["sh", "-c", "echo '# by hand' >>/etc/hosts"]);
    const { exitCode, stdout } = await holdfast("drift", "--stack", "look");
    expect(exitCode).toBe(2);
    expect(stdout).toContain("+# by hand");
});

test("pushes nothing", async () => {
    const edited = await read("/etc/hosts");
    expect(edited).toContain("# by hand");
    const up = await withKey(
        "pulumi",
        "up",
        "--refresh",
        "--yes",
        "--skip-preview",
        "--stack",
        "look",
        "--non-interactive",
        "--color",
        "never",
    );
    expect(up.exitCode).not.toBe(0);
    expect(up.all).toContain("this key may only look");
    expect(await read("/etc/hosts")).toBe(edited);
});

test.each([
    "cat /etc/shadow",
    "",
    "/usr/bin/python3 -c 'print(1)'",
    "scp -f /etc/shadow",
    "/usr/lib/openssh/sftp-server",
])("starts nothing else: %j", async (command) => {
    const { exitCode, all } = await ssh(command);
    expect([exitCode, all]).toEqual([1, expect.stringMatching(/^this key may only look, for `holdfast drift`$/m)]);
});

test.each([
    [{ op: "read", name: "x", spec: { files: { "/etc/shadow": {} }, packages: [], units: [], facts: {} } }],
    [
        {
            op: "read",
            name: "x",
            spec: { files: {}, packages: [], units: [], facts: { x: { probe: "resolves", args: ["x"] } } },
        },
    ],
    [{ op: "read", name: "x", sourced: ["/etc/shad*"] }],
    [{ op: "read", name: "x", originals: ["/etc/hosts"] }],
    [{ op: "read", name: "x", written: { "/etc/shadow": 0 } }],
    [{ op: "apply", name: "x", sets: [] }],
    [{ op: "result", name: "x", id: "x", spec: {} }],
])("answers nothing else: %j", async (message) => {
    const { stdout } = await ssh(nodeProgram().command, frame(message));
    expect(stdout).toMatch(/"outcome": "failed".*this key may /);
    expect(stdout).not.toMatch(/root:[*!$]/);
});

test("goes through no port, and through no other version of the program: it says which one is there", async () => {
    const args = (await sshArguments(lab, node)).map((word) => (word === lab.identityFile ? key : word));
    const forward = await execa("ssh", ["-W", "127.0.0.1:22", ...args], { reject: false, all: true, input: "" });
    expect(forward.exitCode).not.toBe(0);
    const { version, command } = nodeProgram();
    const { exitCode, all } = await ssh(command.replaceAll(version, "0123456789abcdef"));
    expect(exitCode).toBe(1);
    expect(all).toContain(`that is version ${version}, the client's is 0123456789abcdef`);
    expect(await readNodeFile(node, "/etc/hosts")).not.toBe("");
});
