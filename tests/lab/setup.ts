/**
 * Nodes for the whole lab project: booted once, before the first test file; a lab for each of jest's workers, so that
 * two test files do not meet. Each run has labs of its own, so two runs in one checkout do not meet either.
 * HOLDFAST_LAB=ID names one that stays up between runs (remove it with `npx holdfast lab down --id ID`).
 */
import { labDown, labUp, listLabs } from "../../lab";
import { testLabs } from "../helpers/lab";

export default async function setup({ maxWorkers }: { readonly maxWorkers: number }): Promise<void> {
    await removeAbandoned();
    process.env.HOLDFAST_LAB ??= `jest-${process.pid}`;
    for (const id of testLabs(maxWorkers)) await labUp({ id, nodes: 3, log: (line) => console.log(line) });
}

/** Labs of test runs that were killed. */
async function removeAbandoned(): Promise<void> {
    for (const id of await listLabs()) {
        const pid = Number(/^(?:jest|test|crash)-(\d+)(?:-\w+)?$/.exec(id)?.[1]);
        if (pid && !isAlive(pid)) await labDown(id);
    }
}

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}
