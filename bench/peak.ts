/** Peak memory of a descendant process that comes and goes while we watch. */
import { readFile, readdir } from "node:fs/promises";

const INTERVAL = 50; // milliseconds

/** `stop` gives MiB: the kernel's own high-water mark (VmHWM), read as long as the process lives. */
export function peakOf(ancestor: number, command: string): { stop(): Promise<number> } {
    let peak = 0;
    let stopped = false;
    const watching = (async () => {
        while (!stopped) {
            for (const pid of await descendants(ancestor)) {
                if ((await read(`/proc/${pid}/cmdline`)).includes(command)) peak = Math.max(peak, highWater(await read(`/proc/${pid}/status`)));
            }
            await new Promise((resolve) => setTimeout(resolve, INTERVAL));
        }
    })();
    return {
        async stop() {
            stopped = true;
            await watching;
            return peak;
        },
    };
}

function highWater(status: string): number {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

async function descendants(ancestor: number): Promise<number[]> {
    const parents = new Map<number, number>();
    for (const pid of (await readdir("/proc")).map(Number).filter((name) => name > 0)) {
        const fields = (await read(`/proc/${pid}/stat`)).replace(/^.*\) /s, "").split(" ");
        parents.set(pid, Number(fields[1]));
    }
    return [...parents.keys()].filter((pid) => {
        for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === ancestor) return true;
        return false;
    });
}

/** Empty where the process has gone meanwhile. */
async function read(path: string): Promise<string> {
    return readFile(path, "utf8").catch(() => "");
}
