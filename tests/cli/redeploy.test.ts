/** What `holdfast redeploy` says to ssh; what the program does there is tests/components/docker.test.ts. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";

const holdfast = join(__dirname, "../../cli/holdfast.js");
let folder: string;
beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-redeploy-"));
    await writeFile(
        join(folder, "ssh"),
        `#!/bin/sh\n[ "$1" != -G ] || exit 0\nprintf '%s\\n' "$@" >"${folder}/words"\ncat >"${folder}/program"\nexit \${STATUS:-0}\n`,
    );
    await chmod(join(folder, "ssh"), 0o755);
    const stack =
        "config:\n  holdfast:fleet:\n    ssh: { user: ops }\n    nodes: { pve01: { address: 192.0.2.11 } }\n    hosts: { vm-docker1: { address: 192.0.2.70, roles: [docker] } }\n";
    await writeFile(join(folder, "Pulumi.prod.yaml"), stack);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(args: readonly string[], status = 0) {
    const { exitCode, stderr } = await execa(process.execPath, [holdfast, "redeploy", ...args], {
        cwd: folder,
        reject: false,
        env: { PATH: `${folder}:${process.env["PATH"]}`, STATUS: String(status) },
    });
    const words = await readFile(join(folder, "words"), "utf8").catch(() => "");
    return { exitCode, stderr, words: words.trim().split("\n") };
}

test("the program travels to the host of the stack, with the deployments' names, and its exit status comes back", async () => {
    const { exitCode, words } = await run(["vm-docker1", "dns", "wiki", "--stack", "prod"], 2);
    expect(exitCode).toBe(2);
    expect(words).toEqual(expect.arrayContaining(["-l", "ops", "--", "192.0.2.70"]));
    expect(words.at(-1)).toContain(`"$d/program" '--now' 'dns' 'wiki';`);
    expect(await readFile(join(folder, "program"), "utf8")).toContain("class Redeploy");
});

test("all of them where none is named; what ssh itself ends with is `could not tell`", async () => {
    const { exitCode, words } = await run(["vm-docker1", "--host", "root@192.0.2.70"], 255);
    expect(exitCode).toBe(1);
    expect(words.at(-1)).toContain(`"$d/program" '--now';`);
});

test("a host that the stack has not, and what is no name, are refused", async () => {
    const stranger = await run(["vm-docker2", "--stack", "prod"]);
    expect([stranger.exitCode, stranger.stderr]).toEqual([
        1,
        expect.stringContaining("declares no node vm-docker2: give --host"),
    ]);
    const hostile = await run(["vm-docker1", "wiki; reboot"]);
    expect([hostile.exitCode, hostile.words]).toEqual([2, [""]]);
});
