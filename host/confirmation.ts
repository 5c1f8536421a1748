/**
 * A change of the network is confirmed by whoever began it, over a connection made for that: the old one says nothing
 * of what the new network lets in. It is tried until the node says what became of the change, by its confirmation or by
 * its revert.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parseConfirm } from "./answers";
import { AnswerError } from "./errors";
import type { ConfirmPlan, PhaseEvent, Plan, Result } from "./observation";
import type { ConfirmArgs } from "../model/contract/fileSet";
import { READ_TIMEOUT } from "./timeouts";
import type { Line } from "./line";

/** Milliseconds between tries. */
const BETWEEN = 500;
/** Milliseconds after which a reload is taken to have ended, where the old connection does not say. */
const RELOADED = 3000;
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

export class Confirmation {
    /**
     * The node has decided: its result can be asked for. Also where it is not ours to confirm, or has not been reached
     * for long.
     */
    readonly done: Promise<void>;
    private begin!: () => void;
    private isOver = false;
    private decided: Result | undefined;
    private trouble: string | undefined;

    /**
     * @param line to the node: each try takes a connection of its own
     * @param reachable the node's addresses that answered before the change: they have to once more
     * @param tell what is tried
     */
    constructor(
        private readonly line: Line,
        private readonly plan: Plan & { readonly confirm: ConfirmPlan },
        private readonly reachable: readonly string[],
        private readonly tellAll: (message: string) => void,
    ) {
        this.done = new Promise<void>((begin) => (this.begin = begin)).then(() => this.tryAll());
    }

    /** The old connection may break with the old network: what comes after the reload it need not tell any more. */
    hear({ phase }: PhaseEvent): void {
        if (phase === "confirm") this.begin();
        else if (phase === "activate") setTimeout(this.begin, RELOADED).unref();
    }

    /** Nothing is heard any more. */
    lost(): Promise<void> {
        this.begin();
        return this.done;
    }

    /**
     * Its result has come, or nobody waits for one. @returns what the node said to the confirmation that was on its
     * way: one that came after the revert is in the node's record, and the record is what both sides tell; and what
     * last kept it from being confirmed, as seen from here, which the node cannot know
     */
    end(): Promise<{ readonly decided: Result | undefined; readonly trouble: string | undefined }> {
        this.isOver = true;
        this.begin();
        return this.done.then(() => ({ decided: this.decided, trouble: this.trouble }));
    }

    private tell(trouble: string): void {
        this.trouble = trouble;
        this.tellAll(trouble);
    }

    private async tryAll(): Promise<void> {
        const token = tokens.get(this.plan.confirm);
        const end = performance.now() + this.plan.confirm.window * 1000;
        while (token !== undefined && !this.isOver && performance.now() < end + REVERT * 1000) {
            if (performance.now() > end && (await this.line.answersAtFormer())) return;
            const fresh = this.line.another();
            try {
                const silent = await this.silent();
                if (silent.length === 0) this.decided = await tryOnce(fresh, this.plan.id, token);
                else
                    this.tell(
                        `not confirmed yet: ${silent.join(", ")} answered here before the change, and does not now`,
                    );
                if (this.decided || (silent.length > 0 && performance.now() > end)) return; // by now the node reverts
            } catch (error) {
                const isFinal = error instanceof AnswerError || error instanceof NotOursError;
                this.tell(`${isFinal ? "" : "no new connection yet: "}${(error as Error).message}`);
                if (isFinal) return;
            } finally {
                fresh.end();
            }
            await delay(BETWEEN);
        }
    }

    private async silent(): Promise<string[]> {
        const answering = await this.line.answering(this.reachable);
        return this.reachable.filter((address) => !answering.includes(address));
    }
}

/** The node refuses this confirmation. */
class NotOursError extends Error {}

/** @returns the result, where the node has decided; undefined while the new network does not stand yet */
async function tryOnce(line: Line, id: string, token: string): Promise<Result | undefined> {
    const talk = await line.talk();
    try {
        // All that answers it: one that goes on talking must not take the window for itself.
        talk.send({ op: "confirm", id, token }, READ_TIMEOUT);
        for (;;) {
            const answer = parseConfirm(line.host.name, await talk.receive(READ_TIMEOUT));
            if ("event" in answer) continue;
            if (!("confirm" in answer)) throw new NotOursError(answer.result.message);
            // Still armed: asked again, until the node itself has seen that no revert can come.
            return "result" in answer && !answer.confirm.armed ? answer.result : undefined;
        }
    } finally {
        talk.close();
    }
}
