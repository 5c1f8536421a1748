/** One node: what stands there, and the one way to change it. All of its FileSets share one connection. */
import type { Busy } from "../model/contract/busyLook";
import type { HostArgs } from "../model/contract/fileSet";
import type { NodeFacts } from "../model/lint/lintContext";
import { parseRead, type Asked, type EventAnswer, type ReadAnswer, type ResultAnswer } from "./answers";
import { parseChecked, type Checked } from "./checked";
import type { ConnectOptions } from "./connection";
import type { Conversation } from "./conversation";
import { AnswerError } from "./errors";
import { asUnreachable, Line } from "./line";
import type { Extras, Look } from "./look";
import type { Looked } from "./looked";
import { canonical, type Observation, type PhaseEvent, type Spec } from "./observation";
import { Pushes } from "./pushes";
import { LOOK_LIMIT } from "./timeouts";

/** A node says its name whatever it is asked for. */
const NOTHING: Spec = { files: {}, packages: [], units: [], facts: {} };
const alone = { alone: true } as const;

/** Of what a node said. @throws AnswerError */
type Parse<Answer> = (said: unknown) => Answer | EventAnswer | ResultAnswer;

export class NodeClient {
    /** From the last look of a refresh, for the lints of what comes after it. Undefined where nobody has looked. */
    facts: NodeFacts | undefined;
    /** Of the last such look: Holdfast's own work on the node. */
    busy: Busy | undefined;
    private everything: Promise<ReadAnswer> | undefined;
    private readonly line: Line;
    private readonly pushes: Pushes;

    constructor(
        private readonly host: HostArgs,
        options: ConnectOptions,
    ) {
        this.line = new Line(host, options);
        this.pushes = new Pushes(this.line, () => (this.everything = undefined));
    }

    /**
     * The first look of an operation asks for all that Holdfast manages on the node; later ones reuse it until a write.
     * Throws UnreachableError where nothing can be said.
     */
    async read(name: string, spec: Spec): Promise<Observation> {
        const first = (this.everything ??= this.ask(name, spec, { facts: true }));
        this.facts = (await first).facts;
        this.busy = (await first).busy;
        const known = (await first).observed.find((each) => sameSpec(each.spec, spec));
        return known?.seen ?? this.seenIn(await this.ask(name, spec, alone), spec);
    }

    /**
     * A look with facts, for a first acquaintance (`holdfast adopt`): nothing is written on the node.
     * `anyName`: the node's name is not known yet, it is in the answer.
     */
    async inspect(name: string, spec: Spec, extras: Extras, { anyName = false } = {}): Promise<Look> {
        const answer = await this.ask(name, spec, { ...extras, ...alone }, anyName);
        return { ...answer, seen: this.seenIn(answer, spec) };
    }

    /**
     * Resolves where the node calls itself as the stack does. It is asked only where no look has told, and none is
     * under way.
     * @throws OtherNameError where it is called otherwise, UnreachableError where it cannot be asked
     */
    async meet(): Promise<void> {
        if (!this.line.isMet) await (this.pushes.coming() ?? this.ask("hosts", NOTHING, alone));
    }

    /**
     * A look before a change: what was planned from it is committed, or let be. Those that come together share one look
     * and one transaction service.
     * @param tell of what the node waits for, and of the transaction's phases
     * @throws UnreachableError where nothing can be said
     */
    look(name: string, spec: Spec, extras: Extras, tell: (event: PhaseEvent) => void): Promise<Looked> {
        return this.pushes.look(name, spec, extras, tell);
    }

    cancel(): void {
        this.pushes.cancel();
    }

    end(): void {
        this.pushes.end();
        this.line.end();
    }

    private seenIn({ observed }: ReadAnswer, spec: Spec): Observation {
        const own = observed.find((each) => sameSpec(each.spec, spec));
        if (!own) throw new AnswerError(this.host.name, "does not answer for what was asked");
        return own.seen;
    }

    /**
     * The node's checks alone: nothing is written there, and nothing is compared here. @param concerns none means all
     * that were pushed
     */
    async check(concerns: readonly string[]): Promise<Checked> {
        const parse = (said: unknown) => parseChecked(this.host.name, said);
        return (await this.askFor({ op: "check", concerns }, parse)).checked;
    }

    /**
     * A question of another kind, and what `parse` makes of the answer.
     * @param longest seconds of silence before it, and in all
     */
    converse<Answer extends { readonly hostname: string }>(
        question: object,
        parse: (node: string, said: unknown) => Answer | EventAnswer | ResultAnswer,
        longest: number,
    ): Promise<Answer> {
        return this.askFor(question, (said) => parse(this.host.name, said), longest);
    }

    private ask(name: string, spec: Spec, asked: Asked, anyName = false): Promise<ReadAnswer> {
        const parse = (said: unknown) => parseRead(this.host.name, said, asked);
        const question = { op: "read", name, spec, ...asked };
        return this.inSession(() => this.pushes.kept.look((talk) => this.askIn(talk, question, parse, anyName)));
    }

    private askFor<Answer extends { readonly hostname: string }>(
        question: object,
        parse: Parse<Answer>,
        longest?: number,
    ): Promise<Answer> {
        return this.inSession(async () => this.askIn(await this.line.talk(), question, parse, false, longest));
    }

    /** @throws UnreachableError whatever became of it */
    private inSession<Answer>(work: () => Promise<Answer>): Promise<Answer> {
        return this.line.session(async () => {
            try {
                return await work();
            } catch (error) {
                throw asUnreachable(this.host.name, error);
            }
        });
    }

    /** The conversation is kept for the next question, or closed where it fails. */
    private async askIn<Answer extends { readonly hostname: string }>(
        talk: Conversation,
        question: object,
        parse: Parse<Answer>,
        anyName: boolean,
        longest?: number,
    ): Promise<Answer> {
        try {
            talk.send(question, longest ?? LOOK_LIMIT);
            const answer = await this.line.answer(talk, parse, () => undefined, anyName, longest);
            this.pushes.kept.keep(talk);
            return answer;
        } catch (error) {
            talk.close();
            throw error;
        }
    }
}

function sameSpec(a: Spec, b: Spec): boolean {
    return canonical(a) === canonical(b);
}
