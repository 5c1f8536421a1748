/** `proxmox:` with the real engine, beside nodes over SSH: bpg's provider behind our bridge, against the fake API. */
import { X509Certificate } from "node:crypto";
import { buildTimeout, openTestLab } from "../helpers/lab";
import { expectSuccess } from "../helpers/labFleet";
import { openProxmoxProject, type ProxmoxProject } from "../helpers/proxmoxProject";
import type { Lab, LabNode } from "../../lab";

jest.setTimeout(300_000);

const stack = "api";
const settings = {
    storages: {
        backup: { path: "/srv/backup", content: ["backup"], mountpoint: true },
        media: { path: "/srv/media", content: ["iso", "vztmpl"], nodes: [] as string[] },
    },
    backups: { nightly: { schedule: "02:00", storage: "backup", keep: { daily: 7, weekly: 4 } } },
    options: { migration: { type: "secure", network: "192.0.2.0/24" }, haShutdownPolicy: "migrate" },
    metrics: { influx: { type: "influxdb", server: "192.0.2.50", port: 8089 } },
    guests: { "100": { onboot: true, order: 1, up: 30 }, "101": { onboot: false } },
    firewall: { ssh: ["192.0.2.0/24"] },
};
const drop = { type: "in", action: "DROP", enable: 1, comment: "somebody's" };

let lab: Lab;
let node: LabNode;
let held: ProxmoxProject;
const up = (...args: string[]) => held.project.runPulumi(["up", "--yes", "--skip-preview", "--stack", stack, ...args]);
const preview = (...args: string[]) =>
    held.project.runPulumi(["preview", "--diff", "--expect-no-changes", "--stack", stack, ...args]);
const drift = () => held.project.holdfast("drift", "--stack", stack);
const cluster = () => held.fake.cluster;

beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    held = await openProxmoxProject(lab, stack, [node.name]);
    settings.storages.media.nodes = [node.name];
    cluster().guests.set(100, {
        type: "qemu",
        node: node.name,
        name: "dns",
        config: { memory: 512, startup: "up=10,order=3" },
    });
    cluster().guests.set(101, { type: "lxc", node: node.name, name: "test", config: { onboot: 1, hostname: "test" } });
    Object.assign(cluster().firewall, { enable: 1, rules: [drop] });
    await held.configure(settings);
}, buildTimeout);
afterAll(async () => {
    await held.fake.stop();
    await held.project.remove();
});
afterEach(() => {
    held.fake.fault = undefined;
});

test("an up brings about what is declared, after the nodes' files, and nothing differs ever after", async () => {
    expect(expectSuccess(await up())).toContain("created");
    expect(Object.fromEntries(cluster().storages)).toEqual({
        local: { type: "dir", path: "/var/lib/vz", content: "iso,vztmpl" },
        // What has to be mounted gets no folders made, and is told apart from the empty folder below.
        backup: {
            type: "dir",
            path: "/srv/backup",
            content: "backup",
            shared: 0,
            disable: 0,
            "create-base-path": 0,
            "create-subdirs": 0,
            is_mountpoint: "yes",
        },
        media: {
            type: "dir",
            path: "/srv/media",
            content: "iso,vztmpl",
            nodes: node.name,
            shared: 0,
            disable: 0,
            "create-base-path": 1,
            "create-subdirs": 1,
        },
    });
    expect(cluster().jobs.get("nightly")).toEqual({
        schedule: "02:00",
        storage: "backup",
        enabled: 1,
        all: 1,
        mode: "snapshot",
        compress: "zstd",
        "prune-backups": "keep-daily=7,keep-weekly=4",
        "notes-template": "{{guestname}} on {{node}}",
    });
    expect(cluster().options).toEqual({
        keyboard: "de",
        migration: "type=secure,network=192.0.2.0/24",
        ha: "shutdown_policy=migrate",
    });
    expect(cluster().metrics.get("influx")).toEqual({ type: "influxdb", server: "192.0.2.50", port: 8089, disable: 0 });
    expect(cluster().guests.get(100)!.config).toEqual({ memory: 512, onboot: 1, startup: "order=1,up=30" });
    expect(cluster().guests.get(101)!.config).toEqual({ onboot: 0, hostname: "test" });
    expect(cluster().firewall.rules).toEqual([
        {
            type: "in",
            action: "ACCEPT",
            enable: 1,
            proto: "tcp",
            dport: String(node.ssh.port),
            source: "192.0.2.0/24",
            comment: "holdfast: ssh",
        },
        drop,
    ]);

    held.fake.calls.length = 0;
    expect(await preview()).toMatchObject({ exitCode: 0 });
    expect(held.fake.calls).toEqual([]);
    expect(await preview("--refresh")).toMatchObject({ exitCode: 0 });
    expect(
        await held.project.runPulumi(["refresh", "--preview-only", "--expect-no-changes", "--diff", "--stack", stack]),
    ).toMatchObject({ exitCode: 0 });
    expect(await drift()).toMatchObject({ exitCode: 0 });
    expect(await up()).toMatchObject({ exitCode: 0 });
});

test("the token is nowhere in the state in the clear, nor in what is printed", async () => {
    const state = await held.project.pulumi("stack", "export", "--stack", stack);
    const value = held.token.replace(/.*=/, "");
    expect(state).not.toContain(value);
    expect(state).toContain("proxmoxve:storage/directory:Directory");
});

test("what somebody changed at the GUI is drift, and an up puts it back; what the stack does not speak of stays", async () => {
    const storage = cluster().storages.get("backup")!;
    Reflect.deleteProperty(storage, "is_mountpoint");
    Object.assign(storage, { "prune-backups": "keep-last=3", "max-protected-backups": 5 });
    Object.assign(cluster().jobs.get("nightly")!, { enabled: 0, bwlimit: 1000 });
    Object.assign(cluster().options, { ha: "shutdown_policy=freeze", language: "en" });
    cluster().guests.get(100)!.config["onboot"] = 0;
    cluster().firewall.rules[0]!["enable"] = 0;
    const { exitCode, stdout } = await drift();
    expect(exitCode).toBe(2);
    for (const name of ["mountpoint-backup", "guest-100", "firewall"].map((each) => `proxmox-${each}: drift`))
        expect(stdout).toContain(name);
    expect(stdout).toMatch(/other providers: drift\n {2}proxmox-backup-nightly, .*: 2 of these differ;/);
    expect(await up("--refresh")).toMatchObject({ exitCode: 0 });
    expect(storage).toMatchObject({ is_mountpoint: "yes", "prune-backups": "keep-last=3", "max-protected-backups": 5 });
    expect(cluster().jobs.get("nightly")).toMatchObject({ enabled: 1, bwlimit: 1000 });
    expect(cluster().options).toMatchObject({ ha: "shutdown_policy=migrate", keyboard: "de", language: "en" });
    expect(cluster().guests.get(100)!.config).toMatchObject({ onboot: 1, memory: 512 });
    expect(cluster().firewall.rules).toMatchObject([{ comment: "holdfast: ssh", enable: 1 }, drop]);
    expect(await drift()).toMatchObject({ exitCode: 0 });
});

test("a node that joined undeclared, and a guest that no job takes, are drift; an up says what is to be done", async () => {
    cluster().nodes.set("pve99", true);
    cluster().jobs.get("nightly")!["exclude"] = "101";
    const { exitCode, stdout } = await drift();
    expect(exitCode).toBe(2);
    expect(stdout).toContain("proxmox-members");
    expect(stdout).toContain("proxmox-backups");
    const failed = await up("--refresh", "--continue-on-error");
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(
        `holdfast:fleet.proxmox.members: nodes is ${node.name}, pve99, expected ${node.name}: declare the nodes that the cluster has`,
    );
    expect(failed.output).toContain(
        "holdfast:fleet.proxmox.withoutBackup: guestsWithoutBackup is 101 (test), expected none: add them to a job",
    );
    cluster().nodes.delete("pve99");
    Reflect.deleteProperty(cluster().jobs.get("nightly")!, "exclude");
    expect(await up("--refresh")).toMatchObject({ exitCode: 0 });
    expect(await preview()).toMatchObject({ exitCode: 0 });
});

test("the API goes down in the middle of an up: the nodes get theirs, the API's resources alone fail, and the next up goes on", async () => {
    const extra = [{ address: "192.0.2.60", names: ["nas"] }];
    const nodes = { [node.name]: { ...held.fleet.nodes[node.name]!, hostsFile: { extra } } };
    const changed = {
        ...settings,
        options: { ...settings.options, haShutdownPolicy: "freeze" },
        guests: { "100": { onboot: false } },
    };
    await held.configure(changed, { nodes });
    // It answers that it is there, and then no more.
    held.fake.lastCall = "GET version";
    const failed = await up("--continue-on-error");
    held.fake.lastCall = undefined;
    expect(failed.exitCode).not.toBe(0);
    expect((await node.exec(["cat", "/etc/hosts"])).stdout).toContain("192.0.2.60 nas");
    const broken = String.raw`https:\S+: GET \S+: 500 got no worker upid - start worker failed`;
    expect(failed.output).toMatch(new RegExp(`proxmox-options[^]*holdfast:fleet\\.proxmox\\.endpoint: ${broken}`));
    expect(failed.output).toMatch(new RegExp(`error: holdfast:fleet\\.proxmox\\.guests\\.100: ${broken}`));

    const looked = await drift();
    expect(looked.exitCode).toBe(1);
    held.fake.fault = undefined;
    expect(await up()).toMatchObject({ exitCode: 0 });
    expect(cluster().options).toMatchObject({ ha: "shutdown_policy=freeze" });
    expect(cluster().guests.get(100)!.config).toMatchObject({ onboot: 0 });
    expect(await drift()).toMatchObject({ exitCode: 0 });
    await held.configure(settings);
    expect(await up()).toMatchObject({ exitCode: 0 });
});

test("an API that takes the request and never answers costs half a minute, and no more", async () => {
    await held.configure({ ...settings, options: { ...settings.options, haShutdownPolicy: "failover" } });
    held.fake.fault = "hang";
    held.fake.calls.length = 0;
    const failed = await up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toMatch(
        /holdfast:fleet\.proxmox: https:\S+ took GET \/version and did not answer within 20 s/,
    );
    // Nothing of it was given to who would wait for ever.
    expect(held.fake.calls).toEqual(["GET version"]);
    held.fake.fault = undefined;
    await held.configure(settings);
    expect(await up()).toMatchObject({ exitCode: 0 });
});

test("a storage that is there already under other settings is neither replaced nor changed", async () => {
    cluster().storages.set("old", { type: "dir", path: "/srv/old", content: "images" });
    await held.configure({
        ...settings,
        storages: { ...settings.storages, old: { path: "/srv/new", content: ["backup"] } },
    });
    const failed = await up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain("create storage failed: storage ID 'old' already defined");
    expect(cluster().storages.get("old")).toEqual({ type: "dir", path: "/srv/old", content: "images" });
    // Nor one of our own whose path the stack changes.
    await held.configure({
        ...settings,
        storages: { ...settings.storages, media: { ...settings.storages.media, path: "/srv/other" } },
    });
    expect((await up()).exitCode).not.toBe(0);
    expect(cluster().storages.get("media")).toMatchObject({ path: "/srv/media" });
    await held.configure(settings);
    expect(await up()).toMatchObject({ exitCode: 0 });
});

test("a look, too, ends where the API takes requests and never answers, and says which endpoint it is", async () => {
    held.fake.fault = "hang";
    for (const look of [
        ["refresh", "--preview-only"],
        ["up", "--refresh", "--yes", "--skip-preview"],
    ]) {
        const { exitCode, output } = await held.project.runPulumi([...look, "--stack", stack]);
        expect(exitCode).not.toBe(0);
        expect(output).toMatch(
            /proxmox-storage-backup[^]*holdfast:fleet\.proxmox\.endpoint: https:\S+ took GET \/version and did not answer within 20 s/,
        );
    }
});

test("a fingerprint is enough for all sections; another certificate gets nothing, and is not waited for", async () => {
    const pinned = { ...settings, ca: undefined, options: { ...settings.options, maxWorkers: 3 } };
    const fingerprint = new X509Certificate(held.fake.certificates.certificate).fingerprint256;
    await held.configure({ ...pinned, fingerprint });
    expectSuccess(await up());
    expect(cluster().options).toMatchObject({ max_workers: 3 });
    expect(await preview("--refresh")).toMatchObject({ exitCode: 0 });
    const other = fingerprint.replace(/^../, (pair) => (pair === "00" ? "11" : "00"));
    await held.configure({ ...pinned, fingerprint: other, options: { ...settings.options, maxWorkers: 5 } });
    held.fake.calls.length = 0;
    const refused = await up("--continue-on-error");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("shows another certificate than holdfast:fleet.proxmox.fingerprint pins");
    expect(held.fake.calls).toEqual([]);
    await held.configure(settings);
    expectSuccess(await up());
});

test("a destroy takes nothing away, whatever the API answers", async () => {
    const before = structuredClone([...cluster().storages]);
    held.fake.fault = "hang";
    held.fake.calls.length = 0;
    expect(await held.project.runPulumi(["destroy", "--yes", "--skip-preview", "--stack", stack])).toMatchObject({
        exitCode: 0,
    });
    expect(held.fake.calls).toEqual([]);
    expect([...cluster().storages]).toEqual(before);
    expect(cluster().options).toMatchObject({ keyboard: "de", ha: "shutdown_policy=migrate" });
});
