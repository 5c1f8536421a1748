/**
 * What stands on a node, and the one way to change it from there: `look`, plan, `commit`. Whoever has looked says what
 * becomes of it, since those who looked together are waited for: a plan, nothing, or that it is let be.
 */
import { isDeepStrictEqual } from "node:util";
import { UnreachableError } from "./errors";
import type { Look } from "./look";
import type { Observation, Plan } from "./observation";
import { isSame, type Applied, type Push } from "./push";

export class Looked {
    constructor(
        private readonly node: string,
        readonly look: Look,
        private readonly push: Push,
        /** Looks once more, where the others would not wait. */
        private readonly again: () => Promise<Looked>,
    ) {}

    get seen(): Observation {
        return this.look.seen;
    }

    /**
     * Runs the transaction, together with those that were looked at in one go. Without a plan the node is as it should
     * be: it remembers what it was asked for.
     * @throws UnreachableError where nothing was begun, ConnectionLostError where the node goes on alone
     */
    async commit(plan?: Plan): Promise<Applied> {
        if (this.push.decision !== undefined) return this.commitLate(plan);
        this.push.conclude(plan ?? { nothing: true });
        return this.push.done;
    }

    /** Nothing is begun. */
    letBe(): void {
        this.push.conclude({ refused: true });
    }

    /** What the decision went by, and is otherwise now. */
    private changedSince({ seen, cluster }: Look): string | undefined {
        if (!isSame(this.seen, seen)) return "what stands there";
        return isDeepStrictEqual(this.look.cluster, cluster) ? undefined : "how its cluster's votes stand";
    }

    /** The others are gone. What was planned holds for what stood there, and for nothing else. */
    private async commitLate(plan?: Plan): Promise<Applied> {
        const now = await this.again();
        const changed = this.changedSince(now.look);
        if (changed === undefined) return now.commit(plan);
        now.letBe();
        throw new UnreachableError(
            this.node,
            `${changed} has changed while this was decided, so nothing was begun; run it again`,
        );
    }
}
