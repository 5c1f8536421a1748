/**
 * What a node may say: every frame is checked here before anybody believes it. The other end is host/node/session.py,
 * and tests/host/node/contract.test.ts holds both together.
 */
import { z } from "zod";
import type { NodeFacts } from "../model/lint/lintContext";
import { factCodes, states, type Verdict } from "../model/contract/verdict";
import { showControls } from "../model/lint/controls";
import { clusterAnswer } from "./cluster";
import { AnswerError } from "./errors";
import type {
    Change,
    Observation,
    PhaseEvent,
    Result,
    SeenFile,
    Spec,
    StepVerdict,
    Surroundings,
    UnitBefore,
} from "./observation";
import { content, line, listOf, mapOf, path, seconds, text } from "./values";

/** What was asked for: nothing else may be in the answer. */
export interface Asked {
    /** Of the spec that was asked for, and of nothing else that Holdfast manages there. */
    readonly alone?: true;
    readonly facts?: boolean;
    readonly sourced?: readonly string[];
    readonly written?: Readonly<Record<string, number>>;
    readonly originals?: readonly string[];
    readonly origins?: readonly string[];
    readonly votes?: boolean;
}

/** `observed`: for what was asked and for all else that Holdfast manages there, each by its own spec. */
export type ReadAnswer = Surroundings & { readonly observed: readonly { spec: Spec; seen: Observation }[] };
/** `looks`: in the order of the sets that were asked for. */
export type LooksAnswer = Surroundings & { readonly looks: readonly Observation[] };
/** `set`: the place of the one that it is about; without it, it is about all. */
export type EventAnswer = { readonly set?: number; readonly event: PhaseEvent };
export type ResultAnswer = { readonly set?: number; readonly result: Result; readonly seen?: Observation };

/** Devices, mounts or links of one node: a storage with thousands of volumes shows each of them. */
const MANY = 50_000;
const name = text(256);
const names = listOf(name, 1000);
const reason = text(1 << 17);

const spec = z.strictObject({
    files: mapOf(
        path,
        z.strictObject({
            when: path.optional(),
            yields: z.union([z.boolean(), z.strictObject({ files: listOf(path, 16), line: text(256) })]).optional(),
        }),
    ),
    packages: names,
    units: names,
    facts: mapOf(name, z.strictObject({ probe: name, args: listOf(text(4096), 1000) })),
}) satisfies z.ZodType<Spec>;

const file = {
    detail: text(8192).optional(),
    content: content.optional(),
    binary: z.boolean().optional(),
    sha256: z.stringFormat("sha256", /^[0-9a-f]{64}$/).optional(),
    mode: z.stringFormat("mode", /^[0-7]{4}$/).optional(),
    owner: name.optional(),
    group: name.optional(),
    modified: seconds.optional(),
};
const kind = z.enum(["file", "absent", "symlink", "folder", "special", "unreadable", "not applicable"]);

const seenFile = z
    .strictObject({ kind, ...file })
    .refine(isWhole, "is a file only in part") satisfies z.ZodType<SeenFile>;

/** A file has all its attributes, and what is none has nothing of one. */
function isWhole(seen: SeenFile): boolean {
    const attributes = [seen.content, seen.sha256, seen.mode, seen.owner, seen.group];
    return attributes.every((value) => (value !== undefined) === (seen.kind === "file"));
}

const verdict = z.strictObject({
    state: z.enum(states),
    code: z.enum(Object.keys(factCodes)),
    text: line(8192),
}) satisfies z.ZodType<Verdict>;

const observation = z.strictObject({
    files: mapOf(path, seenFile),
    packages: names,
    units: mapOf(name, z.strictObject({ enabled: z.boolean(), active: z.boolean(), detail: text(8192) })),
    facts: mapOf(name, verdict),
    sourced: mapOf(path, content).optional(),
    machine: z.stringFormat("machine", /^[0-9a-f]{32}$/).optional(),
}) satisfies z.ZodType<Observation>;

const original = z.union([
    z.strictObject({ kind, ...file, secret: z.boolean().optional() }),
    z.strictObject({ kind: z.literal("unit"), enabled: z.boolean().optional(), active: z.boolean().optional() }),
]) satisfies z.ZodType<SeenFile | UnitBefore>;

const word = text(4096);
const nodeFacts = z.strictObject({
    hostname: line(256),
    blockDevices: listOf(
        z.strictObject({
            path: word,
            uuid: word.optional(),
            label: word.optional(),
            partuuid: word.optional(),
            partlabel: word.optional(),
            fstype: word.optional(),
            links: listOf(word, 1000),
        }),
        MANY,
    ),
    mounts: listOf(z.strictObject({ source: word, target: word, fstype: word, uuid: word.optional() }), MANY),
    links: listOf(
        z.strictObject({
            name: word,
            altnames: listOf(word, 1000).optional(),
            mac: word.optional(),
            kind: word.optional(),
            state: word,
        }),
        MANY,
    ),
    tools: z.strictObject({ dhclient: z.boolean(), mako: z.boolean() }).optional(),
    units: z.strictObject({ loaded: listOf(name, MANY), afterNetworking: listOf(name, MANY) }).optional(),
}) satisfies z.ZodType<NodeFacts>;

const surroundings = {
    hostname: line(256),
    facts: nodeFacts.optional(),
    busy: z.strictObject({ state: z.enum(["running", "left open"]), by: line(256), since: seconds }).optional(),
    sourced: mapOf(path, content).optional(),
    writers: mapOf(path, line(8192)).optional(),
    originals: mapOf(text(4096), original).optional(),
    origins: mapOf(path, z.enum(["holdfast", "package", "installer"])).optional(),
    cluster: clusterAnswer.optional(),
};

const set = z.int().min(0).optional();
const phase = z.stringFormat("phase", /^[a-z][a-z -]{0,40}$/);

const readAnswer = z.strictObject({
    observed: listOf(z.strictObject({ spec, seen: observation }), 1000),
    ...surroundings,
});
const looksAnswer = z.strictObject({ looks: listOf(observation, 1000), ...surroundings });
const eventAnswer = z.strictObject({ set, event: z.strictObject({ phase, message: reason }) });
const code = z.stringFormat("code", /^[a-z][a-z-]{0,40}$/);
const stepVerdict = z.strictObject({
    state: z.enum(states),
    code,
    text: reason,
    subject: text(8192).optional(),
}) satisfies z.ZodType<StepVerdict>;
const change = z.strictObject({
    outcome: z.enum(["confirmed", "reverted", "too late", "stuck"]),
    code,
    text: reason,
    client: text(1024),
    at: seconds,
    failed: listOf(stepVerdict, 10_000),
    differs: listOf(stepVerdict, 10_000),
    console: line(1024).optional(),
}) satisfies z.ZodType<Change>;
const resultAnswer = z.strictObject({
    set,
    result: z.strictObject({
        id: name.optional(), // a result is kept, and sent, with its transaction's
        outcome: z.enum(["applied", "unchanged", "failed", "stuck", "unknown"]),
        phase: z.enum(["lock", "observe", "stage", "validate", "commit", "activate", "verify", "rollback"]).optional(),
        code: code.optional(),
        message: reason.optional(),
        undone: z
            .strictObject({
                state: z.enum(["nothing", "complete", "incomplete"]),
                verdicts: listOf(stepVerdict, 10_000),
            })
            .optional(),
        change: change.optional(),
    }) satisfies z.ZodType<Result>,
    seen: observation.optional(),
});
const confirmAnswer = z.union([
    z.strictObject({ confirm: z.strictObject({ state: z.literal("waiting") }) }),
    z.strictObject({
        confirm: z.strictObject({ state: z.literal("decided"), armed: z.boolean() }),
        result: resultAnswer.shape.result,
    }),
]);
export type ConfirmAnswer = z.infer<typeof confirmAnswer>;

/** Of a look: what happens meanwhile, a refusal, or what stands there. Throws AnswerError. */
export function parseRead(node: string, said: unknown, asked: Asked): ReadAnswer | EventAnswer | ResultAnswer {
    const told = parseProgress(node, said, []);
    if (told) return told;
    const answer = parse(node, readAnswer, said);
    refuseUnasked(node, answer, asked);
    for (const { spec: about, seen } of answer.observed) refuseOthers(node, seen, about);
    return answer;
}

/** What stands there for each of the sets. Throws AnswerError. */
export function parseLooks(
    node: string,
    said: unknown,
    asked: Asked,
    sets: readonly Spec[],
): LooksAnswer | EventAnswer | ResultAnswer {
    const told = parseProgress(node, said, sets);
    if (told) return told;
    const answer = parse(node, looksAnswer, said);
    refuseUnasked(node, answer, asked);
    if (answer.looks.length !== sets.length)
        throw new AnswerError(node, `answers for ${answer.looks.length} sets where ${sets.length} were asked for`);
    answer.looks.forEach((seen, index) => refuseOthers(node, seen, sets[index]!));
    return answer;
}

/** Of a transaction, or of several. Throws AnswerError. */
export function parseOutcome(node: string, said: unknown, sets: readonly Spec[]): EventAnswer | ResultAnswer {
    return parseProgress(node, said, sets) ?? parse(node, resultAnswer, said);
}

/** Of a question of its own: what `schema` says; or what happens meanwhile, or a refusal. Throws AnswerError. */
export function parseAnswer<Schema extends z.ZodType>(
    node: string,
    said: unknown,
    schema: Schema,
): z.output<Schema> | EventAnswer | ResultAnswer {
    return parseProgress(node, said, []) ?? parse(node, schema, said);
}

/** Whether a change is confirmed; or what happens meanwhile, or a refusal. Throws AnswerError. */
export function parseConfirm(node: string, said: unknown): ConfirmAnswer | EventAnswer | ResultAnswer {
    const isAnswer = said !== null && typeof said === "object" && Object.hasOwn(said, "confirm");
    return isAnswer ? parse(node, confirmAnswer, said) : parseAnswer(node, said, confirmAnswer);
}

function parseProgress(node: string, said: unknown, sets: readonly Spec[]): EventAnswer | ResultAnswer | undefined {
    const isObject = said !== null && typeof said === "object";
    if (!isObject || !(Object.hasOwn(said, "event") || Object.hasOwn(said, "result"))) return undefined;
    const told = parse(node, Object.hasOwn(said, "event") ? eventAnswer : resultAnswer, said);
    if (told.set !== undefined && told.set >= sets.length)
        throw new AnswerError(node, `speaks of set ${told.set} where ${sets.length} were asked for`);
    const about = sets[told.set ?? 0];
    if ("seen" in told && told.seen) {
        if (!about) throw new AnswerError(node, "answers what was not asked for: seen");
        refuseOthers(node, told.seen, about);
    }
    return told;
}

function refuseUnasked(node: string, answer: Surroundings, asked: Asked): void {
    const isAsked = {
        facts: asked.facts === true,
        sourced: (asked.sourced ?? []).length > 0,
        writers: asked.written !== undefined,
        originals: asked.originals !== undefined,
        origins: (asked.origins ?? []).length > 0,
        cluster: asked.votes === true,
    };
    for (const key of ["facts", "sourced", "writers", "originals", "origins", "cluster"] as const)
        if (answer[key] !== undefined && !isAsked[key])
            throw new AnswerError(node, `answers what was not asked for: ${key}`);
    refuseUnknown(node, "writers", Object.keys(answer.writers ?? {}), Object.keys(asked.written ?? {}));
    refuseUnknown(node, "originals", Object.keys(answer.originals ?? {}), asked.originals ?? []);
    refuseUnknown(node, "origins", Object.keys(answer.origins ?? {}), asked.origins ?? []);
}

/** Every file, unit and fact of the spec and no other; of the packages those that are there. */
function refuseOthers(node: string, seen: Observation, about: Spec): void {
    const asked = { files: Object.keys(about.files), units: about.units, facts: Object.keys(about.facts) };
    for (const key of ["files", "units", "facts"] as const) {
        const told = new Set(Object.keys(seen[key]));
        refuseUnknown(node, key, [...told], asked[key]);
        const missing = asked[key].find((each) => !told.has(each));
        if (missing !== undefined) throw new AnswerError(node, `does not answer for ${key}: ${brief(missing)}`);
    }
    refuseUnknown(node, "packages", seen.packages, about.packages);
    const isSourcing = Object.values(about.facts).some(({ probe }) => probe === "sourced-files");
    if (seen.sourced && !isSourcing) throw new AnswerError(node, "answers what was not asked for: sourced");
}

function refuseUnknown(node: string, what: string, told: readonly string[], asked: readonly string[]): void {
    const known = new Set(asked);
    const surplus = told.find((each) => !known.has(each));
    if (surplus !== undefined || told.length > known.size)
        throw new AnswerError(
            node,
            `answers what was not asked for: ${what}: ${brief(surplus ?? "one of them twice")}`,
        );
}

/** By a schema; a fault is told in few words. @throws AnswerError */
export function parse<Schema extends z.ZodType>(node: string, schema: Schema, said: unknown): z.output<Schema> {
    const parsed = schema.safeParse(said);
    if (parsed.success) return parsed.data;
    const { path: place, message } = deepest(parsed.error.issues[0]!);
    const sent = place.reduce<unknown>(
        (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
        said,
    );
    const where = place.length > 0 ? `${brief(place.join("."))}: ` : "";
    throw new AnswerError(node, `says ${where}${brief(sent)}, which is no answer (${brief(message)})`);
}

/** Of alternatives the first one's complaint: it is the common one. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
    const inner = issue.code === "invalid_union" ? issue.errors[0]?.[0] : undefined;
    return inner ? { ...inner, path: [...issue.path, ...inner.path] } : issue;
}

/** In few words, and without what steers a terminal. Never by way of JSON: it may be nested without end. */
function brief(value: unknown): string {
    if (Array.isArray(value)) return `a list of ${value.length}`;
    if (value !== null && typeof value === "object") {
        const keys = Object.keys(value);
        return keys.length === 0 ? "nothing" : `an object with ${keys.slice(0, 3).map(brief).join(", ")}`;
    }
    if (value === undefined) return "nothing";
    const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    const words = showControls(isPlain ? String(value) : "null").replace(/\s+/g, " ");
    return words.length > 80 ? `${words.slice(0, 80)}… (${words.length} characters)` : words;
}
