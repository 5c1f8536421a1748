/** Finds and ends the processes of a lab. They carry a mark in their environment, so no pid file can be stale. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";

export const markVariable = "HOLDFAST_LAB_PROCESS";

/**
 * A command that ends with us, also when we are killed: what it was still to make (a loop device, a mount, a namespace)
 * would otherwise appear behind the back of a `lab down` that comes next.
 */
export function runBound(
    command: string,
    args: readonly string[],
    options: execa.Options = {},
): execa.ExecaChildProcess {
    return execa("setpriv", ["--pdeathsig", "KILL", command, ...args], options);
}

/** Pids of the processes with that mark: a lab's folder, a space, and what the process is for. */
export async function findMarked(mark: string): Promise<number[]> {
    return findProcesses("environ", (environment) =>
        environment
            .split("\0")
            .some((entry) => entry === `${markVariable}=${mark}` || entry.startsWith(`${markVariable}=${mark} `)),
    );
}

/** Pids of `parent`'s children. */
export async function childrenOf(parent: number): Promise<number[]> {
    return findProcesses("stat", (stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent);
}

/** Kills at once, and waits until all are gone. @throws where one is still there after ten seconds. */
export async function killAndWait(pids: readonly number[]): Promise<void> {
    for (const pid of pids) signal(pid, "SIGKILL");
    await waitForExit(pids, 10);
}

/** @param seconds how long to wait before giving up with an error. */
export async function waitForExit(pids: readonly number[], seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const alive = [];
        for (const pid of pids) if (await isAlive(pid)) alive.push(pid);
        if (alive.length === 0) return;
        if (Date.now() > deadline) throw new Error(`process ${alive.join(", ")} is still there after ${seconds} s`);
        await delay(20);
    }
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals | number): void {
    try {
        process.kill(pid, name);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

/**
 * A zombie counts as gone: nobody may be there to reap it. Not one that has threads left: they hold its files until
 * they are gone, too, and QEMU's next start is refused its disks.
 */
async function isAlive(pid: number): Promise<boolean> {
    const stat = await readProcess(pid, "stat");
    if (stat === undefined) return false;
    // proc(5): the name, in parentheses, may have anything in it; the state is the first field behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const threads = Number(fields[17]);
    return fields[0] !== "Z" || threads > 1;
}

async function findProcesses(file: string, matches: (content: string) => boolean): Promise<number[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const contents = await Promise.all(pids.map((pid) => readProcess(pid, file)));
    return pids.filter((_, index) => matches(contents[index] ?? ""));
}

/**
 * Undefined where the process has ended meanwhile, or is one that even root may not look into (the workstation's init).
 */
async function readProcess(pid: number, file: string): Promise<string | undefined> {
    try {
        return await readFile(`/proc/${pid}/${file}`, "utf8");
    } catch (error) {
        if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
        throw error;
    }
}
