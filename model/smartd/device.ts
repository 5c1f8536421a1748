/** Devices that smartd passes over in silence (-d removable) or that are not the disk which they seem to name. */

/** By path; what to say. */
const noDisks: readonly (readonly [RegExp, string])[] = [
    [/^\/dev\/disk\/.*-part\d+$/, "is a partition: name the whole disk, without -partN"],
    [
        /^\/dev\/disk\/by-id\/(?:dm-name-|dm-uuid-(?!mpath-))/,
        "is made by device-mapper and has no SMART: name the disks below it",
    ],
    [/^\/dev\/disk\/by-id\/md-(?:name|uuid)-/, "is an array and has no SMART: name its members"],
    [
        /^\/dev\/disk\/by-id\/lvm-pv-uuid-/,
        "names an LVM volume, not the disk: name the disk by its ata-, nvme- or wwn- link",
    ],
];

/** @param type of `-d`, if it is given or follows from the path */
export function smartdDeviceProblem(device: string, type: string | undefined): string | undefined {
    const isPlain = type === undefined || /^(?:ata|scsi|nvme(?:,.*)?|sat(?:,(?:auto|12|16))*)$/.test(type);
    if (isPlain && /^\/dev\/bus\/\d+$/.test(device))
        return "is a RAID controller, no disk: add the type of one member, such as megaraid,N (see `smartctl --scan` on the node)";
    if (isPlain && /^\/dev\/sg\d+$/.test(device))
        return "may be another disk after the next boot: name it by /dev/disk/by-id/…, or add the type of a RAID controller's member";
    if (/^(?:ata|scsi|sat)\b/.test(type ?? "") && device.startsWith("/dev/disk/by-id/nvme-"))
        return `is an NVMe drive, but its type is ${type}: leave type out`;
    if (/^nvme\b/.test(type ?? "") && device.startsWith("/dev/disk/by-id/ata-"))
        return `is an ATA disk, but its type is ${type}: leave type out`;
    return noDisks.find(([pattern]) => pattern.test(device))?.[1];
}
