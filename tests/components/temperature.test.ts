import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import execa from "execa";
import { planTemperatureWatchdog } from "../../components/temperature";
import { formatFault, parseFleet } from "../../components/fleet";

jest.setTimeout(60_000); // a run forks a dozen times, and some wait for what hangs

const program = "/usr/local/lib/holdfast/temperature";

function planOf(temperature: unknown) {
    const { fleet, faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", temperature } } }, () => "");
    expect(faults).toEqual([]);
    const { identity, host, temperature: settings } = fleet!.nodes[0]!;
    return planTemperatureWatchdog({ host, node: identity, settings: settings! });
}

const faultsOf = (temperature: unknown) =>
    parseFleet({ nodes: { pve01: { address: "192.0.2.11", temperature } } }, () => "").faults.map(formatFault);

describe("the plan", () => {
    test("without settings warns at 75 °C, powers off at 90 °C and looks every five minutes, missed runs caught up", () => {
        const { files, units } = planOf(true);
        expect(files["/etc/holdfast/temperature.conf"]?.content?.split("\n").slice(1)).toEqual([
            "WARNING=75",
            "CRITICAL=90",
            "ACTION=shutdown",
            "IGNORE=''",
            "",
        ]);
        expect(files["/etc/systemd/system/holdfast-temperature.timer"]?.content).toMatch(
            /\nOnCalendar=\*:0\/5\nPersistent=true\n/,
        );
        expect(units).toEqual({ "holdfast-temperature.timer": { enabled: true, active: true } });
    });
    test("with cron has no timer", () => {
        const { files, units, packages } = planOf({ schedule: "cron" });
        expect(files["/etc/systemd/system/holdfast-temperature.timer"]).toEqual({ absent: true });
        expect(files["/etc/cron.d/holdfast-temperature"]?.content).toContain(
            "\n*/5 * * * * root timeout 110 /usr/local/lib/holdfast/temperature\n",
        );
        expect(units).toEqual({ "holdfast-temperature.timer": { enabled: false, active: false } });
        expect(packages).toContain("cron");
    });
    test("a run ends, or is ended, before the push that waits for it gives up", () => {
        const { files, verify } = planOf(true);
        const limit = /^TimeoutStartSec=(\d+)$/m.exec(
            files["/etc/systemd/system/holdfast-temperature.service"]!.content!,
        )![1];
        expect(Number(limit)).toBeLessThan(verify![0]!.timeout!);
    });
    test.each<[object, string]>([
        [{ warning: 90 }, "temperature: expected warning below critical, got warning 90 and critical 90"],
        [{ critical: 70 }, "temperature: expected warning below critical, got warning 75 and critical 70"],
        [{ critical: 121 }, "temperature.critical: expected °C from 30 to 120, got 121"],
        [{ warning: 29 }, "temperature.warning: expected °C from 30 to 120, got 29"],
        ...[
            "coretemp/x'; reboot; '",
            "coretemp/a;b",
            "coretemp/a\\nb",
            "coretemp/a\nb",
            "coretemp/$(x)",
            "coretemp/`x`",
            'coretemp/a"b',
        ].map((name): [object, string] => [
            { ignore: [name] },
            "temperature.ignore[0]: expected a sensor as the watchdog logs it",
        ]),
        [
            { ignore: ["x'; reboot; '"] },
            "temperature.ignore[0]: expected a sensor as the watchdog logs it: coretemp, or nct6775-isa-0290/AUXTIN0",
        ],
    ])("%j is refused", (temperature, fault) => {
        expect(faultsOf(temperature)[0]).toContain(`holdfast:fleet.nodes.pve01.${fault}`);
    });
});

describe("the watchdog's program, rehearsed", () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-thermal-"))));
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** Files as below /sys; what is there already stays. */
    async function put(files: Readonly<Record<string, string | number>>): Promise<void> {
        for (const [path, content] of Object.entries(files)) {
            await mkdir(dirname(join(folder, path)), { recursive: true });
            await writeFile(join(folder, path), `${content}\n`);
        }
    }

    /** One processor sensor with these readings in °C, one for each sample; the last one holds. */
    async function putProcessor(...celsius: readonly number[]): Promise<void> {
        for (const [index, reading] of celsius.entries()) {
            const at = celsius.length > 1 ? `${index + 1}/class/hwmon/hwmon2` : "class/hwmon/hwmon2";
            await put({
                [`${at}/name`]: "coretemp",
                [`${at}/temp1_label`]: "Package id 0",
                [`${at}/temp1_input`]: reading * 1000,
            });
        }
    }

    async function rehearse(settings: object = {}): Promise<string[]> {
        const { files } = planOf(settings);
        for (const [name, path] of [
            ["program", program],
            ["conf", "/etc/holdfast/temperature.conf"],
        ] as const)
            await writeFile(join(folder, name), files[path]!.content!, { mode: 0o755 });
        const { stdout, stderr } = await execa(join(folder, "program"), ["--rehearse", folder], {
            env: { HOLDFAST_TEMPERATURE_CONF: join(folder, "conf") },
        });
        expect(stderr).toBe("");
        return stdout.split("\n");
    }
    const would = (lines: readonly string[]) => lines.filter((line) => line.startsWith("would "));
    const metrics = async () => readFile(join(folder, "state", "holdfast_temperature.prom"), "utf8");

    test("74 °C is normal", async () => {
        await putProcessor(74);
        expect(await rehearse()).toEqual(["temperature: ok; coretemp/Package id 0 74 °C"]);
    });

    test("75 °C is mailed once, and once more when it has cleared by five degrees", async () => {
        await putProcessor(75);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: coretemp/Package id 0 at 75 C, limits 75 and 90",
        ]);
        await putProcessor(78);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(71);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(70);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature back to normal: coretemp/Package id 0 at 70 C, limits 75 and 90",
        ]);
        expect(would(await rehearse())).toEqual([]);
    });

    test("90 °C schedules one shutdown with a delay, cancelled when it cools", async () => {
        await putProcessor(90);
        expect(would(await rehearse())).toEqual([
            "would schedule a shutdown in 6 minutes",
            "would mail: temperature critical: coretemp/Package id 0 at 90 C, limits 75 and 90, shutting down in 6 minutes",
        ]);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(84);
        expect(would(await rehearse())).toEqual([
            "would cancel the shutdown",
            "would mail: temperature below critical again: coretemp/Package id 0 at 84 C, limits 75 and 90",
        ]);
    });

    test("a shutdown that somebody else has scheduled meanwhile is not cancelled", async () => {
        await putProcessor(90);
        await rehearse();
        await writeFile(join(folder, "state", "shutdown"), "another one\n");
        await putProcessor(60);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature below critical again: coretemp/Package id 0 at 60 C, limits 75 and 90",
        ]);
    });

    test("90 °C is mailed and nothing else where the action is alert", async () => {
        await putProcessor(90);
        expect(would(await rehearse({ action: "alert" }))).toEqual([
            "would mail: temperature critical: coretemp/Package id 0 at 90 C, limits 75 and 90",
        ]);
    });

    test("a single spike of 511 °C is said and does nothing", async () => {
        await putProcessor(511, 45, 45, 45, 45);
        expect(await rehearse()).toEqual([
            "temperature: ok; coretemp/Package id 0 45 °C; implausible and ignored: coretemp/Package id 0 511",
        ]);
    });

    test("a processor that boosts to 95 °C for one sample is neither a warning nor critical", async () => {
        await putProcessor(95, 60, 62, 61, 60);
        expect(await rehearse()).toEqual(["temperature: ok; coretemp/Package id 0 60 °C"]);
    });

    test("two plausible samples of five are no reading", async () => {
        await putProcessor(95, 511, 511, 511, 95);
        expect((await rehearse())[0]).toMatch(/^temperature: blind; nothing read; implausible/);
    });

    test.each([127, -128, 255, 0, 3_892_314])(
        "a constant %i °C is no temperature, and the machine counts as not watched",
        async (reading) => {
            await putProcessor(reading);
            expect(await rehearse()).toEqual([
                `temperature: blind; nothing read; implausible and ignored: coretemp/Package id 0 ${Array(5).fill(reading).join(", ")}`,
                "temperature: no trustworthy sensor on this machine: it is not watched",
            ]);
            expect(await metrics()).toContain("\nholdfast_temperature_sensors 0\n");
        },
    );

    test("a machine without any sensor says so in each run, and mails nothing", async () => {
        for (let run = 0; run < 2; run++)
            expect(await rehearse()).toEqual([
                "temperature: blind; nothing read",
                "temperature: no trustworthy sensor on this machine: it is not watched",
            ]);
    });

    /** A sensor beside the processor's, or instead of it. */
    async function putSensor(
        hwmon: number,
        driver: string,
        label: string,
        celsius: number,
        limits: Readonly<Record<string, number>> = {},
    ): Promise<void> {
        const at = `class/hwmon/hwmon${hwmon}`;
        await put({ [`${at}/name`]: driver, [`${at}/temp1_label`]: label, [`${at}/temp1_input`]: celsius * 1000 });
        for (const [limit, value] of Object.entries(limits)) await put({ [`${at}/temp1_${limit}`]: value * 1000 });
    }
    const nvme = { max: 81.85, crit: 84.85 };

    test("a sensor that was there and is gone is logged at once and mailed once, after three runs without it", async () => {
        await putProcessor(45);
        await putSensor(3, "k10temp", "Tdie", 50);
        expect(would(await rehearse())).toEqual([]);
        await rm(join(folder, "class/hwmon/hwmon3"), { recursive: true });
        for (let run = 0; run < 2; run++)
            expect(await rehearse()).toEqual(["temperature: ok; coretemp/Package id 0 45 °C; missing: k10temp/Tdie"]);
        expect(would(await rehearse())).toEqual(["would mail: temperature sensor missing: k10temp/Tdie"]);
        expect(would(await rehearse())).toEqual([]);
    });

    test("a sensor that comes and goes is never mailed about", async () => {
        await putProcessor(45);
        for (let run = 0; run < 4; run++) {
            await putSensor(3, "drivetemp", "temp1", 40);
            expect(would(await rehearse())).toEqual([]);
            await rm(join(folder, "class/hwmon/hwmon3"), { recursive: true });
            expect(would(await rehearse())).toEqual([]);
        }
    });

    test("one failure of `sensors -j` mails nothing, though the kernel's files have other names for the sensors", async () => {
        const json = join(folder, "sensors.json");
        await cp(join(__dirname, "../fixtures/thermal/sensors.json"), json);
        await putProcessor(47);
        await rehearse();
        await rm(json);
        expect(would(await rehearse())).toEqual([]);
        await cp(join(__dirname, "../fixtures/thermal/sensors.json"), json);
        for (let run = 0; run < 4; run++) expect(would(await rehearse())).toEqual([]);
    });

    test("a fallback that a processor's sensor makes needless is not missing", async () => {
        await put({ "class/thermal/thermal_zone0/type": "acpitz", "class/thermal/thermal_zone0/temp": 40_000 });
        await rehearse();
        await putProcessor(45);
        expect(await rehearse()).toEqual(["temperature: ok; coretemp/Package id 0 45 °C"]);
    });

    test("a shutdown stands while the sensors are silent: silence is no proof of cooling", async () => {
        await putProcessor(95);
        await rehearse();
        await putProcessor(-128);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(60);
        expect(would(await rehearse())).toContain("would cancel the shutdown");
    });

    test("a processor that has cooled is normal again, however near its limit a drive has been all the time", async () => {
        await putSensor(3, "nvme", "Composite", 80, nvme);
        await putProcessor(95);
        expect(would(await rehearse())).toContain("would schedule a shutdown in 6 minutes");
        await putProcessor(45);
        const cooled = await rehearse();
        expect(cooled[0]).toBe("temperature: ok; coretemp/Package id 0 45 °C, nvme/Composite 80 °C");
        expect(would(cooled)).toEqual([
            "would cancel the shutdown",
            "would mail: temperature below critical again: coretemp/Package id 0 at 45 C, limits 75 and 90",
        ]);
    });

    test("a drive's warning does not keep a processor's from being mailed", async () => {
        await putSensor(1, "nvme", "Composite", 62);
        await putProcessor(50);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: nvme/Composite at 62 C, limits 60 and none",
        ]);
        await putProcessor(88);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: coretemp/Package id 0 at 88 C, limits 75 and 90",
        ]);
    });

    test("a cancelled shutdown stays so for the sensor that led to it, and another one that gets critical schedules the next", async () => {
        await putSensor(1, "nvme", "Composite", 85, nvme);
        await putProcessor(50);
        expect(would(await rehearse())).toContain("would schedule a shutdown in 6 minutes");
        await rm(join(folder, "state/shutdown"));
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(99);
        expect(would(await rehearse())).toEqual([
            "would schedule a shutdown in 6 minutes",
            "would mail: temperature critical: coretemp/Package id 0 at 99 C, limits 75 and 90, shutting down in 6 minutes",
        ]);
    });

    test("what happens to several sensors in one run is one mail", async () => {
        await putSensor(3, "nvme", "Composite", 62);
        await putProcessor(88);
        const first = "temperature warning: coretemp/Package id 0 at 88 C, limits 75 and 90";
        const lines = await rehearse();
        expect(would(lines)).toEqual([`would mail: ${first} (and more)`]);
        expect(lines.slice(1, 3)).toEqual([first, "temperature warning: nvme/Composite at 62 C, limits 60 and none"]);
    });

    test("of two zones with one name both count", async () => {
        await put({
            "class/thermal/thermal_zone0/type": "x86_pkg_temp",
            "class/thermal/thermal_zone0/temp": 97_000,
            "class/thermal/thermal_zone1/type": "x86_pkg_temp",
            "class/thermal/thermal_zone1/temp": 40_000,
        });
        expect((await rehearse())[0]).toBe("temperature: critical; x86_pkg_temp/zone 97 °C, x86_pkg_temp/zone 1 40 °C");
    });

    test("of two inputs that nothing tells apart the hotter one counts", async () => {
        for (const [hwmon, celsius] of [
            [0, 97],
            [1, 40],
            [2, 60],
            [3, 98],
        ] as const)
            await putSensor(hwmon, "coretemp", "P", celsius);
        expect((await rehearse())[0]).toBe("temperature: critical; coretemp/P 97 °C, coretemp/P 1 98 °C");
    });

    test("a sensor that hangs is said, and costs no other its reading", async () => {
        await putProcessor(45);
        await putSensor(1, "nvme", "Composite", 40);
        await rehearse();
        await rm(join(folder, "class/hwmon/hwmon1/temp1_input"));
        await execa("mkfifo", [join(folder, "class/hwmon/hwmon1/temp1_input")]);
        expect(await rehearse()).toEqual([
            "temperature: ok; coretemp/Package id 0 45 °C; no answer from: hwmon1; missing: nvme/Composite",
        ]);
    });

    test("a level that cannot be stored is said, and the pending shutdown is not put off", async () => {
        await put({ "state/levels/x": "" });
        await putProcessor(95);
        expect(await rehearse()).toContainEqual(
            expect.stringMatching(/^temperature: state cannot be stored: .*\/state\/levels: /),
        );
        expect(would(await rehearse())).toEqual([
            "would mail: temperature critical: coretemp/Package id 0 at 95 C, limits 75 and 90, the shutdown is scheduled already",
        ]);
        await putProcessor(60);
        expect(would(await rehearse())[0]).toBe("would cancel the shutdown");
    });

    test("a sensor that lies can be ignored while its shutdown is pending; that nothing is left is said", async () => {
        await putProcessor(95);
        await rehearse();
        const lines = await rehearse({ ignore: ["coretemp"] });
        expect(lines.slice(0, 2)).toEqual([
            "temperature: blind; nothing read",
            "temperature: no trustworthy sensor on this machine: it is not watched; the stack ignores coretemp/Package id 0",
        ]);
        expect(would(lines)[0]).toBe("would cancel the shutdown");
        expect(await readFile(join(folder, "state/level"), "utf8")).toBe("blind\n"); // "no trustworthy sensor" in the outputs
    });

    test.each(["dell_smm/CPU (x)", "coretemp/[0] 45°"])("%s can be ignored", async (name) => {
        const [driver, label] = name.split("/") as [string, string];
        await putSensor(0, driver, label, 99);
        await putSensor(1, "coretemp", "Core 0", 40);
        expect(await rehearse({ ignore: [name] })).toEqual(["temperature: ok; coretemp/Core 0 40 °C"]);
    });

    test("`sensors -j` is read: drives by their own limits, unconnected inputs and a drive's inner sensors not at all", async () => {
        await cp(join(__dirname, "../fixtures/thermal/sensors.json"), join(folder, "sensors.json"));
        expect(await rehearse()).toEqual([
            "temperature: ok; coretemp-isa-0000/Package id 0 47 °C, coretemp-isa-0000/Core 0 45 °C, nvme-pci-0100/Composite 80 °C",
        ]);
        const hot = (await readFile(join(folder, "sensors.json"), "utf8")).replace("79.850", "82.850");
        await writeFile(join(folder, "sensors.json"), hot);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: nvme-pci-0100/Composite at 83 C, limits 81.85 and 84.85",
        ]);
    });

    test("a drive without limits of its own warns at 60 °C and never shuts down", async () => {
        await put({ "class/hwmon/hwmon0/name": "drivetemp", "class/hwmon/hwmon0/temp1_input": 99_000 });
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: drivetemp/temp1 at 99 C, limits 60 and none",
        ]);
    });

    test("an NVMe drive without labels is known by its first sensor, and one whose limits are alike warns five degrees before", async () => {
        const drive = {
            "class/hwmon/hwmon0/name": "nvme",
            "class/hwmon/hwmon0/temp1_input": 81_000,
            "class/hwmon/hwmon0/temp1_max": 85_000,
            "class/hwmon/hwmon0/temp1_crit": 85_000,
        };
        await put(drive);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: nvme/temp1 at 81 C, limits 80 and 85",
        ]);
    });

    test.each(["CPUTIN", "PECI Agent 0"])(
        "a board's %s counts only where no processor sensor does, and never shuts down",
        async (label) => {
            await put({
                "class/hwmon/hwmon0/name": "nct6775",
                "class/hwmon/hwmon0/temp1_label": label,
                "class/hwmon/hwmon0/temp1_input": 99_000,
            });
            expect(would(await rehearse())).toEqual([
                `would mail: temperature warning: nct6775/${label} at 99 C, limits 75 and none`,
            ]);
            await putProcessor(45);
            expect((await rehearse())[0]).toBe("temperature: ok; coretemp/Package id 0 45 °C");
        },
    );

    test("ACPI's zone counts only where no processor sensor does, and never shuts down", async () => {
        await put({ "class/thermal/thermal_zone0/type": "acpitz", "class/thermal/thermal_zone0/temp": 99_000 });
        expect(would(await rehearse())).toEqual([
            "would mail: temperature warning: acpitz/zone at 99 C, limits 75 and none",
        ]);
        await putProcessor(45);
        expect((await rehearse())[0]).toBe("temperature: ok; coretemp/Package id 0 45 °C");
    });

    test("Tctl, which may have an offset, gives way to Tdie", async () => {
        await put({
            "class/hwmon/hwmon0/name": "k10temp",
            "class/hwmon/hwmon0/temp1_label": "Tctl",
            "class/hwmon/hwmon0/temp1_input": 97_000,
            "class/hwmon/hwmon0/temp2_label": "Tdie",
            "class/hwmon/hwmon0/temp2_input": 70_000,
        });
        expect(await rehearse()).toEqual(["temperature: ok; k10temp/Tdie 70 °C"]);
    });

    test("a sensor can be ignored by driver and label, with blanks in it", async () => {
        await putProcessor(99);
        await put({ "class/hwmon/hwmon2/temp2_label": "Core 0", "class/hwmon/hwmon2/temp2_input": 40_000 });
        expect(await rehearse({ ignore: ["coretemp/Package id 0"] })).toEqual([
            "temperature: ok; coretemp/Core 0 40 °C",
        ]);
    });

    test("a label is never run as a command", async () => {
        await putProcessor(45);
        await put({
            "class/hwmon/hwmon2/temp1_label": `'; touch ${folder}/ran; $(touch ${folder}/ran) \`touch ${folder}/ran\` "`,
        });
        await rehearse();
        await expect(readFile(join(folder, "ran"))).rejects.toThrow("ENOENT");
        expect(await metrics()).toMatch(/^holdfast_temperature_celsius\{sensor="coretemp\/([^"\\]|\\")*"\} 45$/m);
    });

    test("two labels that differ in a quote or a backslash are two metric series", async () => {
        for (const [hwmon, label] of ['a"b', "ab", "a\\b", "a'b"].entries())
            await putSensor(hwmon, "coretemp", label, 45);
        await rehearse();
        expect(
            (await metrics()).match(/(?<=^holdfast_temperature_celsius\{sensor="coretemp\/).*(?="\} 45$)/gm),
        ).toEqual(['a\\"b', "ab", "a\\\\b", "a'b"]);
        expect((await rehearse())[0]).not.toContain("missing");
    });

    test("metrics hold the readings, the level and the time of the run", async () => {
        await putProcessor(80);
        await rehearse();
        expect((await metrics()).split("\n").filter((line) => !line.startsWith("#"))).toEqual([
            'holdfast_temperature_celsius{sensor="coretemp/Package id 0"} 80',
            "holdfast_temperature_level 1",
            "holdfast_temperature_sensors 1",
            expect.stringMatching(/^holdfast_temperature_run_seconds \d{10}$/),
            "",
        ]);
    });
});

describe("the watchdog's program, run with stubs for shutdown, sensors, logger and mail", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "holdfast-thermal-"));
        for (const path of ["bin", "metrics", "shutdown", "sys/class/hwmon/hwmon0"])
            await mkdir(join(folder, path), { recursive: true });
        await writeFile(join(folder, "sys/class/hwmon/hwmon0/name"), "coretemp\n");
        await stub("sensors", "exit 1");
        await stub("logger", `shift 3; echo "log: $*" >>${folder}/calls`);
        await stub("mail", `echo "mail: $1" >>${folder}/calls; cat >${folder}/body`);
        await stub(
            "shutdown",
            `case $1 in -c) rm ${folder}/shutdown/scheduled ;; *) printf 'USEC=%s000000\nMODE=poweroff\nWALL_MESSAGE=%s\n' $(($(date +%s) + 360)) "$(echo "$3" | sed 's/ /\\\\x20/g')" >${folder}/shutdown/scheduled ;; esac`,
        );
        const replaced = {
            "/run/holdfast/temperature": "run",
            "/var/lib/holdfast": "keep",
            "/var/lib/prometheus-holdfast/node-exporter": "metrics",
            "/run/systemd/shutdown": "shutdown",
            "/usr/local/lib/holdfast/mail": "bin/mail",
            '"/sys"': "sys",
        };
        let { content } = planOf(true).files[program]!;
        for (const [path, own] of Object.entries(replaced)) {
            expect(content).toContain(path);
            content = content!.replaceAll(
                path,
                path.startsWith('"') ? JSON.stringify(join(folder, own)) : join(folder, own),
            );
        }
        await writeFile(join(folder, "program"), content!.replace("PAUSE = 2 ", "PAUSE = 0 "), { mode: 0o755 });
        await writeFile(join(folder, "conf"), "WARNING=75\nCRITICAL=90\nACTION=shutdown\nIGNORE=\n");
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** The calls of shutdown are always noted, whatever the stub does. */
    async function stub(name: string, body: string): Promise<void> {
        const note = name === "shutdown" ? `echo "shutdown $1 $2" >>${folder}/calls\n` : "";
        await writeFile(join(folder, "bin", name), `#!/bin/sh\n${note}${body}\n`, { mode: 0o755 });
    }

    /** Somebody else's, in so many seconds. */
    async function schedule(mode: string, seconds: number, message = ""): Promise<string> {
        const content = `USEC=${Math.floor(Date.now() / 1000) + seconds}000000\nWARN_WALL=1\nMODE=${mode}\n${message && `WALL_MESSAGE=${message}\n`}`;
        await writeFile(join(folder, "shutdown/scheduled"), content);
        return content;
    }

    const scheduled = () => readFile(join(folder, "shutdown/scheduled"), "utf8").catch(() => "");
    /** What a run called at this temperature, without the log. */
    async function runAt(celsius: number): Promise<string[]> {
        await writeFile(join(folder, "sys/class/hwmon/hwmon0/temp1_input"), `${celsius * 1000}\n`);
        await writeFile(join(folder, "calls"), "");
        await execa(join(folder, "program"), [], {
            env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOLDFAST_TEMPERATURE_CONF: join(folder, "conf") },
            extendEnv: false,
        });
        return (await readFile(join(folder, "calls"), "utf8"))
            .split("\n")
            .filter((line) => line !== "" && !line.startsWith("log: "));
    }
    const hot = "mail: temperature critical: coretemp/temp1 at 95 C, limits 75 and 90";
    const cool = "mail: temperature below critical again: coretemp/temp1 at 50 C, limits 75 and 90";

    test("hot: shutdown first, then a mail with one reading a line; cool: its own shutdown is cancelled", async () => {
        expect(await runAt(95)).toEqual(["shutdown -h +6", `${hot}, shutting down in 6 minutes`]);
        expect(await scheduled()).toContain(
            "WALL_MESSAGE=holdfast-temperature: critical: coretemp/temp1 at 95 C, limits 75 and 90. Cancel with: shutdown -c\n".replaceAll(
                " ",
                "\\x20",
            ),
        );
        expect(await readFile(join(folder, "body"), "utf8")).toContain("\nReadings:\n  coretemp/temp1 95 °C\n");
        expect(await runAt(95)).toEqual([]);
        expect(await runAt(50)).toEqual(["shutdown -c ", cool]);
        expect(await runAt(50)).toEqual([]);
    });

    test.each([
        ["poweroff", 290, "Holdfast: disk /dev/sda fails (Health). Cancel with: shutdown -c"],
        ["reboot", 60, ""],
    ])(
        "somebody else's %s in %i seconds is left alone, hot and cool; once it is gone a node that is still hot gets its own",
        async (mode, seconds, message) => {
            const theirs = await schedule(mode, seconds, message);
            expect(await runAt(95)).toEqual([
                expect.stringMatching(
                    `^${hot}, left to the ${mode} at \\d\\d:\\d\\d that somebody else has scheduled$`,
                ),
            ]);
            expect(await runAt(95)).toEqual([]);
            expect(await scheduled()).toBe(theirs);
            await rm(join(folder, "shutdown/scheduled"));
            expect(await runAt(95)).toEqual(["shutdown -h +6", `${hot}, shutting down in 6 minutes`]);
            const later = await schedule(mode, seconds, message);
            expect(await runAt(50)).toEqual([cool]);
            expect(await scheduled()).toBe(later);
        },
    );

    test("somebody else's that comes too late is replaced, and that is said", async () => {
        await schedule("reboot", 7200);
        expect(await runAt(95)).toEqual([
            "shutdown -h +6",
            expect.stringMatching(`^${hot}, shutting down in 6 minutes instead of the reboot at \\d\\d:\\d\\d that`),
        ]);
    });

    test("a shutdown that fails is said once, tried again in each run, and nobody else's is taken for it", async () => {
        const theirs = await schedule("reboot", 7200);
        await stub("shutdown", "echo 'Connection refused' >&2; exit 1");
        expect(await runAt(95)).toEqual([
            "shutdown -h +6",
            `${hot}, but no shutdown could be scheduled: Connection refused`,
        ]);
        expect(await runAt(95)).toEqual(["shutdown -h +6"]);
        expect(await runAt(50)).toEqual([cool]);
        expect(await scheduled()).toBe(theirs);
    });

    test("a shutdown that succeeds without being scheduled counts as failed", async () => {
        await stub("shutdown", "exit 0");
        expect(await runAt(95)).toEqual(["shutdown -h +6", `${hot}, but no shutdown could be scheduled`]);
    });

    test("a cancelled shutdown is not scheduled again before the sensor has cooled", async () => {
        await runAt(95);
        await rm(join(folder, "shutdown/scheduled"));
        expect(await runAt(95)).toEqual([]);
        await runAt(50);
        expect(await runAt(95)).toContain("shutdown -h +6");
    });

    test("where nothing can be stored, the pending shutdown is not put off", async () => {
        await writeFile(join(folder, "run"), "no folder\n");
        expect(await runAt(95)).toEqual(["shutdown -h +6", `${hot}, shutting down in 6 minutes`]);
        expect(await readFile(join(folder, "body"), "utf8")).toContain(
            "\nState cannot be stored, so this may be mailed again: ",
        );
        expect(await runAt(95)).toEqual([`${hot}, the shutdown is scheduled already`]);
        expect(await runAt(50)).toEqual(["shutdown -c ", cool]);
    });

    test("`sensors` that hangs gives way to the kernel's files", async () => {
        await stub("sensors", "exec sleep 60");
        expect(await runAt(80)).toEqual(["mail: temperature warning: coretemp/temp1 at 80 C, limits 75 and 90"]);
    });

    test("a run that finds another one under way says so", async () => {
        await mkdir(join(folder, "run"));
        const holder = execa("flock", ["--no-fork", join(folder, "run/lock"), "sh", "-c", "echo held; exec sleep 30"]);
        await once(holder.stdout!, "data");
        expect(await runAt(95)).toEqual([]);
        expect(await readFile(join(folder, "calls"), "utf8")).toBe(
            "log: temperature: the run before this one has not ended: nothing was read\n",
        );
        holder.kill();
        await holder.catch(() => undefined);
    });
});
