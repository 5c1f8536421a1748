/** A blueprint's disks as files, and as QEMU has them in a case. Pure. */
import { rootSource, targetOf, volumeOf, volumesOf, mountsOf } from "./blueprint";
import type { Blueprint, Content, Disk, Driver, Partition, Volume } from "./blueprint";
import type { Case } from "./cases";

const MIB = 1024 * 1024;

/** A disk's file. */
export interface DiskPlan {
    readonly disk: Disk;
    /** Bytes; no other disk of the machine has as many, so that the kernel's own words tell which it is. */
    readonly size: number;
    /** What sfdisk reads; none for a disk without a table. */
    readonly table?: string;
    readonly volumes: readonly VolumePlan[];
}

export interface VolumePlan {
    readonly offset: number;
    readonly size: number;
    readonly content?: Content;
    /** What it is filled from, as a path of the node; none: it stays empty. */
    readonly from?: string;
}

/** MiB that a file system of that kind takes at least. */
const least: Readonly<Record<string, number>> = { xfs: 320, vfat: 64, swap: 64 };
const fillable = new Set(["ext2", "ext3", "ext4"]);
const makeable = new Set([...fillable, "xfs", "vfat", "swap"]);
/** Where the system's own files may be, apart from `/`. */
const systemTargets = new Set(["/usr", "/var", "/boot", "/opt", "/var/lib", "/usr/local"]);

/**
 * @param filled MiB that the files of a path of the node take, by that path
 * @throws Error where what the boot needs cannot be made here: nothing could be told then
 */
export function planDisks(
    blueprint: Blueprint,
    filled: (path: string) => number,
): { disks: DiskPlan[]; notes: string[] } {
    const { disks, kernelArguments, node } = blueprint;
    const source = rootSource(kernelArguments);
    const root = volumeOf(source, disks);
    if (!root) throw new Error(`${node}: ${source}, its root, is on no disk that can be rebuilt (${names(disks)})`);
    if (!fillable.has(root.content?.fstype ?? ""))
        throw new Error(
            `${node}: its root is ${root.content?.fstype ?? "of an unknown kind"}, and a rehearsal can fill ext2, ext3 and ext4 only`,
        );
    const mounts = mountsOf(blueprint);
    const notes: string[] = [];
    const isNeeded = (volume: Volume) =>
        mounts.some((mount) => mount.volume?.disk === volume.disk && mount.volume.partition === volume.partition);
    const plans = disks.map((disk, index) => {
        const volumes = volumesOf([disk]).map((volume): VolumePlan & { readonly partition?: Partition } => {
            const content = volume.content;
            const target = isSame(volume, root) ? "/" : mountedAt(volume);
            if (content && !makeable.has(content.fstype)) {
                const what = `${volume.partition ? `partition ${volume.partition.number} of ` : ""}${disk.name} (${content.fstype})`;
                if (isNeeded(volume))
                    throw new Error(
                        `${node}: fstab mounts ${what}, which a rehearsal cannot make; it could tell nothing`,
                    );
                notes.push(`${what} is empty in the machine`);
            }
            const from = target !== undefined && (target === "/" || systemTargets.has(target)) ? target : undefined;
            if (from !== undefined && !fillable.has(content?.fstype ?? ""))
                throw new Error(`${node}: ${from} is ${content?.fstype}, which a rehearsal cannot fill`);
            const room = from === undefined ? 32 : Math.ceil(filled(from) * 1.3) + 512;
            return {
                offset: 0,
                size: Math.max(room, least[content?.fstype ?? ""] ?? 0) * MIB,
                ...(content && makeable.has(content.fstype) && { content }),
                ...(from !== undefined && { from }),
                ...(volume.partition && { partition: volume.partition }),
            };
        });
        return layOut(disk, volumes, index);
    });
    return { disks: plans, notes };

    function mountedAt(volume: Volume): string | undefined {
        const mount = mounts.find((each) => each.volume && isSame(each.volume, volume));
        return mount && targetOf(mount.entry);
    }
}

function isSame(one: Volume, other: Volume): boolean {
    return one.disk === other.disk && one.partition === other.partition;
}

function layOut(disk: Disk, volumes: readonly (VolumePlan & { partition?: Partition })[], index: number): DiskPlan {
    const begin = disk.table ? 1 : 0;
    let end = begin * MIB;
    const placed = volumes.map((volume) => {
        const offset = end;
        end += volume.size;
        return { ...volume, offset };
    });
    // GPT keeps a copy of its table at the end. All else is whole MiB: what is left over is the disk's own number.
    const size = end + 2 * MIB + (index + 1) * 4096;
    const whole = disk.table ? placed : placed.map((volume) => ({ ...volume, size: size - volume.offset }));
    return {
        disk,
        size,
        ...(disk.table && { table: sfdiskScript(disk.table, placed) }),
        volumes: whole.map(({ partition: _, ...volume }) => volume),
    };
}

function sfdiskScript(
    { kind, id }: NonNullable<Disk["table"]>,
    placed: readonly (VolumePlan & { readonly partition?: Partition })[],
): string {
    const lines = placed.map(({ partition, offset, size }) => {
        const { number, type = kind === "gpt" ? "linux" : "83", uuid, label } = partition!;
        const words = [`start=${offset / 512}`, `size=${size / 512}`, `type=${type}`];
        // MBR has neither: there a partition's UUID is made of the table's.
        if (kind === "gpt" && uuid !== undefined) words.push(`uuid=${uuid}`);
        if (kind === "gpt" && label !== undefined) words.push(`name="${label}"`);
        return `/dev/disk${number} : ${words.join(", ")}`;
    });
    return [`label: ${kind}`, ...(id === undefined ? [] : [`label-id: ${id}`]), "unit: sectors", "", ...lines, ""].join(
        "\n",
    );
}

function names(disks: readonly Disk[]): string {
    return disks.map(({ name }) => name).join(", ") || "none";
}

/** The disk that is found first in the case of another order. Its size is no other's. */
export const spare = { name: "spare", size: 1 * MIB } as const;

/** Where a disk hangs. */
export interface Slot {
    /** Of a disk, or `spare`. */
    readonly name: string;
    readonly bus: Driver;
    /** On its bus. */
    readonly position: number;
}

/**
 * Disks with letters hang on one controller where the initramfs knows it: so they are found in the order of the node.
 * Where it knows AHCI alone, the root disk hangs there, is found by the initramfs, and so comes first.
 * @throws Error where the initramfs has no driver for a controller that QEMU has
 */
export function slotsOf(blueprint: Blueprint, { absentDisk, otherOrder }: Case): Slot[] {
    const { disks, drivers, kernelArguments } = blueprint;
    const root = volumeOf(rootSource(kernelArguments), disks)?.disk;
    const present = disks.filter(({ name }) => name !== absentDisk);
    const ofKind = (isNvme: boolean) => present.filter(({ name }) => name.startsWith("nvme") === isNvme);
    const spareOf = (isNvme: boolean) => (otherOrder && (!isNvme || root?.name.startsWith("nvme")) ? [spare.name] : []);
    if (root?.name.startsWith("nvme") && !drivers.includes("nvme")) throw noDriver("nvme");
    const nvme = [...spareOf(true), ...ofKind(true).map(({ name }) => name)];
    const lettered = ofKind(false).map(({ name }) => name);
    const slots = nvme.map((name, position): Slot => ({ name, bus: "nvme", position }));
    if (drivers.includes("virtio_scsi") || root?.name.startsWith("nvme"))
        return [...slots, ...number("virtio_scsi", [...spareOf(false), ...lettered])];
    if (!drivers.includes("ahci")) throw noDriver("ahci or virtio_scsi");
    const early = [...spareOf(false), ...lettered.filter((name) => name === root?.name)];
    return [
        ...slots,
        ...number("ahci", early),
        ...number(
            "virtio_scsi",
            lettered.filter((name) => name !== root?.name),
        ),
    ];
}

function number(bus: Driver, names: readonly string[]): Slot[] {
    return names.map((name, position) => ({ name, bus, position }));
}

function noDriver(wanted: string): Error {
    return new Error(
        `the initramfs has no ${wanted} driver, so no machine of QEMU's finds its root: MODULES=most in /etc/initramfs-tools/initramfs.conf, then update-initramfs -u`,
    );
}

/** The lettered disks in the order in which a kernel has to find them for the case to be what it says. */
export function lettersOf(slots: readonly Slot[]): string[] {
    return [...slots].filter(({ bus }) => bus !== "nvme").map(({ name }) => name);
}
