/** What the commands say to ssh, and where they say no; tests/lab/restore.test.ts has the restore itself. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planDrills } from "../../cli/restore/drill";
import { quoted, together } from "../../cli/restore/remote";
import { type Fleet, parseFleet } from "../../components/fleet";
import { hostKey } from "../fixtures/fleet/threeNodes";

const holdfast = join(__dirname, "../../cli/holdfast.js");
let folder: string;
beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-restore-"));
    // Notes how it was called and what the pinned keys were, and ends as it is told.
    await writeFile(
        join(folder, "ssh"),
        `#!/bin/sh\n[ "$1" != -G ] || exit 0\nprintf '%s\\n' "$@" >"${folder}/words"\nfor word; do case "$word" in UserKnownHostsFile=*) cat "\${word#*=}" >"${folder}/known" ;; ProxyCommand=*) sh -c "exec \${word#*=}" ;; -W) cp "${folder}/words" "${folder}/jump"; cp "${folder}/known" "${folder}/jumpKnown"; exit ;; esac; done\ncat >"${folder}/program"\nexit \${STATUS:-0}\n`,
    );
    await chmod(join(folder, "ssh"), 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(args: readonly string[], status = 0) {
    const { exitCode, stderr } = await execa(process.execPath, [holdfast, ...args], {
        cwd: folder,
        reject: false,
        env: { PATH: `${folder}:${process.env["PATH"]}`, STATUS: String(status) },
    });
    const words = await readFile(join(folder, "words"), "utf8").catch(() => "");
    return { exitCode, stderr, words: words.trim().split("\n") };
}

test("the program travels with the command, and its exit status comes back", async () => {
    const { exitCode, words } = await run(
        ["restore", "pve01", "--host", "root@192.0.2.11", "--only", "*/100.conf", "--yes"],
        2,
    );
    expect(exitCode).toBe(2);
    expect(words).toEqual(expect.arrayContaining(["--", "root@192.0.2.11"]));
    expect(words.at(-1)).toContain("'--only=*/100.conf' '--yes' '--node=pve01'");
    expect(await readFile(join(folder, "program"), "utf8")).toMatch(
        /^#!\/usr\/bin\/python3 -ISXutf8\n"""Managed by Holdfast/,
    );
});

test("the stack file says where the node is, and which key it has", async () => {
    const stack = `config:\n  holdfast:fleet:\n    ssh: { user: ops }\n    nodes:\n      pve01: { address: 192.0.2.11, ssh: { port: 2222, hostKey: "${hostKey}" } }\n`;
    await writeFile(join(folder, "Pulumi.prod.yaml"), stack);
    const { exitCode, words } = await run(["restore", "pve01", "--stack", "prod"]);
    expect(exitCode).toBe(0);
    expect(words).toEqual(
        expect.arrayContaining([
            "HostKeyAlias=node",
            "StrictHostKeyChecking=yes",
            "-p",
            "2222",
            "-l",
            "ops",
            "--",
            "192.0.2.11",
        ]),
    );
    expect(await readFile(join(folder, "known"), "utf8")).toBe(`node ${hostKey}\n`);
    const stranger = await run(["restore", "pve09", "--stack", "prod"]);
    expect([stranger.exitCode, stranger.stderr]).toEqual([
        1,
        expect.stringContaining("declares no node pve09: give --host"),
    ]);
});

test("anchors and merged maps of the stack file count as they do to Pulumi", async () => {
    const stack = `common: &common\n    ssh: { user: ops, port: 2222 }\nconfig:\n  holdfast:fleet:\n    nodes:\n      pve01: { <<: *common, address: 192.0.2.11 }\n`;
    await writeFile(join(folder, "Pulumi.prod.yaml"), stack);
    const { words } = await run(["restore", "pve01", "--stack", "prod"]);
    expect(words).toEqual(expect.arrayContaining(["-p", "2222", "-l", "ops", "--", "192.0.2.11"]));
});

test("a jump host is gone through, and its key is pinned as the node's is", async () => {
    const proxy = `{ host: jump.example.test, port: 2200, user: hop, hostKey: "${hostKey}" }`;
    await writeFile(
        join(folder, "Pulumi.prod.yaml"),
        `config: { "holdfast:fleet": { nodes: { pve01: { address: 192.0.2.11, ssh: { proxy: ${proxy} } } } } }\n`,
    );
    const { exitCode } = await run(["restore", "pve01", "--stack", "prod"]);
    expect(exitCode).toBe(0);
    const jump = (await readFile(join(folder, "jump"), "utf8")).trim().split("\n");
    expect(jump).toEqual(expect.arrayContaining(["HostKeyAlias=jump", "StrictHostKeyChecking=yes"]));
    expect(jump.slice(-8)).toEqual(["-p", "2200", "-l", "hop", "-W", "[%h]:%p", "--", "jump.example.test"]);
    expect(await readFile(join(folder, "jumpKnown"), "utf8")).toBe(`jump ${hostKey}\n`);
});

test.each([
    ["config: [", "Pulumi.prod.yaml cannot be read: "],
    ["config: {}", "Pulumi.prod.yaml: holdfast:fleet: is missing: expected the fleet"],
    [
        "config: { 'holdfast:fleet': { nodes: { pve01: { address: 300.0.2.11 } } } }",
        'Pulumi.prod.yaml: holdfast:fleet.nodes.pve01.address: expected an IPv4 or IPv6 address without prefix length, got "300.0.2.11". Mend it, or give --host',
    ],
    [
        "config: { 'holdfast:fleet': { nodes: { pve01: { address: 192.0.2.11, ssh: { port: many } } } } }",
        'holdfast:fleet.nodes.pve01.ssh.port: expected a port, a whole number from 1 to 65535, got "many". Mend it',
    ],
])("the stack file %j is refused in words", async (stack, message) => {
    await writeFile(join(folder, "Pulumi.prod.yaml"), stack);
    const { exitCode, stderr, words } = await run(["restore", "pve01", "--stack", "prod"]);
    expect([exitCode, stderr, words]).toEqual([1, expect.stringContaining(message), [""]]);
    expect(stderr).not.toMatch(/\n {4}at |"code"/);
});

test("what does not concern the way to this node keeps nobody from it", async () => {
    await writeFile(
        join(folder, "Pulumi.prod.yaml"),
        "config: { 'holdfast:fleet': { defauts: 1, nodes: { pve01: { address: 192.0.2.11, fstab: 7 }, pve02: {} } } }",
    );
    expect((await run(["restore", "pve01", "--stack", "prod"])).exitCode).toBe(0);
});

test("a destination alone says nothing of who restores on trial", async () => {
    const { exitCode, stderr, words } = await run(["drill", "pve01", "--host", "192.0.2.11"]);
    expect([exitCode, stderr, words]).toEqual([2, expect.stringContaining("add --on <machine>"), [""]]);
});

test.each([
    [["restore", "pve01", "--host", "192.0.2.11"], 255],
    [["drill", "--on", "pve02"], 255],
    [["drill", "--on", "pve02"], 137],
])("%j whose ssh ends with %d could not tell", async (args, status) => {
    expect((await run(args, status)).exitCode).toBe(1);
});

describe("whoever logs in, root does it", () => {
    test.each([
        ["0", "as root itself"],
        ["1000", "by sudo, without a question"],
    ])("user %s: %s", async (id) => {
        const { words } = await run(["restore", "pve01", "--host", "ops@192.0.2.11"]);
        const program = (name: string, text: string) =>
            writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
        await program("id", `echo ${id}`);
        await program("sudo", `echo "sudo $*" | sed "s,/tmp/[^ ]*/,DIR/,"`);
        const { stdout } = await execa("sh", ["-c", words.at(-1)!.replaceAll("/usr/bin/python3", "echo python3")], {
            env: { PATH: `${folder}:${process.env["PATH"]}` },
            input: "",
        });
        expect(stdout.replace(/\/tmp\/[^ ]*\//, "DIR/")).toBe(
            `${id === "0" ? "" : "sudo -n -- echo "}python3 -ISXutf8 DIR/program --node=pve01`,
        );
    });
});

describe("the drills of a stack", () => {
    const machinesOf = ({ nodes, hosts }: Fleet) => ({ nodes, machines: [...nodes, ...hosts] });
    const plan = (more: Record<string, object> = {}, names: string[] = [], hosts: Record<string, object> = {}) => {
        const configBackup = { target: "sftp:backup@192.0.2.60:/srv/backup", hostKey };
        const nodes = Object.fromEntries(
            ["pve01", "pve02", "pve03"].map((name, index) => [
                name,
                { address: `192.0.2.${11 + index}`, configBackup, ...more[name] },
            ]),
        );
        const { rounds, untold } = planDrills(machinesOf(parseFleet({ nodes, hosts }, () => "").fleet!), names);
        return { rounds: rounds.map(({ by, drills }) => `${by}: ${drills.join(" ")}`), untold };
    };
    test("each on the node that the stack gives it to", () => {
        expect(plan()).toEqual({ rounds: ["pve01: pve03", "pve02: pve01", "pve03: pve02"], untold: [] });
        expect(plan({}, ["pve02"])).toEqual({ rounds: ["pve03: pve02"], untold: [] });
    });
    test("those of nodes that name a host of the stack, there", () => {
        const target = { target: "sftp:backup@192.0.2.60:/srv/backup", hostKey };
        const named = { configBackup: { ...target, drill: { on: "vm-docker1" } } };
        const hosts = { "vm-docker1": { address: "192.0.2.70", configBackup: target } };
        expect(plan({ pve01: named, pve03: named }, [], hosts)).toEqual({
            rounds: ["pve03: pve02", "vm-docker1: pve01 pve03"],
            untold: [],
        });
    });
    test("a node under maintenance is not contacted, and what it restores could not be told", () => {
        expect(plan({ pve02: { maintenance: true } })).toEqual({
            rounds: ["pve01: pve03", "pve03: pve02"],
            untold: [expect.stringContaining("pve01: could not tell: pve02, which restores it, is under maintenance")],
        });
    });
});

test.each(["-oProxyCommand=x", "a b", "$(id)", "../x"])("%j is no node's name", async (name) => {
    for (const command of [["restore"], ["drill", "--on", "pve02"]]) {
        const { exitCode, stderr, words } = await run([...command, "--host", "192.0.2.11", "--", name]);
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining("expected a node's name")]);
        expect(words).toEqual([""]);
    }
});

test("into a folder: repository and password have to be given", async () => {
    const { exitCode, stderr } = await run(["restore", "pve01", "--to", "out"]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("--repository and --password-file are needed")]);
});

test("whatever is in a word, a shell takes it for one", async () => {
    const words = ["it's", "$(id) `id`", "a\nb", "*", "--x"];
    const { stdout } = await execa("sh", ["-c", `printf '%s|' ${words.map(quoted).join(" ")}`]);
    expect(stdout).toBe(`${words.join("|")}|`);
});

test.each([
    [[], 0],
    [[0, 0], 0],
    [[0, 2], 2],
    [[2, 1], 1],
    [[2, 255], 1],
] as const)("drills that end with %j end with %d", (statuses, expected) => {
    expect(together(statuses)).toBe(expected);
});

test.each([
    [[], "22"],
    [["--repository-port", "2222"], "2222"],
])("an sftp target is reached at its own port: %j", async (words, port) => {
    await writeFile(join(folder, "password"), "correct horse\n");
    const python = `#!/bin/sh\ncat >/dev/null; cp "$HOLDFAST_ETC/backup.conf" "${folder}/conf"\n`;
    await writeFile(join(folder, "python3"), python, { mode: 0o755 });
    const given = ["--to", join(folder, "to"), "--repository", "sftp:keeper@192.0.2.60:/srv/backup"];
    const { exitCode } = await run(["restore", "pve01", ...given, "--password-file", "password", ...words]);
    expect([exitCode, await readFile(join(folder, "conf"), "utf8")]).toEqual([
        0,
        `NODE='pve01'\nTARGET='sftp:keeper@192.0.2.60:/srv/backup'\nPORT='${port}'\n`,
    ]);
});

test("a port that is none is refused", async () => {
    const { exitCode, stderr } = await run(["restore", "pve01", "--repository-port", "0"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("expected a port, 1 to 65535")]);
});
