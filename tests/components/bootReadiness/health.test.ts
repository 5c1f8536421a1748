/** Room, health and units. */
import { ask, pairs, type Fixture } from "./machine";

/** Of every place: shares that are free, and the flags of the mount. */
const room = (bytes: number, inodes: number, flags = 0): Fixture => ({
    files: { "/var/": "" },
    pretend: `
import types
from concerns.bootReadiness.node.checks import space
space.statvfs = lambda path: types.SimpleNamespace(f_bavail=int(${bytes} * 1000000), f_frsize=4096, f_blocks=1000000, f_files=1000, f_favail=int(${inodes} * 1000), f_flag=${flags})`,
});
pairs("space", {
    "a full root": {
        fault: room(0.001, 0.9),
        says: ["boot-disk-full", /^\/ is full$/],
        twin: room(0.05, 0.9),
    },
    "no inodes left": {
        fault: room(0.9, 0.001),
        says: ["boot-inodes-gone", /no inodes/],
        twin: room(0.9, 0.05),
    },
    "a root that a failing disk made read-only": {
        fault: room(0.9, 0.9, 1),
        says: ["boot-root-read-only", /read-only/],
        twin: room(0.9, 0.9),
    },
});

const step = (said: string): Fixture => ({
    commands: { "timedatectl show --property=NTPSynchronized --value": `${said}\n` },
});
/** Of a node whose kernel is told nothing. */
const chrony = (leap: string): Fixture => ({
    files: { "/etc/systemd/system/multi-user.target.wants/chrony.service": "", "/usr/bin/chronyc": "" },
    commands: {
        ...step("no").commands,
        "chronyc -n tracking": `Reference ID    : C0000201 (192.0.2.1)\nStratum         : 3\nUpdate interval : 64.2 seconds\nLeap status     : ${leap}\n`,
    },
});
pairs("clock", {
    "a clock that nobody sets": {
        fault: step("no"),
        says: ["boot-clock-adrift", /no time service/],
        twin: step("yes"),
    },
    "a time service that is masked": {
        fault: { ...chrony("Normal"), links: { "/etc/systemd/system/chrony.service": "/dev/null" } },
        says: ["boot-clock-adrift", /no time service/],
        // Without rtcsync chrony keeps the clock, and does not tell the kernel.
        twin: chrony("Normal"),
    },
});
test("a clock that is not in step yet is said, and no fault: nobody outside has to answer", async () => {
    const { commands, ...silent } = chrony("Not synchronised");
    const enabled = "/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service";
    const said = [
        { ...silent, commands: commands! },
        { ...silent, commands: step("no").commands! },
        { ...step("no"), files: { [enabled]: "" } },
    ];
    for (const fixture of said)
        expect(await ask("clock", fixture)).toMatchObject({
            state: "skipped",
            code: "boot-clock-not-yet",
            text: expect.stringContaining("not in step yet"),
        });
});

test("a locked root is said, and no fault", async () => {
    const shadow = (password: string) => ({ files: { "/etc/shadow": `daemon:*:1::\nroot:${password}:1::\n` } });
    expect(await ask("emergency-shell", shadow("!*"))).toMatchObject({ state: "skipped", code: "boot-root-locked" });
    expect(await ask("emergency-shell", shadow("$y$hash"))).toMatchObject({ state: "ok" });
    expect(await ask("emergency-shell")).toMatchObject({ state: "unknown" });
});

/** What systemd-analyze prints of whatever it is asked. */
const analyzed = (said: string): Fixture => ({
    pretend: `
commands.run = lambda argv, *rest, **options: commands.Outcome(1 if ${JSON.stringify(said)} else 0, "", ${JSON.stringify(said)}) if argv[0] == "systemd-analyze" else commands.Outcome(None, "", "", "not there")`,
});
pairs("unit-files", {
    "units that wait for each other": {
        fault: analyzed("multi-user.target: Found ordering cycle on a.service/start\n"),
        says: ["boot-unit-cycle", /ordering cycle/],
        twin: analyzed("a.service: Unknown key name 'Foo' in section 'Service', ignoring.\n"),
    },
    "an enabled unit without a program": {
        fault: analyzed("x.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.\n"),
        says: ["boot-unit-refused", /x\.service/],
        twin: analyzed(""),
    },
});

test("a systemd-analyze that is not there is not taken for ok", async () => {
    expect(await ask("unit-files")).toMatchObject({ state: "unknown", code: "boot-analyze-silent" });
});

const properties =
    "Id,Type,ExecStart,SubState,NRestarts,FragmentPath,DropInPaths,TimeoutStartUSec,JobRunningTimeoutUSec,Before,WantedBy,RequiredBy";
/** What systemctl shows of x.service, beside a service in order. */
const services = (shown: object, files: Readonly<Record<string, string>> = {}): Fixture => ({
    files,
    commands: {
        [`systemctl show --property=${properties} -- *.service`]: `Id=ssh.service\nSubState=running\nNRestarts=9\n\nId=x.service\n${Object.entries(
            shown,
        )
            .map(([key, value]) => `${key}=${value}\n`)
            .join("")}`,
    },
});
const restarting = (state: string, restarts: number) => services({ SubState: state, NRestarts: restarts });
pairs("unit-loops", {
    "a service that fails for ever": {
        fault: restarting("auto-restart", 17),
        says: ["boot-unit-loops", /^x\.service fails again/],
        twin: restarting("auto-restart", 1),
    },
});

const own = {
    Type: "oneshot",
    ExecStart: "{ path=/bin/sh ; argv[]=/bin/sh -c x ; ignore_errors=no ; }",
    FragmentPath: "/etc/systemd/system/x.service",
    TimeoutStartUSec: "infinity",
    JobRunningTimeoutUSec: "infinity",
    Before: "network-pre.target shutdown.target",
    WantedBy: "network-pre.target",
};
const dropIn = "/etc/systemd/system/x.service.d/limit.conf";
const packaged = { ...own, FragmentPath: "/usr/lib/systemd/system/x.service", Type: "forking", DropInPaths: dropIn };
/** A package's unit with a file of this machine's own. */
const set = (text: string, shown: object = packaged) => services(shown, { [dropIn]: `[Service]\n${text}\n` });
const endless = (shown: object) => set("TimeoutStartSec=infinity", { ...packaged, ...shown });
pairs("unit-limits", {
    "a limit that was taken away": {
        fault: set("TimeoutStartSec=infinity"),
        says: ["boot-unit-endless", /^x\.service may take for ever, and network-pre\.target waits for it$/],
        twin: set("Nice=5"),
    },
    "the same in other words": {
        fault: set("TimeoutSec = 0"),
        says: ["boot-unit-endless", /^x\.service/],
        twin: set("TimeoutStopSec=0"),
    },
    "the same without a limit of its job": {
        fault: endless({ JobRunningTimeoutUSec: "infinity" }),
        says: ["boot-unit-endless", /^x\.service/],
        twin: endless({ JobRunningTimeoutUSec: "10min" }),
    },
    "one that logging in waits for": {
        fault: endless({ Before: "ssh.service" }),
        says: ["boot-unit-endless", /ssh\.service waits/],
        twin: endless({ Before: "multi-user.target shutdown.target" }),
    },
    "one that the start of the system requires": {
        fault: endless({ WantedBy: "", RequiredBy: "sysinit.target" }),
        says: ["boot-unit-endless", /^x\.service/],
        twin: endless({ WantedBy: "", RequiredBy: "" }),
    },
    "one that has to say when it is ready": {
        fault: endless({ Type: "notify" }),
        says: ["boot-unit-endless", /^x\.service/],
        twin: endless({ Type: "simple" }),
    },
    "one of several commands without a limit of its own": {
        fault: endless({ ExecStart: "{ path=/usr/bin/timeout ; }\nExecStart={ path=/bin/wait ; }" }),
        says: ["boot-unit-endless", /^x\.service/],
        twin: endless({ ExecStart: "{ path=/usr/bin/timeout ; }\nExecStart={ path=/usr/bin/timeout ; }" }),
    },
});

test.each([
    ["is said, and no fault", { state: "skipped", code: "boot-unit-unlimited" }, own],
    [
        "that is a package's own will is not",
        { state: "ok" },
        { ...own, FragmentPath: "/usr/lib/systemd/system/x.service" },
    ],
    ["that does nothing at its start is not", { state: "ok" }, { ...own, ExecStart: "" }],
])("a oneshot without a limit, as none has by itself, %s", async (_, told, shown) => {
    expect(await ask("unit-limits", services(shown))).toMatchObject(told);
});

test("units of this machine's own are asked for by name, and templates are not", async () => {
    const folder = "/etc/systemd/system";
    const files = {
        [`${folder}/x.service`]: "",
        [`${folder}/worker@.service`]: "",
        [`${folder}/app@.target.wants/worker@.service`]: "",
        [`${folder}/getty.target.wants/getty@tty1.service`]: "",
    };
    const { commands } = services(own);
    const [question, said] = Object.entries(commands!)[0]!;
    const asked = { commands: { [`${question} getty@tty1.service x.service`]: said }, files };
    expect(await ask("unit-limits", asked)).toMatchObject({ code: "boot-unit-unlimited" });
});

test("a systemctl that does not answer is not taken for units with limits", async () => {
    expect(await ask("unit-limits")).toMatchObject({ state: "unknown", code: "boot-systemctl-silent" });
});

test("a systemd that only says that it is offline is not taken for one whose boot is over", async () => {
    expect(await ask("unit-jobs", boot("offline", 3600))).toMatchObject({
        state: "unknown",
        code: "boot-systemctl-silent",
    });
});

const boot = (state: string, seconds: number, jobs = "12 x.service start running\n", more = {}): Fixture => ({
    commands: {
        "systemctl is-system-running": [1, `${state}\n`],
        "systemctl list-jobs --no-legend --plain": `${jobs}13 multi-user.target start waiting\n`,
        ...more,
    },
    pretend: `
from concerns.bootReadiness.node.checks import unit_jobs
unit_jobs.seconds_since_boot = lambda: ${seconds}`,
});
const guests = "250 pve-guests.service start running\n";
const ownLook = "410 holdfast-boot-readiness.service start running\n";
const shown =
    "systemctl show --property=Id,TriggeredBy,WantedBy,RequiredBy -- holdfast-boot-readiness.service pve-guests.service";
const byTimer =
    "Id=holdfast-boot-readiness.service\nRequiredBy=\nTriggeredBy=holdfast-boot-readiness.timer holdfast-boot-readiness.path\n";
const ofGuests = "Id=pve-guests.service\nRequiredBy=\nWantedBy=multi-user.target\n";
pairs("unit-jobs", {
    "a boot that is not over after ten minutes": {
        fault: boot("starting", 3600),
        says: ["boot-never-ends", /waits for x\.service$/],
        twin: boot("degraded", 3600),
    },
    "the same, once these ten minutes are over and not before": {
        fault: boot("starting", 601),
        says: ["boot-never-ends", /x\.service/],
        twin: boot("starting", 60),
        is: "skipped",
    },
    "another service beside guests that are started one after the other": {
        fault: boot("starting", 3600, `${guests}12 x.service start running\n`),
        says: ["boot-never-ends", /^the boot still waits for x\.service$/],
        twin: boot("starting", 3600, guests),
    },
    "the same where this look's own job runs, too": {
        fault: boot("starting", 3600, `${guests}${ownLook}`, {
            [shown]: `${byTimer}WantedBy=multi-user.target\n\n${ofGuests}`,
        }),
        says: ["boot-never-ends", /waits for holdfast-boot-readiness\.service$/],
        twin: boot("starting", 3600, `${guests}${ownLook}`, { [shown]: `${byTimer}WantedBy=\n\n${ofGuests}` }),
    },
    "jobs that all wait for each other": {
        fault: boot("starting", 3600, ""),
        says: ["boot-never-ends", /waits for multi-user\.target$/],
        twin: boot("starting", 3600, "", { "systemctl list-jobs --no-legend --plain": "" }),
    },
});
test("guests that are still being started are said, and a list of jobs that cannot be had is not taken for an end", async () => {
    expect(await ask("unit-jobs", boot("starting", 3600, guests))).toMatchObject({
        state: "ok",
        text: "guests are still being started",
    });
    const silent = boot("starting", 3600, "", { "systemctl list-jobs --no-legend --plain": [1, "timed out"] });
    expect(await ask("unit-jobs", silent)).toMatchObject({ state: "unknown", code: "boot-systemctl-silent" });
});
