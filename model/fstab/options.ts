/**
 * Unknown mount options. Only a warning, since kernels learn options faster than tables do. Sources: mount(8) and
 * libmount of util-linux 2.38 to 2.41, ext4(5), the kernel's Documentation/filesystems up to 6.14. No table for NFS and
 * CIFS, whose helpers take scores of them, nor for swap, where swapon(8) passes over what it does not know.
 */
import { finding, type Finding } from "../lint/finding";
import { nearest } from "../lint/nearest";
import type { Token } from "../lint/text";
import { blockTypes } from "./blockSource";
import type { EntryLine, FstabEntry } from "./parse";

const words = (text: string): string[] => text.trim().split(/\s+/);

const generic = words(`
    defaults async sync auto noauto atime noatime relatime norelatime strictatime nostrictatime lazytime nolazytime diratime nodiratime
    dev nodev suid nosuid exec noexec dirsync group nogroup owner noowner user nouser users nousers ro rw remount bind rbind move
    silent loud quiet mand nomand iversion noiversion symfollow nosymfollow nofail fail _netdev loop offset sizelimit encryption
    private rprivate shared rshared slave rslave unbindable runbindable context fscontext defcontext rootcontext seclabel
    comment uhelper helper acl noacl usrquota grpquota quota noquota`);

const ext = words(`
    abort auto_da_alloc noauto_da_alloc barrier nobarrier bh nobh block_validity noblock_validity bsddf minixdf bsdgroups sysvgroups grpid nogrpid
    check nocheck commit data data_err dax debug delalloc nodelalloc debug_want_extra_isize dioread_lock dioread_nolock nodioread_nolock discard nodiscard
    errors grpjquota usrjquota jqfmt prjquota i_version init_itable noinit_itable inlinecrypt inode_readahead_blks journal journal_async_commit
    journal_checksum nojournal_checksum journal_dev journal_ioprio journal_path max_batch_time min_batch_time max_dir_size_kb mb_optimize_scan
    mblk_io_submit nomblk_io_submit nombcache no_mbcache noload norecovery nouid32 oldalloc orlov prefetch_block_bitmaps no_prefetch_block_bitmaps
    resgid resuid reservation noreservation sb stripe test_dummy_encryption user_xattr nouser_xattr warn_on_error nowarn_on_error xip`);

const fat = words(`
    allow_utime blocksize check codepage conv cvf_format cvf_option debug discard dmask dos1xfloppy dots nodots dotsOK errors fat flush fmask gid
    iocharset nfs nonumtail posix rodir shortname showexec sys_immutable time_offset tz uid umask uni_xlate usefree utf8`);

const byType: Readonly<Record<string, readonly string[]>> = {
    ext2: ext,
    ext3: ext,
    ext4: ext,
    xfs: words(`
        allocsize attr2 noattr2 barrier nobarrier bsdgroups sysvgroups dax delaylog nodelaylog discard nodiscard filestreams gqnoenforce gquota grpid nogrpid
        ikeep noikeep inode32 inode64 largeio nolargeio lifetime nolifetime logbsize logbufs logdev max_atomic_write max_open_zones noalign norecovery nouuid
        pqnoenforce pquota prjquota qnoenforce rtdev sunit swalloc swidth uqnoenforce uquota wsync`),
    btrfs: words(`
        alloc_start autodefrag noautodefrag barrier nobarrier check_int check_int_data check_int_print_mask clear_cache commit compress compress-force
        datacow nodatacow datasum nodatasum degraded device discard nodiscard enospc_debug noenospc_debug fatal_errors flushoncommit noflushoncommit
        fragment inode_cache noinode_cache max_inline metadata_ratio nologreplay norecovery recovery ref_verify rescan_uuid_tree rescue skip_balance
        space_cache nospace_cache ssd nossd ssd_spread nossd_spread subvol subvolid subvolrootid thread_pool treelog notreelog usebackuproot
        user_subvol_rm_allowed`),
    vfat: fat,
    msdos: fat,
    tmpfs: words(`
        casefold gid grpquota_block_hardlimit grpquota_inode_hardlimit huge inode32 inode64 mode mpol noswap nr_blocks nr_inodes size strict_encoding uid
        usrquota_block_hardlimit usrquota_inode_hardlimit`),
    proc: words("gid hidepid subset"),
};

const genericSet: ReadonlySet<string> = new Set(generic);

/** An option of every file system, or a word that only an option can be; `auto` is a type as well. */
export function isOptionOnly(word: string): boolean {
    return (word !== "auto" && genericSet.has(word)) || /^[xX]-|=/.test(word);
}

export function lintOptions({ number, fields, entry }: EntryLine): Finding[] {
    const field = fields[3];
    if (!field) return [];
    const known = byType[entry.fstype];
    if (!known) return blockTypes.has(entry.fstype) && entry.fstype !== "swap" ? lintForeign(number, field, entry) : [];
    let from = 0;
    return entry.options
        .filter((option) => !isKnown(option, known))
        .map((option) => {
            const index = field.text.indexOf(option, from);
            from = Math.max(from, index);
            const column = field.column + Math.max(0, index);
            const meant = suggestOption(optionName(option), [...generic, ...known]);
            const remedy = meant ? `Did you mean '${meant}'?` : `Check it against mount(8) and ${entry.fstype}(5).`;
            return finding(
                "unknown-option",
                "warning",
                { line: number, column },
                `'${option}' is no option that ${entry.fstype} is known to take. ${remedy}`,
            );
        });
}

/** Options that only a network file system can have; they come along where a line was copied from one. */
const networkOnly: ReadonlySet<string> = new Set(
    words(`
    soft hard intr nointr rsize wsize timeo retrans nfsvers nolock nordirplus retry lookupcache proto mountproto clientaddr
    credentials username password guest multiuser nobrl noserverino`),
);

/** Of local types without a table of their own. */
function lintForeign(number: number, field: Token, { options, fstype }: FstabEntry): Finding[] {
    const foreign = options.filter((option) => networkOnly.has(optionName(option)));
    if (foreign.length === 0) return [];
    const column = field.column + Math.max(0, field.text.indexOf(foreign[0]!));
    return [
        finding(
            "foreign-option",
            "warning",
            { line: number, column },
            `${foreign.join(", ")}: of network file systems, and ${fstype} may refuse to mount with it. Take it out.`,
        ),
    ];
}

/** Never one whose opposite is meant as well as it: `nsuid` may be `suid` or `nosuid`. */
function suggestOption(name: string, known: readonly string[]): string | undefined {
    const meant = nearest(name, known);
    if (meant === undefined) return undefined;
    const opposite = meant.startsWith("no") ? meant.slice(2) : `no${meant}`;
    return known.includes(opposite) && nearest(name, [opposite]) !== undefined ? undefined : meant;
}

function isKnown(option: string, known: readonly string[]): boolean {
    // `x-` and `X-` options are user space's own, and libmount keeps them from the kernel.
    if (/^[xX]-/.test(option)) return true;
    return (
        genericSet.has(option) ||
        genericSet.has(optionName(option)) ||
        known.includes(optionName(option)) ||
        /^verity\.\w+$/.test(optionName(option))
    );
}

function optionName(option: string): string {
    return option.split("=", 1)[0]!;
}
