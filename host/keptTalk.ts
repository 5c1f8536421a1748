/**
 * A conversation that has had its answer and stays open for a while: a node's program need not start twice for what
 * comes in a row.
 */
import type { Conversation } from "./conversation";

/** Milliseconds. */
const KEEP = 3000;

export class KeptTalk {
    private kept: { readonly talk: Conversation; readonly timer: NodeJS.Timeout } | undefined;

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

    close(): void {
        this.take()?.close();
    }
}
