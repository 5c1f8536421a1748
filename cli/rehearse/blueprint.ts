/** What a node would boot with, as a rehearsal rebuilds it: its disks at small size, its cards, its kernel. Pure. */
import { canonicalTarget, isMountedAtBoot, isOnDevice, isSwap } from "../../model/fstab/entry";
import { parseFstab, type FstabEntry } from "../../model/fstab";

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
}

export interface Blueprint {
    readonly node: string;
    /** In the order in which the kernel finds them on the node. */
    readonly disks: readonly Disk[];
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

/** A place where a file system may be: a whole disk, or a partition of one. */
export interface Volume {
    readonly disk: Disk;
    readonly partition?: Partition;
    readonly content?: Content;
}

export function volumesOf(disks: readonly Disk[]): Volume[] {
    return disks.flatMap((disk) =>
        disk.table
            ? disk.table.partitions.map((partition) => ({ disk, partition, content: partition.content }))
            : [{ disk, content: disk.content }],
    );
}

/** `sda` and 1 are `sda1`, `nvme0n1` and 1 are `nvme0n1p1`. */
export function partitionName(disk: string, number: number): string {
    return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
}

function volumeName({ disk, partition }: Volume): string {
    return partition ? partitionName(disk.name, partition.number) : disk.name;
}

/** Which of them a source of fstab, or of `root=`, means on the node as it is. */
export function volumeOf(source: string, disks: readonly Disk[]): Volume | undefined {
    const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL)="?([^"]*)"?$/.exec(source);
    const link = /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel|id)\/(.+)$/.exec(source);
    const kind = (tag?.[1] ?? link?.[1])?.toLowerCase();
    const value = tag?.[2] ?? link?.[2] ?? "";
    const same = (other: string | undefined) => other?.toLowerCase() === value.toLowerCase();
    return volumesOf(disks).find((volume) => {
        switch (kind) {
            case "uuid":
                return same(volume.content?.uuid);
            case "label":
                return volume.content?.label === value;
            case "partuuid":
                return same(volume.partition?.uuid);
            case "partlabel":
                return volume.partition?.label === value;
            case "id":
                return volume.disk.ids.some(
                    (id) => value === (volume.partition ? `${id}-part${volume.partition.number}` : id),
                );
            default:
                return source === `/dev/${volumeName(volume)}`;
        }
    });
}

export interface Mount {
    readonly entry: FstabEntry;
    readonly volume?: Volume;
}

/** What fstab mounts or swaps on at boot from a device, and where that is. */
export function mountsOf({ fstab, disks }: Pick<Blueprint, "fstab" | "disks">): Mount[] {
    return parseFstab(fstab).flatMap(({ entry }) =>
        entry && isOnDevice(entry) && isMountedAtBoot(entry) ? [{ entry, volume: volumeOf(entry.source, disks) }] : [],
    );
}

/** `/srv/local`, or `swap`. */
export function targetOf(entry: FstabEntry): string {
    return isSwap(entry) ? "swap" : canonicalTarget(entry.target);
}

export function isRequired({ options }: Pick<FstabEntry, "options">): boolean {
    return !options.includes("nofail");
}

/** The value of `root=`. @throws Error where the command line has none */
export function rootSource(kernelArguments: readonly string[]): string {
    const root = kernelArguments.filter((word) => word.startsWith("root=")).at(-1);
    if (root === undefined) throw new Error("the kernel's command line names no root file system (root=)");
    return root.slice("root=".length);
}

/** Disks that fstab or the kernel's command line name by the letter that they have on the node. */
export function namedByLetter({ disks, fstab, kernelArguments }: Blueprint): string[] {
    const used = `${fstab}\n${kernelArguments.join("\n")}`.matchAll(/(?<=^|[\s=])\/dev\/(sd[a-z]+)/gm);
    const letters = new Set([...used].map(([, letter]) => letter));
    return disks.map(({ name }) => name).filter((name) => letters.has(name));
}
