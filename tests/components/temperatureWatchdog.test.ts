import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import execa from "execa";
import { planTemperatureWatchdog } from "../../components/temperatureWatchdog";
import { concernFiles } from "../../model/concerns";
import { formatFault, parseFleet } from "../../model/fleet";

const program = "/usr/local/lib/holdfast/temperature";

function planOf(temperature: unknown) {
    const { fleet, faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", temperature } } }, () => "");
    expect(faults).toEqual([]);
    const { identity, host, temperature: settings } = fleet!.nodes[0]!;
    return planTemperatureWatchdog({ host, node: identity, settings: settings! });
}

const faultsOf = (temperature: unknown) => parseFleet({ nodes: { pve01: { address: "192.0.2.11", temperature } } }, () => "").faults.map(formatFault);

describe("the plan", () => {
    test("without settings warns at 75 °C, powers off at 90 °C and looks every five minutes, missed runs caught up", () => {
        const { files, units } = planOf(true);
        expect(files["/etc/holdfast/temperature.conf"]?.content?.split("\n").slice(1)).toEqual(["WARNING=75", "CRITICAL=90", "ACTION=shutdown", "IGNORE=''", ""]);
        expect(files["/etc/systemd/system/holdfast-temperature.timer"]?.content).toMatch(/\nOnCalendar=\*:0\/5\nPersistent=true\n/);
        expect(units).toEqual({ "holdfast-temperature.timer": { enabled: true, active: true } });
    });
    test("with cron has no timer", () => {
        const { files, units, packages } = planOf({ schedule: "cron" });
        expect(files["/etc/systemd/system/holdfast-temperature.timer"]).toEqual({ absent: true });
        expect(files["/etc/cron.d/holdfast-temperature"]?.content).toContain("\n*/5 * * * * root /usr/local/lib/holdfast/temperature\n");
        expect(units).toEqual({ "holdfast-temperature.timer": { enabled: false, active: false } });
        expect(packages).toContain("cron");
    });
    test("an import reads the files that the component declares", () => {
        expect(Object.keys(concernFiles.temperature!).sort()).toEqual(Object.keys(planOf(true).files).sort());
    });
    test.each<[object, string]>([
        [{ warning: 90 }, "temperature: expected warning below critical, got warning 90 and critical 90"],
        [{ critical: 70 }, "temperature: expected warning below critical, got warning 75 and critical 70"],
        [{ critical: 121 }, "temperature.critical: expected °C from 30 to 120, got 121"],
        [{ warning: 29 }, "temperature.warning: expected °C from 30 to 120, got 29"],
        [{ ignore: ["x'; reboot; '"] }, "temperature.ignore[0]: expected a sensor as the watchdog logs it: coretemp, or nct6775-isa-0290/AUXTIN0"],
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
            await put({ [`${at}/name`]: "coretemp", [`${at}/temp1_label`]: "Package id 0", [`${at}/temp1_input`]: reading * 1000 });
        }
    }

    async function rehearse(settings: object = {}): Promise<string[]> {
        const { files } = planOf(settings);
        for (const [name, path] of [["program", program], ["conf", "/etc/holdfast/temperature.conf"]] as const) await writeFile(join(folder, name), files[path]!.content!);
        const { stdout, stderr } = await execa("dash", [join(folder, "program"), "--rehearse", folder], { env: { HOLDFAST_TEMPERATURE_CONF: join(folder, "conf") } });
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
        expect(would(await rehearse())).toEqual(["would mail: temperature warning: coretemp/Package id 0 at 75 °C, limits 75 and 90"]);
        await putProcessor(78);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(71);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(70);
        expect(would(await rehearse())).toEqual(["would mail: temperature back to normal: coretemp/Package id 0 at 70 °C, limits 75 and 90"]);
        expect(would(await rehearse())).toEqual([]);
    });

    test("90 °C schedules one shutdown with a delay, cancelled when it cools", async () => {
        await putProcessor(90);
        expect(would(await rehearse())).toEqual([
            "would mail: temperature critical: coretemp/Package id 0 at 90 °C, limits 75 and 90, shutting down in 6 minutes",
            "would schedule a shutdown in 6 minutes",
        ]);
        expect(would(await rehearse())).toEqual([]);
        await putProcessor(84);
        expect(would(await rehearse())).toEqual(["would cancel the shutdown", "would mail: temperature below critical again: coretemp/Package id 0 at 84 °C, limits 75 and 90"]);
    });

    test("a shutdown that somebody else has scheduled meanwhile is not cancelled", async () => {
        await putProcessor(90);
        await rehearse();
        await writeFile(join(folder, "state", "shutdown"), "another one\n");
        await putProcessor(60);
        expect(would(await rehearse())).toEqual(["would mail: temperature below critical again: coretemp/Package id 0 at 60 °C, limits 75 and 90"]);
    });

    test("90 °C is mailed and nothing else where the action is alert", async () => {
        await putProcessor(90);
        expect(would(await rehearse({ action: "alert" }))).toEqual(["would mail: temperature critical: coretemp/Package id 0 at 90 °C, limits 75 and 90"]);
    });

    test("a single spike of 511 °C is said and does nothing", async () => {
        await putProcessor(511, 45, 45, 45, 45);
        expect(await rehearse()).toEqual(["temperature: ok; coretemp/Package id 0 45 °C; implausible and ignored: coretemp/Package id 0 511"]);
    });

    test("a processor that boosts to 95 °C for one sample is neither a warning nor critical", async () => {
        await putProcessor(95, 60, 62, 61, 60);
        expect(await rehearse()).toEqual(["temperature: ok; coretemp/Package id 0 60 °C"]);
    });

    test("two plausible samples of five are no reading", async () => {
        await putProcessor(95, 511, 511, 511, 95);
        expect((await rehearse())[0]).toMatch(/^temperature: blind; nothing read; implausible/);
    });

    test.each([127, -128, 255, 0, 3_892_314])("a constant %i °C is no temperature, and the machine counts as not watched", async (reading) => {
        await putProcessor(reading);
        expect(await rehearse()).toEqual([
            `temperature: blind; nothing read; implausible and ignored: coretemp/Package id 0 ${Array(5).fill(reading).join(", ")}`,
            "temperature: no trustworthy sensor on this machine: it is not watched",
        ]);
        expect(await metrics()).toContain("\nholdfast_temperature_sensors 0\n");
    });

    test("a machine without any sensor says so in each run, and mails nothing", async () => {
        for (let run = 0; run < 2; run++) expect(await rehearse()).toEqual(["temperature: blind; nothing read", "temperature: no trustworthy sensor on this machine: it is not watched"]);
    });

    test("a sensor that was there and is gone is mailed once", async () => {
        await putProcessor(45);
        await put({ "class/hwmon/hwmon3/name": "k10temp", "class/hwmon/hwmon3/temp1_label": "Tdie", "class/hwmon/hwmon3/temp1_input": 50_000 });
        expect(would(await rehearse())).toEqual([]);
        await rm(join(folder, "class/hwmon/hwmon3"), { recursive: true });
        expect(would(await rehearse())).toEqual(["would mail: temperature sensor missing: k10temp/Tdie"]);
        expect(would(await rehearse())).toEqual([]);
    });

    test("a shutdown stands while the sensors are silent: silence is no proof of cooling", async () => {
        await putProcessor(95);
        await rehearse();
        await putProcessor(-128);
        expect(would(await rehearse())).toEqual(["would mail: temperature sensor missing: coretemp/Package id 0"]);
        await putProcessor(60);
        expect(would(await rehearse())).toContain("would cancel the shutdown");
    });

    test("`sensors -j` is read: drives by their own limits, unconnected inputs and a drive's inner sensors not at all", async () => {
        await cp(join(__dirname, "../fixtures/thermal/sensors.json"), join(folder, "sensors.json"));
        expect(await rehearse()).toEqual(["temperature: ok; coretemp-isa-0000/Package id 0 47 °C, coretemp-isa-0000/Core 0 45 °C, nvme-pci-0100/Composite 80 °C"]);
        const hot = (await readFile(join(folder, "sensors.json"), "utf8")).replace("79.850", "82.850");
        await writeFile(join(folder, "sensors.json"), hot);
        expect(would(await rehearse())).toEqual(["would mail: temperature warning: nvme-pci-0100/Composite at 83 °C, limits 81.85 and 84.85"]);
    });

    test("a drive without limits of its own warns at 60 °C and never shuts down", async () => {
        await put({ "class/hwmon/hwmon0/name": "drivetemp", "class/hwmon/hwmon0/temp1_input": 99_000 });
        expect(would(await rehearse())).toEqual(["would mail: temperature warning: drivetemp/temp1 at 99 °C, limits 60 and none"]);
    });

    test("an NVMe drive without labels is known by its first sensor, and one whose limits are alike warns five degrees before", async () => {
        const drive = { "class/hwmon/hwmon0/name": "nvme", "class/hwmon/hwmon0/temp1_input": 81_000, "class/hwmon/hwmon0/temp1_max": 85_000, "class/hwmon/hwmon0/temp1_crit": 85_000 };
        await put(drive);
        expect(would(await rehearse())).toEqual(["would mail: temperature warning: nvme/temp1 at 81 °C, limits 80 and 85"]);
    });

    test.each(["CPUTIN", "PECI Agent 0"])("a board's %s counts only where no processor sensor does, and never shuts down", async (label) => {
        await put({ "class/hwmon/hwmon0/name": "nct6775", "class/hwmon/hwmon0/temp1_label": label, "class/hwmon/hwmon0/temp1_input": 99_000 });
        expect(would(await rehearse())).toEqual([`would mail: temperature warning: nct6775/${label} at 99 °C, limits 75 and none`]);
        await putProcessor(45);
        expect((await rehearse())[0]).toBe("temperature: ok; coretemp/Package id 0 45 °C");
    });

    test("ACPI's zone counts only where no processor sensor does, and never shuts down", async () => {
        await put({ "class/thermal/thermal_zone0/type": "acpitz", "class/thermal/thermal_zone0/temp": 99_000 });
        expect(would(await rehearse())).toEqual(["would mail: temperature warning: acpitz/zone at 99 °C, limits 75 and none"]);
        await putProcessor(45);
        expect((await rehearse())[0]).toBe("temperature: ok; coretemp/Package id 0 45 °C");
    });

    test("Tctl, which may have an offset, gives way to Tdie", async () => {
        await put({ "class/hwmon/hwmon0/name": "k10temp", "class/hwmon/hwmon0/temp1_label": "Tctl", "class/hwmon/hwmon0/temp1_input": 97_000, "class/hwmon/hwmon0/temp2_label": "Tdie", "class/hwmon/hwmon0/temp2_input": 70_000 });
        expect(await rehearse()).toEqual(["temperature: ok; k10temp/Tdie 70 °C"]);
    });

    test("a sensor can be ignored by driver and label, with blanks in it", async () => {
        await putProcessor(99);
        await put({ "class/hwmon/hwmon2/temp2_label": "Core 0", "class/hwmon/hwmon2/temp2_input": 40_000 });
        expect(await rehearse({ ignore: ["coretemp/Package id 0"] })).toEqual(["temperature: ok; coretemp/Core 0 40 °C"]);
    });

    test("a label is never run as a command", async () => {
        await putProcessor(45);
        await put({ "class/hwmon/hwmon2/temp1_label": `'; touch ${folder}/ran; $(touch ${folder}/ran) \`touch ${folder}/ran\` "` });
        await rehearse();
        await expect(readFile(join(folder, "ran"))).rejects.toThrow("ENOENT");
        expect(await metrics()).toMatch(/^holdfast_temperature_celsius\{sensor="coretemp\/[^"\\]*"\} 45$/m);
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
