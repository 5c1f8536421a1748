/**
 * Sources that no mount can work with: what the type asks for decides. Tried with mount(8) and findmnt of util-linux
 * 2.38.
 */
import { nearest } from "../lint/nearest";
import type { FstabEntry } from "./parse";
import { isDeviceName, isTag, splitTag, tagNames } from "./source";

export const blockTypes: ReadonlySet<string> = new Set([
    "ext2",
    "ext3",
    "ext4",
    "xfs",
    "btrfs",
    "bcachefs",
    "f2fs",
    "jfs",
    "nilfs2",
    "reiserfs",
    "ocfs2",
    "gfs2",
    "vfat",
    "msdos",
    "exfat",
    "exfat-fuse",
    "ntfs",
    "ntfs3",
    "ntfs-3g",
    "hfs",
    "hfsplus",
    "iso9660",
    "udf",
    "squashfs",
    "erofs",
    "fuseblk",
    "swap",
]);

export function isBind({ options }: Pick<FstabEntry, "options">): boolean {
    return options.some((option) => /^(?:r?bind|move)$/.test(option));
}

/** `//dev/sdb1` is a share to CIFS. */
export function isOnDeviceName({ source, fstype }: Pick<FstabEntry, "source" | "fstype">): boolean {
    return isDeviceName(source) && !/^(?:cifs|smb3|smbfs)$/.test(fstype);
}

/** Options that name a further device of the same file system: btrfs(5), xfs(5), ext4(5). */
const deviceOptions: Readonly<Record<string, readonly string[]>> = {
    btrfs: ["device"],
    xfs: ["logdev", "rtdev"],
    ext3: ["journal_path"],
    ext4: ["journal_path"],
};

export interface DeviceNameOption {
    /** As it stands there, `logdev=/dev/sdc1`. */
    readonly option: string;
    /** Among the options. */
    readonly index: number;
    readonly device: string;
}

/** Options whose device is given by a name that may be another disk's after the next boot. */
export function deviceNameOptions({ fstype, options }: Pick<FstabEntry, "fstype" | "options">): DeviceNameOption[] {
    const names = fstype === "auto" ? Object.values(deviceOptions).flat() : (deviceOptions[fstype] ?? []);
    return options.flatMap((option, index) => {
        const [, name = "", device = ""] = /^([a-z_]+)=(.*)$/.exec(option) ?? [];
        return names.includes(name) && isDeviceName(device) ? [{ option, index, device }] : [];
    });
}

export interface SourceProblem {
    /** No full stop. */
    readonly problem: string;
    /** A sentence. */
    readonly remedy: string;
}

/** Of most file systems. FAT's (4-4), NTFS's (16 digits) and those of ISO images (a date) begin otherwise. */
const wholeUuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * A source that is neither a path nor a tag, where the type needs a block device or an image file. Undefined where it
 * may work.
 */
export function sourceProblem(entry: FstabEntry): SourceProblem | undefined {
    const { source, fstype } = entry;
    const [tagName, value] = splitTag(source) ?? [];
    if (tagName === "UUID" && /^[0-9a-f]{8}-[0-9a-f-]*$/i.test(value!) && !wholeUuid.test(value!) && !isBind(entry))
        return {
            problem: `'${value}' begins like a file system's UUID, which has 8-4-4-4-12 digits, and is not whole, so this is never mounted`,
            remedy: "Copy it whole: 'blkid' prints it.",
        };
    if (source.startsWith("/") || isTag(source) || !needsBlockDevice(entry)) return undefined;
    const emptyTag = /^([A-Z]+)=(?:"")?$/.exec(source)?.[1];
    if (emptyTag !== undefined && tagNames.includes(emptyTag))
        return {
            problem: `nothing follows ${emptyTag}=, so this is never mounted`,
            remedy: `Write the value that 'blkid' prints after ${emptyTag}=.`,
        };
    const problem = `'${source}' is neither a path nor ${tagNames.join("=, ")}=, and ${fstype} needs a block device, so this is never mounted`;
    const meant = likelySource(source);
    return {
        problem,
        remedy:
            meant === undefined
                ? "Write UUID=… or a path below /dev/disk: 'blkid' lists what there is."
                : `Did you mean ${meant}?`,
    };
}

/** An image mounted with `loop` may be named relative to /. For `auto`, mount(8) takes `host:/path` as NFS. */
function needsBlockDevice(entry: FstabEntry): boolean {
    if (isBind(entry) || entry.options.some((option) => /^loop(?:=|$)/.test(option))) return false;
    if (entry.fstype === "auto") return !entry.source.includes(":");
    return entry.fstype.split(",").every((type) => blockTypes.has(type));
}

function likelySource(source: string): string | undefined {
    const [, key, value] = /^"?([A-Za-z_]+)[=:]"?([^"]+)"?$/.exec(source) ?? [];
    if (key !== undefined && value !== undefined) {
        const meant = nearest(key, tagNames);
        return meant && `${meant}=${value}`;
    }
    if (/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{4}-[0-9a-f]{4}|[0-9a-f]{16})$/i.test(source))
        return `UUID=${source}`;
    if (/^dev\/./.test(source)) return `/${source}`;
    return /^[\w.+-]+\/[\w.+-]+$/.test(source) ? `/dev/${source}` : undefined;
}

/** mount(8): "unknown filesystem type 'none'"; findmnt and systemd's generator accept it. */
export function bindProblem({ target, fstype, options }: FstabEntry): SourceProblem | undefined {
    if (fstype !== "none" || !target.startsWith("/") || options.includes("remount") || isBind({ options }))
        return undefined;
    const misspelt = options
        .map((option) => ({ option, meant: nearest(option, ["bind", "rbind", "move"]) }))
        .find(({ meant }) => meant);
    return {
        problem: "type none without bind or rbind among the options is never mounted",
        remedy: misspelt
            ? `Did you mean '${misspelt.meant}' instead of '${misspelt.option}'?`
            : "Add bind, or write the file system's own type.",
    };
}
