/** A node's disks as it tells them (lsblk), as a rehearsal can make them. Pure. */
import type { Copied, CopiedDisk } from "../../host/bootCopy";
import { volumeOf, type Content, type Disk, type Partition } from "./blueprint";

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

export function disksOf({ disks, ids }: Pick<Copied, "disks" | "ids">): { disks: Disk[]; mapped: Mapped[] } {
    const found = (disks.blockdevices as readonly Device[]).filter(isDisk);
    return {
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

function partitionOf(device: Device, kind: "gpt" | "dos"): Partition {
    const { name, partuuid, partlabel, parttype } = device;
    return {
        number: Number(/(\d+)$/.exec(name)?.[1] ?? 1),
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
export function unmakeable(source: string, disks: readonly Disk[], mapped: readonly Mapped[]): Mapped | undefined {
    if (volumeOf(source, disks)) return undefined;
    const tag = /^(?:UUID|LABEL)="?([^"]+)"?$|^\/dev\/disk\/by-(?:uuid|label)\/(.+)$/.exec(source);
    const value = tag?.[1] ?? tag?.[2];
    // LVM: /dev/pve/root is /dev/mapper/pve-root, where hyphens of either name are doubled.
    const lvm = /^\/dev\/([^/]+)\/([^/]+)$/.exec(source);
    const mapper = lvm && lvm[1] !== "mapper" && `${lvm[1]!.replaceAll("-", "--")}-${lvm[2]!.replaceAll("-", "--")}`;
    return mapped.find(({ name, uuid, label }) =>
        value === undefined
            ? source === `/dev/mapper/${name}` || source === `/dev/${name}` || mapper === name
            : value === uuid || value === label,
    );
}
