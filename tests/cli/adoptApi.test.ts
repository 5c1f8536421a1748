/** What the API says, in the stack's words; with the engine: tests/lab/proxmoxAdopt.test.ts. */
import { renderImports } from "../../cli/adoptApi/imports";
import { sectionsOf } from "../../cli/adoptApi/sections";

const nothing = { storages: [], jobs: [], options: {}, servers: [], guests: [], unseen: [] };

test("a job: only what is not as the stack has it by default, and what the stack has no words for is left", () => {
    const job = { id: "a", schedule: "02:00", storage: "b", all: true, mode: "snapshot", compress: "zstd" };
    const { backups, left } = sectionsOf({
        ...nothing,
        jobs: [
            job,
            { ...job, id: "some", all: undefined, vmid: "100,101", mode: "stop", compress: "gzip", enabled: false },
            { ...job, id: "kept", "prune-backups": { "keep-daily": "7", "keep-all": 0 }, "notes-template": "x" },
            { ...job, id: "out", exclude: "101" },
            { ...job, id: "old", schedule: undefined },
        ],
    });
    expect(backups).toEqual({
        a: { schedule: "02:00", storage: "b" },
        some: { schedule: "02:00", storage: "b", guests: [100, 101], mode: "stop", compress: "gzip", enabled: false },
        kept: { schedule: "02:00", storage: "b", keep: { daily: 7 }, notes: "x" },
    });
    expect(left).toEqual([
        "backup job out: with exclude 101, for which the stack has no words",
        "backup job old: without a schedule of its own",
    ]);
});
test("the start of guests, options, servers and mounts", () => {
    const storage = { storage: "s", type: "dir", path: "/srv/s", content: "iso, backup", nodes: "pve01,pve02" };
    const found = sectionsOf({
        ...nothing,
        storages: [
            { ...storage, shared: true, is_mountpoint: "1" },
            { ...storage, storage: "t", nodes: undefined, is_mountpoint: "/srv" },
        ],
        guests: [
            { vmid: 100, onboot: true, startup: "order=1,up=30,down=60" },
            { vmid: 101, startup: "3" },
        ],
        options: { ha: { shutdown_policy: "freeze" }, max_workers: 4 },
        servers: [
            { id: "m", type: "graphite", server: "192.0.2.50", port: 2003, proto: "tcp" },
            { id: "off", type: "influxdb", server: "192.0.2.50", port: 8086, disable: true },
        ],
    });
    expect(found).toEqual({
        storages: {
            s: {
                path: "/srv/s",
                content: ["iso", "backup"],
                nodes: ["pve01", "pve02"],
                shared: true,
                mountpoint: true,
            },
            t: { path: "/srv/s", content: ["iso", "backup"], mountpoint: "/srv" },
        },
        backups: {},
        guests: { "100": { onboot: true, order: 1, up: 30, down: 60 }, "101": { onboot: false, order: 3 } },
        options: { haShutdownPolicy: "freeze", maxWorkers: 4 },
        metrics: { m: { type: "graphite", server: "192.0.2.50", port: 2003, protocol: "tcp" } },
        left: ["metrics server off: is switched off"],
    });
});
test("only what the state does not have is imported, and of the cluster's only what is there", () => {
    const settings = {
        endpoint: "https://192.0.2.11:8006",
        trust: {},
        mail: [],
        storages: {
            here: { path: "/srv/a", content: ["iso" as const] },
            known: { path: "/srv/b", content: ["iso" as const] },
            wanted: { path: "/srv/c", content: ["iso" as const] },
        },
        guests: { "100": { onboot: true } },
    };
    const found = { ...sectionsOf(nothing), storages: { here: {}, known: {} } };
    const parent = "urn:pulumi:p::holdfast::holdfast:components:ProxmoxCluster";
    const state = [
        { urn: `${parent}::proxmox`, type: "holdfast:components:ProxmoxCluster" },
        { urn: `${parent}$pulumi:providers:proxmoxve::proxmox`, type: "pulumi:providers:proxmoxve" },
        { urn: `${parent}$x::proxmox-storage-known`, type: "x" },
        { urn: `${parent}$x::proxmox-api`, type: "x" },
    ];
    const { resources, nameTable } = JSON.parse(renderImports(settings, found, state, "p")) as {
        resources: { name: string; id: string }[];
        nameTable: object;
    };
    expect(resources.map(({ name, id }) => [name, id])).toEqual([
        ["proxmox-storage-here", "here"],
        ["proxmox-guest-100", "proxmox/guest/100"],
    ]);
    expect(nameTable).toEqual({ cluster: state[0]!.urn, api: state[1]!.urn });
    expect(() => renderImports(settings, found, [], "p")).toThrow(/^the state of p knows no such cluster yet/);
});
