/** From the engine's digest of one stack to its nodes. */
import { parseDataLine } from "../../model/contract/dataLine";
import { FILE_SET_TYPE } from "../../model/contract/fileSet";
import { concernNames, concerns as table } from "../../components/table";
import { formatOfPath, lintContent } from "../../model/lint/formats";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { busyLook } from "../../model/contract/busyLook";
import { skippedLook } from "../../model/contract/skippedLook";
import { changesOf } from "./changes";
import type { Diagnostic, Digest, Step } from "./digest";
import { worst, type Change, type Concern, type Hazard, type NodeDrift, type StackDrift } from "./report";

/** The stack that an URN belongs to: `urn:pulumi:STACK::PROJECT::TYPE::NAME`. */
export function stackOf({ steps }: Digest): string | undefined {
    return steps[0]?.urn.split("::")[0]?.replace(/^urn:pulumi:/, "");
}

export function collectStack(name: string, { steps, diagnostics, changes = 0 }: Digest): StackDrift {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    // The engine's order is that of its workers: two runs of the same drift are to read the same.
    const fileSets = distinct(steps.filter(({ urn }) => typeOf(urn) === FILE_SET_TYPE)).sort((a, b) =>
        concernOf(a).localeCompare(concernOf(b), "en"),
    );
    const names = [...new Set(fileSets.map(nodeOf))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const nodes = names.map((node) =>
        collectNode(
            node,
            fileSets.filter((step) => nodeOf(step) === node),
            diagnostics,
        ),
    );
    const strangers = steps.filter(({ op, urn }) => isChange(op) && typeOf(urn) !== FILE_SET_TYPE);
    for (const node of nodes) addOthers(node, strangers);
    const others = strangers
        .filter((step) => !nodes.some(({ name: node }) => belongsTo(step, node)))
        .map(({ urn }): NodeDrift => {
            return {
                name: nameOf(urn),
                status: "drift",
                concerns: [],
                changes: [
                    {
                        concern: nameOf(urn),
                        kind: "resource",
                        subject: typeOf(urn),
                        summary: "differs; `pulumi refresh --preview-only --diff` shows how",
                    },
                ],
            };
        });
    const all = [...nodes, ...others, ...untold(steps, changes)];
    // "preview failed" stands for the errors of single resources, and says nothing by itself.
    const general = errors
        .filter(
            ({ urn, message }) =>
                (urn === undefined || typeOf(urn) !== FILE_SET_TYPE) &&
                !/^(?:error: )?preview failed\s*$/.test(message),
        )
        .map(({ message }) => clean(message));
    const isUnknown = errors.length > 0 || all.some(({ status }) => status === "unreachable");
    const status = isUnknown
        ? "unknown"
        : worst(all.map((node) => ({ status: node.status === "drift" ? "drift" : "clean" })));
    return { name, status, ...(general.length > 0 && { error: [...new Set(general)].join("; ") }), nodes: all };
}

/** Each node by itself: what one node's files make our own code stumble over says nothing of the others. */
function collectNode(name: string, steps: readonly Step[], diagnostics: readonly Diagnostic[]): NodeDrift {
    try {
        return judgeNode(name, steps, diagnostics);
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const reason = `what stands there cannot be judged: ${why}. Please report this`;
        const concerns = steps.map((step): Concern => ({
            name: concernOf(step),
            status: "unreachable",
            facts: {},
            hazards: [],
        }));
        return { name, status: "unreachable", reason, concerns, changes: [] };
    }
}

function judgeNode(name: string, steps: readonly Step[], diagnostics: readonly Diagnostic[]): NodeDrift {
    const changes = steps.filter(({ op }) => isChange(op)).flatMap((step) => collectChanges(step, diagnostics));
    const errors = [
        ...new Set(
            diagnostics
                .filter(({ urn, severity }) => severity === "error" && steps.some((step) => step.urn === urn))
                .map(({ message }) => clean(message)),
        ),
    ];
    const concerns = byComponent(steps.map((step) => collectConcern(step, diagnostics)));
    const busy = busyReason(name, steps, diagnostics);
    if (busy) {
        // Who wrote what is Holdfast's own doing.
        const own = changes.map(({ by: _by, modified: _modified, ...change }) => change);
        return { name, status: "unreachable", ...busy, concerns, changes: own };
    }
    if (errors.length > 0) return { name, status: "unreachable", reason: errors.join("; "), concerns, changes };
    if (concerns.every(({ status }) => status === "skipped"))
        return { name, status: "skipped", reason: "under maintenance, not contacted", concerns, changes };
    if (changes.length > 0) return { name, status: "drift", concerns, changes };
    // Of a part that nobody has looked at nothing is known: the whole is not clean.
    const unseen = concerns.filter(({ status }) => status !== "clean").map((concern) => concern.name);
    if (unseen.length > 0)
        return { name, status: "unreachable", reason: `${unseen.join(", ")}: not looked at`, concerns, changes };
    return { name, status: "clean", concerns, changes };
}

/** In the provider's own words, where what differs may be Holdfast's half-done work. */
function busyReason(
    name: string,
    steps: readonly Step[],
    diagnostics: readonly Diagnostic[],
): { reason: string; underWay?: true } | undefined {
    for (const { urn, severity, message } of diagnostics) {
        if (severity !== "warning" || !steps.some((step) => step.urn === urn)) continue;
        for (const state of ["running", "left open"] as const) {
            const start = message.indexOf(busyLook(name, state));
            if (start === -1) continue;
            const reason = message.slice(start + busyLook(name, state).length).trim();
            return { reason, ...(state === "running" && { underWay: true }) };
        }
    }
    return undefined;
}

function collectConcern(step: Step, diagnostics: readonly Diagnostic[]): Concern {
    const failed = diagnostics.some(({ urn, severity }) => urn === step.urn && severity === "error");
    const skipped = skippedLook(nodeOf(step));
    const isSkipped = diagnostics.some(
        ({ urn, severity, message }) => urn === step.urn && severity === "warning" && message.includes(skipped),
    );
    const status = failed ? "unreachable" : isSkipped ? "skipped" : isChange(step.op) ? "drift" : "clean";
    const isSeen = status === "clean" || status === "drift";
    const { observed } = (step.newState?.outputs ?? {}) as { observed?: { facts?: Record<string, string> } };
    return {
        name: concernOf(step),
        status,
        facts: isSeen ? (observed?.facts ?? {}) : {},
        hazards: isSeen ? liveHazards(step) : [],
    };
}

/** The lints once more, on the files as they stand on the node. */
function liveHazards({ oldState, newState }: Step): Hazard[] {
    const files = (newState?.outputs?.["files"] ?? {}) as Record<string, { content?: string }>;
    const node = oldState?.inputs?.["node"] as NodeIdentity | undefined;
    return Object.entries(files).flatMap(([file, { content }]) =>
        typeof content !== "string" || formatOfPath(file) === "text"
            ? []
            : lintContent(formatOfPath(file), content, { node }).flatMap(({ severity, line, rule, message }) =>
                  severity === "not checked" ? [] : [{ file, line, severity, rule, message }],
              ),
    );
}

function collectChanges(step: Step, diagnostics: readonly Diagnostic[]): Change[] {
    const concern = concernOf(step);
    const said = diagnostics.filter(({ urn }) => urn === step.urn).map(({ message }) => message);
    return changesOf(
        Object.keys(step.detailedDiff ?? {}),
        step.oldState?.inputs ?? {},
        step.newState?.outputs ?? {},
    ).map((change) => ({ concern, ...change, ...provenanceOf(change.subject, said) }));
}

/** The provider says it in a data line, since state must stay free of times. */
function provenanceOf(subject: string, messages: readonly string[]): Pick<Change, "modified" | "by"> {
    const told = messages.map(parseDataLine).find((data) => data?.path === subject);
    return told ? { modified: told.modified, ...(told.by !== undefined && { by: told.by }) } : {};
}

/** A resource shows up when its look begins and when it ends; what was found is in the latter. */
function distinct(steps: readonly Step[]): Step[] {
    const byUrn = new Map<string, Step>();
    for (const step of steps) if (!byUrn.has(step.urn) || isChange(step.op)) byUrn.set(step.urn, step);
    return [...byUrn.values()];
}

function isChange(op: string): boolean {
    return op !== "refresh" && op !== "same" && op !== "read";
}

/**
 * Resources that differ by the engine's count and not by its steps: it fills in what a look has found only where the
 * provider tells single properties, and bridged ones do not.
 */
function untold(steps: readonly Step[], changes: number): NodeDrift[] {
    const told = new Set(steps.filter(({ op }) => isChange(op)).map(({ urn }) => urn)).size;
    const candidates = distinct(steps)
        .filter(({ op, urn, oldState }) => !isChange(op) && !/^(?:holdfast|pulumi):/.test(typeOf(urn)) && oldState)
        .map(({ urn }) => nameOf(urn))
        .sort();
    if (changes <= told || candidates.length === 0) return [];
    return [
        {
            name: "other providers",
            status: "drift",
            concerns: [],
            changes: [
                {
                    concern: "other providers",
                    kind: "resource",
                    subject: candidates.join(", "),
                    summary: `${changes - told} of these ${changes - told === 1 ? "differs" : "differ"}; \`pulumi refresh --preview-only --diff\` shows how`,
                },
            ],
        },
    ];
}

/** Several FileSets of one component are one concern, as bad as the worst of them. */
function byComponent(each: readonly Concern[]): Concern[] {
    const names = [...new Set(each.map(({ name }) => name))];
    return names.map((name) => {
        const parts = each.filter((part) => part.name === name);
        const worstOf = (["unreachable", "drift", "skipped"] as const).find((status) =>
            parts.some((part) => part.status === status),
        );
        return {
            name,
            status: worstOf ?? "clean",
            facts: Object.assign({}, ...parts.map(({ facts }) => facts)) as Concern["facts"],
            hazards: parts.flatMap(({ hazards }) => hazards),
        };
    });
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A resource of another package that differs, below a component of the node: it is drift of that concern. */
function addOthers(node: Mutable<NodeDrift>, strangers: readonly Step[]): void {
    for (const step of strangers.filter((each) => belongsTo(each, node.name))) {
        const concern = componentOf(step)!;
        const change: Change = {
            concern,
            kind: "resource",
            subject: nameOf(step.urn),
            summary: "differs; `pulumi refresh --preview-only --diff` shows how",
        };
        node.changes = [...node.changes, change];
        const own: Concern = { name: concern, status: "drift", facts: {}, hazards: [] };
        node.concerns = byComponent([...node.concerns, own]);
        if (node.status === "clean") node.status = "drift";
    }
}

/** By its name, which begins with its component's. */
function belongsTo(step: Step, node: string): boolean {
    const concern = componentOf(step);
    return concern !== undefined && nameOf(step.urn).startsWith(`${node}-${concern}-`);
}

/** The concern whose component is nearest above. */
function componentOf({ urn }: Step): string | undefined {
    const above = (urn.split("::")[2] ?? "").split("$").slice(0, -1);
    const names = above.flatMap((type) => /^holdfast:components:(\w+)$/.exec(type)?.[1] ?? []);
    return concernNames.find((concern) => table[concern].component === names.at(-1));
}

function concernOf(step: Step): string {
    return componentOf(step) ?? ownConcernOf(step);
}

function ownConcernOf({ urn, oldState }: Step): string {
    const given = oldState?.inputs?.["concern"];
    return typeof given === "string" ? given : nameOf(urn);
}

function nodeOf({ urn, oldState }: Step): string {
    const host = oldState?.inputs?.["host"] as { name?: string } | undefined;
    return host?.name ?? nameOf(urn);
}

function typeOf(urn: string): string {
    return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}

function clean(message: string): string {
    return message.trim().replace(/^(?:error: )?(?:Preview failed: )?/, "");
}
