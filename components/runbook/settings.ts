/** `runbook`: who is told besides those that get mail. */
import { z } from "zod";
import { concern } from "../../model/fleet/kit";
import { text } from "../../model/values/value";
import type { Settings } from "../concern";

/** A cell of a Markdown table. */
const whom = text(/^(?=\S)[^\p{Cc}|`<>]{1,200}(?<=\S)$/u, "one line without |, `, < and >");

export const schema = concern({
    tell: z
        .array(whom)
        .min(1, { error: "expected at least one, such as 'on call: +49 …'" })
        .optional()
        .describe("whom to tell besides mail.to: a number, a name, a chat"),
})
    .optional()
    .describe("what to do when the node does not come up, as a page on the node and in runbook/; on by default");

export interface RunbookSettings {
    readonly tell: readonly string[];
}

export function resolveRunbook({ tell = [] }: Settings<z.infer<typeof schema>>): RunbookSettings {
    return { tell };
}
