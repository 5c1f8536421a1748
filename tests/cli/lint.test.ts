import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { registerLint } from "../../cli/lint";
import type { LintOptions } from "../../cli/lint/options";
import { lintFiles } from "../../cli/lint/run";
import { formatOfPath, guessFormat } from "../../model/lint/formats";

const stray = "27: eno1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP group default qlen 1000";
const sound =
    "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet static\n\taddress 192.0.2.11/24\n\tgateway 192.0.2.1\n";
const warned = sound.replace("\tgateway 192.0.2.1\n", "\tgateway 192.0.3.1\n");
const broken = `${sound}${stray}\n`;

const contents: Readonly<Record<string, string>> = {
    "nodes/pve01/interfaces": broken,
    "nodes/pve02/interfaces": sound,
    "nodes/pve03/interfaces": warned,
    "etc/network/interfaces.d/sdn": "auto vnet1\niface vnet1\n\tbridge_ports none\n",
    "smartd.conf": "DEVICESCAN -a\n",
    notes: "hello\n",
    "a,b:c/interfaces": "auto lo\niface lo inet loopback\n100%\n",
    "-": broken,
    "nodes/pve04/interfaces": sound.replace("gateway 192.0.2.1", "gateway \x1b]0;owned\x07\u202e"),
};

function lint(files: readonly string[], options: LintOptions = {}) {
    return lintFiles(files, options, async (file) => {
        const content = contents[file];
        if (content === undefined) throw new Error("ENOENT: no such file or directory");
        return content;
    });
}

describe("text", () => {
    test("an error is a line that an editor can jump to, and exit 1", async () => {
        expect(await lint(["nodes/pve01/interfaces"])).toMatchObject({
            exitCode: 1,
            stdout: "nodes/pve01/interfaces:8:1: error: This is output of `ip link`, not configuration. Delete the line. [stray-line]\n",
        });
    });

    test("warnings alone exit 0", async () => {
        const { exitCode, stdout } = await lint(["nodes/pve03/interfaces"]);
        expect({ exitCode, stdout }).toEqual({
            exitCode: 0,
            stdout: expect.stringMatching(/^nodes\/pve03\/interfaces:7:10: warning: .*\[gateway-off-subnet\]\n$/),
        });
    });

    test("what would steer the terminal is shown instead; json has it as it stands there", async () => {
        expect((await lint(["nodes/pve04/interfaces"])).stdout).toMatch(
            /^[^\x1b\x07\u202e]*\\x1b\]0;owned\\x07\\u202e[^\x1b\x07\u202e]*$/,
        );
        const found = JSON.parse((await lint(["nodes/pve04/interfaces"], { format: "json" })).stdout) as {
            message: string;
        }[];
        expect(found.map(({ message }) => message).join()).toContain("\x1b]0;owned\x07\u202e");
    });

    test("what could not be checked goes to stderr and exits 0", async () => {
        const { exitCode, stdout, stderr } = await lint(["nodes/pve02/interfaces"]);
        expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
        expect(stderr).toMatch(/^nodes\/pve02\/interfaces:1:1: not checked: .*\[management-address\]\n$/);
    });

    test("standard input is named as such, its content tells its kind", async () => {
        expect(await lint(["-"])).toMatchObject({
            exitCode: 1,
            stdout: expect.stringMatching(/^<stdin>:8:1: error: /),
        });
    });

    test("a file of interfaces.d is a fragment, also with --kind interfaces", async () => {
        const nothing = { exitCode: 0, stdout: "", stderr: "" };
        expect(await lint(["etc/network/interfaces.d/sdn"])).toEqual(nothing);
        expect(await lint(["etc/network/interfaces.d/sdn"], { kind: "interfaces" })).toEqual(nothing);
    });

    test("--kind overrides the name", async () => {
        expect((await lint(["nodes/pve01/interfaces"], { kind: "hosts" })).stdout).not.toBe(
            (await lint(["nodes/pve01/interfaces"])).stdout,
        );
    });
});

describe("exit 2", () => {
    test("an unreadable file is named, and the others are checked all the same", async () => {
        const { exitCode, stdout, stderr } = await lint(["missing/hosts", "nodes/pve01/interfaces"]);
        expect(exitCode).toBe(2);
        expect(stdout).toContain("[stray-line]");
        expect(stderr).toContain("holdfast lint: missing/hosts: cannot be read: ENOENT");
    });

    test.each<[string[], LintOptions, RegExp]>([
        [[], {}, /no file given/],
        [
            ["notes"],
            { kind: "crypttab" },
            /unknown kind 'crypttab'; use one of: hosts, fstab, interfaces, smartd, stack/,
        ],
        [["notes"], { format: "xml" }, /unknown format 'xml'; use one of: text, json, github/],
        [["notes"], { format: "toString" }, /unknown format 'toString'/],
        [["notes"], {}, /notes: neither its name nor its content tells the grammar/],
    ])("%j with %j", async (files, options, message) => {
        expect(await lint(files, options)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) });
    });
});

test("json is one array with every finding", async () => {
    const { stdout, exitCode } = await lint(["nodes/pve01/interfaces", "nodes/pve02/interfaces"], { format: "json" });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
        expect.objectContaining({
            file: "nodes/pve01/interfaces",
            rule: "management-address",
            severity: "not checked",
        }),
        {
            file: "nodes/pve01/interfaces",
            line: 8,
            column: 1,
            severity: "error",
            rule: "stray-line",
            message: expect.stringContaining("Delete the line."),
        },
        expect.objectContaining({ file: "nodes/pve02/interfaces", rule: "management-address" }),
    ]);
});

test("github is one escaped workflow command per finding", async () => {
    const { stdout } = await lint(["a,b:c/interfaces"], { format: "github" });
    expect(stdout.split("\n")).toContainEqual(
        expect.stringMatching(
            /^::warning file=a%2Cb%3Ac\/interfaces,line=3,col=4,title=percent-sign::A '%25' anywhere makes .* Remove the '%25', or move the command into a script\.$/,
        ),
    );
    expect(stdout).toMatch(/^::notice file=.*,title=management-address::/m);
});

test("github shows control characters, so that a file cannot steer the log it is shown in", async () => {
    const { stdout } = await lint(["nodes/pve04/interfaces"], { format: "github" });
    expect(stdout).toContain("\\x1b]0;owned\\x07\\u202e");
    expect(stdout).not.toMatch(/[\x1b\x07\u202e]/);
});

describe("a stack file", () => {
    const head = "config:\n  holdfast:fleet:\n    nodes:\n";
    /** Without them there is a warning. */
    const keys = "    ssh: { rescueKeys: [] }\n";
    const declared = `${head}      pve01: { address: 192.0.2.11 }\n${keys}`;

    async function lintStack(content: string, options: LintOptions = {}, name = "Pulumi.x.yaml") {
        return lintFiles([name], options, async () => content);
    }
    const linesOf = async (content: string) => (await lintStack(content)).stdout.split("\n").slice(0, -1);

    test("that is sound has no findings, and neither has the example", async () => {
        expect(await lintStack(declared)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
        const { exitCode, stdout } = await lintFiles([join(__dirname, "../../Pulumi.prod.yaml")]);
        expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.not.stringContaining(": error:") });
    });

    test("is one by its name, or by --kind", async () => {
        expect((await lintStack("config: {}\n", {}, "prod/Pulumi.prod.yaml")).stdout).toContain("[no-fleet]");
        expect((await lintStack("config: {}\n", { kind: "stack" }, "-")).stdout).toMatch(
            /^<stdin>:1:1: error: .*\[no-fleet\]\n$/,
        );
        expect((await lintStack("config: {}\n", {}, "Pulumi.yaml")).stdout).not.toContain("[no-fleet]");
    });

    test.each([
        [
            "an unknown key",
            "      pve01:\n        address: 192.0.2.11\n        adress6: 2001:db8::1\n",
            /^6:9: error: holdfast:fleet\.nodes\.pve01\.adress6: unknown key; did you mean address6\?/,
        ],
        [
            "a wrong value, by its key",
            "      pve01: { address: 192.0.2.300 }\n",
            /^4:16: error: holdfast:fleet\.nodes\.pve01\.address: /,
        ],
        [
            "what is missing, by what lacks it",
            "      pve01: { maintenance: true }\n",
            /^4:7: error: holdfast:fleet\.nodes\.pve01\.address: is missing/,
        ],
        [
            "an item of a list",
            '      pve01:\n        address: 192.0.2.11\n        aliases: [fine, "a b"]\n',
            /^6:25: error: holdfast:fleet\.nodes\.pve01\.aliases\[1\]/,
        ],
        [
            "what two fields say together",
            "      pve01: { address: 192.0.2.11 }\n      pve02:\n        address: 192.0.2.11\n",
            /^6:9: error: .*already taken by/,
        ],
        [
            "an alias, where its anchor stands",
            "      pve01: &n\n        addres: 192.0.2.11\n      pve02: *n\n",
            /^5:9: error: holdfast:fleet\.nodes\.pve0[12]\.addres: /,
        ],
        [
            "what was merged, where it stands",
            "      pve01: { <<: &n { mistake: 1 }, address: 192.0.2.11 }\n",
            /^4:25: error: holdfast:fleet\.nodes\.pve01\.mistake: /,
        ],
        [
            "a file that is not there",
            "      pve01: { address: 192.0.2.11, fstab: { file: nodes/none } }\n",
            /^4:46: error: holdfast:fleet\.nodes\.pve01\.fstab\.file: cannot read "nodes\/none": no such file/,
        ],
    ])("%s is a line that an editor can jump to", async (_, nodes, expected) => {
        const { stdout, exitCode } = await lintStack(head + nodes);
        const found = stdout.split("\n").map((line) => line.replace("Pulumi.x.yaml:", ""));
        expect(found).toContainEqual(expect.stringMatching(expected));
        expect(found[0]).toMatch(/ \[stack-setting\]$/);
        expect(exitCode).toBe(1);
    });

    test("all faults are said at once, in the order of the file", async () => {
        const text = `${head}      pve02: { addres: 192.0.2.12 }\n      pve01: { addres: 192.0.2.11 }\n    rollout: { canary: [pve03] }\n`;
        expect((await linesOf(text)).map((line) => line.split(":")[1])).toEqual(["4", "4", "5", "5", "6"]);
    });

    test.each([
        [
            "a list that does not end",
            `${head}      pve01: [1\n`,
            /^Pulumi\.x\.yaml:5:1: error: This is no YAML that Pulumi could read: .*end with a \]/,
        ],
        [
            "a key twice",
            `${head}      pve01: { address: 192.0.2.11 }\n      pve01: {}\n`,
            /^Pulumi\.x\.yaml:5:7: error: .*unique/,
        ],
        [
            "aliases without end",
            `a: &a [x, x, x, x, x, x, x, x, x, x]\n${"bcdefg"
                .split("")
                .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdef"[index]}`).join(", ")}]\n`)
                .join("")}`,
            /^Pulumi\.x\.yaml:1:1: error: .*alias/,
        ],
        ["lists in lists without end", "[".repeat(9000), /^Pulumi\.x\.yaml:1:\d+: error: /],
    ])("%s is a fault of the YAML", async (_, text, expected) => {
        const found = await linesOf(text);
        expect(found[0]).toMatch(expected);
        expect(found[0]).toMatch(/ \[yaml-syntax\]$/);
        expect(found.length).toBeLessThan(11);
        expect((await lintStack(text)).exitCode).toBe(1);
    });

    test("what contains itself comes to an end", async () => {
        const found = await linesOf(`${head}      pve01: &n\n        address: 192.0.2.11\n        ssh: *n\n`);
        expect(found.join()).toContain("holdfast:fleet.nodes.pve01.ssh");
    });

    test("encrypted values are accepted and said to be unchecked; what stands beside them is checked", async () => {
        const secure = "{ secure: v1:c2VjcmV0 }";
        const text = `config:\n  holdfast:mailPassword: ${secure}\n  holdfast:fleet:\n    nodes:\n      pve01:\n        address: ${secure}\n        ssh: { hostKey: ${secure} }\n        maintenance: 1\n`;
        const { stdout, stderr } = await lintStack(text);
        expect(stdout).toMatch(/^Pulumi\.x\.yaml:8:9: error: holdfast:fleet\.nodes\.pve01\.maintenance: [^\n]*\n$/);
        expect(stderr.split("\n").slice(0, -1)).toEqual([
            expect.stringMatching(/^Pulumi\.x\.yaml:6:9: not checked: .*address is encrypted/),
            expect.stringMatching(/^Pulumi\.x\.yaml:7:16: not checked: .*hostKey is encrypted/),
        ]);
        expect(await lintStack(`config:\n  holdfast:fleet: ${secure}\n`)).toMatchObject({ exitCode: 0, stdout: "" });
        const named = await lintStack(`${head}      secure: { address: 192.0.2.11 }\n${keys}`);
        expect(named).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    });

    test("a key or a password in plain text is a warning that does not show it", async () => {
        const { exitCode, stdout } = await lintStack(
            declared.replace("config:\n", "config:\n  holdfast:mailPassword: hunter2\n"),
        );
        expect({ exitCode, stdout }).toEqual({
            exitCode: 0,
            stdout: expect.stringMatching(
                /^Pulumi\.x\.yaml:2:3: warning: holdfast:mailPassword stands in plain text.*\[plain-secret\]\n$/,
            ),
        });
        expect(stdout).not.toContain("hunter2");
    });

    test("the keys that commands and a metrics server are given are secrets too", async () => {
        const own = "  holdfast:notifyToken: hunter2\n  holdfast:metricsToken: hunter2\n";
        const uses = [
            "    commands: { notify: { local: [./notify.sh], stdin: { secret: notifyToken } } }\n",
            '    proxmox:\n      endpoint: "https://192.0.2.11:8006"\n      ca: system\n',
            "      metrics:\n        influx: { type: influxdb, server: 192.0.2.50, port: 8086, token: { secret: metricsToken } }\n",
        ].join("");
        const { stdout } = await lintStack(declared.replace("config:\n", `config:\n${own}`) + uses);
        expect(stdout).toMatch(/^Pulumi\.x\.yaml:2:3: warning: holdfast:notifyToken stands in plain text/m);
        expect(stdout).toMatch(/^Pulumi\.x\.yaml:3:3: warning: holdfast:metricsToken stands in plain text/m);
        expect(stdout).not.toContain("hunter2");
    });

    test("json and github have the same findings", async () => {
        const text = `${head}      pve01: { addres: 192.0.2.11 }\n`;
        const json = JSON.parse((await lintStack(text, { format: "json" })).stdout) as unknown[];
        expect(json[0]).toEqual({
            file: "Pulumi.x.yaml",
            line: 4,
            column: 7,
            severity: "error",
            rule: "stack-setting",
            message: expect.stringContaining("address"),
        });
        expect((await lintStack(text, { format: "github" })).stdout).toMatch(
            /^::error file=Pulumi\.x\.yaml,line=4,col=7,title=stack-setting::/,
        );
    });
});

describe("kinds", () => {
    test.each([
        ["/etc/hosts", "hosts"],
        ["/etc/fstab", "fstab"],
        ["/etc/network/interfaces", "interfaces"],
        ["/etc/network/interfaces.new", "interfaces"],
        ["/etc/network/interfaces.d/sdn", "interfaces.d"],
        ["/etc/smartd.conf", "smartd"],
        ["/etc/hosts.allow", "text"],
        ["/etc/default/pve01-hosts", "text"],
    ])("the path %s is %s", (path, format) => {
        expect(formatOfPath(path)).toBe(format);
    });

    test.each([
        ["pve01-hosts", "", "hosts"],
        ["pve01.fstab", "", "fstab"],
        ["interfaces.bak", "", "interfaces"],
        ["hosts.allow", "sshd: 192.0.2.0/24\n", "text"],
        ["incident-b", "auto bond0\niface bond0 inet manual\n", "interfaces"],
        ["a", "UUID=1 /srv ext4 defaults 0 2\n", "fstab"],
        ["a", "192.0.2.1 pve01\n", "hosts"],
        ["pve01-smartd.conf", "", "smartd"],
        ["a", "/dev/disk/by-id/ata-A -a\n", "smartd"],
        ["a", "2001:db8::1 pve01\n", "hosts"],
        ["a", "# note\n", "text"],
    ])("on the command line %s with %j is %s", (name, content, format) => {
        expect(guessFormat(name, content)).toBe(format);
    });
});

describe("the command", () => {
    let folder: string;
    let output: { stdout: string; stderr: string };

    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "holdfast-lint-"));
        output = { stdout: "", stderr: "" };
        for (const stream of ["stdout", "stderr"] as const) {
            jest.spyOn(process[stream], "write").mockImplementation((text) => {
                output[stream] += String(text);
                return true;
            });
        }
    });

    afterEach(async () => {
        jest.restoreAllMocks();
        process.exitCode = undefined;
        await rm(folder, { recursive: true });
    });

    async function run(...args: string[]): Promise<unknown> {
        const program = new Command("holdfast").exitOverride();
        registerLint(program);
        await program.parseAsync(["lint", ...args], { from: "user" });
        return process.exitCode;
    }

    test("reads the files and sets the exit status", async () => {
        const file = join(folder, "interfaces");
        await writeFile(file, broken);
        expect(await run(file)).toBe(1);
        expect(output.stdout).toContain(`${file}:8:1: error: `);
        await writeFile(file, sound);
        expect(await run("--format", "github", file)).toBe(0);
    });

    test("looks the files of a stack up beside it, and not through a link that leads out", async () => {
        const stack = join(folder, "Pulumi.x.yaml");
        await mkdir(join(folder, "nodes"));
        await writeFile(
            stack,
            "config:\n  holdfast:fleet:\n    nodes:\n      pve01: { address: 192.0.2.11, hostsFile: { file: nodes/hosts } }\n    ssh: { rescueKeys: [] }\n",
        );
        await writeFile(join(folder, "nodes/hosts"), "192.0.2.11 pve01\n");
        expect([await run(stack), output.stdout]).toEqual([0, ""]);
        await rm(join(folder, "nodes/hosts"));
        await symlink("/etc/hostname", join(folder, "nodes/hosts"));
        expect(await run(stack)).toBe(1);
        expect(output.stdout).toContain("it is a link to outside the project [stack-setting]");
    });

    test("no file, a missing file and a folder exit 2", async () => {
        expect(await run()).toBe(2);
        expect(await run(join(folder, "missing"))).toBe(2);
        expect(await run("--kind", "hosts", folder)).toBe(2);
        expect(output.stderr).toContain("cannot be read");
    });
});
