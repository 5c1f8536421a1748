/** One node: its one connection, its shared observation, its pushes. */
import pLimit from "p-limit";
import pRetry, { AbortError } from "p-retry";
import type { Busy } from "../model/contract/busyLook";
import type { HostArgs } from "../model/contract/fileSet";
import type { NodeFacts } from "../model/lint/lintContext";
import {
    parseLooks,
    parseOutcome,
    parseRead,
    type Asked,
    type EventAnswer,
    type LooksAnswer,
    type ReadAnswer,
    type ResultAnswer,
} from "./answers";
import { parseChecked, type Checked } from "./checked";
import type { Connection, ConnectOptions } from "./connection";
import { Conversation } from "./conversation";
import { AnswerError, ConnectionLostError, OtherNameError, UnreachableError } from "./errors";
import { canonical, type Observation, type PhaseEvent, type Spec, type Surroundings } from "./observation";
import { nodeProgram } from "./program";
import { Push, type Answer, type Applied, type Extras, type Look, type Planner } from "./push";
import { resolveTarget } from "./sshTarget";

/** Seconds of silence. A look says what it is at; a transaction may wait for apt and for another one, each with bounds of its own. */
const READ_TIMEOUT = 60;
const APPLY_TIMEOUT = 1800;
/** Seconds for a look in all, however much is said meanwhile: a drift run of many nodes waits for none of them longer. */
const LOOK_LIMIT = 300;
/** Milliseconds between tries to come back to a running transaction, and how often: a good two minutes. */
const REATTACH = { retries: 12, minTimeout: 1000, maxTimeout: 15_000 };
/** Seconds after which no try is begun any more: a node may report progress for ever in each. */
const REATTACH_FOR = 4 * 3600;
/** So often a node that does not know the transaction is asked again. */
const BEGIN_TRIES = 2;

/** Milliseconds that a conversation stays open for more pushes: a node's program need not start twice for what comes in a row. */
const KEEP = 3000;

/** Remote commands at once on one connection: sshd's MaxSessions is 10, and a node may have more concerns than that. */
const SESSIONS = 8;

export class NodeClient {
    private connection: Promise<Connection> | undefined;
    private everything: Promise<ReadAnswer> | undefined;
    /** Pushes that the next remote command will do. */
    private waiting: Push[] = [];
    private isPushing = false;
    private isCancelled = false;
    /** From the last look of a refresh, for the lints of what comes after it. Undefined where nobody has looked. */
    facts: NodeFacts | undefined;
    /** Of the last such look: Holdfast's own work on the node. */
    busy: Busy | undefined;
    /** Of the last pushes, for the next. */
    private kept: { readonly talk: Conversation; readonly timer: NodeJS.Timeout } | undefined;
    private readonly session = pLimit(SESSIONS);

    constructor(
        private readonly host: HostArgs,
        private readonly options: ConnectOptions,
    ) {}

    /**
     * The first look of an operation asks for all that Holdfast manages on the node; later ones reuse it until a write.
     * Throws UnreachableError where nothing can be said.
     */
    async read(name: string, spec: Spec): Promise<Observation> {
        const first = (this.everything ??= this.ask(name, spec, { facts: true }));
        this.facts = (await first).facts;
        this.busy = (await first).busy;
        const known = (await first).observed.find((each) => sameSpec(each.spec, spec));
        return known?.seen ?? this.seenIn(await this.ask(name, spec, {}), spec);
    }

    /**
     * A look with facts, for a first acquaintance (`holdfast adopt`): nothing is written on the node.
     * `anyName`: the node's name is not known yet, it is in the answer.
     */
    async inspect(name: string, spec: Spec, extras: Extras, { anyName = false } = {}): Promise<Look> {
        const answer = await this.ask(name, spec, extras, anyName);
        return { ...answer, seen: this.seenIn(answer, spec) };
    }

    /** The node's checks alone: nothing is written there, and nothing is compared here. @param concerns none means all that were pushed */
    check(concerns: readonly string[]): Promise<Checked> {
        return this.session(async () => {
            const talk = await this.talk();
            try {
                talk.send({ op: "check", concerns }, LOOK_LIMIT);
                const said = await this.answer(
                    talk,
                    (answer) => parseChecked(this.host.name, answer),
                    () => undefined,
                );
                return said.checked;
            } catch (error) {
                throw asUnreachable(this.host.name, error);
            } finally {
                talk.close();
            }
        });
    }

    private seenIn({ observed }: ReadAnswer, spec: Spec): Observation {
        const own = observed.find((each) => sameSpec(each.spec, spec));
        if (!own) throw new AnswerError(this.host.name, "does not answer for what was asked");
        return own.seen;
    }

    /**
     * Looks, plans, applies and looks again. Pushes that come together (while the connection is made, or while the node is busy
     * with earlier ones) share one look at the node's facts; those that follow each other share one remote command and one
     * service there.
     */
    apply(
        name: string,
        spec: Spec,
        extras: Extras,
        plan: Planner,
        tell: (event: PhaseEvent) => void,
    ): Promise<Applied> {
        const push = new Push(name, spec, extras, plan, tell);
        if (this.isCancelled) push.fail(this.cancelled());
        else this.waiting.push(push);
        void this.pushAll();
        return push.done;
    }

    /** Pushes that wait for the node, or look at it, are not begun; one whose plan is sent is waited for: the node finishes it in any case. */
    cancel(): void {
        this.isCancelled = true;
        for (const push of this.waiting.splice(0)) push.fail(this.cancelled());
    }

    private cancelled(): Error {
        return new Error(`${this.host.name}: cancelled, so this was not begun`);
    }

    private async pushAll(): Promise<void> {
        if (this.isPushing) return;
        this.isPushing = true;
        while (this.waiting.length > 0) {
            try {
                await this.connected(); // more may come meanwhile
                await this.pushTogether(this.waiting.splice(0));
            } catch (error) {
                const known = asUnreachable(this.host.name, error);
                for (const push of this.waiting.splice(0)) push.fail(known);
            }
        }
        this.isPushing = false;
    }

    /** Never rejects: every push learns what became of it. */
    private async pushTogether(pushes: readonly Push[]): Promise<void> {
        this.everything = undefined;
        const unsettled = () => pushes.filter((push) => !push.isSettled);
        try {
            const specs = pushes.map(({ spec }) => spec);
            const { talk, look } = await this.lookFor(pushes);
            try {
                if (this.isCancelled) throw this.cancelled();
                const plans = pushes.map((push, index) => push.decide({ ...look, seen: look.looks[index]! }));
                talk.send({ plans });
                while (unsettled().length > 0) {
                    const answer = parseOutcome(this.host.name, await talk.receive(APPLY_TIMEOUT), specs);
                    for (const push of answer.set === undefined ? unsettled() : [pushes[answer.set]!])
                        push.hear(answer);
                }
            } catch (error) {
                talk.close();
                throw error;
            }
            this.keep(talk);
        } catch (error) {
            await Promise.all(unsettled().map((push) => this.lose(push, error)));
        } finally {
            this.everything = undefined;
        }
    }

    /** In the conversation of the last pushes where it is still open, else in a new one. */
    private async lookFor(pushes: readonly Push[]): Promise<{ talk: Conversation; look: LooksAnswer }> {
        const begin = async (talk: Conversation) => {
            try {
                const asked = {
                    facts: pushes.some(({ extras }) => extras.facts),
                    sourced: [...new Set(pushes.flatMap(({ extras }) => extras.sourced))],
                    origins: [...new Set(pushes.flatMap(({ extras }) => extras.origins ?? []))],
                };
                const specs = pushes.map(({ spec }) => spec);
                talk.send({ op: "apply", sets: pushes.map(setOf), ...asked }, LOOK_LIMIT);
                const tell = (event: PhaseEvent) => pushes.forEach((push) => push.tell(event));
                const look = await this.answer(talk, (said) => parseLooks(this.host.name, said, asked, specs), tell);
                return { talk, look };
            } catch (error) {
                talk.close();
                throw error;
            }
        };
        const kept = this.takeKept();
        if (!kept) return begin(await this.talk());
        try {
            return await begin(kept);
        } catch (error) {
            if (!(error instanceof ConnectionLostError)) throw error;
            return begin(await this.talk()); // it broke while it was idle: nothing has been done
        }
    }

    private keep(talk: Conversation): void {
        this.kept = { talk, timer: setTimeout(() => this.takeKept()?.close(), KEEP).unref() };
    }

    private takeKept(): Conversation | undefined {
        clearTimeout(this.kept?.timer);
        const talk = this.kept?.talk;
        this.kept = undefined;
        return talk;
    }

    end(): void {
        this.takeKept()?.close();
        this.connection?.then(
            (connection) => connection.end(),
            () => undefined,
        );
    }

    /** Before a plan was sent, nothing was done; after it, only a lost connection leaves something to ask for. */
    private async lose(push: Push, error: unknown): Promise<void> {
        if (push.plan && error instanceof ConnectionLostError) await this.comeBack(push, push.plan.id, error);
        else if (push.plan && error instanceof AnswerError)
            push.fail(error.after(`transaction ${push.plan.id} had been sent by then`));
        else push.fail(asUnreachable(this.host.name, error));
    }

    /** The connection broke after the plan was sent: the node goes on alone, and remembers the outcome. */
    private async comeBack(push: Push, id: string, lost: Error): Promise<void> {
        push.tell({
            phase: "verify",
            message: `connection lost (${lost.message}); the node goes on by itself, asking it for the outcome`,
        });
        // As many at once as sshd allows: those that wait for their turn use up no try.
        const until = performance.now() + REATTACH_FOR * 1000;
        const attach = (attempt: number) =>
            this.session(async () => {
                if (performance.now() > until)
                    throw new AbortError(`it is not done after ${REATTACH_FOR / 3600} hours`);
                const talk = await this.talk();
                try {
                    talk.send({ op: "result", id, spec: push.spec });
                    for (;;) {
                        const said = await talk.receive(APPLY_TIMEOUT);
                        const answer = this.outcomeIn(said, push);
                        // The plan may have arrived whole and be on its way to its service still.
                        if (answer.result?.outcome === "unknown" && attempt <= BEGIN_TRIES)
                            throw new Error("it has not begun there");
                        if (answer.result) return answer;
                        push.hear(answer);
                    }
                } finally {
                    talk.close();
                }
            });
        try {
            push.hearAgain(await pRetry(attach, REATTACH));
        } catch (error) {
            push.fail(
                new ConnectionLostError(
                    this.host.name,
                    `the connection broke during transaction ${id} and the node cannot be asked (${(error as Error).message}). It finishes or undoes the work by itself; when it is back, run up --refresh`,
                    { cause: lost },
                ),
            );
        }
    }

    /** Of a push that has come back. One that says what no node says is not asked again. */
    private outcomeIn(said: unknown, push: Push): Answer {
        try {
            return parseOutcome(this.host.name, said, [push.spec]);
        } catch (error) {
            throw new AbortError(error as Error);
        }
    }

    private ask(name: string, spec: Spec, asked: Asked, anyName = false): Promise<ReadAnswer> {
        return this.session(async () => {
            const talk = await this.talk();
            try {
                talk.send({ op: "read", name, spec, ...asked }, LOOK_LIMIT);
                return await this.answer(
                    talk,
                    (said) => parseRead(this.host.name, said, asked),
                    () => undefined,
                    anyName,
                );
            } catch (error) {
                throw asUnreachable(this.host.name, error);
            } finally {
                talk.close();
            }
        });
    }

    /** `tell`: of what the node waits for before it looks, and what it looks at. */
    private async answer<Look extends Surroundings>(
        talk: Conversation,
        parse: (said: unknown) => Look | EventAnswer | ResultAnswer,
        tell: (event: PhaseEvent) => void,
        anyName = false,
    ): Promise<Look> {
        for (;;) {
            const answer = parse(await talk.receive(READ_TIMEOUT));
            if ("event" in answer) {
                tell(answer.event);
                continue;
            }
            if ("result" in answer)
                throw new UnreachableError(
                    this.host.name,
                    `cannot be looked at: ${answer.result.message ?? "no word why"}`,
                );
            if (!anyName && answer.hostname.split(".")[0] !== this.host.name)
                throw new OtherNameError(
                    this.host.name,
                    `the host at ${this.host.address} calls itself ${answer.hostname}. Holdfast never renames a node (/etc/pve/nodes would move); correct the address, or the node's name in the stack`,
                );
            return answer;
        }
    }

    /** A connection that broke while it was idle is made anew, once: nothing has been said on it yet. */
    private async talk(): Promise<Conversation> {
        const used = this.connection;
        try {
            return await this.begin();
        } catch (error) {
            if (used && this.connection !== used) return await this.begin();
            throw error;
        }
    }

    private async begin(): Promise<Conversation> {
        try {
            const connection = await this.connected();
            const sudo = this.host.sudo ?? connection.user !== "root";
            const command = nodeProgram().command;
            return await Conversation.begin(
                this.host.name,
                await connection.exec(sudo ? `sudo -n ${command}` : command),
                READ_TIMEOUT,
            );
        } catch (error) {
            throw asUnreachable(this.host.name, error);
        }
    }

    /** ssh2 is loaded only where a node is contacted: an `up` without changes opens no connection. */
    private async connect(): Promise<Connection> {
        const { connect } = await import("./connection");
        return connect(this.host.name, await resolveTarget(this.host), this.options);
    }

    private connected(): Promise<Connection> {
        if (this.connection) return this.connection;
        const opening = (this.connection = this.connect());
        const forget = () => {
            if (this.connection === opening) this.connection = undefined;
        };
        opening.then((connection) => connection.onClose(forget), forget);
        return opening;
    }
}

/** Before a plan is sent, a lost connection means that nothing is known, and nothing was done. */
function asUnreachable(node: string, error: unknown): Error {
    if (!(error instanceof ConnectionLostError)) return error as Error;
    return new UnreachableError(node, error.message.replace(`${node}: `, ""), { cause: error });
}

/** As it is looked at, and what is expected of it. */
function setOf({ name, spec, extras: { expected } }: Push) {
    return { name, spec, ...(expected && { expected }) };
}

function sameSpec(a: Spec, b: Spec): boolean {
    return canonical(a) === canonical(b);
}
