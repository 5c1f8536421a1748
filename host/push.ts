/** One FileSet on its way to its node: looked at, decided, heard of until its result stands. */
import {
    canonical,
    identityOf,
    type Observation,
    type PhaseEvent,
    type Plan,
    type Result,
    type Spec,
} from "./observation";
import type { Confirmation } from "./confirmation";
import type { Extras, Look } from "./look";

export interface Applied {
    readonly result: Result;
    /** A second look, after the work. */
    readonly seen: Observation;
    readonly before: Observation;
    /** What kept the client from confirming a change, as seen from here. */
    readonly trouble?: string;
}

/** What the node says while it works, and when it is done: `seen` is its second look. */
export interface Answer {
    readonly event?: PhaseEvent;
    readonly result?: Result;
    readonly seen?: Observation;
}

/** What the node is told to do. */
export type Decision = Plan | { readonly nothing: true } | { readonly refused: true };

export class Push {
    /** What stands there. Rejects with UnreachableError. */
    readonly seen: Promise<Look>;
    /** Rejects with UnreachableError or ConnectionLostError; not before `seen` has told what stands there. */
    readonly done: Promise<Applied>;
    /** Of what was looked at; undefined until somebody has decided. */
    decision: Decision | undefined;
    readonly decided: Promise<void>;
    isSettled = false;
    /** As sent to the node. */
    sent: Plan | undefined;
    /** Of what has to be confirmed, once it is sent. */
    confirmation: Confirmation | undefined;
    private before: Observation | undefined;
    private show!: (look: Look) => void;
    private hide!: (error: Error) => void;
    private resolve!: (applied: Applied | Promise<Applied>) => void;
    private reject!: (error: Error) => void;
    private decideIt!: () => void;

    constructor(
        readonly name: string,
        readonly spec: Spec,
        readonly extras: Extras,
        readonly tell: (event: PhaseEvent) => void,
    ) {
        this.seen = new Promise((show, hide) => Object.assign(this, { show, hide }));
        this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
        this.decided = new Promise((decideIt) => Object.assign(this, { decideIt }));
        // Whoever has looked hears of a failure when he commits, and who never comes to see anything hears it from
        // `seen`.
        this.done.catch(() => undefined);
        this.seen.catch(() => undefined);
    }

    see(look: Look): void {
        this.before = look.seen;
        this.show(look);
    }

    conclude(decision: Decision): void {
        this.decision ??= decision;
        if ("refused" in this.decision) this.isSettled = true;
        this.decideIt();
    }

    hear({ event, result, seen }: Answer): void {
        if (event) this.tell(event);
        if (event) this.confirmation?.hear(event);
        if (!result) return;
        this.isSettled = true;
        const applied = { result, seen: seen ?? this.before!, before: this.before! };
        this.resolve(this.confirmation ? withConfirmation(applied, this.confirmation) : applied);
    }

    /**
     * What the node remembers after a lost connection. The same work has the same name: it may be an earlier time, and
     * this plan never arrived.
     */
    hearAgain({ result, seen = this.before! }: Answer): void {
        const isEarlier = result?.outcome === "applied" && isSame(this.before!, seen);
        this.hear({ result: isEarlier ? { outcome: "unknown" } : result, seen });
    }

    fail(error: Error): void {
        void this.confirmation?.end();
        this.isSettled = true;
        this.hide(error);
        this.reject(error);
        this.decideIt();
    }
}

/** Whether the node stands as it did: what was measured beside is not asked. */
export function isSame(before: Observation, after: Observation): boolean {
    const state = ({ files, units, packages }: Observation) => [
        Object.entries(files).map(([path, file]) => [path, identityOf(file)]),
        units,
        packages,
    ];
    return canonical(state(before)) === canonical(state(after));
}

async function withConfirmation(applied: Applied, confirmation: Confirmation): Promise<Applied> {
    const { decided, trouble } = await confirmation.end();
    const { result } = applied;
    return {
        ...applied,
        ...(decided?.change && { result: { ...result, change: decided.change } }),
        ...(trouble !== undefined && { trouble }),
    };
}
