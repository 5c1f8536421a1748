/**
 * The disks of a virtual machine: raw files with its first state, and an overlay on each that takes the writes. So
 * what the machine wrote survives a power cut, and its first state is one new overlay away.
 */
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { isThere } from "../../vm/isThere";
import { diskNames, type DiskName } from "./hardware";

/** Mebibytes; all files are sparse. */
const sizes: Readonly<Record<DiskName, number>> = { root: 3072, data: 128, nvme: 64, spare: 64 };
/** Mebibytes: where /dev/sdb1 begins on the data disk. */
const partitionStart = 1;

export function diskFiles(folder: string): Record<DiskName, string> {
    return Object.fromEntries(diskNames.map((name) => [name, join(folder, `${name}.qcow2`)])) as Record<
        DiskName,
        string
    >;
}

/** @param tree what the root disk starts with. */
export async function createDisks(folder: string, tree: string, uuids: { root: string; data: string }): Promise<void> {
    const raw = (name: DiskName): string => join(folder, `${name}.raw`);
    for (const name of diskNames) await createSparse(raw(name), sizes[name]);
    await execa("mke2fs", ["-q", "-t", "ext4", "-U", uuids.root, "-L", "root", "-d", tree, raw("root")]);
    await execa("sfdisk", ["--quiet", raw("data")], { input: `label: gpt\nstart=${partitionStart}MiB, type=linux\n` });
    // GPT keeps a copy of its table at the end.
    const size = sizes.data - partitionStart - 1;
    await execa("mke2fs", [
        "-q",
        "-t",
        "ext4",
        "-U",
        uuids.data,
        "-L",
        "local",
        "-E",
        `offset=${partitionStart * 1024 * 1024}`,
        raw("data"),
        `${size}M`,
    ]);
}

/** Gives each disk an overlay where it has none. */
export async function ensureOverlays(folder: string): Promise<void> {
    for (const [name, file] of Object.entries(diskFiles(folder))) {
        if (await isThere(file)) continue;
        await execa("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", `${name}.raw`, `${file}.new`]);
        await rename(`${file}.new`, file);
    }
}

/** The next boot finds the disks as they were first. */
export async function dropOverlays(folder: string): Promise<void> {
    for (const file of Object.values(diskFiles(folder))) await rm(file, { force: true });
}

async function createSparse(file: string, size: number): Promise<void> {
    await rm(file, { force: true });
    const handle = await open(file, "w");
    await handle.truncate(size * 1024 * 1024);
    await handle.close();
}
