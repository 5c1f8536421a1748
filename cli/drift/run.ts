/** One drift run over one or more stacks. */
import pLimit from "p-limit";
import { listStacks, refreshStack } from "./pulumi";
import { withRemedy } from "../remedy";
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
