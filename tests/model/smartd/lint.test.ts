import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { formatFinding } from "../../../model/lint/finding";
import type { NodeFacts } from "../../../model/lint/lintContext";
import { formatSmartdLine, lintSmartd, parseSmartd, selfTestSchedule } from "../../../model/smartd";

const fixtures = path.join(__dirname, "../../fixtures/smartd");
const found = (content: string, facts?: NodeFacts) =>
    lintSmartd(content, { facts })
        .filter(({ severity }) => severity !== "not checked")
        .map((finding) => formatFinding("f", finding));
const rules = (content: string) =>
    lintSmartd(content)
        .filter(({ severity }) => severity !== "not checked")
        .map(({ rule, severity, line, column }) => `${line}:${column} ${severity} ${rule}`);

test.each(readdirSync(fixtures))("%s, which smartd accepts, has no finding", (name) => {
    expect(found(readFileSync(path.join(fixtures, name), "utf8"))).toEqual([]);
});

test("what Holdfast writes has no finding", () => {
    const line = formatSmartdLine({
        device: "/dev/disk/by-id/ata-A",
        type: "sat",
        temperature: { difference: 5, informal: 50, critical: 60 },
        selfTests: selfTestSchedule("pve01"),
        mailTo: "root",
    });
    expect(line).toBe(
        "/dev/disk/by-id/ata-A -d sat -d removable -n standby,15,q -a -i 190 -i 194 -I 190 -I 194 -W 5,50,60 -s (S/../../6/01:001|L/../09/./02:024) -m root -M exec /usr/share/smartmontools/smartd-runner",
    );
    expect(found(`${line}\n`)).toEqual([]);
});

test("words keep their line and column across a continued line, and a comment ends the line", () => {
    expect(parseSmartd("/dev/a -d sat \\\n   -M exec /bin/x # -q\n\nDEVICESCAN\n")).toEqual([
        {
            device: { text: "/dev/a", line: 1, column: 1 },
            directives: [
                { name: { text: "-d", line: 1, column: 8 }, values: [{ text: "sat", line: 1, column: 11 }] },
                {
                    name: { text: "-M", line: 2, column: 4 },
                    values: [
                        { text: "exec", line: 2, column: 7 },
                        { text: "/bin/x", line: 2, column: 12 },
                    ],
                },
            ],
            stray: [],
        },
        { device: { text: "DEVICESCAN", line: 4, column: 1 }, directives: [], stray: [] },
    ]);
});

describe("refused", () => {
    test.each<[string, string, string]>([
        ["an unknown directive", "/dev/disk/by-id/a -d removable -a -q\n", "1:35 error unknown-directive"],
        ["a directive without its value", "/dev/disk/by-id/a -d removable -m\n", "1:32 error missing-value"],
        ["-M exec without a program", "/dev/disk/by-id/a -d removable -m root -M exec\n", "1:43 error missing-value"],
        ["-M without -m", "/dev/disk/by-id/a -d removable -M daily\n", "1:32 error exec-without-mail"],
        ["a device type that does not exist", "/dev/disk/by-id/a -d removable -d megaraid\n", "1:35 error bad-value"],
        ["an attribute above 255", "/dev/disk/by-id/a -d removable -I 256\n", "1:35 error bad-value"],
        ["temperatures that are no numbers", "/dev/disk/by-id/a -d removable -W 4,45C,55\n", "1:35 error bad-value"],
        [
            "a schedule that is no regular expression",
            "/dev/disk/by-id/a -d removable -s (S/../.././02\n",
            "1:35 error bad-value",
        ],
        [
            "a word that is no directive",
            "/dev/disk/by-id/a -d removable ops@example.test\n",
            "1:32 error not-a-directive",
        ],
        ["a line that starts with no device", "sda -d removable -a\n", "1:1 error not-a-device"],
        [
            "what stands behind DEVICESCAN",
            "DEVICESCAN -d removable\n/dev/disk/by-id/a -d removable\n",
            "2:1 error after-devicescan",
        ],
        [
            "a disk that is listed twice",
            "/dev/disk/by-id/a -d removable -a\n/dev/disk/by-id/a -a -d removable\n",
            "2:1 error duplicate-disk",
        ],
        [
            "incident B's line",
            "DEVICESCAN -d removable -a\n27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n",
            "2:1 error stray-line",
        ],
        ["a file of comments only: smartd ends with status 17", "# DEVICESCAN\n", "1:1 error empty-file"],
        ["a value that was missing", "/dev/disk/by-id/a -d removable -m undefined\n", "1:35 error undefined-value"],
    ])("%s", (_title, content, expected) => {
        expect(rules(content)).toEqual([expected]);
    });
});

describe("warned about", () => {
    test.each<[string, string, string]>([
        ["a name that the kernel may give to another disk", "/dev/sda -d removable -a\n", "1:1 warning device-name"],
        ["a line on which one dead disk stops smartd", "/dev/disk/by-id/a -a\n", "1:1 warning missing-removable"],
        [
            "a program that is named without its folder",
            "DEVICESCAN -d removable -m root -M exec mailer\n",
            "1:41 warning relative-program",
        ],
        ["a test mail at each start", "DEVICESCAN -d removable -a -m root -M test\n", "1:39 warning test-mail"],
    ])("%s", (_title, content, expected) => {
        expect(rules(content)).toEqual([expected]);
    });
});

describe("with the node's facts", () => {
    const facts = {
        hostname: "pve01",
        mounts: [],
        links: [],
        blockDevices: [{ path: "/dev/sda", links: ["/dev/disk/by-id/ata-A"] }],
    };
    test("a disk that the node does not have is refused", () => {
        expect(found("/dev/disk/by-id/ata-A -d removable\n/dev/disk/by-id/ata-B -d removable\n", facts)).toEqual([
            "f:2:1: error: The node has no /dev/disk/by-id/ata-B. `ls /dev/disk/by-id` lists its disks. [absent-disk]",
        ]);
    });
    test("a controller's own node is no block device", () => {
        expect(found("/dev/bus/0 -d megaraid,0 -d removable\n", facts)).toEqual([]);
    });
});

test("without facts it is said that disks were not looked for", () => {
    expect(lintSmartd("/dev/disk/by-id/ata-A -d removable\n").map(({ rule, severity }) => [rule, severity])).toEqual([
        ["absent-disk", "not checked"],
    ]);
});

/** Tried with smartd 7.3 and 7.4: `smartd -q onecheck -c -` ends with 17 (no disk) or with 2 (syntax). */
describe("as smartd itself decides", () => {
    const errors = (content: string) =>
        lintSmartd(`${content}\n`)
            .filter(({ severity }) => severity === "error")
            .map(({ rule }) => rule);
    const disk = "/dev/disk/by-id/a -d removable";
    test.each([
        `DEFAULT -a -m root\n${disk} -M daily`,
        `DEFAULT -a -M daily\n${disk} -m root`,
        "DEFAULT -M daily",
        "DEFAULT -m <nomailer>",
        `DEFAULT -m <nomailer>\n${disk} -M exec /bin/true`,
        `DEFAULT -d sat\n${disk} -d ata`,
        ...[
            "-m <nomailer> -M exec /bin/true",
            "-n never,3,q",
            "-n standby,015",
            "-W 04,045,255",
            "-e apm,254",
            "-e apm,off",
            "-e aam,0",
            "-e standby,255",
            "-e security-freeze",
            "-e dsn,on",
            "-v N,raw48:54r,Name",
            "-v 9,raw16(avg16)",
            "-v 197,increasing",
            "-c i=10",
            "-r 005!",
            "-C 0+",
            "-l scterc,0,70",
            "-d sat,auto",
            "-d auto -d sat",
            "-d ignore -d sat",
            "-d sat,12",
            "-d sat+megaraid,3",
            "-d hpt,1/2",
            "-d jmb39x-q,0,s1,force",
            "-d sssraid,0,1",
            "-d nvme,0xffffffff",
            "-s S/*+",
            "-m root -M exec mailer",
        ].map((rest) => `${disk} ${rest}`),
        "DEVICESCAN -d sat -d nvme",
    ])("%s is accepted", (content) => {
        expect(errors(content)).toEqual([]);
    });
    test.each<readonly [string, string]>([
        [`DEFAULT -a -m root\nDEFAULT -a\n${disk} -M daily`, "exec-without-mail"],
        [`DEFAULT -M daily\n${disk} -a`, "exec-without-mail"],
        [`DEFAULT -m <nomailer>\n${disk} -a`, "nomailer-without-exec"],
        [`${disk} -m <nomailer> -M daily`, "nomailer-without-exec"],
        [`${disk} -d sat -d ata`, "several-types"],
        [`${disk} -d sat -d sat`, "several-types"],
        ["DEFAULT -d sat -d ata", "several-types"],
        ...[
            "-n Standby",
            "-n standby,0",
            "-l Error",
            "-l scterc,70",
            "-l scterc,1000,1000",
            "-W 4,45,300",
            "-e apm",
            "-e apm,300",
            "-e apm,255",
            "-e apm,0",
            "-d jmb39x,5",
            "-s S/(",
            "-e apm,on",
            "-e lookahead",
            "-e security-freeze,on",
            "-v 9",
            "-v 9,bogus",
            "-v 9,raw48,A,B",
            "-v 0,raw48",
            "-c i=5",
            "-c I=60",
            "-F swapid",
            "-M Daily -m root",
            "-T Normal",
            "-r 0",
            "-d SAT",
            "-d sat,13",
        ].map((rest) => [`${disk} ${rest}`, "bad-value"] as const),
    ])("%s is refused", (content, rule) => {
        expect(errors(content)).toEqual([rule]);
    });
    test("nothing is said of what stands after DEVICESCAN but that it is not read", () => {
        expect(errors(`DEVICESCAN -d removable\n${disk} -q`)).toEqual(["after-devicescan"]);
    });
    test("what DEFAULT brings is said at the line that it breaks, and -d removable counts from there", () => {
        expect(rules("DEFAULT -a -M daily -d removable\n/dev/disk/by-id/a -a\n")).toEqual([
            "2:1 error exec-without-mail",
        ]);
    });
});

/** Each tried with smartd 7.4: exit status 2, "fatal syntax errors", where there is a finding. */
describe("the length of lines", () => {
    const disk = "/dev/disk/by-id/ata-A -d removable -a";
    const limits = (content: string) => rules(content).filter((rule) => rule.endsWith("line-limit"));
    /** Blanks alone, so that the directives are right, in physical lines of 201 characters with their newline. */
    const continued = (total: number) => {
        const blanks = " ".repeat(200);
        const parts = [disk.padEnd(200), ...Array.from({ length: 4 }, () => blanks), " ".repeat(total - 1000)];
        return `${parts.join("\\\n")}\n`;
    };

    test.each([
        ["255 characters", `# ${"x".repeat(253)}\n${disk}\n`, []],
        ["256, in a comment too", `# ${"x".repeat(254)}\n${disk}\n`, ["1:1 error line-limit"]],
        ["256 at the end of the file, without a newline", `${disk}\n# ${"x".repeat(254)}`, []],
        ["1,023 with what continues it", continued(1012), []],
        ["1,024", continued(1013), ["1:1 error line-limit"]],
    ])("%s", (_, content, expected) => {
        expect(limits(content)).toEqual(expected);
    });

    test("a comment inside a continuation ends it, and what follows is said to need a device", () => {
        expect(found(`${disk} \\\n# why\n  -H\n`).join("\n")).toContain(
            "'-H' stands where a line's device belongs, and smartd does not start.",
        );
        expect(found(`# why\n${disk} \\\n  -H # because\n`)).toEqual([]);
    });
});
