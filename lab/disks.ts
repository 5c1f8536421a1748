/**
 * Small ext4 file systems in sparse files, shown to a node as loop devices. The workstation's own disks are never used.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isThere } from "../vm/isThere";
import { runBound } from "../vm/processes";

export interface DiskSpec {
    readonly name: string;
    readonly uuid: string;
    readonly label: string;
    /** Mebibytes; the file is sparse. */
    readonly size: number;
}

/**
 * Creates the disks' files where they are missing, and attaches each. @returns loop devices, in the order of the specs.
 */
export async function attachDisks(folder: string, specs: readonly DiskSpec[]): Promise<string[]> {
    return Promise.all(
        specs.map(async (spec) => {
            const file = join(folder, `${spec.name}.img`);
            if (!(await isThere(file))) await createDisk(file, spec);
            const attached = (await listLoops()).find((loop) => loop.file === file);
            return attached?.device ?? (await runBound("losetup", ["--find", "--show", file])).stdout.trim();
        }),
    );
}

/**
 * Detaches every loop device whose file lies under that folder, also where the file is gone already, and waits until
 * none is left: the kernel puts a detachment off while somebody still has the device open, a dying node's mounts for
 * instance.
 * @throws where one is still attached after ten seconds.
 */
export async function detachDisks(folder: string): Promise<void> {
    const deadline = Date.now() + 10_000;
    for (;;) {
        const attached = (await listLoops()).filter((loop) => loop.file.startsWith(`${folder}/`));
        if (attached.length === 0) return;
        // It may end by itself between the list and the command: only one that stays is an error.
        for (const { device } of attached) {
            const { exitCode, stderr } = await runBound("losetup", ["--detach", device], { reject: false });
            if (Date.now() > deadline)
                throw new Error(
                    `${device} is still in use after 10 s (fuser --verbose --mount ${device} says by whom)${exitCode === 0 ? "" : `: ${stderr}`}`,
                );
        }
        await delay(20);
    }
}

/** Made under another name first: a disk that stands there under its own is whole. */
async function createDisk(file: string, spec: DiskSpec): Promise<void> {
    const draft = await open(`${file}.new`, "w");
    await draft.truncate(spec.size * 1024 * 1024);
    await draft.close();
    await runBound("mke2fs", ["-q", "-t", "ext4", "-U", spec.uuid, "-L", spec.label, `${file}.new`]);
    await runBound("mv", [`${file}.new`, file]);
}

async function listLoops(): Promise<{ device: string; file: string }[]> {
    const { stdout } = await runBound("losetup", ["--list", "--json", "--output", "NAME,BACK-FILE"]);
    if (stdout === "") return [];
    const list = JSON.parse(stdout) as { loopdevices: { name: string; "back-file": string }[] };
    return list.loopdevices.map((loop) => ({
        device: loop.name,
        file: loop["back-file"].replace(/ \(deleted\)$/, ""),
    }));
}
