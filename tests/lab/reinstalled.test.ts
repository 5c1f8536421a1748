/**
 * Another machine under a known name, another way to a known machine, and the end of a maintenance: one command each.
 */
import type { Lab, LabNode } from "../../lab";
import { CuttingProxy } from "../helpers/cuttingProxy";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { expectSuccess, fleetOf, type FleetConfig } from "../helpers/labFleet";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

const up = ["up", "--yes", "--skip-preview"];
const repair = [...up, "--refresh"];
const drift = ["refresh", "--preview-only", "--expect-no-changes", "--diff"];

let lab: Lab;
let node: LabNode;
let project: PulumiProject;
let fleet: FleetConfig;
const kept = "/root/identity-before-the-test";
const identity = ["/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/machine-id"];

beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    await node.exec(["sh", "-c", `mkdir -p "$1"; shift; cp -p "$@" ${kept}`, "sh", kept, ...identity]);
    project = await PulumiProject.create(lab);
    await project.pulumi("stack", "init", "test");
    fleet = await fleetOf(lab, project, [node.name]);
    await configure();
    await toIncidentState(lab, node);
    expectSuccess(await project.runPulumi(up));
});
afterAll(async () => {
    const back = `cp -p ${kept}/ssh_host_* /etc/ssh/; cat ${kept}/machine-id >/etc/machine-id; rm -r ${kept}`;
    await node.exec(["sh", "-c", `${back}; systemctl restart ssh`]);
    await toIncidentState(lab, node);
    await project.remove();
});

const configure = (): Promise<void> => project.configure("test", { fleet, connectTimeout: 5 });
const declared = () => fleet.nodes[node.name]!;

/** Debian's own files, a machine-id of its own, and without `keepsKey` a host key of its own. */
async function reinstall({ keepsKey = false } = {}): Promise<void> {
    await toIncidentState(lab, node);
    const key = "/etc/ssh/ssh_host_ed25519_key";
    const anew = keepsKey ? "true" : `rm -f ${key} ${key}.pub; ssh-keygen -q -t ed25519 -N '' -f ${key}`;
    const machine = "tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id";
    await node.exec(["sh", "-c", `rm -rf /etc/holdfast /usr/local/lib/holdfast; ${machine}; ${anew}`]);
    await node.exec(["systemctl", "restart", "ssh"]);
}

async function expectSound(): Promise<void> {
    expect(await readNodeFile(node, "/etc/hosts")).not.toMatch(/^127\.0\.1\.1/m);
    expect(await readNodeFile(node, "/etc/fstab")).toContain("nofail,x-systemd.device-timeout=30s");
    expectSuccess(await project.runPulumi(drift));
    const { output, exitCode } = await project.holdfast("drift");
    expect([exitCode, output]).toEqual([0, expect.stringContaining("1 clean")]);
}

describe("a reinstalled node", () => {
    test("is refused as long as its new key is pinned nowhere; the error says where the expected one stands", async () => {
        await reinstall();
        for (const command of [drift, repair]) {
            const { exitCode, output } = await project.runPulumi(command);
            expect(exitCode).not.toBe(0);
            expect(output).toMatch(/host key changed: .* from the key pinned in the stack \(ssh\.hostKey\)/);
        }
        expect(await readNodeFile(node, "/etc/hosts")).toMatch(/^127\.0\.1\.1/m);
    });

    test.each([
        ["up --refresh", repair],
        ["a plain up", up],
        ["up --refresh --run-program", [...repair, "--run-program"]],
    ])(
        "is sound with its new key pinned and %s, which says what it does and keeps its own files",
        async (_, command) => {
            await reinstall();
            declared().ssh.hostKey = await node.hostKey();
            await configure();
            const shown = expectSuccess(await project.runPulumi(["preview", "--diff"]));
            expect(shown).toContain(`${node.name}: the stack pins another host key than at the last \`up\``);
            const output = expectSuccess(await project.runPulumi(command));
            expect(output).toContain(`${node.name}: another machine than at the last look`);
            const originals = await readNodeFile(node, "/var/lib/holdfast/originals.json");
            const { sha256 } = (JSON.parse(originals) as Record<string, { sha256: string }>)["/etc/hosts"]!;
            expect(await readNodeFile(node, `/var/lib/holdfast/backups/${sha256}`)).toMatch(/^127\.0\.1\.1/m);
            await expectSound();
        },
    );

    test("whose key has not changed is somebody else until the stack says otherwise", async () => {
        await reinstall({ keepsKey: true });
        declared().hostsFile.extra.push({ address: "192.0.2.63", names: ["plotter"] });
        await configure();
        for (const command of [drift, repair, up]) {
            const { exitCode, output } = await project.runPulumi(command);
            expect(exitCode).not.toBe(0);
            expect(output).toContain("another machine answers than at the last look");
        }
        expect(await readNodeFile(node, "/etc/hosts")).toMatch(/^127\.0\.1\.1/m);
        await reinstall();
        declared().ssh.hostKey = await node.hostKey();
        await configure();
        expectSuccess(await project.runPulumi(repair));
        await expectSound();
    });

    test("stands in a state of an earlier version without its machine: clean, and healed by up --refresh", async () => {
        const state = await project.pulumi("stack", "export");
        expect(state).toMatch(/"machine": "[0-9a-f]{32}"/);
        await project.write(
            "state.json",
            state.replaceAll(/,\s*"machine": "[0-9a-f]{32}"|"machine": "[0-9a-f]{32}",/g, ""),
        );
        await project.pulumi("stack", "import", "--file", "state.json");
        expect(await project.pulumi("stack", "export")).not.toContain('"machine"');
        expect(expectSuccess(await project.runPulumi(up))).toMatch(/Resources:\n\s+\d+ unchanged\n/);
        expectSuccess(await project.runPulumi(drift));
        await reinstall();
        declared().ssh.hostKey = await node.hostKey();
        await configure();
        expectSuccess(await project.runPulumi(repair));
        await expectSound();
    });
});

test("a changed way to a node that was edited is taken with up --refresh", async () => {
    const proxy = await CuttingProxy.start(node.ssh);
    const before = { ...declared().ssh };
    await node.exec(["sh", "-c", "echo '192.0.2.99 edited' >>/etc/hosts"]);
    Object.assign(declared().ssh, { host: "127.0.0.1", port: proxy.port });
    await configure();
    expectSuccess(await project.runPulumi(repair));
    expect(proxy.connections).toBe(1);
    Object.assign(declared().ssh, before);
    await configure();
    expectSuccess(await project.runPulumi(up));
    proxy.stop();
    await expectSound();
});

test("a maintenance that is over, with a change pending and an edit made meanwhile, is drift and no clean node", async () => {
    declared().maintenance = true;
    await configure();
    expectSuccess(await project.runPulumi(up));
    declared().hostsFile.extra.push({ address: "192.0.2.62", names: ["scanner"] });
    await configure();
    expectSuccess(await project.runPulumi(up));
    const resting = await project.holdfast("drift");
    expect([resting.exitCode, resting.output]).toEqual([0, expect.stringContaining("1 skipped")]);
    await node.exec(["sed", "-i", `s/^${node.address}.*/127.0.1.1 ${node.fqdn} ${node.name}/`, "/etc/hosts"]);
    delete declared().maintenance;
    await configure();
    const found = await project.holdfast("drift");
    expect([found.exitCode, found.output]).toEqual([2, expect.stringContaining("127.0.1.1")]);
    const refused = await project.runPulumi(up);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("run `pulumi up --refresh`");
    expectSuccess(await project.runPulumi(repair));
    expect(await readNodeFile(node, "/etc/hosts")).toContain("192.0.2.62");
    await expectSound();
});

test("an address that no interface of the node holds is refused before anything is written, and up --refresh heals it", async () => {
    const right = declared();
    const wrong = { ...right, address: "192.0.2.250", interfaces: false as const };
    const before = await readNodeFile(node, "/etc/hosts");
    await project.configure("test", { fleet: { ...fleet, nodes: { [node.name]: wrong } }, connectTimeout: 5 });
    const { exitCode, output } = await project.runPulumi(up);
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(
        new RegExp(`${node.name}: validate failed: .*no interface of this node holds 192\\.0\\.2\\.250.* in the stack`),
    );
    expect(await readNodeFile(node, "/etc/hosts")).toBe(before);
    await configure();
    expectSuccess(await project.runPulumi(repair));
    await expectSound();
});
