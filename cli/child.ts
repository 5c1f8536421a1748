/**
 * A child process that does not outlive the command: neither a signal to it, nor its time limit, nor its own violent
 * end.
 */
import { spawnSync } from "node:child_process";
import execa from "execa";

/**
 * Milliseconds in which a child that was asked to stop may finish; a pipeline that is cancelled is killed ten seconds
 * later.
 */
const GRACE = 5_000;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** The signal that this command was told to end by: nothing is begun after it. */
let told: NodeJS.Signals | undefined;

export interface ChildOptions {
    readonly env: NodeJS.ProcessEnv;
    /** Standard output and error in the order they came, too. */
    readonly all?: boolean;
    /** Seconds; none by default. */
    readonly timeout?: number;
    /** What it gets where this command is killed; by default what nothing survives. */
    readonly deathSignal?: "KILL" | "INT";
}

export interface Ended {
    /** Absent where a signal ended it, or where it could not be run. */
    readonly exitCode?: number;
    readonly signal?: string;
    readonly stdout: string;
    readonly stderr: string;
    readonly all?: string;
    /** Why it was asked to stop before it was done: `SIGTERM`, `no end after 1200 s`. */
    readonly cut?: string;
}

/** Its exit status, whatever it is, is a result. A second signal ends it at once. */
export async function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<Ended> {
    const { env, all = false, timeout, deathSignal = "KILL" } = options;
    if (told !== undefined) return { signal: told, stdout: "", stderr: "", cut: told };
    const [file = command, ...words] = [...diesWithParent(env, deathSignal), command, ...args];
    const child = execa(file, words, {
        env,
        extendEnv: false,
        reject: false,
        all,
        // A group of its own: what it has started in turn goes with it.
        detached: true,
        maxBuffer: 1 << 30,
        stripFinalNewline: false,
        stdin: "ignore",
    });
    let cut: string | undefined;
    const timers: NodeJS.Timeout[] = [];
    const stop = (why: string) => {
        if (cut !== undefined) {
            killGroup(child.pid, "SIGKILL");
            return;
        }
        cut = why;
        // pulumi takes SIGINT as "finish what you are at"; its plugins have groups of their own, and end with it.
        killGroup(child.pid, "SIGINT");
        timers.push(setTimeout(() => killGroup(child.pid, "SIGKILL"), GRACE));
    };
    const onSignal = (signal: NodeJS.Signals) => {
        told = signal;
        stop(signal);
    };
    // What it leaves behind when it was stopped (it may hold our end of the output open) goes as well.
    void child.once("exit", () => {
        if (cut !== undefined) killGroup(child.pid, "SIGKILL");
    });
    for (const signal of signals) process.on(signal, onSignal);
    if (timeout !== undefined)
        timers.push(
            setTimeout(() => {
                stop(`no end after ${timeout} s`);
            }, timeout * 1000),
        );
    try {
        const { exitCode, signal, stdout, stderr, all: both } = await child;
        // With `reject: false` a command that is missing, or that a signal ended, has no exit status.
        return { exitCode, signal, stdout, stderr, all: both, ...(cut && { cut }) };
    } finally {
        for (const timer of timers) clearTimeout(timer);
        for (const signal of signals) process.off(signal, onSignal);
    }
}

/**
 * Where the kernel can be asked to end the child with us (SIGKILL leaves no time to do it): util-linux's setpriv asks.
 */
function diesWithParent(env: NodeJS.ProcessEnv, signal: string): string[] {
    const asking = ["setpriv", "--pdeathsig", signal, "--"];
    return spawnSync(asking[0]!, [...asking.slice(1), "true"], { env, stdio: "ignore" }).status === 0 ? asking : [];
}

function killGroup(leader: number | undefined, signal: NodeJS.Signals): void {
    if (leader === undefined) return;
    try {
        process.kill(-leader, signal);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}
