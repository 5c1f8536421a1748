/** Small ext4 file systems in sparse files, shown to a node as loop devices. The workstation's own disks are never used. */
import { access, open } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";

export interface DiskSpec {
    readonly name: string;
    readonly uuid: string;
    readonly label: string;
    /** Mebibytes; the file is sparse. */
    readonly size: number;
}

/** Creates the disks' files where they are missing, and attaches each. @returns loop devices, in the order of the specs. */
export async function attachDisks(folder: string, specs: readonly DiskSpec[]): Promise<string[]> {
    return Promise.all(specs.map(async (spec) => {
        const file = join(folder, `${spec.name}.img`);
        if (!(await exists(file))) await createDisk(file, spec);
        const attached = (await listLoops()).find((loop) => loop.file === file);
        return attached?.device ?? (await execa("losetup", ["--find", "--show", file])).stdout.trim();
    }));
}

/** Detaches every loop device whose file lies under that folder, also where the file is gone already. */
export async function detachDisks(folder: string): Promise<void> {
    for (const loop of await listLoops()) {
        if (loop.file.startsWith(`${folder}/`)) await execa("losetup", ["--detach", loop.device]);
    }
}

/** Made under another name first: a disk that stands there under its own is whole. */
async function createDisk(file: string, spec: DiskSpec): Promise<void> {
    const draft = await open(`${file}.new`, "w");
    await draft.truncate(spec.size * 1024 * 1024);
    await draft.close();
    await execa("mke2fs", ["-q", "-t", "ext4", "-U", spec.uuid, "-L", spec.label, `${file}.new`]);
    await execa("mv", [`${file}.new`, file]);
}

async function listLoops(): Promise<{ device: string; file: string }[]> {
    const { stdout } = await execa("losetup", ["--list", "--json", "--output", "NAME,BACK-FILE"]);
    if (stdout === "") return [];
    const list = JSON.parse(stdout) as { loopdevices: { name: string; "back-file": string }[] };
    return list.loopdevices.map((loop) => ({ device: loop.name, file: loop["back-file"].replace(/ \(deleted\)$/, "") }));
}

async function exists(file: string): Promise<boolean> {
    return access(file).then(() => true, () => false);
}
