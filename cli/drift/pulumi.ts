/** What the Pulumi CLI tells of a project's stacks. */
import { DATA_LINES } from "../../model/contract/environment";
import { ofStack, runPulumi } from "../pulumi";
import type { StackDrift } from "./report";

/**
 * Looks at every node of the stack, of the selected one where none is named. State is not changed; a stack that cannot
 * be looked at is `unknown`, with the reason.
 * @param timeout seconds; none by default
 */
export async function refreshStack(stack?: string, timeout?: number): Promise<StackDrift> {
    const began = new Date();
    const running = runPulumi(["refresh", "--preview-only", "--json", ...ofStack(stack)], {
        timeout,
        env: { [DATA_LINES]: "1" },
    });
    // Loaded while the engine works.
    const [{ collectStack, stackOf }, { parseDigest }] = await Promise.all([import("./collect"), import("./digest")]);
    const { exitCode, stdout, stderr, cut } = await running;
    const digest = parseDigest(stdout);
    const name = stack ?? (digest && stackOf(digest)) ?? "the selected stack";
    const found = digest && collectStack(name, digest);
    if (cut !== undefined) {
        const error = `the look was cut short (${cut}), so this is not all of it: run it again`;
        return { name, status: "unknown", nodes: found?.nodes ?? [], error };
    }
    if (!found || (exitCode !== 0 && found.status !== "unknown")) {
        const reason = found?.error ?? (plain(stderr) || `pulumi refresh: exit status ${exitCode}`);
        return { name, status: "unknown", nodes: found?.nodes ?? [], error: reason };
    }
    // Only a difference can be somebody's work half done.
    if (found.nodes.every(({ changes }) => changes.length === 0)) return found;
    const { otherUpdate } = await import("./underWay");
    const other = await otherUpdate(name, began);
    if (!other) return found;
    const nodes = found.nodes.map(({ changes, ...node }) => ({
        ...node,
        changes: changes.map(({ by: _by, modified: _modified, ...change }) => change),
    }));
    return { name, status: "unknown", error: other.text, ...(other.isUnderWay && { underWay: true as const }), nodes };
}

/** Stacks of this project. */
export async function listStacks(): Promise<string[]> {
    const { exitCode, stdout, stderr, cut } = await runPulumi(["stack", "ls", "--json"]);
    if (cut !== undefined) throw new Error(`pulumi stack ls was cut short (${cut})`);
    if (exitCode !== 0) throw new Error(`pulumi stack ls: ${plain(stderr)}`);
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort();
}

function plain(text: string): string {
    return text
        .trim()
        .replace(/^error: /, "")
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean)
        .join("; ");
}
