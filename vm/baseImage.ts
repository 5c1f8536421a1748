/** The lab's image of virtual machines as it lies in the cache: who only boots it need not know how it is built. */
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { isThere } from "./isThere";

/** Where images are kept. */
export function imageCache(): string {
    return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "holdfast", "lab");
}

/** @param base the folder of the container nodes' image that it is made from */
export function vmImageFolder(base: string, hash: string): string {
    return join(dirname(base), `${basename(base)}-vm-${hash}`);
}

/** What lies in such a folder. */
export function vmImageFiles(folder: string): { tree: string; kernel: string; initrd: string } {
    return { tree: join(folder, "tree"), kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd.img") };
}

/** The one that was built last of those that are whole; undefined where there is none. */
export async function latestVmImage(): Promise<string | undefined> {
    const cache = imageCache();
    const names = await readdir(cache).catch(() => []);
    const found: { folder: string; built: number }[] = [];
    for (const name of names) {
        const folder = join(cache, name);
        // A draft, or what a killed build has left, has another end.
        if (!/^[a-z]+-[0-9a-f]{12}-vm-[0-9a-f]{12}$/.test(name) || !(await isThere(vmImageFiles(folder).initrd)))
            continue;
        found.push({ folder, built: (await stat(folder)).mtimeMs });
    }
    return found.sort((a, b) => b.built - a.built)[0]?.folder;
}
