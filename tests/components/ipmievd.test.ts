import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planIpmievd } from "../../components/ipmievd";
import { concernFiles } from "../../model/concerns";
import { formatFault, parseFleet } from "../../model/fleet";

const { files, units, facts } = planIpmievd({ host: { name: "pve01", address: "192.0.2.11" }, node: { name: "pve01", address: "192.0.2.11" } });

describe("the plan", () => {
    test("ipmievd polls, under a stable identifier, and only where a BMC is", () => {
        const unit = files["/etc/systemd/system/ipmievd.service.d/holdfast.conf"]?.content;
        expect(unit).toMatch(/^ExecStart=\nExecStart=\/usr\/sbin\/ipmievd sel nodaemon$/m);
        expect(unit).toMatch(/^SyslogIdentifier=ipmievd$/m);
        expect(unit).toMatch(/^ConditionPathExistsGlob=\/dev\/ipmi\[0-9\]\*$/m);
    });
    test("a stale pid file does not keep it from starting", () => {
        expect(files["/etc/systemd/system/ipmievd.service.d/holdfast.conf"]?.content).toContain('ExecStartPre=-/bin/sh -c "rm -f /run/ipmievd.pid*"');
    });
    test("whether it runs is a fact, since that depends on the hardware", () => {
        expect(units?.["ipmievd.service"]).toEqual({ enabled: true });
        expect(facts).toEqual({ "BMC events": { probe: "ipmievd", value: "in syslog" }, "BMC event log": { probe: "sel", value: "has room" } });
    });
    test("an import reads the files that the component declares", () => {
        expect(Object.keys(concernFiles.ipmievd!).sort()).toEqual(Object.keys(files).sort());
    });
});

test("a setting is refused with what is expected instead", () => {
    const { faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", ipmievd: { interval: 5 } } } }, () => "");
    expect(faults.map(formatFault)).toEqual(["holdfast:fleet.nodes.pve01.ipmievd.interval: unknown key; this has no settings: expected true or false"]);
});

describe("the event log's fill level", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "holdfast-sel-"));
        await mkdir(join(folder, "metrics"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** `info`: what `ipmitool sel info` prints. */
    async function measure(info: string) {
        await writeFile(join(folder, "program"), files["/usr/local/lib/holdfast/sel-fill"]!.content!);
        for (const [name, script] of [["ipmitool", `cat <<'E'\n${info}\nE`], ["mailer", `echo "$1" >>"${folder}/mails"`]] as const) {
            await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
            await chmod(join(folder, name), 0o755);
        }
        const { stdout } = await execa("dash", [join(folder, "program")], {
            extendEnv: false,
            env: { PATH: `${folder}:/usr/bin:/bin`, HOLDFAST_STATE: join(folder, "state"), HOLDFAST_METRICS: join(folder, "metrics"), HOLDFAST_MAILER: join(folder, "mailer") },
        });
        const read = (name: string) => readFile(join(folder, name), "utf8").catch(() => "");
        return { stdout, state: (await read("state/sel")).trim(), mails: (await read("mails")).split("\n").slice(0, -1), metrics: (await read("metrics/holdfast_sel.prom")).split("\n").filter((line) => /^[^#]/.test(line)) };
    }
    const info = (used: string) => `SEL Information\nVersion          : 1.5 (v1.5, v2 compliant)\nEntries          : 512\nFree Space       : 8176 bytes\nPercent Used     : ${used}\nLast Add Time    : 11/22/2026 09:00:00 PM UTC\nOverflow         : false`;

    test("below 80 percent there is room", async () => {
        expect(await measure(info("12%"))).toEqual({ stdout: "", state: "has room", mails: [], metrics: ["holdfast_ipmi_sel_used_ratio 0.12", "holdfast_ipmi_sel_entries 512"] });
    });
    test("from 80 percent on it is nearly full: logged each time, mailed once, until it is cleared", async () => {
        for (let run = 0; run < 2; run++) {
            expect(await measure(info("80%"))).toMatchObject({ stdout: expect.stringContaining("80 percent used; save it and clear it") as string, state: "nearly full", mails: ["BMC event log is 80 percent full"] });
        }
        expect(await measure(info("0%"))).toMatchObject({ state: "has room" });
        expect((await measure(info("81%"))).mails).toHaveLength(2);
    });
    test("a BMC that does not say is no alarm", async () => {
        expect(await measure("SEL Information\nEntries          : 3\nFree Space       : 65535 bytes or more")).toMatchObject({ stdout: "the BMC does not say how full its event log is", mails: [], metrics: [] });
    });
});
