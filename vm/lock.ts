/** Mutual exclusion between processes, by flock(1): the kernel releases it when its holder dies, however it dies. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { makeOwnFolder } from "./ownFolder";

const lockFolder = "/run/holdfast/lock";

/** Runs `work` while no other process holds the lock of the same name; waits as long as it takes. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
    await makeOwnFolder(lockFolder);
    const file = join(lockFolder, createHash("sha256").update(name).digest("hex").slice(0, 16));
    const made = await open(file, "a", 0o600);
    await made.chmod(0o600);
    await made.close();
    // The holder ends at the end of its input, that is, when this process closes the pipe or dies.
    const holder = execa("flock", [file, "sh", "-c", "echo locked; exec cat"], { buffer: false });
    try {
        await new Promise<void>((locked, failed) => {
            holder.stdout?.once("data", () => locked());
            holder.catch(failed);
        });
        return await work();
    } finally {
        holder.stdin?.end();
        await holder.catch(() => undefined);
    }
}
