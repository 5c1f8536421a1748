import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planIpmievd } from "../../components/ipmievd";
import { formatFault, parseFleet } from "../../components/fleet";

const { files, units, facts } = planIpmievd({
    host: { name: "pve01", address: "192.0.2.11" },
    node: { name: "pve01", address: "192.0.2.11" },
});

describe("the plan", () => {
    test("ipmievd polls, under a stable identifier, and only where a BMC is", () => {
        const unit = files["/etc/systemd/system/ipmievd.service.d/holdfast.conf"]?.content;
        expect(unit).toMatch(/^ExecStart=\nExecStart=\/usr\/sbin\/ipmievd sel nodaemon$/m);
        expect(unit).toMatch(/^SyslogIdentifier=ipmievd$/m);
        expect(unit).toMatch(/^ConditionPathExistsGlob=\/dev\/ipmi\[0-9\]\*$/m);
    });
    test("a stale pid file does not keep it from starting", () => {
        expect(files["/etc/systemd/system/ipmievd.service.d/holdfast.conf"]?.content).toContain(
            'ExecStartPre=-/bin/sh -c "rm -f /run/ipmievd.pid*"',
        );
    });
    test("whether it runs is a fact, since that depends on the hardware", () => {
        expect(units?.["ipmievd.service"]).toEqual({ enabled: true });
        expect(facts).toMatchObject({
            "BMC events": { probe: "ipmievd", value: "in syslog" },
            "BMC event log": { probe: "sel", value: "has room" },
        });
    });
    test("a timer that has not run for three hours is drift", () => {
        expect(facts?.["BMC event log checks"]).toEqual({
            probe: "last-run",
            args: ["/var/lib/systemd/timers/stamp-holdfast-sel.timer", "10800", "3600"],
            value: "on time",
        });
        expect(files["/etc/systemd/system/holdfast-sel.timer"]?.content).toMatch(/^Persistent=true$/m); // which writes that stamp
    });
});

test("a setting is refused with what is expected instead", () => {
    const { faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", ipmievd: { interval: 5 } } } }, () => "");
    expect(faults.map(formatFault)).toEqual([
        "holdfast:fleet.nodes.pve01.ipmievd.interval: unknown key; this has no settings: expected true or false",
    ]);
});

describe("the event log's fill level", () => {
    let folder: string;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "holdfast-sel-"));
        await mkdir(join(folder, "metrics"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** `info`: what `ipmitool sel info` prints. */
    async function measure(info: string, ipmitool = `cat <<'E'\n${info}\nE`) {
        await writeFile(join(folder, "program"), files["/usr/local/lib/holdfast/sel-fill"]!.content!, { mode: 0o755 });
        for (const [name, script] of [
            ["ipmitool", ipmitool],
            ["mailer", `echo "$1" >>"${folder}/mails"`],
        ] as const) {
            await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
            await chmod(join(folder, name), 0o755);
        }
        const { stdout, exitCode } = await execa(join(folder, "program"), [], {
            extendEnv: false,
            reject: false,
            env: {
                PATH: `${folder}:/usr/bin:/bin`,
                HOLDFAST_STATE: join(folder, "state"),
                HOLDFAST_METRICS: join(folder, "metrics"),
                HOLDFAST_MAILER: join(folder, "mailer"),
            },
        });
        const read = (name: string) => readFile(join(folder, name), "utf8").catch(() => "");
        return {
            stdout,
            exitCode,
            state: (await read("state/sel")).trim(),
            mails: (await read("mails")).split("\n").slice(0, -1),
            metrics: (await read("metrics/holdfast_sel.prom")).split("\n").filter((line) => /^[^#]/.test(line)),
        };
    }
    const info = (used: string) =>
        `SEL Information\nVersion          : 1.5 (v1.5, v2 compliant)\nEntries          : 512\nFree Space       : 8176 bytes\nPercent Used     : ${used}\nLast Add Time    : 11/22/2026 09:00:00 PM UTC\nOverflow         : false`;

    test("below 80 percent there is room", async () => {
        expect(await measure(info("12%"))).toEqual({
            stdout: "",
            exitCode: 0,
            state: "has room",
            mails: [],
            metrics: [
                "holdfast_ipmi_sel_used_ratio 0.12",
                "holdfast_ipmi_sel_entries 512",
                "holdfast_ipmi_sel_overflow 0",
            ],
        });
    });
    test("from 80 percent on it is nearly full: logged each time, mailed once, until it is cleared", async () => {
        for (let run = 0; run < 2; run++) {
            expect(await measure(info("80%"))).toMatchObject({
                stdout: expect.stringContaining("BMC event log is 80 percent full; save it and clear it") as string,
                state: "nearly full",
                mails: ["BMC event log is 80 percent full"],
            });
        }
        expect(await measure(info("0%"))).toMatchObject({ state: "has room" });
        expect((await measure(info("81%"))).mails).toHaveLength(2);
    });
    test("a BMC that does not say is no alarm, and no room either", async () => {
        await measure(info("12%"));
        expect(await measure("SEL Information\nEntries          : 3")).toMatchObject({
            stdout: "the BMC does not say how full its event log is",
            exitCode: 0,
            state: "not checked: the BMC does not say",
            mails: [],
            metrics: [],
        });
    });
    /** ipmitool's own words, where free space and entries come to 64 KiB or more. */
    const large = (entries: number, free: string, overflow = false) =>
        `SEL Information\nVersion          : 1.5 (v1.5, v2 compliant)\nEntries          : ${entries}\nFree Space       : ${free}\nPercent Used     : unknown\nOverflow         : ${overflow}`;
    test("`Percent Used: unknown` is no 0: it is counted from entries and free space", async () => {
        expect(await measure(large(4000, "3000 bytes"))).toMatchObject({
            state: "nearly full",
            metrics: [
                "holdfast_ipmi_sel_used_ratio 0.95",
                "holdfast_ipmi_sel_entries 4000",
                "holdfast_ipmi_sel_overflow 0",
            ],
            mails: ["BMC event log is 95 percent full"],
        });
    });
    test("64 KiB free are room, however large the log; the ratio is then not known, and not told", async () => {
        expect(await measure(large(3000, "65535 bytes or more"))).toMatchObject({
            state: "has room",
            metrics: ["holdfast_ipmi_sel_entries 3000", "holdfast_ipmi_sel_overflow 0"],
        });
    });
    test("an empty log, of which ipmitool tells no percentage, has room", async () => {
        expect(
            await measure(
                "SEL Information\nEntries          : 0\nFree Space       : 8192 bytes \nOverflow         : false",
            ),
        ).toMatchObject({
            state: "has room",
            metrics: ["holdfast_ipmi_sel_used_ratio 0", "holdfast_ipmi_sel_entries 0", "holdfast_ipmi_sel_overflow 0"],
        });
    });
    test("an overflow is said and mailed once, whatever the percentage", async () => {
        for (let run = 0; run < 2; run++)
            expect(await measure(large(3000, "65535 bytes or more", true))).toMatchObject({
                state: "overflowed",
                mails: ["BMC event log has overflowed, events are lost"],
                metrics: ["holdfast_ipmi_sel_entries 3000", "holdfast_ipmi_sel_overflow 1"],
            });
    });
    test("an ipmitool that fails takes back what the last run said", async () => {
        await measure(info("12%"));
        expect(await measure("", "echo busy >&2; exit 1")).toEqual({
            stdout: "ipmitool sel info failed",
            exitCode: 1,
            state: "unknown",
            mails: [],
            metrics: [],
        });
    });
    test("a failure in between is no reason to mail the same again", async () => {
        await measure(info("90%"));
        await measure("", "exit 1");
        expect(await measure(info("90%"))).toMatchObject({ state: "nearly full", mails: [expect.anything()] });
    });
});
