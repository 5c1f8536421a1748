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

export function isDeviceName(source: string): boolean {
    return kernelName.test(canonicalPath(source));
}

/** `/dev//sdb1` and `/dev/./sdb1` are /dev/sdb1 to the kernel and to systemd. What is no path comes back as it is. */
function canonicalPath(source: string): string {
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
    const [key, value] =
        splitTag(
            source.replace(
                /^\/dev\/disk\/by-(uuid|label|partuuid|partlabel)\//,
                (_, name: string) => `${name.toUpperCase()}=`,
            ),
        ) ?? [];
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
