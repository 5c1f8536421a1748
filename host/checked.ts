/** What a node's checks alone say (host/node/standing.py): the JSON of `main.py check`, as docs/checks.md has it. */
import { z } from "zod";
import { states } from "../model/contract/verdict";
import { parseAnswer, type EventAnswer, type ResultAnswer } from "./answers";
import { line, listOf, seconds, text } from "./values";

const code = z.stringFormat("code", /^[a-z][a-z0-9-]{0,60}$/);

const checkVerdict = z.strictObject({
    concern: text(256),
    /** Within the concern: a check's own name, that of a fact, or a check's command. */
    check: line(4096),
    state: z.enum(states),
    /** Documented in docs/checks.md; it never changes its meaning. */
    code,
    text: line(8192),
    /** What a person can do about it; may be empty. */
    remedy: line(8192),
});

const checked = z.strictObject({
    host: line(256),
    /** Of the program that looked. */
    version: line(64),
    /** Seconds since 1970, by the node's own clock. */
    at: seconds,
    /** `bad` where any is, else `unknown` where any is, else `ok`. */
    state: z.enum(["ok", "bad", "unknown"]),
    verdicts: listOf(checkVerdict, 10_000),
});

export type CheckVerdict = z.infer<typeof checkVerdict>;
export type Checked = z.infer<typeof checked>;

const answer = z.strictObject({ hostname: line(256), checked });

/** Of a check: what happens meanwhile, a refusal, or the verdicts. @throws AnswerError */
export function parseChecked(
    node: string,
    said: unknown,
): { readonly hostname: string; readonly checked: Checked } | EventAnswer | ResultAnswer {
    return parseAnswer(node, said, answer);
}
