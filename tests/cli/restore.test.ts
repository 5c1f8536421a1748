/** What the commands say to ssh, and where they say no; tests/lab/restore.test.ts has the restore itself. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { together } from "../../cli/restore/drill";
import { quoted } from "../../cli/restore/remote";
import { hostKey } from "../fixtures/fleet/threeNodes";

const holdfast = join(__dirname, "../../cli/holdfast.js");
let folder: string;
beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-restore-"));
    // Notes how it was called and what the pinned keys were, and ends as it is told.
    await writeFile(
        join(folder, "ssh"),
        `#!/bin/sh\nprintf '%s\\n' "$@" >"${folder}/words"\nfor word; do case "$word" in UserKnownHostsFile=*) cat "\${word#*=}" >"${folder}/known" ;; esac; done\ncat >"${folder}/program"\nexit \${STATUS:-0}\n`,
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
        expect.arrayContaining(["StrictHostKeyChecking=yes", "-p", "2222", "-l", "ops", "--", "192.0.2.11"]),
    );
    expect(await readFile(join(folder, "known"), "utf8")).toBe(`[192.0.2.11]:2222 ${hostKey}\n`);
    const stranger = await run(["restore", "pve09", "--stack", "prod"]);
    expect([stranger.exitCode, stranger.stderr]).toEqual([
        1,
        expect.stringContaining("declares no node pve09: give --host"),
    ]);
});

test.each(["-oProxyCommand=x", "a b", "$(id)", "../x"])("%j is no node's name", async (name) => {
    const { exitCode, words } = await run(["restore", "--host", "192.0.2.11", "--", name]);
    expect(exitCode).not.toBe(0);
    expect(words).toEqual([""]);
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
