/** What an entry is, and what it needs so that no disk but the essential ones can stop a boot. */
import { isBind, sourceProblem } from "./blockSource";
import type { FstabEntry } from "./parse";
import { isDeviceSource } from "./source";

const essentialTargets: ReadonlySet<string> = new Set(["/", "/usr", "/var", "/boot"]);
/** Marks an entry as essential inside the file; mount(8) and systemd pass over unknown `x-` options. */
const essentialOption = "x-holdfast.essential";

const pseudoTypes: ReadonlySet<string> = new Set([
    "proc",
    "sysfs",
    "tmpfs",
    "devtmpfs",
    "devpts",
    "ramfs",
    "mqueue",
    "hugetlbfs",
    "cgroup",
    "cgroup2",
    "debugfs",
    "tracefs",
    "securityfs",
    "configfs",
    "fusectl",
    "bpf",
    "pstore",
    "efivarfs",
    "binfmt_misc",
    "overlay",
    "rpc_pipefs",
    "nfsd",
    "usbfs",
    "autofs",
]);
const networkTypes: ReadonlySet<string> = new Set([
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ceph",
    "fuse.ceph",
    "glusterfs",
    "fuse.glusterfs",
    "sshfs",
    "fuse.sshfs",
    "davfs",
    "fuse.rclone",
    "rclone",
    "9p",
    "virtiofs",
    "afs",
    "lustre",
    "beegfs",
    "fuse.s3fs",
    "s3fs",
    "curlftpfs",
    "ncpfs",
]);

/** Kernel interfaces and memory: there is no device that could be missing. */
export function isPseudo({ fstype }: FstabEntry): boolean {
    return pseudoTypes.has(fstype);
}

export function isNetwork({ fstype }: FstabEntry): boolean {
    return networkTypes.has(fstype);
}

export function isSwap({ fstype }: FstabEntry): boolean {
    return fstype === "swap";
}

export function isMountedAtBoot({ options }: FstabEntry): boolean {
    return !options.includes("noauto");
}

/** Without these four the system does not come up anyway; every other entry is essential only where it says so. */
export function isEssential(entry: FstabEntry): boolean {
    return essentialTargets.has(canonicalTarget(entry.target)) || entry.options.includes(essentialOption);
}

/** `/a//b/` is `/a/b`: systemd makes one mount unit of both. */
export function canonicalTarget(target: string): string {
    return target.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
}

/** An entry on a block device: by name, tag or path. */
export function isOnDevice(entry: FstabEntry): boolean {
    return isDeviceSource(entry.source) && !isPseudo(entry) && !isBind(entry) && !isNetwork(entry);
}

/**
 * Local storage that can be missing without a device unit to wait for: a legacy ZFS dataset, an image file, a source
 * that names nothing.
 */
function isOnOtherStorage(entry: FstabEntry): boolean {
    return (
        entry.fstype === "zfs" ||
        sourceProblem(entry) !== undefined ||
        (!isOnDevice(entry) && entry.options.some((option) => /^loop(?:=|$)/.test(option)))
    );
}

/**
 * Can be missing at boot, and then stops it: systemd puts local mounts without `nofail` under local-fs.target.requires.
 */
export function canStopBoot(entry: FstabEntry): boolean {
    return (isOnDevice(entry) || isOnOtherStorage(entry)) && isMountedAtBoot(entry);
}

export function hasDeviceTimeout({ options }: FstabEntry): boolean {
    return options.some((option) => /^x-systemd\.device-timeout(?:=|$)/.test(option));
}

/** Everything but swap and the boot loader's partitions may hold guests' disks. */
function isDataMount(entry: FstabEntry): boolean {
    return !isSwap(entry) && !/^\/(?:boot|efi)(?:\/|$)/.test(canonicalTarget(entry.target));
}

/**
 * The entry with the options that keep a missing disk from stopping the boot; the user's own stay, in order, in front.
 *
 * Left alone: what is essential; pseudo file systems, which cannot be missing; binds, which depend on their source's
 * mount and have no device; network file systems, since systemd hangs them on remote-fs.target, which stops no boot;
 * swap files; `noauto` entries, which are not mounted at boot.
 */
export function hardenEntry(
    entry: FstabEntry,
    { essential = false }: { readonly essential?: boolean } = {},
): FstabEntry {
    if (essential || isEssential(entry) || !canStopBoot(entry)) return entry;
    const wanted = [
        "nofail",
        // `nofail` alone still waits 90 s for the device.
        ...(isOnDevice(entry) && !hasDeviceTimeout(entry) ? ["x-systemd.device-timeout=30s"] : []),
        // `nofail` drops the ordering: without this, guests start before their disks are mounted.
        ...(isDataMount(entry) ? ["x-systemd.before=pve-guests.service"] : []),
    ];
    const missing = wanted.filter((option) => !entry.options.includes(option));
    if (missing.length === 0) return entry;
    return { ...entry, options: [...(entry.options.length > 0 ? entry.options : ["defaults"]), ...missing] };
}
