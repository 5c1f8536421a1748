/**
 * What a command has started ends with it, however it ends. A stand-in for pulumi; tests/lab/drift.test.ts has the real
 * one.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";

// Two starts of Node each, on cores that others use too.
jest.setTimeout(60_000);

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-child-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const holdfast = resolve(__dirname, "../../cli/holdfast.js");

/** pulumi that has a child of its own and never ends by itself. @param onInterrupt what it does when it is asked to */
async function start(onInterrupt: string, ...args: string[]) {
    const pulumi = join(folder, "pulumi");
    await writeFile(
        pulumi,
        `#!/bin/bash\ntrap '${onInterrupt}' INT\nsleep 1000 &\necho "$$ $!" >"${folder}/pids.new"; mv "${folder}/pids.new" "${folder}/pids"\nwhile :; do wait; done\n`,
    );
    await chmod(pulumi, 0o755);
    const command = execa(process.execPath, [holdfast, ...args], {
        env: { PATH: `${folder}:${process.env["PATH"] ?? ""}`, HOME: folder, XDG_CACHE_HOME: folder },
        extendEnv: false,
        reject: false,
    });
    await until(() => existsSync(join(folder, "pids")));
    const pids = (await readFile(join(folder, "pids"), "utf8")).trim().split(" ").map(Number);
    return { command, pids };
}

/** Bounded only against a hang. */
async function until(holds: () => boolean): Promise<void> {
    for (let tries = 0; !holds(); tries++) {
        if (tries > 3000) throw new Error("it never came true");
        await delay(10);
    }
}

/** A zombie that nobody has waited for is gone, too. */
function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
        return false;
    }
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s: the engine is asked to stop, and the report says that this is not all of it",
    async (signal) => {
        const { command, pids } = await start('echo "{}"; exit 0', "drift");
        command.kill(signal);
        const { exitCode, stdout } = await command;
        expect(stdout).toContain(`error: the look was cut short (${signal}), so this is not all of it: run it again`);
        expect(exitCode).toBe(1);
        await until(() => pids.every((pid) => !isRunning(pid)));
    },
);

test("an engine that does not stop when it is asked is ended, and its children with it", async () => {
    const { command, pids } = await start(":", "drift");
    command.kill("SIGTERM");
    await delay(50);
    command.kill("SIGTERM"); // at once, instead of after five seconds
    expect(await command).toMatchObject({ exitCode: 1 });
    await until(() => pids.every((pid) => !isRunning(pid)));
});

test("a command that is killed takes the engine with it", async () => {
    const { command, pids } = await start(":", "drift");
    try {
        command.kill("SIGKILL");
        await command;
        await until(() => !isRunning(pids[0]!));
    } finally {
        for (const pid of pids.filter(isRunning)) process.kill(pid, "SIGKILL");
    }
});

test("at its time limit the look ends, with what was seen and as could not tell", async () => {
    const { command } = await start('echo "{}"; exit 0', "drift", "--stack", "prod", "--timeout", "1");
    expect(await command).toMatchObject({
        exitCode: 1,
        stdout: "error: the look was cut short (no end after 1 s), so this is not all of it: run it again",
    });
});

test("a preview that was cut short has failed, and says why", async () => {
    const { command } = await start("exit 0", "preview", "--format", "markdown", "--timeout", "1");
    const { exitCode, stdout } = await command;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^## ❌ The preview failed\n[^]*cut short \(no end after 1 s\)/);
});
