/**
 * Crash images of the node's program (crash.py has the how): a scenario in, a count of what the disks looked like out.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import type { Plan, Result } from "../../host/observation";

export interface FileBefore {
    readonly content: string;
    /** Octal; "0644" by default. */
    readonly mode?: string;
    readonly uid?: number;
    readonly gid?: number;
    readonly xattrs?: Readonly<Record<string, string>>;
}

export interface Scenario {
    /** By absolute path below /etc, in folders that exist. */
    readonly before: Readonly<Record<string, FileBefore>>;
    /** One batch. */
    readonly plans: readonly (Pick<Plan, "validate" | "activate" | "verify"> & {
        readonly files: Readonly<Record<string, Omit<Plan["files"][string], "was">>>;
    })[];
}

export interface CrashReport {
    /** Disks that were booted: images of transactions and of recoveries, and disks whose recovery was killed. */
    readonly images: number;
    readonly old: number;
    readonly new: number;
    /** Of several transactions some are old and some new, each whole. */
    readonly between: number;
    readonly mixture: number;
    /** Those where an outcome that the client had been told was not true any more. */
    readonly broken: number;
    /** Those that had a transaction to undo. */
    readonly open: number;
    /** Those of them whose recovery had been cut or killed before. */
    readonly interrupted: number;
    /** What was wrong, with the image's name: kind of disk, round, number of the call before which it was taken. */
    readonly faults: readonly string[];
    /** Of the transactions that nothing cut, in the order of the plans. */
    readonly results: readonly Result[];
    /**
     * By path: file type, mode, uid, gid, extended attributes, content in hexadecimal, after the uncut transactions.
     */
    readonly after: Readonly<
        Record<string, readonly [number, number, number, number, Readonly<Record<string, string>>, string]>
    >;
}

const program = join(__dirname, "..", "..", "host", "node");

/** Which disks after the cut: see crash.py. */
export type Mode = "asked" | "flushed" | "random";

/**
 * Whole transactions, each cut at every call, `rounds` times; recovery cut at every call on `interrupted` of the disks.
 */
export async function crash(
    scenario: Scenario,
    modes: readonly Mode[],
    rounds: number,
    interrupted: number,
    folder = program,
): Promise<CrashReport> {
    const { stdout } = await execa(
        "unshare",
        [
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "/usr/bin/python3",
            join(__dirname, "crash.py"),
            "campaign",
        ],
        {
            input: JSON.stringify([folder, scenario, modes, rounds, interrupted]),
        },
    );
    return JSON.parse(stdout) as CrashReport;
}

/** The same with a fault put into the program: what a test of crash safety has to notice. */
export async function crashMutant(
    module: string,
    original: string,
    mutated: string,
    scenario: Scenario,
    mode: Mode,
): Promise<CrashReport> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-mutant-"));
    try {
        await cp(program, folder, { recursive: true });
        const source = await readFile(join(folder, module), "utf8");
        if (!source.includes(original)) throw new Error(`${module} does not contain ${original}`);
        await writeFile(join(folder, module), source.replace(original, mutated));
        return await crash(scenario, [mode], 1, 0, folder);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}
