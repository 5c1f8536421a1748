/** What the first field of an entry names, and whether it names the same disk after the next boot. */
import { posix } from "node:path";
import type { BlockDevice, NodeFacts } from "../lint/lintContext";

/**
 * Kernel names are given out in the order of detection, which shifts between boots: sd*, hd*, vd*, xvd*, nvme*,
 * mmcblk*, dm-*, mdN. So are the numbers below by-diskseq and block.
 */
const kernelName =
    /^\/dev\/(?:(?:sd|hd|vd|xvd)[a-z]+\d*|nvme\d+(?:n\d+(?:p\d+)?)?|mmcblk\d+(?:(?:p|boot)\d+)?|dm-\d+|md\d+(?:p\d+)?|disk\/by-diskseq\/.+|block\/\d+:\d+)$/;
/** Drives for removable media and virtual devices: numbered too, but not disks that swap places. */
const otherNumbered = /^\/dev\/(?:sr|scd|loop|fd|nbd|ram|zram|zd)\d+/;
/** libmount's; it takes them in capitals only. */
export const tagNames = ["UUID", "LABEL", "PARTUUID", "PARTLABEL", "ID"];
const tag = /^(UUID|LABEL|PARTUUID|PARTLABEL|ID)=(?:"(.+)"|(?!"")(.+))$/;

export function isTag(source: string): boolean {
    return tag.test(source);
}

/** Name and value of a tag: `UUID="x"` is UUID and x. */
export function splitTag(source: string): readonly [name: string, value: string] | undefined {
    const [, name, quoted, plain] = tag.exec(source) ?? [];
    const value = quoted ?? plain;
    return name !== undefined && value !== undefined ? [name, value] : undefined;
}

/** The same of its link below /dev/disk: /dev/disk/by-uuid/x is UUID and x too, by-id/x is ID and x. */
export function tagOf(source: string): readonly [name: string, value: string] | undefined {
    const [, by, value] =
        /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel|id)\/(.+)$/.exec(canonicalPath(source)) ?? [];
    return by === undefined ? splitTag(source) : [by.toUpperCase(), unescaped(value!)];
}

/** udev writes what may not stand in a link's name as `\x20`. */
function unescaped(value: string): string {
    return value.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Volume group and volume: /dev/pve/root and /dev/mapper/pve-root, where hyphens of either name are doubled. */
export function logicalVolumeOf(source: string): readonly [group: string, volume: string] | undefined {
    const path = canonicalPath(source);
    const mapped = /^\/dev\/mapper\/(.+)$/.exec(path)?.[1];
    if (mapped !== undefined) return splitMapped(mapped);
    const [, group, volume] = /^\/dev\/([A-Za-z0-9+_.-]+)\/([A-Za-z0-9+_.-]+)$/.exec(path) ?? [];
    return group === undefined || notGroups.has(group) ? undefined : [group, volume!];
}

/** Folders of /dev that hold other things. */
const notGroups = new Set([
    "disk",
    "md",
    "zvol",
    "block",
    "char",
    "bsg",
    "cpu",
    "input",
    "mapper",
    "pts",
    "shm",
    "snd",
]);

/** The kernel's name of a volume of LVM's. Undefined for another's, such as `luks-1234-…` and `sda3_crypt`. */
export function splitMapped(name: string): readonly [group: string, volume: string] | undefined {
    if (/^luks-|_crypt$/.test(name)) return undefined;
    const [, group, volume] = /^((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(name) ?? [];
    return group === undefined ? undefined : [group.replaceAll("--", "-"), volume!.replaceAll("--", "-")];
}

export function isDeviceName(source: string): boolean {
    return kernelName.test(canonicalPath(source));
}

/** `/dev//sdb1` and `/dev/./sdb1` are /dev/sdb1 to the kernel and to systemd. What is no path comes back as it is. */
export function canonicalPath(source: string): string {
    return source.startsWith("/") ? posix.normalize(source) : source;
}

/**
 * Names one block device by what is written on it, or by its place: UUID=, LABEL=, PARTUUID=, PARTLABEL=, by-*, LVM,
 * zvol, /dev/mapper.
 */
export function isStableSource(source: string): boolean {
    const path = canonicalPath(source);
    return tag.test(source) || (path.startsWith("/dev/") && !kernelName.test(path) && !otherNumbered.test(path));
}

/** A block device in any spelling. */
export function isDeviceSource(source: string): boolean {
    return tag.test(source) || canonicalPath(source).startsWith("/dev/");
}

/**
 * `UUID=x`, `UUID="x"`, /dev/disk/by-uuid/x, or any of the device's paths. Undefined where the node has no such device.
 */
export function findDevice(given: string, { blockDevices }: NodeFacts): BlockDevice | undefined {
    const source = canonicalPath(given);
    const [key, value] = tagOf(source) ?? [];
    const known = indexOf(blockDevices);
    const found = [known.get(source), ...(key === undefined ? [] : [known.get(`${key}=${value}`)])];
    return blockDevices[Math.min(...found.map((index) => index ?? Infinity))];
}

const indexes = new WeakMap<readonly BlockDevice[], ReadonlyMap<string, number>>();

/** The first device of each path, link and tag. */
function indexOf(devices: readonly BlockDevice[]): ReadonlyMap<string, number> {
    let index = indexes.get(devices);
    if (!index) {
        const built = new Map<string, number>();
        devices.forEach(({ path, links, uuid, label, partuuid, partlabel }, at) => {
            const tags = Object.entries({ UUID: uuid, LABEL: label, PARTUUID: partuuid, PARTLABEL: partlabel });
            const named = tags.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
            for (const name of [path, ...links, ...named]) if (!built.has(name)) built.set(name, at);
        });
        indexes.set(devices, (index = built));
    }
    return index;
}

/** What to write instead of a device name: the file system's UUID, else the partition's, else a stable path. */
export function stableSourceOf({ uuid, partuuid, links }: BlockDevice): string | undefined {
    if (uuid) return `UUID=${uuid}`;
    if (partuuid) return `PARTUUID=${partuuid}`;
    return links.find(isStableSource);
}
