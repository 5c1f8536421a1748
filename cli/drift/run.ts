/** One drift run over one or more stacks. */
import pLimit from "p-limit";
import { listStacks, refreshStack } from "./pulumi";
import type { DriftReport, StackDrift } from "./report";

/** Engines at once: each takes a core of its own while it starts. */
const CONCURRENT = 4;

export interface DriftSelection {
    /** By default the selected one. */
    readonly stack?: string;
    readonly allStacks: boolean;
    /** Seconds for each stack; none by default. */
    readonly timeout?: number;
}

export async function runDrift({ stack, allStacks, timeout }: DriftSelection): Promise<DriftReport> {
    const checkedAt = new Date();
    const names = allStacks
        ? await listStacks().catch((error: unknown) =>
              Promise.reject(new Error(withRemedy((error as Error).message), { cause: error })),
          )
        : [stack];
    if (names.length === 0) throw new Error("this project has no stacks yet: `pulumi stack init NAME` makes one");
    const limit = pLimit(CONCURRENT);
    const stacks = await Promise.all(
        names.map((name) => limit((): Promise<StackDrift> => refreshStack(name, timeout))),
    );
    const told = stacks.map((each) => ({
        ...each,
        ...(each.error !== undefined && { error: withRemedy(each.error) }),
    }));
    return (await import("./report")).summarize(told, checkedAt);
}

/** The engine's own words, and what to type next where it does not say. */
function withRemedy(error: string): string {
    // Its words name no folder, and advise a new project.
    if (error.includes("no Pulumi.yaml project file found"))
        return `no Pulumi.yaml in ${process.cwd()} or above it; run this in the project's folder`;
    if (/no stack named '.*' found/.test(error)) return `${error}; \`pulumi stack ls\` lists those that exist`;
    if (error.includes("PULUMI_ACCESS_TOKEN must be set"))
        return `${error}; or \`pulumi login\` to where the stacks are kept`;
    return error;
}
