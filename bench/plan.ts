/**
 * `npm run bench -- --plan [NODES]`: a fleet too large for one stack, previewed from state. There are no nodes: nobody
 * is asked. Stacks of 32 nodes, as many at once as there are cores.
 */
import { cp, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import type { Lab } from "../lab";
import { median, spread } from "./median";
import { Project } from "./project";

const NODES = 32;

export async function planMany(nodes: number): Promise<void> {
    const count = Math.ceil(nodes / NODES);
    // Its state comes from a provider that writes down what it is told; the previews have the real one.
    const first = await Project.create("plan", paperLab(), "bench/nothing");
    await first.time("up", "--yes", "--skip-preview");
    await first.useProvider("provider");
    const folders = await copies(first.folder, count);
    const atOnce = pLimit(cpus().length);
    const started = process.hrtime.bigint();
    const runs = await Promise.all(
        folders.map((folder) => atOnce(() => first.in(folder).measure("preview", "--diff", "--expect-no-changes"))),
    );
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    console.log(
        `\n${count} stacks of ${NODES} nodes, hosts + fstab + interfaces, previewed from state, ${cpus().length} at once`,
    );
    row("all of them", `${seconds.toFixed(0)} s`, `${((seconds * cpus().length) / count).toFixed(1)} s of a core each`);
    row("a stack", `${median(runs.map((run) => run.seconds)).toFixed(1)} s`, spread(runs.map((run) => run.seconds)));
    row("its memory", `${median(runs.map((run) => run.peak)).toFixed(0)} MiB`, "all its processes, at its peak");
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

async function copies(folder: string, count: number): Promise<string[]> {
    const all = Array.from({ length: count }, (_, index) => join(dirname(folder), `plan-${index}`));
    for (const copy of all) {
        await rm(copy, { recursive: true, force: true });
        await cp(folder, copy, { recursive: true, verbatimSymlinks: true });
    }
    return all;
}

function row(name: string, figure: string, note: string): void {
    console.log(`${name.padEnd(12)} ${figure.padStart(9)}   ${note}`);
}

/** Nodes that stand on paper alone. */
function paperLab(): Lab {
    const nodes = Array.from({ length: NODES }, (_, index) => ({
        name: `pve${String(index + 1).padStart(2, "0")}`,
        address: `192.0.2.${index + 101}`,
        address6: `2001:db8::${index + 101}`,
        ssh: { host: `192.0.2.${index + 101}`, port: 22, user: "root" },
        rootUuid: `0a1b2c3d-0000-4000-8000-${String(index).padStart(12, "0")}`,
        dataUuid: `9c8d7e6f-0000-4000-8000-${String(index).padStart(12, "0")}`,
        hostKey: () => Promise.resolve(undefined),
    }));
    const lab = { id: "paper", nodes, identityFile: "/dev/null", knownHostsFile: "/dev/null" };
    return lab as unknown as Lab;
}
