/**
 * Counts what a computation does, instead of how long it takes: the blocks of our own code that V8 ran (its coverage
 * counts them), and what the built-in functions that walk through an array or a text had to look at. The same on every
 * machine and under every load.
 */
import { Session, type Profiler } from "node:inspector";

export interface Work {
    readonly steps: number;
    /** Every regular expression that was used, `/source/flags`. */
    readonly patterns: ReadonlySet<string>;
}

export class WorkCounter {
    private readonly session = new Session();
    private walked = 0;
    private readonly patterns = new Set<string>();
    private readonly restores: (() => void)[] = [];

    /**
     * @param folder only the code of files with this in their path counts; load them after this, since V8 counts no
     * code that it compiled before
     */
    constructor(private readonly folder: string) {
        this.session.connect();
        this.session.post("Profiler.enable");
        this.session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
        this.watchBuiltIns();
    }

    measure(run: () => void): Work {
        this.blocks();
        this.walked = 0;
        this.patterns.clear();
        run();
        return { steps: this.walked + this.blocks(), patterns: new Set(this.patterns) };
    }

    close(): void {
        for (const restore of this.restores.splice(0)) restore();
        this.session.disconnect();
    }

    /** Since the last call. */
    private blocks(): number {
        let total = 0;
        this.session.post("Profiler.takePreciseCoverage", (error: Error | null, { result }: Result) => {
            if (error) throw error;
            for (const { url, functions } of result)
                if (url.includes(this.folder))
                    for (const { ranges } of functions) for (const { count } of ranges) total += count;
        });
        return total;
    }

    private watchBuiltIns(): void {
        const arrays = Array.prototype as unknown as Record<string, unknown>;
        for (const name of ["includes", "indexOf", "lastIndexOf", "slice", "concat", "flat", "join", "reverse"])
            this.wrap(arrays, name, (result, subject) => lengthOf(result) ?? lengthOf(subject) ?? 1);
        for (const name of ["includes", "indexOf", "slice", "replaceAll"])
            this.wrap(String.prototype as unknown as Record<string, unknown>, name, textCost);
        const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as Record<string, unknown>;
        this.wrap(iterator, "next", () => 1);
        const { exec } = RegExp.prototype as { exec: (this: RegExp, text: string) => RegExpExecArray | null };
        RegExp.prototype.exec = this.counting(exec);
        this.restores.push(() => {
            RegExp.prototype.exec = exec;
        });
    }

    /** What a pattern looks at, if it looks at no place twice: that it does not is for scslre to prove. */
    private counting(exec: (this: RegExp, text: string) => RegExpExecArray | null): RegExp["exec"] {
        const add = (steps: number, pattern: RegExp) => {
            this.walked += steps;
            this.patterns.add(`/${pattern.source}/${pattern.flags}`);
        };
        return function (this: RegExp, text: string) {
            const from = this.global || this.sticky ? this.lastIndex : 0;
            const found = exec.call(this, text);
            const until = found ? found.index + found[0].length : this.sticky ? from : text.length;
            add(Math.max(until - from, 0) + 1, this);
            return found;
        };
    }

    private wrap(
        holder: Record<string, unknown>,
        name: string,
        cost: (result: unknown, subject: unknown, given: readonly unknown[]) => number,
    ): void {
        const original = holder[name] as (...given: unknown[]) => unknown;
        const add = (steps: number) => (this.walked += steps);
        holder[name] = function (this: unknown, ...given: unknown[]) {
            const result = Reflect.apply(original, this, given);
            add(cost(result, this, given));
            return result;
        };
        this.restores.push(() => {
            holder[name] = original;
        });
    }
}

type Result = Profiler.TakePreciseCoverageReturnType;

/** What comes out, or else how far the search went. */
function textCost(result: unknown, subject: unknown, [, start]: readonly unknown[]): number {
    if (typeof result === "string") return result.length;
    const end = typeof result === "number" && result >= 0 ? result : (lengthOf(subject) ?? 0);
    return end - (typeof start === "number" ? start : 0) + 1;
}

function lengthOf(value: unknown): number | undefined {
    return typeof value === "string" || Array.isArray(value) ? value.length : undefined;
}
