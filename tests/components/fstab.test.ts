import { planFstab } from "../../components/fstab";
import { formatFault, parseFleet } from "../../components/fleet";
import { files, readFixture, threeNodes } from "../fixtures/fleet/threeNodes";

const node = { name: "pve01", address: "192.0.2.11" };
const host = { name: "pve01", address: "192.0.2.11" };
const entries = planFstab({ host, node, settings: parseFleet(threeNodes(), readFixture).fleet!.nodes[0]!.fstab! });
const file = planFstab({
    host,
    node,
    settings: { file: { path: "nodes/pve03/fstab", content: files["nodes/pve03/fstab"]! }, essential: [] },
});

test("every entry on a device gets nofail and a time limit, but for essential ones", () => {
    expect(entries.files["/etc/fstab"]).toEqual({
        content: `# Managed by Holdfast. An edit made here is reported as drift: change fstab of this node in holdfast:fleet, then run \`pulumi up\`.
# <source> <target> <type> <options> <dump> <pass>
UUID=0a1b2c3d-1111-4222-8333-444455556666 / ext4 errors=remount-ro 0 1
UUID=9c8d7e6f-1111-4222-8333-444455556666 /srv/local ext4 defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2
UUID=77aa88bb-1111-4222-8333-444455556666 /var/lib/vz xfs defaults,x-holdfast.essential 0 0
/dev/pve/swap none swap sw,nofail,x-systemd.device-timeout=30s 0 0
tmpfs /tmp tmpfs defaults 0 0
`,
    });
});

const rules = "/etc/udev/rules.d/99-holdfast-fstab.rules";
const started = (plan: typeof entries) =>
    plan.files[rules]!.content!.split("\n").filter((line) => line.startsWith("SYMLINK"));

test("a disk that comes after the boot starts its optional mount, unless that was mounted since the boot", () => {
    expect(entries.files[rules]).toEqual({
        content: `# Managed by Holdfast. An edit made here is reported as drift: change fstab of this node in holdfast:fleet, then run \`pulumi up\`.
# systemd asks for the disk of an optional mount once, at boot. One that comes later starts its mount here, unless that was
# mounted since the boot: what somebody has unmounted stays unmounted.
ACTION=="remove", GOTO="holdfast_fstab_end"
SUBSYSTEM!="block", GOTO="holdfast_fstab_end"
# A disk has its links from the first event on; a mere change is mkfs or fsck, or \`udevadm trigger\`. A volume of device-mapper
# has them from its activation on, an array of md from the change that starts it.
KERNEL=="dm-*", ENV{DM_ACTIVATION}!="1", GOTO="holdfast_fstab_end"
KERNEL!="dm-*|md*", ACTION!="add", GOTO="holdfast_fstab_end"
SYMLINK=="disk/by-uuid/9c8d7e6f-1111-4222-8333-444455556666", PROGRAM=="/bin/systemctl show --property=ActiveEnterTimestampMonotonic --value srv-local.mount", RESULT=="0", ENV{SYSTEMD_WANTS}+="srv-local.mount"
LABEL="holdfast_fstab_end"
`,
    });
    expect(Object.keys(entries.files)).toEqual(["/etc/fstab", rules]);
});

test("a disk that the file, or the declaration beside it, calls essential starts nothing; the rules stay, for no stale ones to be left", () => {
    const settings = {
        file: {
            path: "nodes/pve03/fstab",
            content: `${files["nodes/pve03/fstab"]!}LABEL=a /srv/a ext4 nofail,x-holdfast.essential 0 2\n`,
        },
        essential: ["/srv/local/"],
    };
    expect(started(file)).toHaveLength(1);
    expect(started(planFstab({ host, node, settings }))).toEqual([]);
    expect(planFstab({ host, node, settings }).files[rules]?.content).toMatch(/^# Managed by Holdfast/);
});

test("a name in the stack cannot write a rule of its own", () => {
    const hostile = [
        { source: 'LABEL=a", RUN+="/bin/sh', target: "/srv/a b\nRUN", fstype: "ext4" },
        { source: '/dev/mapper/a", RUN+="/bin/sh', target: "/srv/b", fstype: "ext4" },
        { source: "/dev/mapper/a*", target: "/srv/c", fstype: "ext4" },
    ];
    const [rule, ...others] = started(planFstab({ host, node, settings: { entries: hostile } }));
    expect(others).toEqual([]);
    expect(rule).toBe(
        String.raw`SYMLINK=="disk/by-label/a\x22\x2c\x20RUN+=\x22\x2fbin\x2fsh", PROGRAM=="/bin/systemctl show --property=ActiveEnterTimestampMonotonic --value srv-a\x20b\x0aRUN.mount", RESULT=="0", ENV{SYSTEMD_WANTS}+="srv-a\x20b\x0aRUN.mount"`,
    );
});

test("a file of the project keeps its comments", () => {
    expect(file.files["/etc/fstab"]?.content).toBe(`# keep me
UUID=0a1b2c3d-1111-4222-8333-444455556666 / ext4 errors=remount-ro 0 1
UUID=9c8d7e6f-1111-4222-8333-444455556666 /srv/local ext4 defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2
`);
});

test("a target that is essential by declaration is left alone in a file too", () => {
    const settings = {
        file: { path: "nodes/pve03/fstab", content: files["nodes/pve03/fstab"]! },
        essential: ["/srv/local"],
    };
    const plan = planFstab({ host, node, settings });
    expect(plan.files["/etc/fstab"]?.content).toContain("/srv/local ext4 defaults");
    expect(plan.files["/etc/fstab"]?.content).not.toContain("nofail");
    expect(plan.validate?.[1]?.argv).toEqual(["holdfast", "fstab-generator", "{staged:/etc/fstab}", "/", "/srv/local"]);
});

test("the staged file is validated by findmnt and by systemd's generator, which may require only what waits for no optional disk", () => {
    expect(entries.validate).toEqual([
        { argv: ["holdfast", "findmnt", "{staged:/etc/fstab}"] },
        { argv: ["holdfast", "fstab-generator", "{staged:/etc/fstab}", "/", "/var/lib/vz", "/tmp"] },
    ]);
});

test("systemd reads the new file, and nothing is mounted or unmounted", () => {
    expect(entries.activate).toEqual([{ argv: ["systemctl", "daemon-reload"] }]);
    expect(entries.verify).toBeUndefined();
});

test("a vanished source is drift, of optional disks too; a mount is expected only where it is essential", () => {
    expect(entries.facts).toEqual({
        "source UUID=0a1b2c3d-1111-4222-8333-444455556666": {
            probe: "source",
            args: ["UUID=0a1b2c3d-1111-4222-8333-444455556666", "/"],
            value: "present",
        },
        "source UUID=9c8d7e6f-1111-4222-8333-444455556666": {
            probe: "source",
            args: ["UUID=9c8d7e6f-1111-4222-8333-444455556666", "/srv/local"],
            value: "present",
        },
        "source UUID=77aa88bb-1111-4222-8333-444455556666": {
            probe: "source",
            args: ["UUID=77aa88bb-1111-4222-8333-444455556666", "/var/lib/vz"],
            value: "present",
        },
        "source /dev/pve/swap": { probe: "source", args: ["/dev/pve/swap", "none"], value: "present" },
        "mount /": { probe: "mount", args: ["/"], value: "mounted" },
        "mount /srv/local": { probe: "mount", args: ["/srv/local"] },
        "mount /var/lib/vz": { probe: "mount", args: ["/var/lib/vz"], value: "mounted" },
    });
});

test("a noauto entry is neither looked for nor expected to be mounted", () => {
    const settings = {
        entries: [{ source: "LABEL=backup", target: "/mnt/backup", fstype: "ext4", options: ["noauto"] }],
    };
    expect(planFstab({ host, node, settings }).facts).toEqual({});
    expect(started(planFstab({ host, node, settings }))).toEqual([]);
});

test.each<[object, string]>([
    [
        { source: "UUUID=1", fstype: "ext4" },
        "[0].source: 'UUUID=1' is neither a path nor UUID=, LABEL=, PARTUUID=, PARTLABEL=, ID=, and ext4 needs a block device, so this is never mounted. Did you mean UUID=1?",
    ],
    [
        { source: "UUID=", fstype: "xfs" },
        "[0].source: nothing follows UUID=, so this is never mounted. Write the value that 'blkid' prints after UUID=.",
    ],
    [{ source: "pve/root", fstype: "ext4" }, "[0].source: 'pve/root' is neither"],
    [
        { source: "/a", fstype: "none", options: ["bidn"] },
        "[0].options: type none without bind or rbind among the options is never mounted. Did you mean 'bind' instead of 'bidn'?",
    ],
])("%j is refused in the config", (entry, fault) => {
    const { faults } = parseFleet(
        { nodes: { pve01: { address: "192.0.2.11", fstab: [{ target: "/srv/a", ...entry }] } } },
        () => "",
    );
    expect(faults.map(formatFault)).toEqual([expect.stringContaining(`holdfast:fleet.nodes.pve01.fstab${fault}`)]);
});

test.each([
    { source: "tank/vm", fstype: "zfs" },
    { source: "/a", fstype: "none", options: ["bind"] },
    { source: "nas:/x", fstype: "nfs" },
])("%j is taken", (entry) => {
    expect(
        parseFleet({ nodes: { pve01: { address: "192.0.2.11", fstab: [{ target: "/srv/a", ...entry }] } } }, () => "")
            .faults,
    ).toEqual([]);
});
