/** Makers of the schemas that the stack's settings are written with. */
import { z } from "zod";
import { nearest } from "../lint/nearest";

export const flag = z.boolean({ error: "expected true or false" });

/** An object whose unknown keys are faults, one line of message per key, with the known key that was probably meant. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape, expected = "an object") {
    const known = Object.keys(shape);
    return z.strictObject(shape, {
        error: (issue) =>
            issue.code === "unrecognized_keys"
                ? issue.keys.map((key) => unknownKey(key, known)).join("\n")
                : `expected ${expected}`,
    });
}

/** A concern that has defaults of its own: its settings, `true`, or `false` for off. */
export function concern<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
    const settings = object(shape);
    return z.union([settings, flag], { error: "expected settings, true, or false" });
}

/** What happens at the limit: mail only, or a graceful shutdown. */
export const action = z
    .enum(["alert", "shutdown"], { error: "expected alert or shutdown" })
    .optional()
    .describe("at the limit: a mail, or a graceful shutdown");

function unknownKey(key: string, known: readonly string[]): string {
    if (known.length === 0) return "unknown key; this has no settings: expected true or false";
    const meant = nearest(key, known);
    return meant ? `unknown key; did you mean ${meant}?` : `unknown key; known are ${known.join(", ")}`;
}
