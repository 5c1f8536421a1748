/** The shape of a drift run's result: what `--format json` prints, and what every other format is made from. */
import { z } from "zod";

const change = z.strictObject({
    concern: z.string().meta({ description: "Second half of the FileSet's id: hosts, fstab, interfaces, …" }),
    kind: z.enum(["file", "unit", "package", "fact", "connection", "resource"]),
    subject: z.string().meta({ description: "Absolute path, unit, package or fact." }),
    summary: z.string().meta({ description: "One line: what it is, and what is expected." }),
    diff: z.string().optional().meta({
        description:
            "Hunks of a unified diff from the expected content (-) to what stands on the node (+). Secret values are masked.",
    }),
    modified: z.iso.datetime().optional().meta({ description: "When the file was last written, by the node's clock." }),
    by: z.string().optional().meta({ description: "Who may have written it, where the node knows." }),
});

const hazard = z.strictObject({
    file: z.string(),
    line: z.int(),
    severity: z.enum(["error", "warning"]),
    rule: z.string(),
    message: z.string(),
});

const status = z.enum(["clean", "drift", "unreachable", "skipped"]).meta({
    description:
        "unreachable: nothing could be said of at least one concern. skipped: under maintenance, not contacted.",
});

const concern = z.strictObject({
    name: z.string(),
    status,
    facts: z
        .record(z.string(), z.string())
        .meta({ description: "What was seen besides the files: verdicts and states." }),
    hazards: z.array(hazard).meta({
        description:
            "What the lints find in the files as they stand on the node; an error would keep it from booting or from being reached.",
    }),
});

const node = z.strictObject({
    name: z.string(),
    status,
    reason: z.string().optional().meta({ description: "Why it is unreachable or skipped." }),
    underWay: z.literal(true).optional().meta({
        description: "Holdfast itself is at work there: what differs may be its own, and nobody's edit.",
    }),
    concerns: z.array(concern),
    changes: z.array(change),
});

const stack = z.strictObject({
    name: z.string(),
    status: z.enum(["clean", "drift", "unknown"]),
    underWay: z.literal(true).optional().meta({
        description: "An update of the stack is under way: what differs may be its own; `error` says which.",
    }),
    error: z.string().optional().meta({ description: "Why the stack as a whole could not be looked at." }),
    nodes: z.array(node),
});

export const driftReport = z.strictObject({
    version: z.literal(1),
    checkedAt: z.iso.datetime(),
    verdict: z
        .enum(["clean", "drift", "unknown"])
        .meta({ description: "unknown wins over drift: exit status 1, else 2 for drift, 0 for clean." }),
    stacks: z.array(stack),
});

export type Change = Readonly<z.infer<typeof change>>;
export type Concern = Readonly<z.infer<typeof concern>>;
export type Hazard = Readonly<z.infer<typeof hazard>>;
export type NodeDrift = Readonly<z.infer<typeof node>>;
export type StackDrift = Readonly<z.infer<typeof stack>>;
export type DriftReport = Readonly<z.infer<typeof driftReport>>;

export const exitStatus = { clean: 0, unknown: 1, drift: 2 } as const;

export function summarize(stacks: readonly StackDrift[], checkedAt: Date): DriftReport {
    return { version: 1, checkedAt: checkedAt.toISOString(), verdict: worst(stacks), stacks: [...stacks] };
}

/** What could not be looked at wins: a clean half says nothing about the other. */
export function worst(parts: readonly { readonly status: StackDrift["status"] }[]): StackDrift["status"] {
    return (["unknown", "drift"] as const).find((status) => parts.some((part) => part.status === status)) ?? "clean";
}

/** Nothing is known to be wrong but that somebody is at work: the next look will tell. */
export function isUnderWay({ verdict, stacks }: DriftReport): boolean {
    const unknown = stacks.filter(({ status }) => status === "unknown");
    const isOwn = ({ underWay, error, nodes }: StackDrift) =>
        (underWay === true || error === undefined) &&
        nodes.every((node) => node.status !== "unreachable" || node.underWay === true);
    return (
        verdict === "unknown" &&
        unknown.length > 0 &&
        unknown.every(isOwn) &&
        stacks.every((stack) => stack.status !== "drift")
    );
}

/** Text of `schema/holdfast-drift.schema.json`. */
export function driftJsonSchema(): string {
    return `${JSON.stringify({ title: "holdfast drift --format json", ...z.toJSONSchema(driftReport, { target: "draft-7" }) }, undefined, 2)}\n`;
}
