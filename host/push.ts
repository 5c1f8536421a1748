/** One FileSet on its way to its node: looked at, decided, heard of until its result stands. */
import {
    canonical,
    identityOf,
    type Observation,
    type PhaseEvent,
    type Plan,
    type Result,
    type Expected,
    type Spec,
    type Surroundings,
} from "./observation";

/** What to look at beyond the spec. */
export interface Extras {
    /** Gather block devices, mounts and links. */
    readonly facts: boolean;
    /** Glob patterns of files whose content the lints want. */
    readonly sourced: readonly string[];
    /** Seconds since 1970, by path: who may have written there then is asked for. */
    readonly written?: Readonly<Record<string, number>>;
    /** Paths and units whose state before Holdfast is asked for. */
    readonly originals?: readonly string[];
    /** Paths of files whose origin is asked for: a first push replaces nobody's own unseen. */
    readonly origins?: readonly string[];
    /** What the node's own checks go by from now on, without a client (host/node/standing.py). */
    readonly expected?: Expected;
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

/** What the node says while it works, and when it is done: `seen` is its second look. */
export interface Answer {
    readonly event?: PhaseEvent;
    readonly result?: Result;
    readonly seen?: Observation;
}

/** What the node is told to do. */
export type Decision = Plan | { readonly nothing: true } | { readonly refused: true };

export class Push {
    /** Rejects with the planner's own error, UnreachableError or ConnectionLostError. */
    readonly done: Promise<Applied>;
    isSettled = false;
    /** As sent to the node. */
    plan: Plan | undefined;
    private before: Observation | undefined;
    private resolve!: (applied: Applied) => void;
    private reject!: (error: Error) => void;

    constructor(
        readonly name: string,
        readonly spec: Spec,
        readonly extras: Extras,
        private readonly planner: Planner,
        readonly tell: (event: PhaseEvent) => void,
    ) {
        this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    }

    decide(look: Look): Decision {
        this.before = look.seen;
        try {
            const planned = this.planner(look);
            if (planned === "nothing") return { nothing: true };
            return (this.plan = planned);
        } catch (error) {
            this.fail(error as Error);
            return { refused: true };
        }
    }

    hear({ event, result, seen }: Answer): void {
        if (event) this.tell(event);
        if (!result) return;
        this.isSettled = true;
        this.resolve({ result, seen: seen ?? this.before!, before: this.before! });
    }

    /** What the node remembers after a lost connection. The same work has the same name: it may be an earlier time, and this plan never arrived. */
    hearAgain({ result, seen = this.before! }: Answer): void {
        const isEarlier = result?.outcome === "applied" && isSame(this.before!, seen);
        this.hear({ result: isEarlier ? { outcome: "unknown" } : result, seen });
    }

    fail(error: Error): void {
        this.isSettled = true;
        this.reject(error);
    }
}

function isSame(before: Observation, after: Observation): boolean {
    const state = ({ files, units, packages }: Observation) => [
        Object.entries(files).map(([path, file]) => [path, identityOf(file)]),
        units,
        packages,
    ];
    return canonical(state(before)) === canonical(state(after));
}
