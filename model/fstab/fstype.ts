/**
 * The third field. An unknown type only warns where it is close to a known one: a helper (mount.TYPE) or a module may
 * bring any other.
 */
import { at, finding, type Finding, type Severity } from "../lint/finding";
import type { NodeFacts } from "../lint/lintContext";
import { nearest } from "../lint/nearest";
import { blockTypes, isBind, type SourceProblem } from "./blockSource";
import { canonicalTarget, isMountedAtBoot, isNetwork, isPseudo, isSwap } from "./entry";
import { isOptionOnly } from "./options";
import type { EntryLine, FstabEntry } from "./parse";
import { findDevice } from "./source";

/** The kernel's (up to 6.14, and long gone ones) and well-known helpers', besides those that the other rules know. */
const furtherTypes: ReadonlySet<string> = new Set([
    "auto",
    "none",
    "ignore",
    "adfs",
    "affs",
    "apfs",
    "befs",
    "bfs",
    "coda",
    "cramfs",
    "ecryptfs",
    "efs",
    "exofs",
    "freevxfs",
    "fuse",
    "fusectl",
    "hpfs",
    "jffs2",
    "minix",
    "minix2",
    "minix3",
    "omfs",
    "orangefs",
    "qnx4",
    "qnx6",
    "reiser4",
    "romfs",
    "selinuxfs",
    "sysv",
    "tux3",
    "ubifs",
    "ufs",
    "umsdos",
    "v7",
    "vxfs",
    "xenfs",
    "xiafs",
    "zfs",
    "zonefs",
    "aufs",
    "mergerfs",
    "unionfs",
    "overlayfs",
    "bindfs",
    "lxcfs",
    "pvfs2",
    "gfs",
    "ocfs",
    "smb",
    "nfs3",
    "mfs",
    "moosefs",
    "vboxsf",
    "vmhgfs",
    "prl_fs",
    "resctrl",
    "functionfs",
    "binder",
    "bdev",
    "dlmfs",
    "ocfs2_dlmfs",
    "nsfs",
    "vfio",
]);

/**
 * mount(8) knows no such type: the third and fourth field are in each other's place, or a field is missing before it.
 * Undefined where it may be one.
 */
export function typeProblem(entry: FstabEntry): SourceProblem | undefined {
    const option = entry.fstype.split(",").find((type) => isOptionOnly(type));
    // A bind takes any type.
    if (option === undefined || isBind(entry)) return undefined;
    const meant =
        entry.options.length === 1 && isKnownType({ ...entry, fstype: entry.options[0]! })
            ? entry.options[0]
            : undefined;
    return {
        problem: `'${option}' is a mount option, and stands where the file system's type belongs, so this is never mounted`,
        remedy: /^r?bind$/.test(option)
            ? `Write none as the type, and ${option} among the options.`
            : meant === undefined
              ? "Write SOURCE TARGET TYPE OPTIONS, in this order."
              : `Write ${meant} as the type and ${entry.fstype} as the options.`,
    };
}

export function lintType(line: EntryLine, facts: NodeFacts | undefined): Finding[] {
    const { entry } = line;
    const problem = typeProblem(entry);
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    const place = at(line.number, line.fields[2]!);
    if (problem)
        return [
            finding(
                "option-as-type",
                severity,
                place,
                `The third field is the type: ${problem.problem}. ${problem.remedy}`,
            ),
        ];
    const meant =
        isBind(entry) || entry.fstype.includes(",") || isKnownType(entry)
            ? undefined
            : nearest(entry.fstype, commonTypes);
    if (meant !== undefined)
        return [
            finding(
                "unknown-type",
                "warning",
                place,
                `'${entry.fstype}' is no file system type that is known. Did you mean '${meant}'?`,
            ),
        ];
    const actual = facts && differingType(entry, facts);
    if (actual === undefined) return [];
    return [
        finding(
            "type-differs",
            severity,
            place,
            `${entry.source} holds ${actual}, not ${entry.fstype}, so this is never mounted. Write ${actual}, or correct the source.`,
        ),
    ];
}

function isKnownType(entry: FstabEntry): boolean {
    return (
        entry.fstype.startsWith("fuse.") ||
        blockTypes.has(entry.fstype) ||
        furtherTypes.has(entry.fstype) ||
        isPseudo(entry) ||
        isNetwork(entry)
    );
}

/** The types that people write by hand; of equally near ones the first is offered. */
const commonTypes = [
    "ext4",
    "ext3",
    "ext2",
    "xfs",
    "btrfs",
    "f2fs",
    "vfat",
    "exfat",
    "ntfs",
    "ntfs3",
    "iso9660",
    "squashfs",
    "swap",
    "auto",
    "none",
    "tmpfs",
    "proc",
    "sysfs",
    "devpts",
    "overlay",
    "nfs",
    "nfs4",
    "cifs",
    "ceph",
    "glusterfs",
    "sshfs",
    "virtiofs",
];

/** Types that one driver mounts for another, as blkid prints them. */
const drivers: Readonly<Record<string, string>> = {
    ext2: "ext4",
    ext3: "ext4",
    msdos: "vfat",
    "exfat-fuse": "exfat",
    "ntfs-3g": "ntfs",
    ntfs3: "ntfs",
};
/**
 * Where blkid's word and the driver's name are the same, and no disk is two of them at once, as a hybrid ISO image is.
 */
const comparable: ReadonlySet<string> = new Set([
    "ext4",
    "xfs",
    "btrfs",
    "bcachefs",
    "f2fs",
    "jfs",
    "nilfs2",
    "reiserfs",
    "vfat",
    "exfat",
    "ntfs",
    "swap",
]);

function driverOf(type: string): string {
    return drivers[type] ?? type;
}

/** What is on the node's device, where that cannot be mounted as the entry says. */
function differingType(entry: FstabEntry, facts: NodeFacts): string | undefined {
    const actual = findDevice(entry.source, facts)?.fstype;
    const isElsewhere = isBind(entry) || entry.options.some((option) => /^(?:loop|offset)(?:=|$)/.test(option));
    if (actual === undefined || isElsewhere) return undefined;
    const [declared, found] = [driverOf(entry.fstype), driverOf(actual)];
    if (declared === found || !comparable.has(declared) || !comparable.has(found)) return undefined;
    // udev's word may be stale; what is mounted is not.
    const isMountedSo = !isSwap(entry) && mountedAs(facts).has(`${canonicalTarget(entry.target)} ${declared}`);
    return isMountedSo ? undefined : actual;
}

const mounted = new WeakMap<NodeFacts["mounts"], ReadonlySet<string>>();

/** `TARGET DRIVER` of every mount. */
function mountedAs({ mounts }: NodeFacts): ReadonlySet<string> {
    let known = mounted.get(mounts);
    if (!known) {
        known = new Set(mounts.map(({ target, fstype }) => `${target} ${driverOf(fstype)}`));
        mounted.set(mounts, known);
    }
    return known;
}
