import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planLogDigest } from "../../components/logDigest";
import { formatFault, parseFleet } from "../../components/fleet";

const planOf = (time = "06:30") =>
    planLogDigest({
        host: { name: "pve01", address: "192.0.2.11" },
        node: { name: "pve01", address: "192.0.2.11" },
        settings: { time },
    });
const parse = (logDigest?: unknown) => parseFleet({ nodes: { pve01: { address: "192.0.2.11", logDigest } } }, () => "");

test("it is off unless asked for, since a node may have a digest already", () => {
    expect(
        [undefined, false, true, { time: "05:00" }].map((given) => parse(given).fleet?.nodes[0]?.logDigest?.time),
    ).toEqual([undefined, undefined, "06:30", "05:00"]);
    expect(parse({ time: "25:00" }).faults.map(formatFault)).toEqual([
        'holdfast:fleet.nodes.pve01.logDigest.time: expected a time of day such as 06:30, got "25:00"',
    ]);
});

test("it runs every morning, and a missed one is caught up", () => {
    expect(planOf("05:00").files["/etc/systemd/system/holdfast-log-digest.timer"]?.content).toContain(
        "\nOnCalendar=05:00\nPersistent=true\n",
    );
});

describe("the node's program", () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-digest-"))));
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** As `journalctl --output=json` has lines of root's: `Nov 21 03:00:00 pve01 NAME[PID]: TEXT`. */
    const entries = (text: string, fields: object = { _UID: "0" }) =>
        [...text.matchAll(/^.{15} \S+ ([^:[]+)(?:\[\d+\])?: (.*)$/gm)]
            .map(([, source, message]) =>
                JSON.stringify({ SYSLOG_IDENTIFIER: source, MESSAGE: message, PRIORITY: "3", ...fields }),
            )
            .map((line) => `${line}\n`)
            .join("");

    /** `journal`: lines by what journalctl is asked for; `others`: errors of somebody else than root, as JSON. */
    async function run(journal: {
        hardware?: string;
        info?: string;
        holdfast?: string;
        errors?: string;
        /** At a priority worse than an error. */
        grave?: string;
        others?: string;
        exit?: number;
    }) {
        await writeFile(join(folder, "program"), planOf().files["/usr/local/lib/holdfast/log-digest"]!.content!);
        await chmod(join(folder, "program"), 0o755);
        for (const key of ["hardware", "info", "holdfast"] as const)
            await writeFile(join(folder, `${key}.log`), entries(journal[key] ?? ""));
        const grave = entries(journal.grave ?? "", { _UID: "0", PRIORITY: "0" });
        await writeFile(join(folder, "errors.log"), entries(journal.errors ?? "") + grave);
        await writeFile(join(folder, "all.log"), entries(journal.errors ?? "") + (journal.others ?? ""));
        const journalctl = `case "$*" in *notice..info*" _UID=0") cat "${folder}/info.log" ;; *--identifier=smartd*" _UID=0") cat "${folder}/hardware.log" ;; *--identifier=holdfast*" _UID=0") cat "${folder}/holdfast.log" ;; *--priority=err" _UID=0 + _TRANSPORT=kernel") cat "${folder}/errors.log" ;; *--priority=err) cat "${folder}/all.log" ;; *) exit 9 ;; esac; exit ${journal.exit ?? 0}`;
        for (const [name, script] of [
            ["journalctl", journalctl],
            ["mailer", `{ echo "$1"; cat; } >"${folder}/mail"`],
        ] as const) {
            await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
            await chmod(join(folder, name), 0o755);
        }
        const { stdout, exitCode } = await execa(join(folder, "program"), [], {
            extendEnv: false,
            reject: false,
            env: { PATH: `${folder}:/usr/bin:/bin`, HOLDFAST_MAILER: join(folder, "mailer") },
        });
        return { stdout, exitCode, mail: await readFile(join(folder, "mail"), "utf8").catch(() => undefined) };
    }

    test("mails the events of the hardware first, then the errors, each kind once with its count", async () => {
        const { mail } = await run({
            hardware:
                "Nov 21 03:00:00 pve01 ipmievd[77]: Power Supply sensor PS1 - Failure detected\nNov 21 04:00:00 pve01 smartd[88]: Device: /dev/sda [SAT], 8 Currently unreadable (pending) sectors\n",
            holdfast:
                "Nov 21 05:00:00 pve01 holdfast[9]: temperature: ok; coretemp/Package id 0 45 °C\nNov 21 05:05:00 pve01 holdfast[9]: temperature warning: coretemp/Package id 0 at 76 °C, limits 75 and 90\n",
            errors: "Nov 21 01:00:00 pve01 kernel: ata1: failed command\nNov 21 01:00:01 pve01 kernel: ata1: failed command\nNov 21 02:00:00 pve01 sshd[12]: fatal: no hostkeys\nNov 21 03:00:00 pve01 ipmievd[77]: said above\n",
        });
        expect(mail?.split("\n")).toEqual([
            "log digest: 5 kinds of errors and events",
            "Hardware",
            "",
            "smartd: Device: /dev/sda [SAT], 8 Currently unreadable (pending) sectors",
            "ipmievd: Power Supply sensor PS1 - Failure detected",
            "holdfast: temperature warning: coretemp/Package id 0 at 76 °C, limits 75 and 90",
            "",
            "Errors",
            "",
            "2x kernel: ata1: failed command",
            "sshd: fatal: no hostkeys",
            "",
            "More: journalctl --since=yesterday --until=today --priority=err",
            "",
        ]);
    });
    test("mails nothing after a day without errors", async () => {
        expect(
            await run({
                holdfast: "Nov 21 05:00:00 pve01 holdfast[9]: temperature: ok; coretemp/Package id 0 45 °C\n",
            }),
        ).toEqual({ stdout: "log digest: no errors", exitCode: 0, mail: undefined });
    });
    test.each([
        "temperature: no trustworthy sensor on this machine: it is not watched",
        "that mail could not be sent",
        "a mail about /dev/sda could not be sent",
        "ipmitool sel info failed",
        "schedule a shutdown in 6 minutes",
        "BMC event log has overflowed, events are lost; save it and clear it",
    ])("mails Holdfast's own line: %s", async (line) => {
        expect((await run({ holdfast: `Nov 21 05:00:00 pve01 holdfast[9]: ${line}\n` })).mail).toContain(
            `\nholdfast: ${line}\n`,
        );
    });
    test("mails what smartd says at level info of a disk that is gone, and nothing else of that level", async () => {
        const [removed, still] = [
            "Device: /dev/sda [SAT], removed ATA device: No such device",
            "Device: /dev/sda [SAT], ATA device still removed: No such device",
        ];
        const { mail } = await run({
            info: [removed, still, still, "Device: /dev/sdb [SAT], opened"]
                .map((line) => `Nov 21 05:00:00 pve01 smartd[9]: ${line}\n`)
                .join(""),
        });
        expect(mail).toContain(`2x smartd: ${still}\nsmartd: ${removed}\n`);
        expect(mail).not.toContain("opened");
    });
    test("what is not root's comes last and apart, and its flood leaves out nothing that the hardware said", async () => {
        const flood = Array.from({ length: 300 }, (_, number) =>
            entries(`Nov 21 05:00:00 pve01 smartd[9]: Device: /dev/sdz, made up ${number}\n`.repeat(3), {
                _UID: "65534",
            }),
        ).join("");
        const { mail } = await run({
            hardware:
                "Nov 21 04:00:00 pve01 smartd[88]: Device: /dev/sda [SAT], 8 Currently unreadable (pending) sectors\n",
            errors: "Nov 21 01:00:00 pve01 kernel: ata1: failed command\n",
            others: flood,
        });
        const [head, others] = mail!.split("\nErrors of programs that are not root's\n");
        expect(head!.split("\n").slice(1, -1)).toEqual([
            "Hardware",
            "",
            "smartd: Device: /dev/sda [SAT], 8 Currently unreadable (pending) sectors",
            "",
            "Errors",
            "",
            "kernel: ata1: failed command",
        ]);
        expect(others!.split("\n").filter((line) => line.includes("made up"))).toHaveLength(50);
        expect(others).toContain("\n… and 250 more kinds\n");
    });
    test("what is worse than an error is told however many errors there are", async () => {
        const errors = Array.from({ length: 250 }, (_, number) =>
            `Nov 21 01:00:00 pve01 sshd[1]: error ${number}\n`.repeat(2),
        );
        const { mail } = await run({
            errors: `${errors.join("")}Nov 21 01:00:00 pve01 systemd[1]: Freezing execution.\n`,
        });
        expect(mail).toContain("… and 51 more kinds"); // of one priority the rarest goes
        const grave = await run({
            errors: errors.join(""),
            grave: "Nov 21 01:00:00 pve01 systemd[1]: Freezing execution.\n",
        });
        expect(grave.mail).toContain("\nErrors\n\nsystemd: Freezing execution.\n");
    });
    test("a journal that cannot be read is no day without errors", async () => {
        const { stdout, exitCode, mail } = await run({ exit: 1 });
        expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
        expect(mail).toContain(
            "log digest: the journal could not be read, 0 kinds of errors and events\nThe journal could not be read, so this is not all: journalctl ended with status 1\n",
        );
    });
});
