/** Peak memory of a descendant process that comes and goes while we watch. */
import { readFile, readdir } from "node:fs/promises";
import { watchEvery, type Watch } from "./watch";

const INTERVAL = 200; // milliseconds: the watch must not be felt by what it watches

/**
 * `stop` gives MiB: the kernel's own high-water mark (VmHWM) at the last look, so it may miss the last moment's growth.
 */
export function peakOf(ancestor: number, command: string): Watch<number> {
    let peak = 0;
    let found: number | undefined;
    const look = async (): Promise<void> => {
        found ??= await findDescendant(ancestor, command);
        if (found !== undefined) peak = Math.max(peak, highWater(await read(`/proc/${found}/status`)));
    };
    return watchEvery(INTERVAL, look, () => peak);
}

function highWater(status: string): number {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

async function findDescendant(ancestor: number, command: string): Promise<number | undefined> {
    const children: number[] = [];
    const threads = await readdir(`/proc/${ancestor}/task`).catch(() => []);
    for (const thread of threads)
        children.push(
            ...(await read(`/proc/${ancestor}/task/${thread}/children`)).split(" ").filter(Boolean).map(Number),
        );
    for (const child of new Set(children)) {
        if ((await read(`/proc/${child}/cmdline`)).includes(command)) return child;
        const deeper = await findDescendant(child, command);
        if (deeper !== undefined) return deeper;
    }
    return undefined;
}

/** Empty where the process has gone meanwhile. */
async function read(path: string): Promise<string> {
    return readFile(path, "utf8").catch(() => "");
}
