/** What a node would boot with, as a rehearsal rebuilds it: its disks at small size, its cards, its kernel. Pure. */
import { canonicalTarget, isMountedAtBoot, isOnDevice, isSwap } from "../../model/fstab/entry";
import { parseFstab, type FstabEntry } from "../../model/fstab";
import { canonicalPath, logicalVolumeOf, tagOf } from "../../model/fstab/source";

/** What is to be booted cannot be made here, so nothing can be told of it: no fault of the node's. */
export class CannotTell extends Error {
    override readonly name = "CannotTell";

    constructor(
        readonly node: string,
        readonly reason: string,
    ) {
        super(`${node}: ${reason}`);
    }
}

/** What is on a disk or a partition. */
export interface Content {
    /** As blkid calls it. */
    readonly fstype: string;
    readonly uuid?: string;
    readonly label?: string;
}

export interface Partition {
    readonly number: number;
    /** GPT's GUID or MBR's byte, as sfdisk takes it. */
    readonly type?: string;
    readonly uuid?: string;
    readonly label?: string;
    readonly content?: Content;
}

export interface Disk {
    /** The kernel's name on the node: `sda`, `nvme0n1`. */
    readonly name: string;
    readonly serial?: string;
    /** Below /dev/disk/by-id, of the whole disk. */
    readonly ids: readonly string[];
    readonly table?: { readonly kind: "gpt" | "dos"; readonly id?: string; readonly partitions: readonly Partition[] };
    /** Where there is no partition table. */
    readonly content?: Content;
}

/** LVM's, with those of its volumes that a boot mounts. */
export interface VolumeGroup {
    readonly name: string;
    /** Its physical volumes. */
    readonly members: readonly { readonly disk: string; readonly partition?: number }[];
    readonly volumes: readonly LogicalVolume[];
}

export interface LogicalVolume {
    readonly group: string;
    readonly name: string;
    /** Disks that it lies on. */
    readonly disks: readonly string[];
    readonly content?: Content;
}

export interface Card {
    /** As the node's files call it. */
    readonly name: string;
    readonly mac: string;
}

/** How the machine is reached: from where a peer would stand, on the link that has the address. */
export interface Way {
    readonly address: string;
    readonly prefix: number;
    /** Tag that the address's link has, where it is on a VLAN. */
    readonly vlan?: number;
    readonly port: number;
    /** Cards that lead to it, where that could be told. */
    readonly cards: readonly string[];
    /** The node's, where it names one. An address without neighbours (/32, /128) is reached from there alone. */
    readonly gateway?: string;
}

export interface Blueprint {
    readonly node: string;
    /** In the order in which the kernel finds them on the node. */
    readonly disks: readonly Disk[];
    readonly groups?: readonly VolumeGroup[];
    readonly cards: readonly Card[];
    readonly way: Way;
    /** `root=`, and what else of the node's own command line holds in a machine. */
    readonly kernelArguments: readonly string[];
    /** Content of /etc/fstab. */
    readonly fstab: string;
    /** Drivers that the initramfs has; without them the root disk has to hang on another controller. */
    readonly drivers: readonly Driver[];
    /** What is not as on the node, one line each. */
    readonly notes: readonly string[];
}

export const drivers = ["ahci", "virtio_scsi", "nvme"] as const;
export type Driver = (typeof drivers)[number];

export type Storage = Pick<Blueprint, "disks" | "groups">;

/** A place where a file system may be: a whole disk, a partition of one, or a volume of LVM's. */
export interface Volume {
    /** Several only where it is LVM's. */
    readonly disks: readonly Disk[];
    readonly partition?: Partition;
    readonly logical?: LogicalVolume;
    readonly content?: Content;
}

/** Those of disks, without LVM's. */
export function placesOf({ disks }: Storage): Volume[] {
    return disks.flatMap((disk): Volume[] =>
        disk.table
            ? disk.table.partitions.map((partition) => ({ disks: [disk], partition, content: partition.content }))
            : [{ disks: [disk], content: disk.content }],
    );
}

export function volumesOf(storage: Storage): Volume[] {
    const { disks, groups = [] } = storage;
    const logical = groups.flatMap(({ volumes }) =>
        volumes.map((one): Volume => ({
            disks: disks.filter(({ name }) => one.disks.includes(name)),
            logical: one,
            content: one.content,
        })),
    );
    return [...placesOf(storage), ...logical];
}

/** `sda` and 1 are `sda1`, `nvme0n1` and 1 are `nvme0n1p1`. */
export function partitionName(disk: string, number: number): string {
    return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
}

/** Disk and number of a path with the kernel's names: `/dev/sdb1` is sdb and 1, `/dev/nvme0n1` the whole of it. */
export function kernelNameOf(source: string): { readonly disk: string; readonly number?: number } | undefined {
    const [, lettered, other, number] =
        /^\/dev\/(?:((?:sd|hd|vd|xvd)[a-z]+)|((?:nvme\d+n|mmcblk)\d+)(?=p|$))p?(\d+)?$/.exec(canonicalPath(source)) ??
        [];
    const disk = lettered ?? other;
    return disk === undefined ? undefined : { disk, ...(number !== undefined && { number: Number(number) }) };
}

/** Which of them a source of fstab, or of `root=`, means on the node as it is. */
export function volumeOf(source: string, storage: Storage): Volume | undefined {
    const [by, value = ""] = tagOf(source) ?? [];
    const [group, name] = logicalVolumeOf(source) ?? [];
    const kernel = kernelNameOf(source);
    const same = (other: string | undefined) => other?.toLowerCase() === value.toLowerCase();
    return volumesOf(storage).find(({ disks: [disk], partition, logical, content }) => {
        switch (by) {
            case "UUID":
                return same(content?.uuid);
            case "LABEL":
                return content?.label === value;
            case "PARTUUID":
                return same(partition?.uuid);
            case "PARTLABEL":
                return partition?.label === value;
            case "ID":
                return disk!.ids.some((id) => !logical && value === (partition ? `${id}-part${partition.number}` : id));
            default:
                if (logical) return logical.group === group && logical.name === name;
                return kernel !== undefined && kernel.disk === disk!.name && kernel.number === partition?.number;
        }
    });
}

export interface Mount {
    readonly entry: FstabEntry;
    readonly volume?: Volume;
}

/** What fstab mounts or swaps on at boot from a device, and where that is. */
export function mountsOf({ fstab, ...storage }: Storage & Pick<Blueprint, "fstab">): Mount[] {
    return bootEntries(fstab).map((entry) => ({ entry, volume: volumeOf(entry.source, storage) }));
}

export function bootEntries(fstab: string): FstabEntry[] {
    return parseFstab(fstab).flatMap(({ entry }) =>
        entry && isOnDevice(entry) && isMountedAtBoot(entry) ? [entry] : [],
    );
}

/** `/srv/local`, or `swap`. */
export function targetOf(entry: FstabEntry): string {
    return isSwap(entry) ? "swap" : canonicalTarget(entry.target);
}

/**
 * Without its device the boot ends in emergency mode. Swap is only wanted by sysinit.target; what is mounted at first
 * use, or counts as remote, is waited for by no target that a boot needs.
 */
export function isRequired(entry: FstabEntry): boolean {
    return !isSwap(entry) && !entry.options.some((option) => lenient.has(option));
}

const lenient: ReadonlySet<string> = new Set(["nofail", "_netdev", "x-systemd.automount"]);

/** The value of `root=`. @throws Error where the command line has none */
export function rootSource(kernelArguments: readonly string[]): string {
    const root = kernelArguments.filter((word) => word.startsWith("root=")).at(-1);
    if (root === undefined) throw new Error("the kernel's command line names no root file system (root=)");
    return root.slice("root=".length);
}

/** Disks that fstab or the kernel's command line name by the letter that they have on the node. */
export function namedByLetter({ disks, fstab, kernelArguments }: Blueprint): string[] {
    const words = kernelArguments.map((word) => word.slice(word.indexOf("=") + 1));
    const sources = [...bootEntries(fstab).map(({ source }) => source), ...words];
    const letters = new Set(sources.map((source) => kernelNameOf(source)?.disk));
    return disks.map(({ name }) => name).filter((name) => name.startsWith("sd") && letters.has(name));
}
