/** Memory of a process and all that it has started, together. */
import { readFile, readdir } from "node:fs/promises";
import { watchEvery, type Watch } from "./watch";

const INTERVAL = 500; // milliseconds: what is asked for makes the kernel walk through all pages

/** `stop` gives MiB: the most at any look. A page that several share counts once (Pss). */
export function treePeakOf(ancestor: number): Watch<number> {
    let peak = 0;
    const look = async (): Promise<void> => {
        const sizes = await Promise.all((await treeOf(ancestor)).map(sizeOf));
        peak = Math.max(peak, sizes.reduce((sum, size) => sum + size, 0) / 1024);
    };
    return watchEvery(INTERVAL, look, () => peak);
}

/** Pids of a process and of all that it has started. */
export async function treeOf(ancestor: number): Promise<number[]> {
    const tasks = await readdir(`/proc/${ancestor}/task`).catch(() => []);
    const lists = await Promise.all(tasks.map((task) => read(`/proc/${ancestor}/task/${task}/children`)));
    const children = lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
    return [ancestor, ...(await Promise.all(children.map(treeOf))).flat()];
}

/** In kB. */
async function sizeOf(pid: number): Promise<number> {
    return Number(/^Pss:\s+(\d+) kB/m.exec(await read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

/** Empty where the process has gone meanwhile. */
async function read(path: string): Promise<string> {
    return readFile(path, "utf8").catch(() => "");
}
