/** Takes mounts of the lab's away. */
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { runBound } from "./processes";

/** Nothing mounted there is no error. */
export async function unmount(path: string): Promise<void> {
    // Stacked or busy for a moment after the last process has gone.
    for (let attempt = 0; attempt < 100; attempt++) {
        if ((await execa("mountpoint", ["-q", path], { reject: false })).exitCode !== 0) return;
        const { exitCode } = await runBound("umount", [path], { reject: false });
        if (exitCode !== 0) await delay(50);
    }
    await runBound("umount", [path]);
}
