import { makeCertificates } from "../helpers/proxmoxApi/certificates";
import { planBackup, planMetrics, planObjects, planOptions, planStorage } from "../../components/proxmox/plan";
import { formatFault, parseFleet } from "../../components/fleet";

const { ca } = makeCertificates();
const files: Record<string, string> = {
    "ca.pem": ca,
    "none.pem": "no certificate",
    "cut.pem": ca.replace(/\n.{20}/, "\n"),
};
const read = (path: string) => {
    if (files[path] === undefined) throw new Error("no such file");
    return files[path];
};
const fstab = [
    { source: "UUID=0a1b2c3d-1111-4222-8333-444455556666", target: "/", fstype: "ext4" },
    { source: "UUID=9c8d7e6f-1111-4222-8333-444455556666", target: "/srv/backup", fstype: "ext4" },
];
const nodes = { pve01: { address: "192.0.2.11", fstab }, pve02: { address: "192.0.2.12" } };
const parse = (proxmox: object, others: object = {}) =>
    parseFleet({ nodes, ...others, proxmox: { endpoint: "https://192.0.2.11:8006", ca: "ca.pem", ...proxmox } }, read);
const faultsOf = (proxmox: object) => parse(proxmox).faults.map(formatFault);
const settingsOf = (proxmox: object, others: object = {}) => {
    const { fleet, faults } = parse(proxmox, others);
    expect(faults.map(formatFault)).toEqual([]);
    return fleet!.proxmox!;
};
const fingerprint = Array.from({ length: 32 }, () => "ab").join(":");

test("without it there is nothing", () => {
    expect(parseFleet({ nodes }, read).fleet).not.toHaveProperty("proxmox");
});

describe("is_mountpoint", () => {
    const storages = (storage: object) =>
        settingsOf({ storages: { s: { content: ["backup"], ...storage } } }).storages!["s"]!.mountpoint;
    test("is set where a declared fstab mounts the path or a folder above it", () => {
        expect(storages({ path: "/srv/backup" })).toBe("yes");
        expect(storages({ path: "/srv/backup/pve" })).toBe("/srv/backup");
    });
    test("is not spoken of where nothing is known to be mounted: on root, on a like name, on another node", () => {
        expect(storages({ path: "/var/lib/vz" })).toBeUndefined();
        expect(storages({ path: "/srv/backup2" })).toBeUndefined();
        expect(storages({ path: "/srv/backup", nodes: ["pve02"] })).toBeUndefined();
    });
    test("is the user's word where there is one", () => {
        expect(storages({ path: "/srv/backup", mountpoint: false })).toBe("no");
        expect(storages({ path: "/mnt/nas", mountpoint: true })).toBe("yes");
        expect(storages({ path: "/mnt/nas/pve", mountpoint: "/mnt/nas" })).toBe("/mnt/nas");
    });
});

const at = "holdfast:fleet.proxmox";
test.each<[string, object, string]>([
    [
        "neither CA nor fingerprint",
        { ca: undefined },
        `${at}: expected ca or fingerprint: without one of them anybody between here and there could read the token`,
    ],
    [
        "an endpoint in the clear",
        { endpoint: "http://192.0.2.11:8006" },
        `${at}.endpoint: expected https://HOST:8006, got "http://192.0.2.11:8006"`,
    ],
    [
        "a short fingerprint",
        { fingerprint: "ab:cd" },
        `${at}.fingerprint: expected a SHA-256 fingerprint, 32 pairs of digits with colons between, got "ab:cd"`,
    ],
    ["a CA that is not there", { ca: "gone.pem" }, `${at}.ca: cannot read "gone.pem": no such file`],
    [
        "a CA that is none",
        { ca: "none.pem" },
        `${at}.ca: "none.pem" holds no certificate (-----BEGIN CERTIFICATE-----)`,
    ],
    [
        "a CA that is cut short",
        { ca: "cut.pem" },
        `${at}.ca: "cut.pem" holds a certificate that is cut short or damaged`,
    ],
    [
        "a device's name in a path",
        { storages: { s: { path: "/mnt/sdb1", content: ["backup"] } } },
        `${at}.storages.s.path: expected a path without a device's name: the kernel may give that name to another disk at the next boot, got "/mnt/sdb1"`,
    ],
    [
        "a node that nobody declared",
        { storages: { s: { path: "/srv/a", content: ["iso"], nodes: ["pve9"] } } },
        `${at}.storages.s.nodes[0]: no node has the name pve9`,
    ],
    [
        "a mount that is elsewhere",
        { storages: { s: { path: "/srv/a", content: ["iso"], mountpoint: "/mnt" } } },
        `${at}.storages.s.mountpoint: expected /srv/a or a folder above it: what is mounted elsewhere says nothing of this storage`,
    ],
    [
        "backups to where none may lie",
        { storages: { s: { path: "/srv/a", content: ["iso"] } }, backups: { n: { schedule: "02:00", storage: "s" } } },
        `${at}.backups.n.storage: s takes no backups: add backup to proxmox.storages.s.content`,
    ],
    [
        "graphite over https",
        { metrics: { m: { type: "graphite", server: "192.0.2.50", port: 2003, protocol: "https" } } },
        `${at}.metrics.m.protocol: expected udp or tcp for graphite`,
    ],
    [
        "a network that is none",
        { options: { migration: { network: "192.0.2.300/24" } } },
        `${at}.options.migration.network: expected a network such as 198.51.100.0/24, got "192.0.2.300/24"`,
    ],
    [
        "a network whose prefix is too long",
        { options: { migration: { network: "2001:db8::/129" } } },
        `${at}.options.migration.network: expected a network such as 198.51.100.0/24, got "2001:db8::/129"`,
    ],
    [
        "a firewall that lets nobody in",
        { firewall: { ssh: [] } },
        `${at}.firewall.ssh: expected at least one address or network, got an empty list`,
    ],
    [
        "a guest's number",
        { guests: { "7": { onboot: true } } },
        `${at}.guests.7: expected a guest's number, from 100 on`,
    ],
])("refused: %s", (_, proxmox, fault) => {
    expect(faultsOf(proxmox)).toEqual([fault]);
});

describe("the arguments", () => {
    test("of a storage: shared is always said, and nothing is made below a mount", () => {
        expect(planStorage("s", { path: "/srv/a", content: ["iso"] })).toEqual({
            resourceId: "s",
            path: "/srv/a",
            contents: ["iso"],
            shared: false,
        });
        expect(
            planStorage("s", { path: "/srv/a", content: ["iso"], nodes: ["pve01"], shared: true, mountpoint: "yes" }),
        ).toEqual({
            resourceId: "s",
            path: "/srv/a",
            contents: ["iso"],
            nodes: ["pve01"],
            shared: true,
            createBasePath: false,
            createSubdirs: false,
        });
    });
    test("of a backup job, with the stack's mail", () => {
        const { backups, mail } = settingsOf(
            { backups: { n: { schedule: "sat 03:30", storage: "local", guests: [100, 101], keep: { last: 3 } } } },
            { mail: { to: ["ops@example.test", "root"] } },
        );
        expect(planBackup("n", backups!["n"]!, mail)).toEqual({
            resourceId: "n",
            schedule: "sat 03:30",
            storage: "local",
            enabled: true,
            mode: "snapshot",
            compress: "zstd",
            all: false,
            vmids: ["100", "101"],
            pruneBackups: { "keep-last": "3" },
            notesTemplate: "{{guestname}} on {{node}}",
            mailtos: ["ops@example.test"],
            mailnotification: "always",
        });
    });
    test("of the options and of a metrics server", () => {
        expect(
            planOptions({ migration: { network: "192.0.2.0/24" }, haShutdownPolicy: "freeze", maxWorkers: 4 }),
        ).toEqual({ migrationCidr: "192.0.2.0/24", haShutdownPolicy: "freeze", maxWorkers: 4 });
        expect(
            planMetrics("m", {
                type: "influxdb",
                server: "mon1",
                port: 8086,
                protocol: "https",
                bucket: "pve",
                organization: "o",
            }),
        ).toEqual({
            name: "m",
            type: "influxdb",
            server: "mon1",
            port: 8086,
            disable: false,
            influxDbProto: "https",
            influxBucket: "pve",
            influxOrganization: "o",
        });
    });
    test("of what proxmoxve has no word for", () => {
        const settings = settingsOf({
            ca: undefined,
            fingerprint,
            guests: { "100": { onboot: true, order: 1, up: 30, down: 60 }, "101": { onboot: false } },
        });
        const { "proxmox-api": first, ...objects } = planObjects(settings);
        expect(first).toMatchObject({
            kind: "api",
            settings: { answers: "yes" },
            occasion: expect.stringMatching(/^[0-9a-f]{16}$/),
        });
        const api = { endpoint: "https://192.0.2.11:8006", fingerprint: fingerprint.toUpperCase() };
        expect(objects).toEqual({
            "proxmox-members": {
                api,
                kind: "members",
                name: "cluster",
                settings: { nodes: "pve01, pve02" },
                path: `${at}.members`,
            },
            "proxmox-guest-100": {
                api,
                kind: "guest",
                name: "100",
                settings: { onboot: "yes", startup: "order=1,up=30,down=60" },
                path: `${at}.guests[100]`.replace("[100]", ".100"),
            },
            "proxmox-guest-101": {
                api,
                kind: "guest",
                name: "101",
                settings: { onboot: "no" },
                path: `${at}.guests.101`,
            },
        });
    });
    test("of the firewall: SSH by all nodes' ports, the exporter from the monitoring hosts, a rule for each family", () => {
        const others = {
            monitoring: { hosts: ["192.0.2.50", "2001:db8::50"] },
            nodes: { ...nodes, pve02: { address: "192.0.2.12", ssh: { port: 2222 } } },
        };
        const of = (firewall: object) => planObjects(settingsOf({ firewall }, others))["proxmox-firewall"];
        expect(of({ ssh: ["192.0.2.0/24", "198.51.100.7", "2001:db8::/64"] })).toMatchObject({
            kind: "firewall",
            name: "cluster",
            settings: {
                ssh: "tcp 22,2222 from 192.0.2.0/24,198.51.100.7",
                ssh6: "tcp 22,2222 from 2001:db8::/64",
                exporter: "tcp 9100 from 192.0.2.50",
                exporter6: "tcp 9100 from 2001:db8::50",
            },
        });
        expect(Object.keys(of({ ssh: ["192.0.2.7"], exporter: false })!.settings)).toEqual(["ssh"]);
    });
    test("members: false is not looked at", () => {
        expect(planObjects(settingsOf({ members: false }))).not.toHaveProperty("proxmox-members");
    });
});
