/**
 * `holdfast rehearse` on real virtual machines: a node as incident A found it, and one as the stack has it. All cases
 * of both are a matter of the soak; here one each, that which took the incident's node down.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { resolve } from "node:path";
import execa from "execa";
import type { Blueprint } from "../../cli/rehearse/blueprint";
import { Commands } from "../../cli/rehearse/interrupt";
import type { Rehearsal } from "../../cli/rehearse/render";
import { bootPrepared } from "../../cli/rehearse/run";
import { nothingByDefault } from "../../components/table";
import { identityOf, initialFiles } from "../../lab/initialState";
import { ensureVmImage } from "../../lab/vm/image";
import { vmImageFiles } from "../../vm/baseImage";
import { PulumiProject } from "../helpers/pulumiProject";
import { soak } from "../helpers/soak";

jest.setTimeout(1_800_000);

const node = identityOf(1);
const everything = soak > 1;
const command = resolve(__dirname, "../../cli/holdfast.js");

let image: string;
let project: PulumiProject;

beforeAll(async () => {
    image = await ensureVmImage("trixie", () => undefined);
    // Nobody is logged in to: what the stack says is enough.
    project = await PulumiProject.create({ identityFile: "/dev/null", knownHostsFile: "/dev/null" });
    await project.pulumi("stack", "init", "lab");
    await project.configure("lab", { fleet: fleet() });
});
afterAll(() => project.remove());

/** As `lab up` writes it, with a node beside it that does not answer. */
function fleet(): object {
    const stanzas = (address: string) => [
        { name: "lo", auto: true, method: "loopback" },
        { name: "enp1s0", auto: true, method: "manual" },
        {
            name: "vmbr0",
            auto: true,
            method: "static",
            options: { address: `${address}/24`, gateway: "192.0.2.1", "bridge-ports": ["enp1s0"] },
        },
    ];
    // As Proxmox's installer makes it.
    const root = { source: "/dev/pve/root", target: "/", fstype: "ext4" };
    const data = { source: `UUID=${node.dataUuid}`, target: "/srv/local", fstype: "ext4" };
    const ssh = { host: "127.0.0.1", port: 1 };
    return {
        domain: "example.test",
        defaults: nothingByDefault,
        nodes: {
            [node.name]: { address: node.address, fstab: [root, data], interfaces: { stanzas: stanzas(node.address) } },
            pve02: { address: "192.0.2.12", ssh },
            pve03: {
                address: "192.0.2.13",
                ssh: { host: "127.0.0.1", port: 2 },
                fstab: [{ source: "/dev/mapper/sda3_crypt", target: "/", fstype: "ext4" }],
                interfaces: { stanzas: stanzas("192.0.2.13") },
            },
        },
    };
}

const rehearse = (...args: string[]) =>
    execa(process.execPath, [command, "rehearse", ...args], {
        cwd: project.folder,
        env: { ...project.environment, HOLDFAST_IDENTITY_FILE: "" },
        extendEnv: false,
        reject: false,
    });

/** What a run of that process has left in /var/tmp. */
const leftBy = async (pid: number): Promise<string[]> =>
    (await readdir("/var/tmp")).filter((name) => name.startsWith(`holdfast-rehearse-${pid}-`));

test("a node as incident A found it: its disk gets another letter, and the boot ends in emergency mode", async () => {
    const files = initialFiles(node, [], "incident");
    // The 90 s of systemd's default are the incident's too; here nobody learns from waiting for them.
    const fstab = files["/etc/fstab"]!.replace("ext4 defaults", "ext4 defaults,x-systemd.device-timeout=15s");
    const blueprint: Blueprint = {
        node: node.name,
        disks: [
            { name: "sda", ids: [], content: { fstype: "ext4", uuid: node.rootUuid } },
            {
                name: "sdb",
                ids: [],
                table: { kind: "gpt", partitions: [{ number: 1, content: { fstype: "ext4", uuid: node.dataUuid } }] },
            },
        ],
        cards: [{ name: "enp1s0", mac: "52:54:00:77:fe:01" }],
        way: { address: node.address, prefix: 24, port: 22, cards: ["enp1s0"] },
        kernelArguments: [`root=UUID=${node.rootUuid}`, "ro"],
        fstab,
        drivers: ["ahci"],
        notes: [],
    };
    const { tree, kernel, initrd } = vmImageFiles(image);
    const additions = Object.fromEntries(
        Object.entries({ ...files, "/etc/fstab": fstab }).map(([path, content]) => [path, { content, mode: 0o644 }]),
    );
    const folder = await mkdtemp("/var/tmp/holdfast-test-");
    const commands = new Commands();
    try {
        const { cases, notes } = await commands.during(() =>
            bootPrepared(
                commands,
                { blueprint, tree: { lower: tree, additions, absent: [], units: {} }, kernel, initrd, notes: [] },
                {
                    options: {
                        live: true,
                        json: true,
                        dryRun: false,
                        case: everything ? [] : ["other-order"],
                        timeout: 900,
                        memory: 1024,
                    },
                    folder,
                    say: (line) => {
                        if (everything) console.log(line);
                    },
                },
            ),
        );
        expect(notes).toEqual([
            "fstab requires /srv/local: without sdb no boot gets past it, so that case is not booted",
            "fstab names /srv/local by /dev/sdb1, which may be another disk at the next boot, also where that is reached: name it by UUID",
        ]);
        const other = cases.find((each) => each.case === "other-order")!;
        expect(other).toMatchObject({ state: "stuck", text: "emergency mode" });
        expect(other.failed).toContainEqual(expect.stringMatching(/^Timed out waiting for device dev-sdb1\.device/));
        expect(other.failed).toContainEqual(expect.stringMatching(/^Dependency failed for local-fs\.target/));
        expect(other.console.join("\n")).toMatch(/root account is locked|emergency mode/);
        // As it is, its disk is there, and 127.0.1.1 keeps pmxcfs from starting.
        if (everything)
            expect(cases.find((each) => each.case === "as-is")).toMatchObject({
                state: "stuck",
                text: "Failed to start pve-cluster.service: nothing of Proxmox starts",
            });
    } finally {
        await rm(folder, { recursive: true });
    }
});

test("the same node as the stack has it, with its root on LVM, reaches multi-user and SSH", async () => {
    const run = await rehearse(
        node.name,
        "--json",
        "--timeout",
        "900",
        ...(everything ? [] : ["--case", "other-order"]),
    );
    if (run.stdout === "") throw new Error(run.stderr);
    const { cases } = JSON.parse(run.stdout) as Rehearsal;
    expect(
        cases.map(({ state, text, console: last, ...each }) => [
            each.case,
            state,
            ...(state === "reached" ? [] : [text, last]),
        ]),
    ).toEqual(
        (everything ? ["as-is", "without-sdb", "other-order", "nic-absent", "nic-added"] : ["other-order"]).map(
            (name) => [name, "reached"],
        ),
    );
    expect(run.exitCode).toBe(0);
    if (everything) console.log(run.stderr);
});

test("what is interrupted leaves nothing: no machine, no file", async () => {
    const run = rehearse(node.name, "--case", "as-is");
    const begun = new Promise<void>((resolve) => {
        run.stdout!.on("data", (data: Buffer) => {
            if (data.includes("1 boot")) resolve();
        });
    });
    await Promise.race([begun, run.then(({ stderr }) => Promise.reject(new Error(`it ended: ${stderr}`)))]);
    expect(await leftBy(run.pid!)).toHaveLength(1);
    run.kill("SIGINT");
    const { exitCode, stderr } = await run;
    expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining("ended by SIGINT; nothing of the rehearsal is left"),
    ]);
    expect(await leftBy(run.pid!)).toEqual([]);
    const machines = await execa("pgrep", ["--full", `-name rehearsal-${node.name} `], { reject: false });
    expect(machines.stdout).toBe("");
});

test.each<[string, string[], string]>([
    [
        "a node that the stack does not have",
        ["pve09"],
        "pve09: the stack declares no such node; it has pve01, pve02, pve03",
    ],
    [
        "a case that the node does not have",
        ["pve01", "--case", "without-sdz"],
        "--case without-sdz: this node has as-is, without-sdb",
    ],
    ["a node of which the stack says too little", ["pve02"], "pve02: the stack declares no fstab for it"],
    ["a node that does not answer", ["pve02", "--live"], "pve02: "],
])("%s: could not tell, and why", async (_, args, reason) => {
    const { exitCode, stderr, stdout } = await rehearse(...args);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`holdfast: ${reason}`);
});

test("a root on what no rehearsal makes: no error, and no answer either", async () => {
    const { exitCode, stdout, stderr } = await rehearse("pve03", "--json");
    expect([exitCode, stdout === "" && stderr]).toEqual([1, false]);
    expect(JSON.parse(stdout)).toMatchObject({
        node: "pve03",
        accelerator: "unknown",
        cases: [
            {
                case: "as-is",
                state: "unknown",
                text: "fstab needs /dev/mapper/sda3_crypt at /, and the stack does not say what it lies on: add --live",
            },
        ],
    });
    expect(stderr).not.toContain("holdfast:");
});

test("a dry run names the cases and boots nothing", async () => {
    const { exitCode, stdout } = await rehearse(node.name, "--dry-run");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${node.name}: root /dev/pve/root; disks sda, sdb; cards enp1s0 (`);
    expect(stdout).toContain("\n  without-sdb: without sdb (/srv/local)\n");
});
