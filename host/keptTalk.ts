/**
 * A conversation that has had its answer and stays open for a while: a node's program need not start twice for what
 * comes in a row.
 */
import type { Conversation } from "./conversation";
import { ConnectionLostError } from "./errors";

/** Milliseconds. */
const KEEP = 3000;

export class KeptTalk {
    private kept: { readonly talk: Conversation; readonly timer: NodeJS.Timeout } | undefined;

    /** @param begin a new conversation */
    constructor(private readonly begin: () => Promise<Conversation>) {}

    keep(talk: Conversation): void {
        this.close();
        this.kept = { talk, timer: setTimeout(() => this.close(), KEEP).unref() };
    }

    /** Nobody else's from now on; undefined where there is none, or none that is as it was left. */
    take(): Conversation | undefined {
        clearTimeout(this.kept?.timer);
        const talk = this.kept?.talk;
        this.kept = undefined;
        if (talk === undefined || talk.isQuiet) return talk;
        talk.close();
        return undefined;
    }

    /**
     * A look: in what is kept, or else in a new conversation. One that broke while it was idle is asked in a new one:
     * nothing has been done by then. A node that is silent, or breaks off in the middle, has had its time.
     * @param look harmless to repeat; closes its conversation where it fails
     */
    async look<T>(look: (talk: Conversation) => Promise<T>): Promise<T> {
        const kept = this.take();
        if (!kept) return look(await this.begin());
        try {
            return await look(kept);
        } catch (error) {
            if (!(error instanceof ConnectionLostError) || !kept.isGone) throw error;
            return look(await this.begin());
        }
    }

    close(): void {
        this.take()?.close();
    }
}
