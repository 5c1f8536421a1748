/** What `pulumi refresh --preview-only --json` prints, as far as it matters here. */
import { z } from "zod";

const state = z.looseObject({
    type: z.string(),
    inputs: z.record(z.string(), z.unknown()).optional(),
    outputs: z.record(z.string(), z.unknown()).optional(),
});

const step = z.looseObject({
    op: z.string(),
    urn: z.string(),
    oldState: state.optional(),
    newState: state.optional(),
    detailedDiff: z.record(z.string(), z.unknown()).nullish(),
});

const diagnostic = z.looseObject({ urn: z.string().optional(), message: z.string(), severity: z.string() });

const digest = z.looseObject({
    steps: z.array(step).nullish(),
    diagnostics: z.array(diagnostic).nullish(),
    changeSummary: z.record(z.string(), z.number()).nullish(),
});

export type Step = z.infer<typeof step>;
export type Diagnostic = z.infer<typeof diagnostic>;

export interface Digest {
    readonly steps: readonly Step[];
    readonly diagnostics: readonly Diagnostic[];
    /** How many resources differ. Of a provider that tells no details (a bridged one) the steps do not show it. */
    readonly changes?: number;
}

/** Undefined where it is none: the engine stopped before it had looked at anything. */
export function parseDigest(text: string): Digest | undefined {
    const parsed = digest.safeParse(jsonOf(text));
    if (!parsed.success) return undefined;
    const { steps, diagnostics, changeSummary } = parsed.data;
    const { update = 0, delete: gone = 0, replace = 0 } = changeSummary ?? {};
    return { steps: steps ?? [], diagnostics: diagnostics ?? [], changes: update + gone + replace };
}

function jsonOf(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
