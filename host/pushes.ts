/**
 * The pushes of one node. Those that come together (while the connection is made, or while the node is busy with
 * earlier ones) share one look, and once each of them is decided, one transaction service; those that follow each other
 * share one remote command.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseLooks, parseOutcome, type LooksAnswer } from "./answers";
import { comeBack } from "./comeBack";
import { Confirmation } from "./confirmation";
import type { Conversation } from "./conversation";
import { AnswerError, ConnectionLostError } from "./errors";
import { asUnreachable, type Line } from "./line";
import type { Extras } from "./look";
import { KeptTalk } from "./keptTalk";
import { Looked } from "./looked";
import type { PhaseEvent, Spec } from "./observation";
import { Push } from "./push";
import { APPLY_TIMEOUT, LOOK_LIMIT } from "./timeouts";

/** Milliseconds that the old connection has for telling what a new one has confirmed. */
const LATE = 2000;
/**
 * Milliseconds for those that come at the same time to be together, where the connection stands already: a tenth of a
 * look.
 */
const GATHER = 20;
/**
 * Milliseconds that those who looked together wait for one of them to be decided: a decision may ask other nodes, and
 * one of these may be down. Who comes later looks once more.
 */
const PATIENCE = 5000;

export class Pushes {
    /** Those that the next look will be for. */
    private waiting: Push[] = [];
    /** Those that are looked at. */
    private looking: readonly Push[] = [];
    private readonly confirmations: Confirmation[] = [];
    private isPushing = false;
    private isCancelled = false;
    /** Of the last look or pushes, for the next. */
    readonly kept: KeptTalk;

    constructor(
        private readonly line: Line,
        /** What was seen there before holds no longer. */
        private readonly forget: () => void,
    ) {
        this.kept = new KeptTalk(() => line.talk());
    }

    /** Rejects with UnreachableError, and when it is cancelled. */
    async look(name: string, spec: Spec, extras: Extras, tell: (event: PhaseEvent) => void): Promise<Looked> {
        const push = new Push(name, spec, extras, tell);
        if (this.isCancelled) push.fail(this.cancelled());
        else this.waiting.push(push);
        void this.pushAll();
        const again = () => this.look(name, spec, extras, tell);
        return new Looked(this.line.host.name, await push.seen, push, again);
    }

    /** The look that is under way, or the next, if there is one. */
    coming(): Promise<unknown> | undefined {
        return [...this.looking, ...this.waiting][0]?.seen;
    }

    /**
     * Pushes that wait for the node, or look at it, are not begun; one whose plan is sent is waited for: the node
     * finishes it in any case.
     */
    cancel(): void {
        this.isCancelled = true;
        for (const push of this.waiting.splice(0)) push.fail(this.cancelled());
    }

    end(): void {
        for (const confirmation of this.confirmations) void confirmation.end();
        this.kept.close();
    }

    private refuseCancelled(): void {
        if (this.isCancelled) throw this.cancelled();
    }

    private cancelled(): Error {
        return new Error(`${this.line.host.name}: cancelled, so this was not begun`);
    }

    private async pushAll(): Promise<void> {
        if (this.isPushing) return;
        this.isPushing = true;
        while (this.waiting.length > 0) {
            try {
                await Promise.all([this.line.connected(), delay(GATHER)]); // more may come meanwhile
                await this.pushTogether(this.waiting.splice(0));
            } catch (error) {
                const known = asUnreachable(this.line.host.name, error);
                for (const push of this.waiting.splice(0)) push.fail(known);
            }
        }
        this.isPushing = false;
    }

    /** Never rejects: every push learns what became of it. */
    private async pushTogether(pushes: readonly Push[]): Promise<void> {
        this.forget();
        try {
            this.looking = pushes;
            const { talk, look } = await this.kept
                .look((opened) => this.lookIn(opened, pushes))
                .finally(() => (this.looking = []));
            try {
                this.refuseCancelled();
                pushes.forEach((push, index) => push.see({ ...look, seen: look.looks[index]! }));
                await decisionsOf(pushes);
                this.refuseCancelled();
                await this.carryOut(pushes, talk);
            } catch (error) {
                talk.close();
                throw error;
            }
            this.kept.keep(talk);
        } catch (error) {
            await Promise.all(unsettled(pushes).map((push) => this.lose(push, error)));
        } finally {
            this.forget();
        }
    }

    private async carryOut(pushes: readonly Push[], talk: Conversation): Promise<void> {
        const specs = pushes.map(({ spec }) => spec);
        const plans = pushes.map((push) => {
            if ("id" in push.decision!) push.sent = push.decision;
            return push.decision!;
        });
        const changes = pushes.filter(({ sent }) => sent?.confirm);
        const reachable = await Promise.all(changes.map(({ sent }) => this.line.answering(sent!.confirm!.addresses)));
        talk.send({ plans });
        changes.forEach((push, index) => this.confirm(push, talk, reachable[index]!));
        while (unsettled(pushes).length > 0) {
            const answer = parseOutcome(this.line.host.name, await talk.receive(APPLY_TIMEOUT), specs);
            for (const push of answer.set === undefined ? unsettled(pushes) : [pushes[answer.set]!]) push.hear(answer);
        }
    }

    private async lookIn(
        talk: Conversation,
        pushes: readonly Push[],
    ): Promise<{ talk: Conversation; look: LooksAnswer }> {
        const asked = {
            facts: pushes.some(({ extras }) => extras.facts),
            ...(pushes.some(({ extras }) => extras.units) && { units: true }),
            sourced: [...new Set(pushes.flatMap(({ extras }) => extras.sourced))],
            origins: [...new Set(pushes.flatMap(({ extras }) => extras.origins ?? []))],
            ...(pushes.some(({ extras }) => extras.votes) && { votes: true }),
            ...(pushes.some(({ extras }) => extras.change) && { change: true }),
        };
        const specs = pushes.map(({ spec }) => spec);
        try {
            talk.send({ op: "apply", sets: pushes.map(setOf), ...asked }, LOOK_LIMIT);
            const tell = (event: PhaseEvent) => pushes.forEach((push) => push.tell(event));
            const parse = (said: unknown) => parseLooks(this.line.host.name, said, asked, specs);
            return { talk, look: await this.line.answer(talk, parse, tell) };
        } catch (error) {
            talk.close();
            throw error;
        }
    }

    /** Once the node has decided, what the old connection does not tell soon is asked for over a new one. */
    private confirm(push: Push, talk: Conversation, reachable: readonly string[]): void {
        const plan = { ...push.sent!, confirm: push.sent!.confirm! };
        const tell = (message: string) => push.tell({ phase: "confirm", message });
        push.confirmation = new Confirmation(this.line, plan, reachable, tell);
        this.confirmations.push(push.confirmation);
        void push.confirmation.done.then(async () => {
            await Promise.race([push.done.catch(() => undefined), delay(LATE)]);
            if (push.isSettled) return;
            this.line.renew();
            talk.close();
        });
    }

    /** Before a plan was sent, nothing was done; after it, only a lost connection leaves something to ask for. */
    private async lose(push: Push, error: unknown): Promise<void> {
        if (push.confirmation && error instanceof ConnectionLostError) {
            this.line.renew();
            await push.confirmation.lost();
        }
        if (push.sent && error instanceof ConnectionLostError) await comeBack(this.line, push, push.sent.id, error);
        else if (push.sent && error instanceof AnswerError)
            push.fail(error.after(`transaction ${push.sent.id} had been sent by then`));
        else push.fail(asUnreachable(this.line.host.name, error));
    }
}

/** As it is looked at, and what is expected of it. */
function setOf({ name, spec, extras: { expected } }: Push) {
    return { name, spec, ...(expected && { expected }) };
}

function unsettled(pushes: readonly Push[]): Push[] {
    return pushes.filter((push) => !push.isSettled);
}

/** One that is not decided in time is left out. */
async function decisionsOf(pushes: readonly Push[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)));
    await Promise.race([Promise.all(pushes.map(({ decided }) => decided)), patience]);
    clearTimeout(timer);
    for (const push of pushes) push.conclude({ refused: true });
}
