/**
 * What the provider tells `holdfast drift` beside the state, which stays free of times: a line of data in the engine's
 * log, instead of the words that a person at the terminal gets (environment.ts).
 */
import { z } from "zod";

const MARK = "holdfast-data: ";

const written = z.strictObject({
    told: z.literal("written"),
    path: z.string().max(4096),
    modified: z.iso.datetime(),
    by: z.string().max(8192).optional(),
});

/** When a file that differs was last written, by the node's clock, and perhaps by whom. */
export type Written = Readonly<z.infer<typeof written>>;

export function dataLine(data: Written): string {
    return MARK + JSON.stringify(data);
}

/** Of a message in the engine's log; undefined where it is none. */
export function parseDataLine(message: string): Written | undefined {
    const start = message.indexOf(MARK);
    if (start === -1) return undefined;
    try {
        return written.safeParse(JSON.parse(message.slice(start + MARK.length).split("\n", 1)[0]!)).data;
    } catch {
        return undefined; // a secret in it was masked
    }
}
