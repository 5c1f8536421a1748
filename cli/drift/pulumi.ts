/**
 * The Pulumi CLI as a child process. Not the Automation API: it runs the same child, and loading it takes longer (1.5 s on two
 * busy cores) than all the rest of a drift run costs beyond the engine.
 */
import { existsSync } from "node:fs";
import execa from "execa";
import { builtFolder, pulumiEnvironment } from "../../scripts/toolchain";
import type { StackDrift } from "./report";

interface Finished {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
}

/**
 * Looks at every node of the stack, of the selected one where none is named. State is not changed; a stack that cannot be looked
 * at is `unknown`, with the reason.
 */
export async function refreshStack(stack?: string): Promise<StackDrift> {
    const running = run("refresh", "--preview-only", "--json", ...(stack === undefined ? [] : ["--stack", stack]));
    // Loaded while the engine works.
    const [{ collectStack, stackOf }, { parseDigest }] = await Promise.all([import("./collect"), import("./digest")]);
    const { exitCode, stdout, stderr } = await running;
    const digest = parseDigest(stdout);
    const name = stack ?? (digest && stackOf(digest)) ?? "the selected stack";
    const found = digest && collectStack(name, digest);
    if (!found || (exitCode !== 0 && found.status !== "unknown")) {
        const reason = found?.error ?? (plain(stderr) || `pulumi refresh: exit status ${exitCode}`);
        return { name, status: "unknown", nodes: found?.nodes ?? [], error: reason };
    }
    return found;
}

/** Stacks of this project. */
export async function listStacks(): Promise<string[]> {
    const { exitCode, stdout, stderr } = await run("stack", "ls", "--json");
    if (exitCode !== 0) throw new Error(`pulumi stack ls: ${plain(stderr)}`);
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort();
}

async function run(...args: readonly string[]): Promise<Finished> {
    const folder = builtFolder();
    const env = pulumiEnvironment(existsSync(folder) ? folder : undefined);
    const finished = await execa("pulumi", [...args, "--non-interactive", "--color", "never"], { env, extendEnv: false, reject: false, maxBuffer: 1 << 30 });
    // With `reject: false` a command that is missing, or that a signal ended, has no exit status.
    if ((finished.exitCode as number | undefined) === undefined) throw new Error(`pulumi did not run to its end (${finished.signal ?? "is it installed?"}); \`npm run setup\` builds it where it is missing`);
    return finished;
}

function plain(text: string): string {
    return text.trim().replace(/^error: /, "").split("\n").map((line) => line.trim()).filter(Boolean).join("; ");
}
