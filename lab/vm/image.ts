/** The container nodes' image with a kernel and an initrd: what virtual machines are made from. Built once, cached. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { ensureImage } from "../image";
import { vmImageFiles, vmImageFolder } from "../../vm/baseImage";
import { isThere } from "../../vm/isThere";
import { withLock } from "../../vm/lock";
import type { Release } from "../state";

const recipe = join(__dirname, "image", "customize.sh");

/** Builds the image where it is missing: under a minute beside the container nodes' image. */
export async function ensureVmImage(release: Release, log: (line: string) => void): Promise<string> {
    const base = await ensureImage(release, log);
    const hash = createHash("sha256")
        .update(await readFile(recipe))
        .digest("hex")
        .slice(0, 12);
    const folder = vmImageFolder(base, hash);
    if (await isThere(folder)) return folder;
    return withLock(folder, async () => {
        if (await isThere(folder)) return folder;
        const started = Date.now();
        log(`lab: adding a kernel to the Debian ${release} image (about a minute, once) …`);
        const draft = `${folder}.draft`;
        await rm(draft, { recursive: true, force: true });
        await mkdir(draft, { recursive: true });
        await build(draft, base);
        await rename(draft, folder);
        log(`lab: image ready after ${Math.round((Date.now() - started) / 1000)} s: ${folder}`);
        return folder;
    });
}

async function build(folder: string, base: string): Promise<void> {
    const { tree, kernel, initrd } = vmImageFiles(folder);
    await execa("cp", ["-a", "--reflink=auto", base, tree]);
    await execa("sh", [recipe, tree]);
    const files = await readdir(join(tree, "boot"));
    const find = (prefix: string): string => {
        const name = files.find((file) => file.startsWith(prefix));
        if (name === undefined)
            throw new Error(`the image has no /boot/${prefix}*: linux-image-amd64 was not installed there`);
        return join(tree, "boot", name);
    };
    await copyFile(find("vmlinuz-"), kernel);
    await copyFile(find("initrd.img-"), initrd);
}
