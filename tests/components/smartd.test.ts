import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import execa from "execa";
import { planSmartd } from "../../components/smartd";
import { formatFault, parseFleet } from "../../components/fleet";

const byId = "/dev/disk/by-id/ata-EXAMPLE_1";
const hook = "/etc/smartmontools/run.d/60holdfast";

function planOf(smartd: unknown, fleet: object = {}) {
    const parsed = parseFleet({ ...fleet, nodes: { pve01: { address: "192.0.2.11", smartd } } }, () => "");
    expect(parsed.faults).toEqual([]);
    const { identity, host, smartd: settings } = parsed.fleet!.nodes[0]!;
    return planSmartd({ host, node: identity, settings: settings! });
}

const linesOf = (smartd: unknown, fleet?: object) =>
    planOf(smartd, fleet)
        .files["/etc/smartd.conf"]!.content!.split("\n")
        .filter((line) => /^[^#]/.test(line));
const faultsOf = (smartd: unknown) =>
    parseFleet({ nodes: { pve01: { address: "192.0.2.11", smartd } } }, () => "").faults.map(formatFault);

describe("the plan", () => {
    test("without settings smartd looks for the disks itself, with weekly and monthly self-tests and mail through Debian's runner", () => {
        expect(linesOf(undefined, { mail: { to: ["ops@example.test", "root"] } })).toEqual([
            "DEVICESCAN -d removable -n standby,15,q -a -i 190 -i 194 -I 190 -I 194 -W 0,60,70 -s (S/../../6/01:001|L/../09/./02:024) -m ops@example.test,root -M exec /usr/share/smartmontools/smartd-runner",
        ]);
    });
    test("declared disks have the type and the temperature limits of their kind", () => {
        const devices = [
            byId,
            "/dev/disk/by-id/nvme-EXAMPLE_2",
            "/dev/disk/by-id/usb-EXAMPLE-0:0",
            { device: "/dev/bus/0", type: "sat+megaraid,3" },
            { device: "/dev/disk/by-id/ata-SSD", temperature: { critical: 70 } },
        ];
        expect(
            linesOf({ devices }).map(
                (line) => / -n /.exec(line) && [line.slice(0, line.indexOf(" -n ")), / -W \S+/.exec(line)?.[0]],
            ),
        ).toEqual([
            [`${byId} -d removable`, " -W 5,50,60"],
            ["/dev/disk/by-id/nvme-EXAMPLE_2 -d nvme -d removable", " -W 0,65,70"],
            ["/dev/disk/by-id/usb-EXAMPLE-0:0 -d sat -d removable", " -W 5,50,60"],
            ["/dev/bus/0 -d sat+megaraid,3 -d removable", " -W 5,50,60"],
            ["/dev/disk/by-id/ata-SSD -d removable", " -W 5,50,70"],
        ]);
    });
    test("a disk's own action wins over the node's", () => {
        const devices = [
            { device: byId, action: "alert" },
            { device: "/dev/bus/0", type: "megaraid,1" },
        ];
        expect(planOf({ devices }).files["/etc/holdfast/smartd-policy"]?.content?.split("\n").slice(1)).toEqual([
            `${byId} alert`,
            "/dev/bus/0[megaraid,1] shutdown",
            "* shutdown",
            "",
        ]);
    });
    test("nodes have their long self-tests on different days", () => {
        const days = ["pve01", "pve02", "pve03"].map(
            (name) =>
                planSmartd({
                    host: { name, address: "192.0.2.11" },
                    node: { name, address: "192.0.2.11" },
                    settings: { devices: "auto", action: "alert", mailTo: ["root"] },
                }).files["/etc/smartd.conf"]?.content?.match(/L\/\.\.\/(\d\d)/)?.[1],
        );
        expect(new Set(days).size).toBe(3);
    });
    test.each<object | string>([
        { device: byId, temperature: { critical: 0 } },
        { device: byId, temperature: { informal: 0, critical: 30 } },
        { device: byId, type: "sat" },
        { device: byId, type: "sat,12" },
        { device: byId, type: "ata" },
        { device: byId, type: "megaraid,0" },
        { device: "/dev/disk/by-id/nvme-A", type: "nvme,1" },
        "/dev/disk/by-id/nvme-A_1",
        "/dev/disk/by-id/wwn-0x5000",
        { device: "/dev/disk/by-id/dm-uuid-mpath-3600", type: "scsi" },
        { device: "/dev/bus/1", type: "sat+megaraid,3" },
        { device: "/dev/sg2", type: "areca,3/1" },
        { device: "/dev/sg0", type: "cciss,0" },
        { device: "/dev/sg1", type: "sat+cciss,0" },
        "/dev/disk/by-path/pci-0000:00:1f.2-ata-1",
        { device: "/dev/twa0", type: "3ware,1" },
    ])("%j is taken", (device) => {
        expect(faultsOf({ devices: [device] })).toEqual([]);
    });
    test.each<[object, string]>([
        [
            { devices: ["/dev/sda"] },
            'smartd.devices[0]: expected a /dev/disk/by-id/… path (or /dev/bus/N of a RAID controller), got "/dev/sda"',
        ],
        [
            { devices: [{ device: byId, type: "sat -m root" }] },
            "smartd.devices[0].type: expected a device type of smartd",
        ],
        [
            { devices: [{ device: byId, type: "removable" }] },
            "smartd.devices[0].type: expected a device type of smartd",
        ],
        [
            { devices: [byId, { type: "sat" }] },
            "smartd.devices[1].device: is missing: expected a /dev/disk/by-id/… path",
        ],
        ...["megaraid", "sat,13", "SAT", "foo", "areca", "jmb39x,0+$(id)"].map((type): [object, string] => [
            { devices: [byId, { device: "/dev/bus/0", type }] },
            "smartd.devices[1].type: expected a device type of smartd",
        ]),
        [
            { devices: [byId, byId] },
            `smartd.devices[1]: ${byId} is already listed at holdfast:fleet.nodes.pve01.smartd.devices[0]`,
        ],
        [
            { devices: ["/dev/disk/by-id/nvme-A", { device: "/dev/disk/by-id/nvme-A", type: "nvme" }] },
            "smartd.devices[1]: /dev/disk/by-id/nvme-A of type nvme is already listed",
        ],
        [{ devices: [] }, "smartd.devices: expected at least one disk, or auto"],
        [
            { devices: [{ device: byId, temperature: { critical: 50 } }] },
            "smartd.devices[0].temperature: expected informal below critical, got informal 50 and critical 50",
        ],
        [
            { devices: [{ device: byId, temperature: { critical: 200 } }] },
            "smartd.devices[0].temperature.critical: expected °C, a whole number from 0 to 120, got 200",
        ],
        [
            { devices: [{ device: byId, temperature: { informal: 5, critical: 10 } }] },
            "smartd.devices[0].temperature.critical: expected 30 to 120 °C, or 0 for no limit, got 10",
        ],
        [{ devices: [`${byId}-part1`] }, `smartd.devices[0]: ${byId}-part1 is a partition`],
        [{ devices: [byId, { device: `${byId}-part1` }] }, `smartd.devices[1].device: ${byId}-part1 is a partition`],
        ...["dm-name-pve-root", "dm-uuid-LVM-abc", "md-uuid-1:2", "md-name-pve:0", "lvm-pv-uuid-abc"].map(
            (name): [object, string] => [
                { devices: [`/dev/disk/by-id/${name}`] },
                `smartd.devices[0]: /dev/disk/by-id/${name} `,
            ],
        ),
        [{ devices: ["/dev/sg0"] }, "smartd.devices[0]: /dev/sg0 may be another disk after the next boot"],
        [
            { devices: ["/dev/bus/0"] },
            "smartd.devices[0]: /dev/bus/0 is a RAID controller, no disk: add the type of one member",
        ],
        [
            { devices: [{ device: "/dev/bus/0", type: "sat" }] },
            "smartd.devices[0].device: /dev/bus/0 is a RAID controller, no disk",
        ],
        [
            { devices: [{ device: "/dev/disk/by-id/nvme-A", type: "sat" }] },
            "smartd.devices[0].device: /dev/disk/by-id/nvme-A is an NVMe drive, but its type is sat",
        ],
        [
            { devices: [{ device: byId, type: "nvme" }] },
            `smartd.devices[0].device: ${byId} is an ATA disk, but its type is nvme`,
        ],
    ])("%j is refused", (smartd, fault) => {
        expect(faultsOf(smartd)[0]).toContain(`holdfast:fleet.nodes.pve01.${fault}`);
    });
});

describe("the hook on a warning", () => {
    let folder: string;
    const path = (...parts: string[]) => join(folder, ...parts);
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "holdfast-smartd-"));
        for (const name of ["shutdown", "logger", "mailer", "blkid", "zpool"])
            await fake(name, `echo "${name} $*" >>"${path("calls")}"`);
        await fake("mailer", `echo "mail $1" >>"${path("calls")}"; cat >/dev/null`);
        await fake("blkid", `cat "${path("type")}-\${5##*/}" 2>/dev/null`);
        await fake("zpool", `cat "${path("pool")}"`);
        await put({
            "sys/block/sda/sda1/size": "1",
            "sys/block/sda/size": "2",
            "type-sda1": "ext4",
            "proc/swaps": "",
            "proc/self/mountinfo": "",
        });
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    async function fake(name: string, body: string): Promise<void> {
        await put({ [`bin/${name}`]: `#!/bin/sh\n${body}\n` });
        await chmod(path("bin", name), 0o755);
    }
    async function put(files: Readonly<Record<string, string>>): Promise<void> {
        for (const [name, content] of Object.entries(files)) {
            await mkdir(dirname(path(name)), { recursive: true });
            await writeFile(path(name), content.endsWith("\n") ? content : `${content}\n`);
        }
    }
    async function link(from: string, to: string): Promise<void> {
        await mkdir(dirname(path(from)), { recursive: true });
        await symlink(path(to), path(from));
    }

    /** Runs the rendered hook; the commands it called, in order. */
    async function warn(environment: Readonly<Record<string, string>>, smartd: object = {}): Promise<string[]> {
        const { files } = planOf(smartd);
        await put({ hook: files[hook]!.content!, policy: files["/etc/holdfast/smartd-policy"]!.content! });
        await chmod(path("hook"), 0o755);
        await writeFile(path("calls"), "");
        const { stderr } = await execa(path("hook"), [], {
            extendEnv: false,
            env: {
                PATH: `${path("bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
                HOLDFAST_SYS: path("sys"),
                HOLDFAST_PROC: path("proc"),
                HOLDFAST_UDEV: path("udev"),
                HOLDFAST_RUN: path("run"),
                HOLDFAST_SCHEDULED: path("scheduled"),
                HOLDFAST_SMARTD_POLICY: path("policy"),
                HOLDFAST_MAILER: path("bin/mailer"),
                HOLDFAST_BSD_MAIL: path("bin/mail"),
                HOLDFAST_PATIENCE: "1",
                SMARTD_DEVICE: "/dev/sda",
                SMARTD_DEVICETYPE: "sat",
                SMARTD_FAILTYPE: "Health",
                SMARTD_SUBJECT: "SMART error detected",
                SMARTD_MESSAGE: "FAILED SMART self-check",
                ...environment,
            },
        });
        expect(stderr).toBe("");
        return (await readFile(path("calls"), "utf8")).split("\n").slice(0, -1);
    }
    const subject = "mail SMART error detected";
    const nvme = (bits: string, names: string) => `Device: /dev/nvme0, Critical Warning (${bits}): ${names}`;
    const spared = (reason: string) => [
        `logger -t holdfast -- disk /dev/sda fails (Health); not powered off: ${reason}`,
        subject,
    ];
    const shutdown = (failure = "Health") =>
        `shutdown -h +5 Holdfast: disk /dev/sda fails (${failure}). Cancel with: shutdown -c`;
    const poweredOff = (failure = "Health") => [
        shutdown(failure),
        `logger -t holdfast -- disk /dev/sda fails (${failure}); shutting down in 5 minutes`,
        subject,
        "mail disk failing, shutting down in 5 minutes: /dev/sda",
    ];

    test.each(["Health", "Usage", "OfflineUncorrectableSector", "USAGE_FAILED", "OFFLINE_FAILED"])(
        "%s schedules a shutdown, once",
        async (failure) => {
            expect(await warn({ SMARTD_FAILTYPE: failure })).toEqual(poweredOff(failure));
            expect(await warn({ SMARTD_FAILTYPE: failure })).toEqual([subject]);
        },
    );

    test.each([
        "EmailTest",
        "FailedOpenDevice",
        "FailedReadSmartData",
        "FailedReadSmartErrorLog",
        "FailedReadSmartSelfTestLog",
        "FailedHealthCheck",
        "ErrorCount",
        "SelfTest",
        "CurrentPendingSector",
        "Temperature",
        "",
    ])("%s is mailed, and never a reason to power off", async (failure) => {
        expect(await warn({ SMARTD_FAILTYPE: failure })).toEqual([subject]);
    });

    test("the action alert is respected, for the node and for one disk", async () => {
        expect(await warn({}, { action: "alert" })).toEqual(spared("the stack says alert"));
        await rm(path("run"), { recursive: true });
        const devices = [{ device: byId, action: "alert" }];
        expect(await warn({ SMARTD_DEVICE: byId }, { devices })).toContain(
            `logger -t holdfast -- disk ${byId} fails (Health); not powered off: the stack says alert`,
        );
    });

    describe("heat and worn spare blocks, which smartd calls a failing disk as well", () => {
        beforeEach(() => put({ "type-nvme0n1": "ext4", "sys/block/nvme0n1/size": "1" }));
        test.each<[string, string, string]>([
            ["Health", "nvme", nvme("0x02", "Temperature")],
            ["Health", "nvme", nvme("0x01", "LowSpare")],
            ["Health", "auto", nvme("0x13", "LowSpare, Temperature, VolMemBackup")],
            ["Usage", "sat", "Device: /dev/sda [SAT], Failed SMART usage Attribute: 190 Airflow_Temperature_Cel."],
            ["Usage", "sat", "Device: /dev/sda [SAT], Failed SMART usage Attribute: 194 Temperature_Celsius."],
            ["Health", "scsi", "Device: /dev/sda, SMART Failure: WARNING: specified temperature exceeded"],
        ])("%s of %s only alerts: %s", async (failure, type, message) => {
            expect(
                await warn({
                    SMARTD_DEVICE: type === "nvme" ? "/dev/nvme0" : "/dev/sda",
                    SMARTD_FAILTYPE: failure,
                    SMARTD_DEVICETYPE: type,
                    SMARTD_MESSAGE: message,
                }),
            ).toEqual([subject]);
        });
        test.each([nvme("0x06", "Temperature, Reliability"), nvme("0x08", "R/O"), nvme("0x08", "Read_Only")])(
            "but not what comes with them: %s",
            async (message) => {
                expect(
                    (
                        await warn({ SMARTD_DEVICE: "/dev/nvme0", SMARTD_DEVICETYPE: "nvme", SMARTD_MESSAGE: message })
                    )[0],
                ).toMatch(/^shutdown -h \+5 /);
            },
        );
        test("and another attribute does", async () => {
            expect(
                await warn({
                    SMARTD_FAILTYPE: "Usage",
                    SMARTD_MESSAGE: "Device: /dev/sda [SAT], Failed SMART usage Attribute: 5 Reallocated_Sector_Ct.",
                }),
            ).toEqual(poweredOff("Usage"));
        });
    });

    describe("a shutdown that somebody else has scheduled", () => {
        const schedule = (mode: string, minutes: number) =>
            put({
                scheduled: `USEC=${Math.round(Date.now() / 1000 + minutes * 60 + 10)}000000\nWARN_WALL=1\nMODE=${mode}`,
            });
        test.each([
            ["poweroff", 1],
            ["halt", 4],
            ["reboot", 2],
        ])("%s in %d minutes is left alone, and that is told", async (mode, minutes) => {
            await schedule(mode, minutes);
            const news = `left to the ${mode} that is already scheduled in ${minutes} minutes`;
            expect(await warn({})).toEqual([
                `logger -t holdfast -- disk /dev/sda fails (Health); ${news}`,
                subject,
                `mail disk failing, ${news}: /dev/sda`,
            ]);
            await rm(path("scheduled"));
            expect(await warn({})).toEqual(poweredOff());
        });
        test.each([
            ["poweroff", 30],
            ["reboot", 600],
        ])("%s in %d minutes gives way, and that is told", async (mode, minutes) => {
            await schedule(mode, minutes);
            const news = `shutting down in 5 minutes instead of the ${mode} that was scheduled in ${minutes} minutes`;
            expect(await warn({})).toEqual([
                shutdown(),
                `logger -t holdfast -- disk /dev/sda fails (Health); ${news}`,
                subject,
                `mail disk failing, ${news}: /dev/sda`,
            ]);
        });
        test("is not believed in what is no note of systemd's", async () => {
            await put({ scheduled: "USEC=a[$(id)]\nMODE=poweroff" });
            expect(await warn({})).toEqual(poweredOff());
        });
    });

    test("a shutdown that fails is told, and tried again", async () => {
        await fake("shutdown", `echo "shutdown $*" >>"${path("calls")}"; exit 1`);
        const failed = "but the shutdown could not be scheduled (status 1): the node stays on";
        const expected = [
            shutdown(),
            `logger -t holdfast -- disk /dev/sda fails (Health); ${failed}`,
            subject,
            `mail disk failing, ${failed}: /dev/sda`,
        ];
        expect(await warn({})).toEqual(expected);
        expect(await warn({})).toEqual(expected);
    });

    test("where /run cannot be written the node is powered off all the same", async () => {
        await put({ run: "no folder" });
        expect(await warn({})).toEqual([
            shutdown(),
            expect.stringContaining("a cancelled shutdown may be scheduled again"),
            ...poweredOff().slice(1),
        ]);
    });

    test("a disk that is put in the place of a failed one counts for itself", async () => {
        const info = (serial: string) => ({
            SMARTD_DEVICEINFO: `EXAMPLE, S/N:${serial}, WWN:5-000000-000000000, FW:1, 4.00 TB`,
        });
        expect(await warn(info("A"))).toEqual(poweredOff());
        expect(await warn({ ...info("A"), SMARTD_DEVICE: "/dev/sdq" })).toEqual([subject]);
        expect(await warn(info("B"))).toEqual(poweredOff());
    });

    test("a disk with nothing on it only alerts; a mounted one, and one for swap, do not", async () => {
        await rm(path("type-sda1"));
        expect(await warn({})).toEqual(spared("nothing on it is in use"));
        await put({
            "sys/block/sda/sda1/dev": "8:1",
            "proc/self/mountinfo": "36 35 8:1 / /mnt rw - ext4 /dev/sda1 rw",
        });
        expect(await warn({})).toEqual(poweredOff());
        await rm(path("run"), { recursive: true });
        await put({
            "proc/self/mountinfo": "",
            "proc/swaps": "Filename Type Size Used Priority\n/dev/sda1 partition 1 0 -2",
        });
        expect(await warn({})).toEqual(poweredOff());
    });

    test("what udev knows is not read from the disk; a disk that does not answer only alerts, and the mail goes out", async () => {
        await fake("blkid", "sleep 60");
        await put({ "sys/block/sda/dev": "8:0", "sys/block/sda/sda1/dev": "8:1", "udev/b8:0": "E:ID_FS_TYPE=btrfs" });
        expect(await warn({})).toEqual(spared("it is part of a btrfs, whose redundancy is not known"));
        await put({ "udev/b8:0": "" });
        expect(await warn({})).toEqual(spared("what is on sda is not known: it does not answer"));
    });

    test("exactly one mail tells the warning: Debian's where it can, else Holdfast's", async () => {
        await fake("mail", "");
        expect(await warn({}, { action: "alert" })).toContain(subject);
        await put({ "10mail": "#!/bin/sh" });
        await chmod(path("10mail"), 0o755);
        expect(await warn({}, { action: "alert" })).not.toContain(subject);
        expect((await warn({})).filter((call) => call.startsWith("mail "))).toEqual([
            "mail disk failing, shutting down in 5 minutes: /dev/sda",
        ]);
        await rm(path("bin/mail"));
        expect(await warn({}, { action: "alert" })).toContain(subject);
    });

    test.each(["megaraid,4", "sat+megaraid,4", "cciss,0", "3ware,1", "areca,3/1", "jmb39x,0", "sat+sssraid,0,1"])(
        "a disk behind a RAID controller (%s) only alerts",
        async (type) => {
            expect(await warn({ SMARTD_DEVICETYPE: type })).toEqual(
                spared("it is behind a RAID controller, whose redundancy is not known"),
            );
        },
    );

    test("a disk whose data DRBD replicates only alerts", async () => {
        await put({ "type-sda1": "drbd" });
        expect(await warn({})).toEqual(spared("its data are replicated"));
    });

    test("a disk of which nothing is known only alerts", async () => {
        expect(await warn({ SMARTD_DEVICE: "/dev/sdz" })).toContain(
            "logger -t holdfast -- disk /dev/sdz fails (Health); not powered off: what is on it is not known",
        );
    });

    test("an NVMe controller is known by its namespace", async () => {
        await put({ "sys/block/nvme0n1/nvme0n1p2/size": "1", "type-nvme0n1p2": "ext4" });
        expect(
            await warn({
                SMARTD_DEVICE: "/dev/nvme0",
                SMARTD_DEVICETYPE: "nvme",
                SMARTD_MESSAGE: nvme("0x04", "Reliability"),
            }),
        ).toContain("shutdown -h +5 Holdfast: disk /dev/nvme0 fails (Health). Cancel with: shutdown -c");
    });

    describe("in a Linux array", () => {
        async function array(
            level: string,
            degraded: string,
            states: readonly string[] = ["in_sync", "in_sync"],
        ): Promise<void> {
            await put({
                "sys/block/md0/md/level": level,
                "sys/block/md0/md/degraded": degraded,
                "sys/block/md0/md/dev-sda1/state": states[0]!,
            });
            for (const [index, state] of states.slice(1).entries())
                await put({ [`sys/block/md0/md/dev-sd${"bcd"[index]}1/state`]: state });
            await link("sys/block/sda/sda1/holders/md0", "sys/block/md0");
        }
        test.each([
            ["raid1", "0"],
            ["raid5", "0"],
            ["raid6", "1"],
            ["raid10", "0"],
        ])("%s that lacks %s members only alerts", async (level, degraded) => {
            await array(level, degraded);
            expect(await warn({})).toEqual(spared(`md0 (${level}) is still redundant`));
        });
        test.each([
            ["raid0", ""],
            ["linear", ""],
            ["raid5", "1"],
            ["raid6", "2"],
        ])("%s that lacks %j members powers off", async (level, degraded) => {
            await array(level, degraded);
            expect(await warn({})).toEqual(poweredOff());
        });
        test("a mirror whose other half is gone powers off, one of three does not", async () => {
            await array("raid1", "1", ["in_sync"]);
            expect(await warn({})).toEqual(poweredOff());
            await rm(path("run"), { recursive: true });
            await put({ "sys/block/md0/md/dev-sdb1/state": "in_sync" });
            expect(await warn({})).toEqual(spared("md0 (raid1) is still redundant"));
        });
        test("a mirror that is whole at the first warning and has lost its other half at the next", async () => {
            await array("raid1", "0");
            expect(await warn({})).toEqual(spared("md0 (raid1) is still redundant"));
            await put({ "sys/block/md0/md/degraded": "1", "sys/block/md0/md/dev-sdb1/state": "faulty" });
            expect(await warn({})).toEqual(poweredOff());
        });
        test.each([
            ["raid1", "0"],
            ["raid5", "0"],
            ["raid6", "1"],
        ])("%s does not count on a member that fails as well, until that is another disk", async (level, degraded) => {
            await array(level, degraded);
            await put({ "sys/block/sdb/sdb1/size": "1", "sys/block/sdb/diskseq": "7" });
            await link("sys/block/sdb/sdb1/holders/md0", "sys/block/md0");
            expect((await warn({ SMARTD_DEVICE: "/dev/sdb" }))[0]).toContain(
                `not powered off: md0 (${level}) is still redundant`,
            );
            await put({ "sys/block/sdb/diskseq": "8" });
            expect(await warn({})).toEqual(spared(`md0 (${level}) is still redundant`));
            await put({ "sys/block/sdb/diskseq": "7" });
            expect(await warn({})).toEqual(poweredOff());
        });
        test("a member that the array has dropped already only alerts", async () => {
            await array("raid1", "1", ["faulty", "in_sync"]);
            expect(await warn({})).toEqual(spared("md0 does without it already"));
        });
    });

    test("below LVM powers off, below an LVM mirror or Ceph it does not", async () => {
        await put({ "sys/block/dm-0/dm/name": "pve-root" });
        await link("sys/block/sda/sda1/holders/dm-0", "sys/block/dm-0");
        expect(await warn({})).toEqual(poweredOff());
        await rm(path("run"), { recursive: true });
        await put({ "sys/block/dm-0/dm/name": "data_rimage_0" });
        expect((await warn({}))[0]).toContain("it is part of the LVM mirror data, whose state is not known");
        await rm(path("run"), { recursive: true });
        await put({ "sys/block/dm-0/dm/name": "ceph--1234-osd--block" });
        expect((await warn({}))[0]).toContain("its data are replicated by Ceph");
    });

    describe("in a ZFS pool", () => {
        const pool = (config: string) =>
            `  pool: rpool\n state: ONLINE\nconfig:\n\n\tNAME             STATE     READ WRITE CKSUM\n${config}\nerrors: No known data errors\n`;
        const mirror = (other: string) =>
            pool(
                `\trpool            ONLINE       0     0     0\n\t  mirror-0       ONLINE       0     0     0\n\t    /dev/sda1    ONLINE       0     0     0\n\t    /dev/sdb1    ${other}       0     0     0\n`,
            );
        beforeEach(() => put({ "type-sda1": "zfs_member" }));

        /**
         * As `zpool status -jLP` has it: a pool's devices under `vdevs`, what stands beside them under keys of their
         * own.
         */
        function asJson(status: string): object {
            const keys: Readonly<Record<string, string>> = { cache: "l2cache" };
            const table: Record<string, Record<string, object>> = { vdevs: {} };
            const stack: { depth: number; vdevs: Record<string, object> }[] = [];
            const lines = status.split("\n");
            for (const line of lines.slice(lines.findIndex((each) => each.includes("NAME")) + 1)) {
                const [name, state] = line.trim().split(/\s+/);
                if (name === "" || name === "errors:") break;
                const depth = line.search(/\S/);
                while (stack.length > 0 && stack.at(-1)!.depth >= depth) stack.pop();
                if (state === undefined) {
                    stack.push({ depth, vdevs: (table[keys[name!] ?? name!] = {}) });
                    continue;
                }
                const vdevs = {};
                const within = stack.length > 0 ? stack.at(-1)!.vdevs : table.vdevs!;
                within[name!] = {
                    name,
                    state,
                    vdev_type: "any",
                    ...(name!.startsWith("/") ? { path: name } : { vdevs }),
                };
                stack.push({ depth, vdevs });
            }
            return {
                output_version: { command: "zpool status" },
                pools: { rpool: { name: "rpool", state: "ONLINE", ...table } },
            };
        }

        test.each<[string, string, string | undefined]>([
            ["a whole mirror", mirror("ONLINE"), "its pool is still redundant (mirror-0)"],
            ["a mirror whose other half is gone", mirror("FAULTED"), undefined],
            ["a single disk", pool("\trpool        ONLINE\n\t  /dev/sda1  ONLINE\n"), undefined],
            [
                "a stripe beside a mirror",
                pool(
                    "\trpool        ONLINE\n\t  mirror-0  ONLINE\n\t    /dev/sdb1  ONLINE\n\t    /dev/sdc1  ONLINE\n\t  /dev/sda1  ONLINE\n",
                ),
                undefined,
            ],
            [
                "raidz1",
                pool(
                    "\trpool        ONLINE\n\t  raidz1-0  ONLINE\n\t    /dev/sda1  ONLINE\n\t    /dev/sdb1  ONLINE\n\t    /dev/sdc1  ONLINE\n",
                ),
                "its pool is still redundant (raidz1-0)",
            ],
            [
                "raidz1 that lacks one",
                pool(
                    "\trpool        DEGRADED\n\t  raidz1-0  DEGRADED\n\t    /dev/sda1  ONLINE\n\t    /dev/sdb1  UNAVAIL\n\t    /dev/sdc1  ONLINE\n",
                ),
                undefined,
            ],
            [
                "raidz2 that lacks one",
                pool(
                    "\trpool        DEGRADED\n\t  raidz2-0  DEGRADED\n\t    /dev/sda1  ONLINE\n\t    /dev/sdb1  UNAVAIL\n\t    /dev/sdc1  ONLINE\n",
                ),
                "its pool is still redundant (raidz2-0)",
            ],
            [
                "raidz3 that lacks two",
                pool(
                    "\trpool        DEGRADED\n\t  raidz3-0  DEGRADED\n\t    /dev/sda1  ONLINE\n\t    /dev/sdb1  UNAVAIL\n\t    /dev/sdc1  UNAVAIL\n\t    /dev/sdd1  ONLINE\n",
                ),
                "its pool is still redundant (raidz3-0)",
            ],
            [
                "raidz3 that lacks three",
                pool(
                    "\trpool        DEGRADED\n\t  raidz3-0  DEGRADED\n\t    /dev/sda1  ONLINE\n\t    /dev/sdb1  UNAVAIL\n\t    /dev/sdc1  UNAVAIL\n\t    /dev/sdd1  UNAVAIL\n",
                ),
                undefined,
            ],
            [
                "a cache",
                pool("\trpool        ONLINE\n\t  /dev/sdb1  ONLINE\n\tcache\n\t  /dev/sda1  ONLINE\n"),
                "its pool does without it",
            ],
            [
                "a log",
                pool("\trpool        ONLINE\n\t  /dev/sdb1  ONLINE\n\tlogs\n\t  /dev/sda1  ONLINE\n"),
                "it is a log device of a pool, which can do without it",
            ],
            [
                "a special device, as good as the pool itself",
                pool(
                    "\trpool        ONLINE\n\t  mirror-0  ONLINE\n\t    /dev/sdb1  ONLINE\n\t    /dev/sdc1  ONLINE\n\tspecial\n\t  /dev/sda1  ONLINE\n",
                ),
                undefined,
            ],
            [
                "a mirror with a spare in another's place",
                pool(
                    "\tt  DEGRADED\n\t  mirror-0  DEGRADED\n\t    spare-0  DEGRADED\n\t      /dev/sdb1  FAULTED\n\t      /dev/sdc1  ONLINE\n\t    /dev/sda1  ONLINE\n\tspares\n\t  /dev/sdc1  INUSE  currently in use\n",
                ),
                "its pool is still redundant (mirror-0)",
            ],
            [
                "a mirror whose spare has failed too",
                pool(
                    "\tt  DEGRADED\n\t  mirror-0  DEGRADED\n\t    spare-0  UNAVAIL\n\t      /dev/sdb1  FAULTED\n\t      /dev/sdc1  FAULTED\n\t    /dev/sda1  ONLINE\n",
                ),
                undefined,
            ],
            [
                "raidz2 that replaces one",
                pool(
                    "\tt  DEGRADED\n\t  raidz2-0  DEGRADED\n\t    /dev/sdd1  ONLINE\n\t    replacing-1  DEGRADED\n\t      /dev/sdb1  FAULTED\n\t      /dev/sdc1  ONLINE\n\t    /dev/sda1  ONLINE\n\t    /dev/sde1  UNAVAIL\n",
                ),
                "its pool is still redundant (raidz2-0)",
            ],
            [
                "a disk that is being replaced",
                pool(
                    "\tt  DEGRADED\n\t  raidz1-0  DEGRADED\n\t    replacing-0  ONLINE\n\t      /dev/sda1  ONLINE\n\t      /dev/sdc1  ONLINE\n\t    /dev/sdd1  UNAVAIL\n\t    /dev/sde1  ONLINE\n",
                ),
                "its pool is still redundant (replacing-0)",
            ],
            [
                "a spare in use",
                pool(
                    "\tt  DEGRADED\n\t  mirror-0  DEGRADED\n\t    spare-0  DEGRADED\n\t      /dev/sdb1  FAULTED\n\t      /dev/sda1  ONLINE\n\t    /dev/sdc1  FAULTED\n\tspares\n\t  /dev/sda1  INUSE  currently in use\n",
                ),
                undefined,
            ],
            [
                "draid2 with a distributed spare",
                pool(
                    "\tt  DEGRADED\n\t  draid2:4d:8c:1s-0  DEGRADED\n\t    /dev/sda1  ONLINE\n\t    spare-1  DEGRADED\n\t      /dev/sdb1  UNAVAIL\n\t      draid2-0-0  ONLINE\n\t    /dev/sdc1  UNAVAIL\n\tspares\n\t  draid2-0-0  INUSE\n",
                ),
                "its pool is still redundant (draid2:4d:8c:1s-0)",
            ],
            [
                "a group of which nothing is known",
                pool("\tt  ONLINE\n\t  anyraid-0  ONLINE\n\t    /dev/sda1  ONLINE\n\t    /dev/sdb1  ONLINE\n"),
                "it belongs to anyraid-0 of a ZFS pool, of which nothing is known",
            ],
            [
                "a pool that does not show it",
                pool("\trpool        ONLINE\n\t  /dev/sdb1  ONLINE\n"),
                "it belongs to a ZFS pool that does not show it",
            ],
        ])("%s", async (_title, status, reason) => {
            const expected = reason === undefined ? poweredOff() : spared(reason);
            await fake("zpool", `case $2 in *j*) echo "invalid option 'j'" >&2; exit 2 ;; esac; cat "${path("pool")}"`);
            await put({ pool: status });
            expect(await warn({})).toEqual(expected);
            // OpenZFS 2.3 says the same as JSON, and is then not asked for the text.
            await fake("zpool", `case $2 in *j*) cat "${path("pool.json")}" ;; *) exit 1 ;; esac`);
            await put({ "pool.json": JSON.stringify(asJson(status)) });
            await rm(path("run"), { recursive: true });
            expect(await warn({})).toEqual(expected);
        });
    });

    describe("below encryption", () => {
        beforeEach(async () => {
            for (const [disk, dm] of [
                ["sda", "dm-0"],
                ["sdb", "dm-1"],
            ] as const) {
                await put({
                    [`type-${disk}1`]: "crypto_LUKS",
                    [`sys/block/${disk}/${disk}1/size`]: "1",
                    [`type-${dm}`]: "zfs_member",
                    [`sys/block/${dm}/dm/name`]: `luks-${disk}`,
                });
                await link(`sys/block/${disk}/${disk}1/holders/${dm}`, `sys/block/${dm}`);
            }
            await put({
                pool: "config:\n\n\tNAME  STATE READ\n\tt  ONLINE\n\t  mirror-0  ONLINE\n\t    /dev/dm-0  ONLINE\n\t    /dev/dm-1  ONLINE\n",
            });
        });
        test("a pool's member is known, and one that fails as well is not counted on", async () => {
            expect(await warn({})).toEqual(spared("its pool is still redundant (mirror-0)"));
            expect(await warn({ SMARTD_DEVICE: "/dev/sdb" })).toContain(
                "shutdown -h +5 Holdfast: disk /dev/sdb fails (Health). Cancel with: shutdown -c",
            );
        });
        test("so is btrfs", async () => {
            await put({ "type-dm-0": "btrfs" });
            expect(await warn({})).toEqual(spared("it is part of a btrfs, whose redundancy is not known"));
        });
        test("a zpool that does not answer, not even to a signal, only alerts, and the mail goes out", async () => {
            await fake("zpool", "trap '' TERM; sleep 60 & wait; wait");
            expect(await warn({})).toEqual(
                spared("it belongs to a ZFS pool, whose state is not known: zpool does not answer"),
            );
        });
    });

    test("what smartd says is never run as a command", async () => {
        await warn({
            SMARTD_MESSAGE: `$(touch ${path("ran")}) \`touch ${path("ran")}\``,
            SMARTD_DEVICE: `/dev/disk/by-id/ata-'; touch ${path("ran")} #`,
            SMARTD_FAILTYPE: "Health",
        });
        await expect(readFile(path("ran"))).rejects.toThrow("ENOENT");
    });
});
