/** Ctrl-C and its kin end a rehearsal in order: what it started is ended, what it wrote is gone. */
import type execa from "execa";
import { runBound } from "../../vm/processes";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Interrupted extends Error {
    override readonly name = "Interrupted";

    constructor(readonly signal: NodeJS.Signals) {
        super(`ended by ${signal}; nothing of the rehearsal is left`);
    }
}

/** The commands of one run: each ends with it, whichever way it ends. */
export class Commands {
    readonly #running = new Set<execa.ExecaChildProcess>();
    #told: NodeJS.Signals | undefined;

    /** @throws Interrupted once a signal has come */
    goOn(): void {
        if (this.#told) throw new Interrupted(this.#told);
    }

    /** @throws Error with what the command said, Interrupted where a signal ended it */
    run(command: string, args: readonly string[], options: execa.Options = {}): execa.ExecaChildProcess {
        this.goOn();
        const child = runBound(command, args, options);
        this.#running.add(child);
        const forget = (): void => void this.#running.delete(child);
        child.then(forget, forget);
        return child;
    }

    /** Calls `work`; a signal ends every command, and `work` as soon as it asks. */
    async during<T>(work: () => Promise<T>): Promise<T> {
        const stop = (signal: NodeJS.Signals) => {
            this.#told ??= signal;
            this.end();
        };
        for (const signal of signals) process.on(signal, stop);
        try {
            return await work();
        } catch (error) {
            this.goOn(); // a command that was ended has failed for that reason
            throw error;
        } finally {
            this.end();
            await Promise.allSettled(this.#running);
            for (const signal of signals) process.off(signal, stop);
        }
    }

    private end(): void {
        for (const child of this.#running) child.kill("SIGKILL");
    }
}
