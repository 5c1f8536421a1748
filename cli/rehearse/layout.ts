/** A node's disks as it tells them (lsblk), as a rehearsal can make them. Pure. */
import type { Copied, CopiedDisk } from "../../host/bootCopy";
import { logicalVolumeOf, splitMapped, tagOf } from "../../model/fstab/source";
import { volumeOf } from "./blueprint";
import type { Content, Disk, LogicalVolume, Partition, Storage, VolumeGroup } from "./blueprint";

/** What is on a disk of the node, and not of its own: LVM's volumes, what LUKS or mdraid bring. */
export interface Mapped {
    readonly disk: string;
    /** `lvm`, `crypt`, `raid1`. */
    readonly type: string;
    /** Below /dev/mapper or /dev. */
    readonly name: string;
    readonly uuid?: string;
    readonly label?: string;
}

type Device = Omit<CopiedDisk, "children"> & { readonly children?: readonly Device[] };

/** A loop device, a CD or a ZFS volume is no disk that a boot finds by itself. */
const isDisk = ({ name, type, size }: Device): boolean =>
    type === "disk" && (size ?? 0) > 0 && /^(?:sd|vd|hd|xvd)[a-z]+$|^nvme\d+n\d+$|^mmcblk\d+$/.test(name);

export function disksOf({ disks, ids }: Pick<Copied, "disks" | "ids">): {
    disks: Disk[];
    groups: VolumeGroup[];
    mapped: Mapped[];
} {
    const found = (disks.blockdevices as readonly Device[]).filter(isDisk);
    return {
        groups: groupsOf(found),
        disks: [...found].sort(byName).map((device) => diskOf(device, ids[device.name] ?? [])),
        mapped: found.flatMap((device) => mappedOn(device, device.name)),
    };
}

/** sdb before sdaa: the order in which the kernel gives names. */
function byName(a: Device, b: Device): number {
    const [left, right] = [a.name, b.name];
    return left.length - right.length || (left < right ? -1 : 1);
}

function diskOf(device: Device, ids: readonly string[]): Disk {
    const { name, serial, pttype, ptuuid } = device;
    const common = { name, ids, ...(serial && { serial }) };
    if (pttype !== "gpt" && pttype !== "dos") return { ...common, ...contentOf(device) };
    const parts = (device.children ?? []).filter(({ type }) => type === "part");
    const partitions = parts.map((part) => partitionOf(part, pttype)).sort((a, b) => a.number - b.number);
    return { ...common, table: { kind: pttype, ...(ptuuid && { id: idOf(ptuuid, pttype) }), partitions } };
}

function idOf(ptuuid: string, kind: "gpt" | "dos"): string {
    return kind === "gpt" ? ptuuid : `0x${ptuuid.replace(/^0x/, "")}`;
}

function numberOf({ name }: Device): number {
    return Number(/(\d+)$/.exec(name)?.[1] ?? 1);
}

function partitionOf(device: Device, kind: "gpt" | "dos"): Partition {
    const { partuuid, partlabel, parttype } = device;
    return {
        number: numberOf(device),
        ...(parttype && { type: kind === "dos" ? parttype.replace(/^0x/, "") : parttype }),
        ...(kind === "gpt" && partuuid && { uuid: partuuid }),
        // It stands inside quotes of sfdisk's.
        ...(kind === "gpt" && partlabel && !/["\\\n]/.test(partlabel) && { label: partlabel }),
        ...contentOf(device),
    };
}

function contentOf({ fstype, uuid, label }: Device): { content?: Content } {
    return fstype ? { content: { fstype, ...(uuid && { uuid }), ...(label && { label }) } } : {};
}

/** LVM's that lie on disks and partitions themselves, and of their volumes the plain ones with something on them. */
function groupsOf(disks: readonly Device[]): VolumeGroup[] {
    const groups = new Map<string, { members: VolumeGroup["members"]; volumes: Map<string, LogicalVolume> }>();
    for (const disk of [...disks].sort(byName))
        for (const place of [disk, ...(disk.children ?? []).filter(({ type }) => type === "part")]) {
            const volumes = (place.children ?? []).filter(({ type }) => type === "lvm");
            const split = volumes.flatMap((device) => {
                const [group, name] = splitMapped(device.name) ?? [];
                return group === undefined ? [] : [{ group, name: name!, device }];
            });
            for (const group of new Set(split.map((each) => each.group))) {
                const known = groups.get(group) ?? { members: [], volumes: new Map<string, LogicalVolume>() };
                const number = place === disk ? undefined : numberOf(place);
                const member = { disk: disk.name, ...(number !== undefined && { partition: number }) };
                groups.set(group, { ...known, members: [...known.members, member] });
                for (const { name, device } of split.filter((each) => each.group === group)) {
                    const { content } = contentOf(device);
                    // What has others on it is a part of LVM's own: a pool's, a mirror's.
                    if (!content || (device.children ?? []).length > 0) continue;
                    const on = known.volumes.get(name)?.disks ?? [];
                    known.volumes.set(name, { group, name, content, disks: [...new Set([...on, disk.name])] });
                }
            }
        }
    return [...groups].map(([name, { members, volumes }]) => ({ name, members, volumes: [...volumes.values()] }));
}

function mappedOn(device: Device, disk: string): Mapped[] {
    return (device.children ?? []).flatMap((child) => [
        ...(child.type === "part"
            ? []
            : [
                  {
                      disk,
                      type: child.type,
                      name: child.name,
                      ...(child.uuid && { uuid: child.uuid }),
                      ...(child.label && { label: child.label }),
                  },
              ]),
        ...mappedOn(child, disk),
    ]);
}

/** The source is there on the node, on what a rehearsal cannot make. Undefined: it can, or the node has it neither. */
export function unmakeable(source: string, storage: Storage, mapped: readonly Mapped[]): Mapped | undefined {
    if (volumeOf(source, storage)) return undefined;
    const [by, value] = tagOf(source) ?? [];
    const own = source.replace(/^\/dev\/(?:mapper\/)?/, "");
    // LVM: /dev/pve/root is /dev/mapper/pve-root.
    const logical = logicalVolumeOf(source);
    return mapped.find(({ name, uuid, label }) =>
        by === undefined
            ? own === name || (logical && splitMapped(name)?.join("/") === logical.join("/"))
            : (by === "UUID" && value === uuid) || (by === "LABEL" && value === label),
    );
}
