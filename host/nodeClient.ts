/** One node: its one connection, its shared observation, its transactions. */
import pLimit from "p-limit";
import pRetry from "p-retry";
import type { HostArgs } from "../model/fileSet";
import type { Connection, ConnectOptions } from "./connection";
import { Conversation } from "./conversation";
import { ConnectionLostError, UnreachableError } from "./errors";
import { identityOf, type Observation, type PhaseEvent, type Plan, type Result, type Spec, type Surroundings } from "./observation";
import { nodeProgram } from "./program";
import { resolveTarget } from "./sshTarget";

/** Seconds. A look is quick; a transaction may wait for apt and for another transaction, each with bounds of its own. */
const READ_TIMEOUT = 60;
const APPLY_TIMEOUT = 1800;
/** Seconds between tries to come back to a running transaction, and how often: a good two minutes. */
const REATTACH = { retries: 12, minTimeout: 1000, maxTimeout: 15_000 };
/** So often a node that does not know the transaction is asked again. */
const BEGIN_TRIES = 2;

/** Remote commands at once on one connection: sshd's MaxSessions is 10, and a node may have more concerns than that. */
const SESSIONS = 8;

/** What to look at beyond the spec. */
export interface Extras {
    /** Gather block devices, mounts and links. */
    readonly facts: boolean;
    /** Glob patterns of files whose content the lints want. */
    readonly sourced: readonly string[];
    /** Seconds since 1970, by path: who may have written there then is asked for. */
    readonly written?: Readonly<Record<string, number>>;
    /** Paths whose state before Holdfast is asked for. */
    readonly originals?: readonly string[];
}

export interface Look extends Surroundings {
    readonly seen: Observation;
}

/** Made from a look: a plan, `"nothing"` where the node is as it should be, or an error thrown, upon which nothing happens. */
export type Planner = (look: Look) => Plan | "nothing";

export interface Applied {
    readonly result: Result;
    /** A second look, after the work. */
    readonly seen: Observation;
    readonly before: Observation;
}

type Answer = Surroundings & { observed?: { spec: Spec; seen: Observation }[]; seen?: Observation; result?: Result; event?: PhaseEvent };

export class NodeClient {
    private connection: Promise<Connection> | undefined;
    private everything: Promise<Answer> | undefined;
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
        const first = (this.everything ??= this.ask({ op: "read", name, spec }));
        const known = (await first).observed?.find((each) => sameSpec(each.spec, spec));
        if (known) return known.seen;
        const own = await this.ask({ op: "read", name, spec });
        return own.observed!.find((each) => sameSpec(each.spec, spec))!.seen;
    }

    /**
     * A look with facts, for a first acquaintance (`holdfast adopt`): nothing is written on the node.
     * `anyName`: the node's name is not known yet, it is in the answer.
     */
    async inspect(name: string, spec: Spec, extras: Extras, { anyName = false } = {}): Promise<Look> {
        const answer = await this.ask({ op: "read", name, spec, ...extras }, anyName);
        return { ...answer, seen: answer.observed!.find((each) => sameSpec(each.spec, spec))!.seen };
    }

    /** Looks, plans, applies and looks again, in one remote command. */
    apply(name: string, spec: Spec, extras: Extras, plan: Planner, tell: (event: PhaseEvent) => void): Promise<Applied> {
        return this.session(() => this.transact(name, spec, extras, plan, tell));
    }

    private async transact(name: string, spec: Spec, extras: Extras, plan: Planner, tell: (event: PhaseEvent) => void): Promise<Applied> {
        this.everything = undefined;
        const talk = await this.talk();
        let sent: Plan | undefined;
        let before: Observation | undefined;
        try {
            talk.send({ op: "apply", name, spec, ...extras });
            const look = await this.answer(talk, READ_TIMEOUT);
            before = look.seen!;
            const planned = this.planOrRefuse(talk, plan, { ...look, seen: before });
            const key = (await this.connection)?.publicKey;
            if (planned === "nothing") {
                talk.send({ nothing: true, key });
            } else {
                sent = planned;
                talk.send({ ...planned, key });
            }
            const answer = await this.follow(talk, tell);
            return { result: answer.result!, seen: answer.seen ?? before, before };
        } catch (error) {
            if (!sent) throw asUnreachable(this.host.name, error);
            if (!(error instanceof ConnectionLostError)) throw error;
            return await this.comeBack(sent, spec, before!, tell, error);
        } finally {
            talk.close();
            this.everything = undefined;
        }
    }

    end(): void {
        this.connection?.then((connection) => connection.end(), () => undefined);
    }

    private planOrRefuse(talk: Conversation, plan: Planner, look: Look): Plan | "nothing" {
        try {
            return plan(look);
        } catch (error) {
            talk.send({ refused: true });
            throw error;
        }
    }

    /** The connection broke after the plan was sent: the node goes on alone, and remembers the outcome. */
    private async comeBack(plan: Plan, spec: Spec, before: Observation, tell: (event: PhaseEvent) => void, lost: Error): Promise<Applied> {
        tell({ phase: "verify", message: `connection lost (${lost.message}); the node goes on by itself, asking it for the outcome` });
        const attach = async (attempt: number) => {
            const talk = await this.talk();
            try {
                talk.send({ op: "result", id: plan.id, spec });
                const answer = await this.follow(talk, tell);
                // The plan may have arrived whole and be on its way to its service still.
                if (answer.result?.outcome === "unknown" && attempt <= BEGIN_TRIES) throw new Error("it has not begun there");
                return answer;
            } finally {
                talk.close();
            }
        };
        const answer = await pRetry(attach, REATTACH).catch((error: unknown) => {
            throw new ConnectionLostError(this.host.name, `the connection broke during transaction ${plan.id} and the node cannot be asked (${(error as Error).message}). It finishes or undoes the work by itself; when it is back, run up --refresh`, { cause: lost });
        });
        const seen = answer.seen ?? before;
        // The same work has the same name: what the node remembers may be an earlier time, and this plan never arrived.
        const isEarlier = answer.result?.outcome === "applied" && isSame(before, seen);
        return { result: isEarlier ? { outcome: "unknown" } : answer.result!, seen, before };
    }

    private async follow(talk: Conversation, tell: (event: PhaseEvent) => void): Promise<Answer> {
        for (;;) {
            const answer = await talk.receive<Answer>(APPLY_TIMEOUT);
            if (answer.result) return answer;
            if (answer.event) tell(answer.event);
        }
    }

    private ask(request: unknown, anyName = false): Promise<Answer> {
        return this.session(async () => {
            const talk = await this.talk();
            try {
                talk.send(request);
                return await this.answer(talk, READ_TIMEOUT, anyName);
            } catch (error) {
                throw asUnreachable(this.host.name, error);
            } finally {
                talk.close();
            }
        });
    }

    private async answer(talk: Conversation, seconds: number, anyName = false): Promise<Answer> {
        const answer = await talk.receive<Answer>(seconds);
        if (answer.result) throw new UnreachableError(this.host.name, `cannot be looked at: ${answer.result.message}`);
        if (!anyName && answer.hostname.split(".")[0] !== this.host.name) {
            throw new UnreachableError(this.host.name, `the host at ${this.host.address} calls itself ${answer.hostname}. Holdfast never renames a node (/etc/pve/nodes would move); correct the address, or the node's name in the stack`);
        }
        return answer;
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
            return await Conversation.begin(this.host.name, await connection.exec(sudo ? `sudo -n ${command}` : command), READ_TIMEOUT);
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
        this.connection ??= this.connect();
        const opening = this.connection;
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

function isSame(before: Observation, after: Observation): boolean {
    const state = ({ files, units, packages }: Observation) => [Object.entries(files).map(([path, file]) => [path, identityOf(file)]), units, packages];
    return canonical(state(before)) === canonical(state(after));
}

function sameSpec(a: Spec, b: Spec): boolean {
    return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
    return JSON.stringify(value, (_, item: unknown) =>
        item !== null && typeof item === "object" && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
    );
}
