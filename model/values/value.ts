/** Makers of the schemas for single values. */
import { z } from "zod";

/**
 * A value that has to match `pattern`; `expected` completes the sentence "expected …, got …".
 * @param likely says it better for a value that is recognized as something else.
 * @param abort where checks follow that take the pattern for granted: one mistake is one fault. Not inside a union,
 *   which then tells of none of its branches.
 */
export function text(
    pattern: RegExp,
    expected: string,
    {
        likely = () => undefined,
        abort = false,
    }: { likely?: (given: string) => string | undefined; abort?: boolean } = {},
) {
    return z
        .string({ error: `expected ${expected}` })
        .regex(pattern, { error: ({ input }) => `expected ${likely(String(input)) ?? expected}`, abort })
        .meta({ description: expected });
}

export function wholeNumber(least: number, most: number, what: string) {
    const error = `expected ${what}, a whole number from ${least} to ${most}`;
    return z.int({ error }).min(least, { error }).max(most, { error });
}
