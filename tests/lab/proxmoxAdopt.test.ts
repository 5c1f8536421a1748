/** `holdfast adopt --api` of a made-up cluster of three, with the real engine: its nodes are not contacted. */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { nothingByDefault } from "../../components/table";
import { ensureBridge } from "../../toolchain/bridge";
import { buildTimeout } from "../helpers/lab";
import { expectSuccess } from "../helpers/labFleet";
import { FakeProxmox } from "../helpers/proxmoxApi/server";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

const stack = "paris";
const nodes = Object.fromEntries(
    ["pve01", "pve02", "pve03"].map((name, index) => [name, { address: `192.0.2.${11 + index}`, maintenance: true }]),
);
const mounted = [
    { source: "UUID=0a1b2c3d-1111-4222-8333-444455556666", target: "/", fstype: "ext4" },
    { source: "UUID=9c8d7e6f-1111-4222-8333-444455556666", target: "/srv/tapes", fstype: "ext4" },
];

let fake: FakeProxmox;
let project: PulumiProject;
let token: string;
const adopt = (...args: string[]) =>
    project.holdfast("adopt", "--api", "--stack", stack, "--import", "api.json", "--out", project.folder, ...args);
const pulumi = (...args: string[]) => project.runPulumi([...args, "--stack", stack]);

beforeAll(async () => {
    fake = await FakeProxmox.start();
    const { cluster } = fake;
    cluster.guests.set(100, {
        ...{ type: "qemu", node: "pve01", name: "dns" },
        config: { memory: 512, onboot: 1, startup: "up=30,order=1" },
    });
    cluster.guests.set(101, { type: "lxc", node: "pve02", name: "wiki", config: { hostname: "wiki" } });
    const tapes = {
        type: "dir",
        path: "/srv/tapes",
        content: "backup,images",
        shared: 0,
        "prune-backups": "keep-last=3",
    };
    cluster.storages.set("tapes", tapes);
    cluster.storages.set("nas", { type: "nfs", content: "iso" });
    cluster.jobs.set("weekly", {
        ...{ schedule: "sun 03:00", storage: "tapes", all: 1, enabled: 1, mode: "snapshot", compress: "zstd" },
        ...{ bwlimit: 1000, "notes-template": "{{guestname}} on {{node}}", "prune-backups": "keep-weekly=4" },
    });
    cluster.jobs.set("special", { schedule: "02:00", storage: "tapes", pool: "lab", enabled: 1 });
    Object.assign(cluster.options, { migration: "type=secure,network=192.0.2.0/24", ha: "shutdown_policy=migrate" });
    cluster.metrics.set("influx", { type: "influxdb", server: "192.0.2.50", port: 8089, disable: 0 });
    token = fake.addToken("holdfast@pve!stack", { "/": ["*"] });
    project = await PulumiProject.create({ identityFile: "/nonexistent", knownHostsFile: "/dev/null" });
    project.environment["HOLDFAST_PROXMOXVE_PLUGIN"] = join(await ensureBridge(), "pulumi-resource-proxmoxve");
    await project.pulumi("stack", "init", stack);
    await declare({});
}, buildTimeout);
async function declare(proxmox: object): Promise<void> {
    const fingerprint = new X509Certificate(fake.certificates.certificate).fingerprint256;
    const declared = { ...nodes, pve01: { ...nodes["pve01"], fstab: mounted } };
    await project.configure(stack, {
        fleet: {
            defaults: nothingByDefault,
            nodes: declared,
            proxmox: { endpoint: fake.endpoint, fingerprint, ...proxmox },
        },
    });
    await project.pulumi("config", "set", "--stack", stack, "--secret", "holdfast:proxmoxToken", token);
}
afterAll(async () => {
    await fake.stop();
    await project.remove();
});

test("before there is a provider in the state it says what to do, and writes nothing", async () => {
    const { exitCode, stderr } = await adopt("--force");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/knows no such cluster yet, .*declare proxmox with `storages: \{\}`/);
});

test("what is there becomes stack config; the first preview shows repairs alone, and the first up does no more", async () => {
    await declare({ storages: {} });
    expectSuccess(await pulumi("up", "--yes", "--skip-preview"));
    const shown = await adopt();
    expect(shown.exitCode).toBe(1);
    expect(shown.stderr).toMatch(/\+ .*tapes: \{[^]*Nothing was written; to have it so, run it again with --force/);
    const { exitCode, stderr } = await adopt("--force");
    expect({ exitCode, stderr }).toEqual({
        exitCode: 0,
        stderr: expect.stringContaining("found 2 storages, 1 backups"),
    });
    expect(stderr).toContain("left as it is: storage nas: of type nfs, where the stack knows directories alone");
    expect(stderr).toContain("left as it is: backup job special: with pool lab, for which the stack has no words");

    const before = structuredClone(fake.cluster);
    await project.pulumi(
        ...["import", "-f", "api.json", "--generate-code=false", "--protect=false", "--yes", "--stack", stack],
    );
    const preview = await pulumi("preview", "--diff");
    expect(preview.output).toMatch(
        /proxmox-mountpoint-tapes\]\n.*\n? *~ settings: \{\n.*~ is_mountpoint: "no" => "yes"/,
    );
    // Of the same repair: below a mount nothing is made beforehand.
    expect(preview.output).toMatch(/proxmox-storage-tapes\][^]*~ createBasePath: true => false/);
    // The third asks whether the API answers, before anything changes.
    expect(preview.output).toMatch(/proxmox-api\][^]*~ occasion: /);
    expect(preview.output).toMatch(/Resources:\n {4}~ 3 to update\n/);
    fake.calls.length = 0;
    expectSuccess(await pulumi("up", "--yes", "--skip-preview"));
    expect(fake.calls.filter((call) => !call.startsWith("GET"))).toEqual(["PUT storage/tapes", "PUT storage/tapes"]);
    const tapes = fake.cluster.storages.get("tapes")!;
    const repaired = { is_mountpoint: "yes", "create-base-path": 0, "create-subdirs": 0 };
    expect(tapes).toMatchObject({ ...before.storages.get("tapes"), ...repaired });
    before.storages.set("tapes", tapes);
    expect(structuredClone(fake.cluster)).toEqual(before);
    expect(await pulumi("preview", "--refresh", "--expect-no-changes")).toMatchObject({ exitCode: 0 });

    const again = await adopt();
    expect(again).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining("nothing to add: the stack has all of it"),
    });
    expect(fake.cluster.storages.get("nas")).toEqual({ type: "nfs", content: "iso" });
});

test("a guest whose node is away is told, and left out; a token that may not see all of it is refused", async () => {
    fake.cluster.nodes.set("pve02", false);
    expect((await adopt()).stderr).toContain("guest 101: pve02 does not answer, so it is not taken over");
    const blind = fake.addToken("holdfast@pve!blind", { "/": ["Sys.Audit"] });
    await project.pulumi("config", "set", "--stack", stack, "--secret", "holdfast:proxmoxToken", blind);
    const { exitCode, stderr } = await adopt();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the token lacks Datastore.Audit on /storage");
});
