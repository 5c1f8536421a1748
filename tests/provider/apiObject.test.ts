import { ProxmoxApi } from "../../host/proxmox/api";
import type { ApiObjectArgs, ApiObjectKind } from "../../model/contract/apiObject";
import { ApiObjectController } from "../../provider/apiObject/controller";
import { FakeProxmox } from "../helpers/proxmoxApi/server";

let fake: FakeProxmox;
let controller: ApiObjectController;
const object = (
    kind: ApiObjectKind,
    name: string,
    settings: Record<string, string>,
    leftOut?: string[],
): ApiObjectArgs => ({
    api: { endpoint: fake.endpoint, ca: fake.certificates.ca },
    kind,
    name,
    settings,
    leftOut,
    path: `holdfast:fleet.proxmox.${kind}`,
});
const found = async (args: ApiObjectArgs) => (await controller.read(args))?.settings;

beforeEach(async () => {
    fake = await FakeProxmox.start();
    const token = fake.addToken("holdfast@pve!stack", { "/": ["*"] });
    controller = new ApiObjectController((target) => new ProxmoxApi(target, token, { time: 2000, size: 1 << 20 }));
    fake.cluster.guests.set(100, {
        type: "qemu",
        node: "pve02",
        name: "dns",
        config: { memory: 512, startup: "up=10,order=3" },
    });
    fake.cluster.guests.set(101, { type: "lxc", node: "pve01", name: "web", config: { onboot: 1 } });
});
afterEach(() => fake.stop());

test("a storage: only is_mountpoint is written, and nothing where it is right already", async () => {
    const args = object("storage", "local", { is_mountpoint: "yes" });
    expect(await found(args)).toEqual({ is_mountpoint: "no" });
    expect(await controller.apply(args)).toMatchObject({ settings: { is_mountpoint: "yes" } });
    expect(fake.cluster.storages.get("local")).toEqual({
        type: "dir",
        path: "/var/lib/vz",
        content: "iso,vztmpl",
        is_mountpoint: "yes",
    });
    fake.calls.length = 0;
    await controller.apply(args);
    expect(fake.calls).toEqual(["GET storage/local"]);
});
test("words of the same meaning are no difference, another mount is one", async () => {
    const args = object("storage", "local", { is_mountpoint: "yes" });
    for (const word of ["yes", "1", "on", "true"]) {
        fake.cluster.storages.get("local")!["is_mountpoint"] = word;
        expect(await found(args)).toEqual({ is_mountpoint: "yes" });
    }
    fake.cluster.storages.get("local")!["is_mountpoint"] = "/srv";
    expect(await found(args)).toEqual({ is_mountpoint: "/srv" });
});
test("a guest is found where it is now, and only what is declared of it is looked at and written", async () => {
    const args = object("guest", "100", { onboot: "yes", startup: "order=3,up=10" });
    expect(await found(args)).toEqual({ onboot: "no", startup: "order=3,up=10" });
    fake.cluster.guests.get(100)!.node = "pve03";
    await controller.apply(args);
    expect(fake.cluster.guests.get(100)!.config).toEqual({ memory: 512, onboot: 1, startup: "up=10,order=3" });
    expect(fake.calls.filter((call) => call.startsWith("PUT"))).toEqual(["PUT nodes/pve03/qemu/100/config"]);
    expect(await found(object("guest", "101", { onboot: "yes" }))).toEqual({ onboot: "yes" });
});
test("what is not there is absent for a look, and an error with a remedy for an up", async () => {
    expect(await controller.read(object("guest", "999", { onboot: "yes" }))).toBeUndefined();
    expect(await controller.read(object("storage", "none", { is_mountpoint: "yes" }))).toBeUndefined();
    await expect(controller.apply(object("storage", "none", { is_mountpoint: "yes" }))).rejects.toThrow(
        "holdfast:fleet.proxmox.storage: none is not there: make the storage, or declare it under proxmox.storages",
    );
});
describe("a token that may not see the guests", () => {
    const blind = (privileges: Record<string, string[]>) => {
        const own = fake.addToken("holdfast@pve!blind", { "/": ["Sys.Audit", "Sys.Modify"], ...privileges });
        return new ApiObjectController((target) => new ProxmoxApi(target, own, { time: 2000, size: 1 << 20 }));
    };
    const guest = () => object("guest", "100", { onboot: "yes" });
    const backups = () => object("backups", "cluster", { guestsWithoutBackup: "none" });
    test("is told which privilege is missing: no guest is gone, and none is in a job", async () => {
        await expect(blind({}).read(guest())).rejects.toThrow(
            /^holdfast:fleet\.proxmox\.guest: https:\S+: the token lacks VM\.Audit on \/vms\/100, and is shown nothing of what it may not see: give the token a role with VM\.Audit on \/vms\/100 \(pveum acl modify \/vms\/100 /,
        );
        await expect(blind({}).read(backups())).rejects.toThrow(/the token lacks VM\.Audit on \/vms, /);
        await expect(blind({ "/vms/100": ["VM.Audit"] }).read(backups())).rejects.toThrow(/VM\.Audit on \/vms, /);
    });
    test("sees what it may see, and a guest that is gone is gone", async () => {
        const one = blind({ "/vms/100": ["VM.Audit"], "/vms/999": ["VM.Audit"] });
        expect(await one.read(guest())).toMatchObject({ settings: { onboot: "no" } });
        expect(await one.read(object("guest", "999", { onboot: "yes" }))).toBeUndefined();
    });
});
test("a guest that moves between the two calls of a look is not gone", async () => {
    const { guests } = fake.cluster;
    const stays = guests.get(100)!;
    // The list still says pve02.
    Object.defineProperty(stays, "node", {
        get: () => (fake.calls.some((call) => call.endsWith("/config")) ? "pve03" : "pve02"),
    });
    await expect(controller.read(object("guest", "100", { onboot: "yes" }))).rejects.toThrow(
        /Configuration file 'nodes\/pve02\/qemu-server\/100\.conf' does not exist/,
    );
});
describe("the cluster's firewall", () => {
    const wanted = { ssh: "tcp 22 from 192.0.2.0/24", exporter: "tcp 9100 from 192.0.2.50" };
    const args = () => object("firewall", "cluster", wanted);
    const own = (name: string, dport: string, source: string) => ({
        ...{ type: "in", action: "ACCEPT", enable: 1, proto: "tcp" },
        ...{ dport, source, comment: `holdfast: ${name}` },
    });
    const drop = { type: "in", action: "DROP", enable: 1, comment: "somebody's" };
    beforeEach(() => {
        fake.cluster.firewall.enable = 1;
        fake.calls.length = 0;
    });
    const written = () => fake.calls.filter((call) => !call.startsWith("GET"));

    test("is let alone while it is off", async () => {
        fake.cluster.firewall.enable = 0;
        expect(await controller.apply(args())).toMatchObject({ settings: wanted });
        expect(fake.calls).toEqual(["GET cluster/firewall/options"]);
    });
    test("lets SSH in first, then the monitoring hosts, before what turns away; others' rules stay", async () => {
        fake.cluster.firewall.rules.push(drop);
        expect(await found(args())).toEqual({});
        expect(await controller.apply(args())).toMatchObject({ settings: wanted });
        expect(fake.cluster.firewall.rules).toEqual([
            own("exporter", "9100", "192.0.2.50"),
            own("ssh", "22", "192.0.2.0/24"),
            drop,
        ]);
        expect(written()).toHaveLength(2);
        await controller.apply(args());
        expect(written()).toHaveLength(2);
    });
    test("one of ours that was switched off, narrowed or moved behind another is drift, and put right in place", async () => {
        fake.cluster.firewall.rules.push(drop, { ...own("ssh", "22", "192.0.2.9"), enable: 1 });
        fake.cluster.firewall.rules.push({ ...own("exporter", "9100", "192.0.2.50"), enable: 0 });
        expect(await found(args())).toEqual({
            ssh: "tcp 22 from 192.0.2.9, behind rule 0 (DROP)",
            exporter: "switched off, behind rule 0 (DROP)",
        });
        await controller.apply(args());
        expect(fake.cluster.firewall.rules).toEqual([
            own("exporter", "9100", "192.0.2.50"),
            own("ssh", "22", "192.0.2.0/24"),
            drop,
        ]);
    });
    test("one of ours that somebody made match less is drift, and matches all of it again", async () => {
        fake.cluster.firewall.rules.push({ ...own("ssh", "22", "192.0.2.0/24"), iface: "vmbr1", dest: "192.0.2.11" });
        fake.cluster.firewall.rules.push(own("exporter", "9100", "192.0.2.50"));
        expect(await found(args())).toEqual({
            ...wanted,
            ssh: "tcp 22 from 192.0.2.0/24, only iface vmbr1, only dest 192.0.2.11",
        });
        await controller.apply(args());
        expect(fake.cluster.firewall.rules[0]).toEqual(own("ssh", "22", "192.0.2.0/24"));
        expect(written()).toHaveLength(1);
    });
    test("where SSH cannot be let in, nothing after it is begun", async () => {
        const own = fake.addToken("holdfast@pve!reader", { "/": ["Sys.Audit"] });
        const reader = new ApiObjectController((target) => new ProxmoxApi(target, own, { time: 2000, size: 1 << 20 }));
        await expect(reader.apply(args())).rejects.toThrow(/403 Permission check failed \(\/, Sys\.Modify\)/);
        expect(written()).toEqual(["POST cluster/firewall/rules"]);
    });
});
test("half of the cluster answers: reads go on, a change fails in Proxmox's words, and nothing is half done", async () => {
    fake.cluster.nodes.set("pve02", false);
    fake.cluster.nodes.set("pve03", false);
    const args = object("storage", "local", { is_mountpoint: "yes" });
    expect(await found(args)).toEqual({ is_mountpoint: "no" });
    await expect(controller.apply(args)).rejects.toThrow(
        /^holdfast:fleet\.proxmox\.storage: https:\S+: PUT \/storage\/local: 500 cluster not ready - no quorum\?/,
    );
    expect(fake.cluster.storages.get("local")).not.toHaveProperty("is_mountpoint");
    await expect(controller.read(object("guest", "100", { onboot: "yes" }))).rejects.toThrow(/595 No route to host/);
});
test("an API that is out of order makes nothing absent", async () => {
    fake.fault = "500";
    await expect(controller.read(object("storage", "local", { is_mountpoint: "yes" }))).rejects.toThrow(
        /^holdfast:fleet\.proxmox\.storage: https:.*500 got no worker upid/,
    );
});
test("members: those that are away count, and a difference is an error that stays in state", async () => {
    fake.cluster.nodes.set("pve03", false);
    expect(await found(object("members", "cluster", { nodes: "x" }))).toEqual({ nodes: "pve01, pve02, pve03" });
    await expect(controller.apply(object("members", "cluster", { nodes: "pve01, pve02" }))).rejects.toMatchObject({
        name: "DiffersError",
        message: expect.stringContaining("nodes is pve01, pve02, pve03, expected pve01, pve02"),
        state: { settings: { nodes: "pve01, pve02, pve03" } },
    });
});
test("guests without a backup: by job, exclusion, node, pool, and what is left out on purpose", async () => {
    const look = (leftOut?: string[]) => found(object("backups", "cluster", { guestsWithoutBackup: "none" }, leftOut));
    const { jobs } = fake.cluster;
    expect(await look()).toEqual({ guestsWithoutBackup: "100 (dns), 101 (web)" });
    expect(await look(["101"])).toEqual({ guestsWithoutBackup: "100 (dns)" });
    jobs.set("a", { schedule: "02:00", storage: "local", vmid: "100" });
    expect(await look()).toEqual({ guestsWithoutBackup: "101 (web)" });
    jobs.set("b", { schedule: "02:00", storage: "local", all: 1, exclude: "101" });
    expect(await look()).toEqual({ guestsWithoutBackup: "101 (web)" });
    jobs.set("b", { schedule: "02:00", storage: "local", all: 1, node: "pve02" });
    expect(await look()).toEqual({ guestsWithoutBackup: "101 (web)" });
    jobs.set("b", { schedule: "02:00", storage: "local", all: 1, enabled: 0 });
    expect(await look()).toEqual({ guestsWithoutBackup: "101 (web)" });
    jobs.set("b", { schedule: "02:00", storage: "local", all: 1, enabled: 1 });
    expect(await look()).toEqual({ guestsWithoutBackup: "none" });
});
test("what differs is said setting by setting; another endpoint or certificate is no reason to replace", () => {
    const olds = object("guest", "100", { onboot: "no", startup: "order=1" });
    expect(controller.diff(olds, olds)).toEqual([]);
    expect(controller.diff(olds, { ...olds, settings: { onboot: "yes", startup: "order=1" } })).toEqual([
        { path: "settings.onboot", parts: ["settings", "onboot"], kind: "update" },
    ]);
    expect(controller.diff(olds, { ...olds, api: { ...olds.api, fingerprint: "AA" } })).toEqual([
        { path: "api", parts: ["api"], kind: "update" },
    ]);
});
