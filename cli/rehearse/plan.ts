/** A blueprint's disks as files, and as QEMU has them in a case. Pure. */
import { tagOf } from "../../model/fstab/source";
import { CannotTell, isRequired, kernelNameOf, mountsOf, placesOf, rootSource, targetOf, volumeOf } from "./blueprint";
import type { Blueprint, Content, Disk, Driver, LogicalVolume, Partition, Volume, VolumeGroup } from "./blueprint";
import type { Case } from "./cases";
import { dataAt, extent, headersOf, idOf, isId, type Segment } from "./lvm";

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
    /** What is written there as it is: LVM's description of a group. */
    readonly written?: Buffer;
}

/** MiB that a file system of that kind takes at least. */
const least: Readonly<Record<string, number>> = { xfs: 320, vfat: 64, swap: 64 };
const fillable = new Set(["ext2", "ext3", "ext4"]);
const makeable = new Set([...fillable, "xfs", "vfat", "swap"]);
/** Where the system's own files may be, apart from `/`. */
const systemTargets = new Set(["/usr", "/var", "/boot", "/opt", "/var/lib", "/usr/local"]);

/**
 * @param filled MiB that the files of a path of the node take, by that path
 * @throws CannotTell where what the boot needs cannot be made here
 */
export function planDisks(
    blueprint: Blueprint,
    filled: (path: string) => number,
): { disks: DiskPlan[]; notes: string[] } {
    const { disks, groups = [] } = blueprint;
    const needed = neededOf(blueprint);
    const notes = [...needed.notes];
    const made = groups.flatMap((group): Made[] => {
        const volumes = group.volumes.filter((one) => needed.targetOf(one) !== undefined);
        return volumes.length > 0
            ? [
                  placedIn(
                      group,
                      volumes.map((one) => planned(one.content, one)),
                  ),
              ]
            : [];
    });
    const plans = disks.map((disk, index) => {
        const volumes = placesOf({ disks: [disk] }).map(({ partition, content }): Placed => {
            const member = made.flatMap(({ members }) => members).find((each) => each.isAt(disk, partition));
            if (member) return { offset: 0, size: member.size, content, ...(partition && { partition }) };
            if (content && !makeable.has(content.fstype))
                notes.push(`${placeName(disk, partition)} (${content.fstype}) is empty in the machine`);
            const { logical: _, ...plan } = planned(content, partition ?? disk);
            return { ...plan, ...(partition && { partition }) };
        });
        return layOut(disk, volumes, index);
    });
    const inside = made.flatMap((group) => writtenOn(plans, group));
    return {
        disks: plans.map(({ disk, volumes, ...plan }) => ({
            ...plan,
            disk,
            volumes: [
                // A physical volume is all header and volumes.
                ...volumes
                    .filter(({ content }) => content?.fstype !== physicalVolume)
                    .map(({ partition: _, ...volume }) => volume),
                ...inside.filter((each) => each.disk === disk.name).map(({ disk: _, ...volume }) => volume),
            ],
        })),
        notes,
    };

    function planned(content: Content | undefined, place: Place): VolumePlan & { readonly logical?: LogicalVolume } {
        const target = needed.targetOf(place);
        const from = target !== undefined && (target === "/" || systemTargets.has(target)) ? target : undefined;
        const room = from === undefined ? 32 : Math.ceil(filled(from) * 1.3) + 512;
        return {
            offset: 0,
            size: Math.max(room, least[content?.fstype ?? ""] ?? 0) * MIB,
            ...(content && makeable.has(content.fstype) && { content }),
            ...(from !== undefined && { from }),
            ...("group" in place && { logical: place }),
        };
    }
}

/** What a file system may be on: the identity of these objects tells them apart. */
type Place = Disk | Partition | LogicalVolume;

const placeOf = ({ disks: [disk], partition, logical }: Volume): Place => logical ?? partition ?? disk!;

function placeName(disk: Disk, partition?: Partition): string {
    return `${partition ? `partition ${partition.number} of ` : ""}${disk.name}`;
}

function nameOf({ disks: [disk], partition, logical }: Volume): string {
    return logical ? `${logical.group}/${logical.name}` : placeName(disk!, partition);
}

/**
 * What is mounted where, of what the machine can have.
 * @throws CannotTell where that leaves nothing to boot from
 */
function neededOf(blueprint: Blueprint): { targetOf: (place: Place) => string | undefined; notes: string[] } {
    const { disks, kernelArguments, node } = blueprint;
    const source = rootSource(kernelArguments);
    const root = volumeOf(source, blueprint);
    if (!root) throw new CannotTell(node, `${source}, its root, is on no disk that can be rebuilt (${names(disks)})`);
    const rootType = root.content?.fstype ?? "of an unknown kind";
    if (!fillable.has(rootType))
        throw new CannotTell(node, `its root is ${rootType}, and a rehearsal can fill ext2, ext3 and ext4 only`);
    if (tagOf(source)?.[0] === "ID")
        throw new CannotTell(
            node,
            `${source}, its root, is named by what the disk's model is, and QEMU's disks have another: root=UUID=… finds it in both`,
        );
    const targets = new Map<Place, string>([[placeOf(root), "/"]]);
    const notes: string[] = [];
    const refused = refusal(source);
    if (refused !== undefined) throw new CannotTell(node, `its root ${refused}`);
    for (const { entry, volume } of mountsOf(blueprint)) {
        if (!volume) continue;
        const target = targetOf(entry);
        const fstype = volume.content?.fstype ?? "";
        const why =
            refusal(entry.source) ??
            (systemTargets.has(target) && !fillable.has(fstype)
                ? `is ${fstype}, which a rehearsal cannot fill`
                : volume.content && !makeable.has(fstype)
                  ? `is on ${nameOf(volume)} (${fstype}), which a rehearsal cannot make`
                  : undefined);
        if (why === undefined) targets.set(placeOf(volume), targets.get(placeOf(volume)) ?? target);
        else if (isRequired(entry) || systemTargets.has(target)) throw new CannotTell(node, `${target} ${why}`);
        else notes.push(`${target} ${why}: it is absent in every case`);
    }
    return { targetOf: (place) => targets.get(place), notes };
}

/** Of a name that no disk of QEMU's bears here. */
function refusal(source: string): string | undefined {
    const disk = kernelNameOf(source)?.disk;
    if (disk === undefined || /^(?:sd|nvme)/.test(disk)) return undefined;
    return `is ${source}, and the machine's disks are called sd… and nvme…: name it by UUID`;
}

const physicalVolume = "LVM2_member";

type Placed = VolumePlan & { readonly partition?: Partition };

interface Member {
    readonly disk: string;
    readonly partition?: number;
    readonly size: number;
    readonly isAt: (disk: Disk, partition?: Partition) => boolean;
}

/** A group's volumes in extents of its members. */
interface Made {
    readonly name: string;
    readonly members: readonly Member[];
    readonly volumes: readonly { readonly plan: VolumePlan; readonly name: string; readonly segments: Segment[] }[];
}

/**
 * A volume lies as a whole on its first disk, where it can be filled; of each further one it has an extent behind its
 * file system, so that it is not whole without it.
 */
function placedIn(group: VolumeGroup, plans: readonly (VolumePlan & { readonly logical?: LogicalVolume })[]): Made {
    const taken = group.members.map(() => 0);
    const volumes = plans.map(({ logical, ...plan }) => {
        const on = group.members.flatMap(({ disk }, index) => (logical!.disks.includes(disk) ? [index] : []));
        const segments = on.map((member, index): Segment => {
            const count = index === 0 ? Math.ceil(plan.size / extent) : 1;
            const from = taken[member]!;
            taken[member] = from + count;
            return { on: member, from, count };
        });
        return { plan, name: logical!.name, segments };
    });
    const members = group.members.map(({ disk, partition }, index) => ({
        disk,
        ...(partition !== undefined && { partition }),
        size: dataAt + Math.max(taken[index]!, 8) * extent,
        isAt: (other: Disk, part?: Partition) => other.name === disk && part?.number === partition,
    }));
    return { name: group.name, members, volumes };
}

/** The headers of a group's members, and its volumes, by their places on the disks. */
function writtenOn(plans: readonly Laid[], { name, members, volumes }: Made): (VolumePlan & { disk: string })[] {
    const at = members.map((member) => {
        const { disk, volumes: places } = plans.find((plan) => plan.disk.name === member.disk)!;
        return { disk, place: places.find(({ partition }) => member.isAt(disk, partition))! };
    });
    const headers = headersOf({
        name,
        members: at.map(({ disk, place }, index) => {
            const id = place.content?.uuid ?? "";
            return { id: isId(id) ? id : idOf(name, disk.name, String(index)), size: place.size };
        }),
        volumes,
    });
    return [
        ...at.map(({ disk, place }, index) => ({
            disk: disk.name,
            offset: place.offset,
            size: dataAt,
            written: headers[index]!,
        })),
        ...volumes.map(({ plan, segments: [first] }) => ({
            ...plan,
            disk: at[first!.on]!.disk.name,
            offset: at[first!.on]!.place.offset + dataAt + first!.from * extent,
            size: first!.count * extent,
        })),
    ];
}

type Laid = Omit<DiskPlan, "volumes"> & { readonly volumes: readonly Placed[] };

function layOut(disk: Disk, volumes: readonly Placed[], index: number): Laid {
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
        volumes: whole,
    };
}

function sfdiskScript({ kind, id }: NonNullable<Disk["table"]>, placed: readonly Placed[]): string {
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

/** The disk that is found first in the case of another order, one of either kind. Its size is no other's. */
export const spare = { name: "spare", size: 1 * MIB } as const;
const nvmeSpare = "spare-nvme";

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
 * @throws CannotTell where the initramfs has no driver for a controller that QEMU has
 */
export function slotsOf(blueprint: Blueprint, { absentDisk, otherOrder }: Case): Slot[] {
    const { node, disks, drivers, kernelArguments } = blueprint;
    const roots = (volumeOf(rootSource(kernelArguments), blueprint)?.disks ?? []).map(({ name }) => name);
    const hasRootOnNvme = roots.some(isNvme);
    const hasLetteredRoot = roots.some((name) => !isNvme(name));
    const present = disks.map(({ name }) => name).filter((name) => name !== absentDisk);
    if (hasRootOnNvme && !drivers.includes("nvme")) throw noDriver(node, "nvme");
    const nvme = [...(otherOrder && hasRootOnNvme ? [nvmeSpare] : []), ...present.filter(isNvme)];
    const lettered = present.filter((name) => !isNvme(name));
    const before = otherOrder && (lettered.length > 0 || !hasRootOnNvme) ? [spare.name] : [];
    const slots = nvme.map((name, position): Slot => ({ name, bus: "nvme", position }));
    if (drivers.includes("virtio_scsi") || !hasLetteredRoot)
        return [...slots, ...number("virtio_scsi", [...before, ...lettered])];
    if (!drivers.includes("ahci")) throw noDriver(node, "ahci or virtio_scsi");
    const isEarly = (name: string) => roots.includes(name);
    return [
        ...slots,
        ...number("ahci", [...before, ...lettered.filter(isEarly)]),
        ...number(
            "virtio_scsi",
            lettered.filter((name) => !isEarly(name)),
        ),
    ];
}

function isNvme(disk: string): boolean {
    return disk.startsWith("nvme");
}

function number(bus: Driver, names: readonly string[]): Slot[] {
    return names.map((name, position) => ({ name, bus, position }));
}

function noDriver(node: string, wanted: string): CannotTell {
    return new CannotTell(
        node,
        `the initramfs has no ${wanted} driver, so no machine of QEMU's finds its root: MODULES=most in /etc/initramfs-tools/initramfs.conf, then update-initramfs -u`,
    );
}

/** The lettered disks in the order in which a kernel has to find them for the case to be what it says. */
export function lettersOf(slots: readonly Slot[]): string[] {
    return [...slots].filter(({ bus }) => bus !== "nvme").map(({ name }) => name);
}
