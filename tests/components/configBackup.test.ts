import { formatFault, parseFleet, secretsOf } from "../../components/fleet";
import { planConfigBackup } from "../../components/configBackup";
import { resolveConfigBackup } from "../../components/configBackup/settings";
import { hostKey } from "../fixtures/fleet/threeNodes";
import { runPython } from "../helpers/programs";

const parse = (configBackup?: unknown, more: object = {}) =>
    parseFleet({ nodes: { pve01: { address: "192.0.2.11", configBackup }, ...more } }, () => "");
const faults = (configBackup: unknown) => parse(configBackup).faults.map(formatFault);
const sftp = { target: "sftp:backup@192.0.2.60:/srv/backup", hostKey };
const planOf = (given: Parameters<typeof resolveConfigBackup>[0], secrets?: Record<string, string>) =>
    planConfigBackup({
        host: { name: "pve01", address: "192.0.2.11" },
        node: { name: "pve01", address: "192.0.2.11" },
        settings: resolveConfigBackup(given),
        secrets,
    });

describe("the setting", () => {
    test("it is off without a target, and full of defaults with one", () => {
        expect(parse().fleet?.nodes[0]?.configBackup).toBeUndefined();
        expect(parse(sftp).fleet?.nodes[0]?.configBackup).toEqual({
            target: "sftp:backup@192.0.2.60:/srv/backup",
            kind: "sftp",
            pinned: { host: "192.0.2.60", hostKey },
            port: 22,
            time: "02:00",
            keep: { daily: 14, weekly: 8, monthly: 12 },
            drill: { day: "Sun" },
        });
    });
    test("what earlier versions took for a target is sftp", () => {
        expect(
            parse({ ...sftp, target: "backup@nas.example.test:/srv/pve" }).fleet?.nodes[0]?.configBackup?.target,
        ).toBe("sftp:backup@nas.example.test:/srv/pve");
    });
    test.each([
        [
            { target: sftp.target },
            "hostKey: is missing: expected the target's host key, as ssh-keyscan prints it after the host name",
        ],
        [{ target: "/srv/backup", hostKey }, "hostKey: is for an sftp target, and this one is local"],
        [{ target: "rest:https://192.0.2.60:8000/pve", port: 22 }, "port: is for an sftp target, and this one is rest"],
    ])("%j is refused", (given, message) => {
        expect(faults(given)).toEqual([`holdfast:fleet.nodes.pve01.configBackup.${message}`]);
    });
    test.each([
        "rest:https://user:word@192.0.2.60/pve",
        "sftp:backup@192.0.2.60:relative",
        "/srv/../etc",
        "/srv/back'up",
        "b2:bucket",
        "/",
    ])("the target %s is refused", (target) => {
        expect(faults({ ...sftp, target })[0]).toMatch(/configBackup\.target: expected sftp:USER@HOST:\/PATH, rest:/);
    });
    test("each kind of target has its secrets", () => {
        const secrets = (given: object) =>
            secretsOf(parse(given).fleet!.nodes[0]!).filter((key) => key !== "mailPassword");
        expect(secrets(sftp)).toEqual(["backupPassword", "backupKey"]);
        expect(secrets({ target: "rest:https://192.0.2.60:8000/pve" })).toEqual(["backupPassword", "backupLogin"]);
        expect(secrets({ target: "/mnt/backup" })).toEqual(["backupPassword"]);
    });
    test("a folder of the node itself, and a rest-server without TLS, are warned about", () => {
        const warnings = (target: string) => parse({ target }).fleet!.warnings.join("\n");
        expect(warnings("/mnt/backup")).toContain("pve01: configBackup.target is a folder of the node itself");
        expect(warnings("rest:http://192.0.2.60:8000/pve")).toContain(
            "pve01: configBackup.target is spoken to without TLS",
        );
    });
});

describe("the plan", () => {
    test("has the pinned key of the target and no other, by its port", () => {
        const { files } = planOf({ ...sftp, port: 2222 });
        expect(files["/etc/holdfast/backup.known_hosts"]?.content).toBe(
            `# Managed by Holdfast: the host key of the backup's target, and no other.\n[192.0.2.60]:2222 ${hostKey}\n`,
        );
    });
    test("secrets are files of root's alone, and in no other", () => {
        const { files } = planOf(sftp, { backupPassword: "hunter-word", backupKey: "hunter-key\n" });
        expect(files["/etc/holdfast/backup.password"]).toEqual({ content: "hunter-word\n", mode: "0600" });
        expect(files["/etc/holdfast/backup.key"]).toEqual({ content: "hunter-key\n", mode: "0600" });
        expect(files["/etc/holdfast/backup.login"]).toEqual({ absent: true });
        const others = Object.entries(files).filter(([path]) => !/\.(?:password|key)$/.test(path));
        expect(JSON.stringify(others)).not.toContain("hunter");
    });
    test("runs at the time of the stack, and catches up what was missed", () => {
        expect(
            planOf({ ...sftp, time: "03:15" }).files["/etc/systemd/system/holdfast-config-backup.timer"]?.content,
        ).toContain("\nOnCalendar=03:15\nRandomizedDelaySec=30min\nPersistent=true\n");
    });
});

test("the drill's timer stops with the last drill", () => {
    const timer = (by: string) => {
        const drill = { on: by };
        const pve02 = { address: "192.0.2.12", configBackup: { ...sftp, drill } };
        const { nodes: machines } = parse({ ...sftp, drill }, { pve02 }).fleet!;
        const { host, identity, configBackup } = machines[0]!;
        return planConfigBackup({ host, node: identity, settings: configBackup!, fleet: { machines } }).units?.[
            "holdfast-drill.timer"
        ];
    };
    expect(timer("pve01")).toEqual({ enabled: true, active: true });
    expect(timer("pve02")).toEqual({ enabled: false, active: false });
});

describe("a host of the stack that a node names", () => {
    const target = { target: "sftp:backup@192.0.2.60:/srv/backup", hostKey };
    const fleetOf = (on: string, hosts: object) =>
        parseFleet(
            {
                defaults: { configBackup: { ...target, drill: { on } } },
                nodes: { pve01: { address: "192.0.2.11" }, pve02: { address: "192.0.2.12" } },
                hosts,
            },
            () => "",
        ).fleet!;
    const docker = { "vm-docker1": { address: "192.0.2.70" }, "vm-docker2": { address: "192.0.2.71" } };

    test("restores on trial, and backs up nothing of its own; one that nobody names has nothing of it", () => {
        const { nodes, hosts, warnings } = fleetOf("vm-docker1", docker);
        const machines = [...nodes, ...hosts];
        expect(warnings.filter((line) => line.includes("configBackup"))).toEqual([]);
        expect(machines.filter(({ configBackup }) => configBackup).map(({ identity }) => identity.name)).toEqual([
            "pve01",
            "pve02",
            "vm-docker1",
        ]);
        const plans = machines
            .slice(0, 3)
            .map(({ host, identity, configBackup }) =>
                planConfigBackup({ host, node: identity, settings: configBackup!, fleet: { machines } }),
            );
        const drilling = plans.map(
            ({ files }) => /DRILLS='(.*)'/.exec(files["/etc/holdfast/backup.conf"]!.content!)![1],
        );
        expect(drilling).toEqual(["", "", "pve01 pve02"]);
        const { files, units, facts, verify, packages } = plans[2]!;
        expect(Object.keys(files).sort()).toEqual([
            ...["conf", "key", "known_hosts", "login", "password"].map((name) => `/etc/holdfast/backup.${name}`),
            "/etc/systemd/system/holdfast-drill.service",
            "/etc/systemd/system/holdfast-drill.timer",
            "/usr/local/lib/holdfast/backup-drill",
        ]);
        expect(units).toEqual({ "holdfast-drill.timer": { enabled: true, active: true } });
        expect([Object.keys(facts!), verify, packages]).toEqual([
            ["backup drill", "last good restores on trial"],
            undefined,
            ["restic"],
        ]);
        expect(plans[0]!.units).toMatchObject({ "holdfast-restore-undo.service": { enabled: true } });
    });

    test("with another target, or none, is warned about", () => {
        const other = { "vm-docker1": { address: "192.0.2.70", configBackup: false } };
        expect(fleetOf("vm-docker1", other).warnings.join("\n")).toContain(
            "pve01, pve02: configBackup.drill.on names no machine with the same configBackup.target",
        );
    });
});

describe("who restores whose backup on trial", () => {
    const drills = (nodes: Record<string, object | undefined>) => {
        const entries = Object.entries(nodes).map(([name, configBackup], index) => [
            name,
            { address: `192.0.2.${11 + index}`, configBackup },
        ]);
        const fleet = parseFleet({ nodes: Object.fromEntries(entries) as object }, () => "").fleet!;
        return Object.fromEntries(
            fleet.nodes.flatMap(({ identity, host, configBackup }) => {
                if (!configBackup) return [];
                const plans = planConfigBackup({
                    host,
                    node: identity,
                    settings: configBackup,
                    fleet: { machines: fleet.nodes },
                });
                return [[identity.name, /DRILLS='(.*)'/.exec(plans.files["/etc/holdfast/backup.conf"]!.content!)![1]]];
            }),
        );
    };
    test("the next node of the stack that can open it, itself where there is no other", () => {
        expect(drills({ pve01: sftp, pve02: sftp, pve03: undefined, pve04: sftp })).toEqual({
            pve01: "pve04",
            pve02: "pve01",
            pve04: "pve02",
        });
        expect(drills({ pve01: sftp })).toEqual({ pve01: "pve01" });
    });
    test("or the one that the stack names", () => {
        expect(drills({ pve01: sftp, pve02: { ...sftp, drill: { on: "pve01" } }, pve03: sftp })).toEqual({
            pve01: "pve02 pve03",
            pve02: "pve01",
            pve03: "",
        });
    });
});

describe("which backups stay", () => {
    /** Good ones of these times, in their order; `!` in front of one that was never found complete. */
    const forgotten = async (times: readonly string[], keep: object) =>
        runPython(
            "/usr/local/lib/holdfast/config-backup",
            `all = []
for n, time in enumerate(given["times"], 1):
    all.append(Snapshot(f"s{n}", n, "", time.lstrip("!")))
    if not time.startswith("!"): all.append(Snapshot(f"v{n}", n, f"s{n}", time))
answer = to_forget(all, given["keep"])`,
            { times, keep },
        );
    const day = (number: number) => `2026-03-${String(number).padStart(2, "0")}T02:00:00Z`;

    test("the newest of each day, week and month; verdicts go with what they are about", async () => {
        expect(
            await forgotten([day(1), day(1).replace("02:", "03:"), day(2), day(3)], {
                daily: 2,
                weekly: 1,
                monthly: 1,
            }),
        ).toEqual(["s1", "s2", "v1", "v2"]);
    });
    test("nothing goes while none is good, and the newest good one stays whatever comes after", async () => {
        expect(await forgotten(["!" + day(1), "!" + day(2)], { daily: 1, weekly: 1, monthly: 1 })).toEqual([]);
        expect(await forgotten([day(1), "!" + day(2), "!" + day(3)], { daily: 1, weekly: 1, monthly: 1 })).toEqual([]);
    });
    test("a day of next year in between costs no other", async () => {
        expect(await forgotten([day(1), "2027-03-01T02:00:00Z", day(2)], { daily: 3, weekly: 1, monthly: 1 })).toEqual(
            [],
        );
    });
});

describe("what a restore shows", () => {
    test.each([
        ["+\tpassword hunter2", "+\tpassword [masked]"],
        ["-cipassword: hunter2", "-cipassword: [masked]"],
        ["+secret=hunter2", "+secret=[masked]"],
        [" \ttoken hunter2 x", " \ttoken [masked]"],
        ["+keyboard: de", "+keyboard: de"],
        ["+\tpath /srv/local", "+\tpath /srv/local"],
    ])("%j is %j", async (line, shown) => {
        expect(await runPython("/usr/local/lib/holdfast/config-restore", "answer = masked(given)", line)).toBe(shown);
    });
});

describe("config.db, read without a pmxcfs", () => {
    const read = (change: string) =>
        runPython(
            "/usr/local/lib/holdfast/config-backup",
            `import os, sqlite3, tempfile
folder = tempfile.mkdtemp()
path = folder + "/config.db"
db = sqlite3.connect(path)
db.execute("CREATE TABLE tree (inode INTEGER PRIMARY KEY, parent INTEGER, version INTEGER, writer INTEGER, mtime INTEGER, type INTEGER, name TEXT, data BLOB)")
rows = [(0, 0, 1, 0, 0, 4, "__version__", None), (2, 0, 2, 0, 0, 4, "priv", None), (3, 2, 3, 0, 0, 8, "with space.pw", b"x"), (4, 0, 4, 0, 0, 8, "storage.cfg", b"dir: local")]
db.executemany("INSERT INTO tree VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
db.commit()
${change}
db.close()
try: answer = {name: data.decode() for name, data in read_tree(path).items()}
except BrokenTree as error: answer = str(error).replace(folder, "")`,
            null,
        );
    test("is the tree of files", async () => {
        expect(await read("")).toEqual({ "priv/with space.pw": "x", "storage.cfg": "dir: local" });
    });
    test.each([
        [
            "a page that is damaged",
            "f = open(path, 'r+b'); f.seek(4096); f.write(bytes(2000)); f.close()",
            "/config.db: ",
        ],
        ["no database", "open(path, 'w').write('damaged' * 100)", "/config.db: file is not a database"],
        [
            "a name that leads out",
            "db.execute(\"UPDATE tree SET name = '..' WHERE inode = 4\"); db.commit()",
            "a row is named '..'",
        ],
        [
            "a folder within itself",
            "db.execute('UPDATE tree SET parent = 2 WHERE inode = 2'); db.commit()",
            "the row 2 leads to no root",
        ],
    ])("%s is told", async (_, change, said) => {
        expect(await read(change)).toEqual(expect.stringContaining(said));
    });
});

describe("what a backup has to have", () => {
    const manifest = {
        guests: { "100": { node: "pve01", kind: "qemu-server" } },
        keys: ["priv/authkey.key"],
        files: {
            "pve/nodes/pve01/qemu-server/100.conf": { sha256: "a" },
            "pve/priv/authkey.key": { sha256: "b" },
            "pve/storage.cfg": { sha256: "c" },
        },
    };
    const sound = { "pve/nodes/pve01/qemu-server/100.conf": "a", "pve/priv/authkey.key": "b", "pve/storage.cfg": "c" };
    const lacks = (stored: object, of: object = manifest) =>
        runPython("/usr/local/lib/holdfast/config-backup", 'answer = lacks(given["of"], given["stored"])', {
            of,
            stored,
        });

    test("is compared by content", async () => {
        expect(await lacks(sound)).toEqual([]);
        expect(await lacks({ ...sound, "pve/storage.cfg": "x" })).toEqual(["pve/storage.cfg has other content"]);
        const { "pve/nodes/pve01/qemu-server/100.conf": _, ...rest } = sound;
        expect(await lacks(rest)).toEqual(["pve/nodes/pve01/qemu-server/100.conf is missing"]);
    });
    test("has a file for each guest and key that pmxcfs names", async () => {
        expect(
            await lacks(sound, { ...manifest, guests: { ...manifest.guests, "101": { node: "pve02", kind: "lxc" } } }),
        ).toEqual(["the guest 101 on pve02 has no file"]);
        expect(await lacks(sound, { ...manifest, keys: ["priv/authkey.key", "priv/other.pw"] })).toEqual([
            "the key priv/other.pw has no file",
        ]);
    });
});
