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
pairs("clock", {
    "a clock that nobody sets": {
        fault: step("no"),
        says: ["boot-clock-adrift", /no time service/],
        twin: step("yes"),
    },
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

const services = (state: string, restarts: number): Fixture => ({
    commands: {
        "systemctl show --property=Id,SubState,NRestarts -- *.service": `Id=ssh.service\nSubState=running\nNRestarts=9\n\nId=x.service\nSubState=${state}\nNRestarts=${restarts}\n`,
    },
});
pairs("unit-loops", {
    "a service that fails for ever": {
        fault: services("auto-restart", 17),
        says: ["boot-unit-loops", /^x\.service fails again/],
        twin: services("auto-restart", 1),
    },
});

test("a systemd that only says that it is offline is not taken for one whose boot is over", async () => {
    expect(await ask("unit-jobs", boot("offline", 3600))).toMatchObject({
        state: "unknown",
        code: "boot-systemctl-silent",
    });
});

const boot = (state: string, seconds: number): Fixture => ({
    commands: {
        "systemctl is-system-running": [1, `${state}\n`],
        "systemctl list-jobs --no-legend --plain": "12 x.service start running\n13 multi-user.target start waiting\n",
    },
    pretend: `
from concerns.bootReadiness.node.checks import unit_jobs
unit_jobs.seconds_since_boot = lambda: ${seconds}`,
});
pairs("unit-jobs", {
    "a boot that is not over after ten minutes": {
        fault: boot("starting", 3600),
        says: ["boot-never-ends", /waits for multi-user\.target, x\.service/],
        twin: boot("degraded", 3600),
    },
    "the same, once these ten minutes are over and not before": {
        fault: boot("starting", 601),
        says: ["boot-never-ends", /x\.service/],
        twin: boot("starting", 60),
        is: "skipped",
    },
});
