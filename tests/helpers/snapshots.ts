/** How often the engine writes the state: each time is the whole of it, so that a first push grows with the square. */
import { watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * How often the file backend below `folder` put a new state in the stack's place while `work` went on.
 * @param folder as PulumiProject has it: its state lies in `state/`
 */
export async function snapshotsOf<T>(
    folder: string,
    stack: string,
    work: () => Promise<T>,
): Promise<{ snapshots: number; result: T }> {
    let snapshots = 0;
    // Written beside it and renamed: the name comes to be once for each.
    const watching = watch(join(folder, "state", ".pulumi", "stacks", "holdfast"), (event, name) => {
        if (event === "rename" && name === `${stack}.json`) snapshots++;
    });
    try {
        const result = await work();
        await delay(100); // the kernel's last words
        return { snapshots, result };
    } finally {
        watching.close();
    }
}
