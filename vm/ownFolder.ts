/** The lab's folders in /run: whoever can open a lock can hold it, and every lab of the machine would wait for him. */
import { chmod, lstat, mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes `folder` and those of its own above it, from the one called holdfast on; each is this user's alone then,
 * whatever the umask is and whoever made it before.
 * @throws Error where somebody else's folder, or a link, stands in its place
 */
export async function makeOwnFolder(folder: string): Promise<void> {
    const above = dirname(folder);
    if (folder.split("/").slice(0, -1).includes("holdfast")) await makeOwnFolder(above);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    const isOwn = found.isDirectory() && found.uid === process.getuid!();
    if (!isOwn) throw new Error(`${folder} is not a folder of this user's: move it away`);
    if ((found.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
}
