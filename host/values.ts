/**
 * Values that a node may say. It is a stranger: whatever it sends is short, of the right type, and means nothing to the
 * engine.
 */
import { z } from "zod";
import { isUnknown } from "../model/contract/engineWords";
import { showControls } from "../model/lint/controls";

/** Characters of one file; `look/observe.py` sends none that is longer. */
const FILE_LIMIT = 1 << 20;

/** Any text that can be kept: UTF-8, and none of the engine's own words. */
export function text(longest: number): z.ZodString {
    return z
        .string()
        .max(longest)
        .refine((value) => !isUnknown(value), "is one of the engine's own words")
        .refine((value) => !/\p{Surrogate}/u.test(value), "is no Unicode text");
}

/** On one line, without what steers a terminal. */
export function line(longest: number): z.ZodString {
    return text(longest).refine(
        (value) => !/[\t\n]/.test(value) && showControls(value) === value,
        "is not one plain line",
    );
}

/** A file's content. That the engine's words may stand in it, whoever makes state of it knows. */
export const content = z
    .string()
    .max(FILE_LIMIT)
    .refine((value) => !/\p{Surrogate}/u.test(value), "is no Unicode text");

export const path = text(4096).regex(/^\//);
export const seconds = z
    .int()
    .min(0)
    .max(2 ** 40);

/** Ends at the first fault: a million of them would each be described. */
export function listOf<Value>(value: z.ZodType<Value>, most: number) {
    return z.unknown().transform((given, context): Value[] => {
        if (!Array.isArray(given) || given.length > most)
            return refuse(context, given, `expected a list of at most ${most}`);
        const list: Value[] = [];
        for (const [index, each] of given.entries()) {
            const parsed = value.safeParse(each);
            if (!parsed.success) return pass(context, parsed.error, index);
            list.push(parsed.data);
        }
        return list;
    });
}

/** By name; `__proto__` is refused like any other key that is no name. */
export function mapOf<Value>(key: z.ZodType<string>, value: z.ZodType<Value>, most = 1000) {
    return z.unknown().transform((given, context): Record<string, Value> => {
        if (given === null || typeof given !== "object" || Array.isArray(given) || Object.keys(given).length > most)
            return refuse(context, given, `expected an object with at most ${most} keys`);
        const map: [string, Value][] = [];
        for (const [name, each] of Object.entries(given)) {
            if (name === "__proto__" || !key.safeParse(name).success) return refuse(context, name, "is no key");
            const parsed = value.safeParse(each);
            if (!parsed.success) return pass(context, parsed.error, name);
            map.push([name, parsed.data]);
        }
        return Object.fromEntries(map);
    });
}

type Context = z.core.$RefinementCtx;

function refuse(context: Context, input: unknown, message: string): never {
    context.issues.push({ code: "custom", input, message });
    return z.NEVER;
}

/** The first fault of a part, at its place in the whole. */
function pass(context: Context, { issues }: z.ZodError, place: PropertyKey): never {
    const [first] = issues;
    context.issues.push({ ...first!, path: [place, ...first!.path] } as (typeof context.issues)[number]);
    return z.NEVER;
}
