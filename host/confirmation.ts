/**
 * A change of the network is confirmed by whoever began it, over a connection made for that: the old one says nothing of what
 * the new network lets in. It is tried until the node says what became of the change, by its confirmation or by its revert.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parseConfirm } from "./answers";
import { AnswerError } from "./errors";
import type { ConfirmPlan, Plan } from "./observation";
import type { ConfirmArgs } from "../model/contract/fileSet";
import { READ_TIMEOUT } from "./timeouts";
import type { Line } from "./line";

/** Milliseconds between tries. */
const BETWEEN = 500;
/** Seconds that a revert may take, after the window. */
const REVERT = 600;

/** Kept nowhere: who did not begin a change cannot confirm it, and no later run does. */
const tokens = new WeakMap<ConfirmPlan, string>();

export function toConfirm(args: ConfirmArgs): ConfirmPlan {
    const token = randomBytes(16).toString("hex");
    const plan = { ...args, token: createHash("sha256").update(token).digest("hex") };
    tokens.set(plan, token);
    return plan;
}

/**
 * Returns when the node has decided: its result can then be asked for. Also where it is not ours to confirm, and where the
 * node has not been reached for longer than a revert takes.
 * @param line a connection of its own, for each try
 * @param tell what is tried
 */
export async function confirm(
    line: () => Line,
    { id, confirm: asked }: Plan,
    { tell, isOver }: { readonly tell: (message: string) => void; readonly isOver: () => boolean },
): Promise<void> {
    const token = asked && tokens.get(asked);
    if (token === undefined) return;
    const until = performance.now() + (asked!.window + REVERT) * 1000;
    while (!isOver() && performance.now() < until) {
        const fresh = line();
        try {
            const state = await tryOnce(fresh, id, token);
            if (state === "decided") return;
        } catch (error) {
            if (error instanceof AnswerError || error instanceof NotOursError) return tell(error.message);
            tell(`no new connection yet: ${(error as Error).message}`);
        } finally {
            fresh.end();
        }
        await delay(BETWEEN);
    }
}

/** The node refuses this confirmation. */
class NotOursError extends Error {}

async function tryOnce(line: Line, id: string, token: string): Promise<"waiting" | "decided"> {
    const talk = await line.talk();
    try {
        talk.send({ op: "confirm", id, token });
        for (;;) {
            const answer = parseConfirm(line.host.name, await talk.receive(READ_TIMEOUT));
            if ("event" in answer) continue;
            if (!("confirm" in answer)) throw new NotOursError(answer.result.message);
            // Still armed: asked again, until the node itself has seen that no revert can come.
            return answer.confirm.state === "decided" && !answer.confirm.armed ? "decided" : "waiting";
        }
    } finally {
        talk.close();
    }
}
