/** Rules that compare fstab with the node itself. Without its facts each says once that it was not checked. */
import { at, finding, firstLine, type Finding } from "../lint/finding";
import type { NodeFacts } from "../lint/lintContext";
import { canonicalTarget, canStopBoot, isEssential, isMountedAtBoot, isOnDevice } from "./entry";
import type { EntryLine } from "./parse";
import { findDevice } from "./source";

export function lintAgainstNode(entries: readonly EntryLine[], facts: NodeFacts | undefined): Finding[] {
    const root = entries.find(({ entry }) => canonicalTarget(entry.target) === "/");
    const tagged = entries.filter(({ entry }) => isOnDevice(entry) && isMountedAtBoot(entry) && isTagged(entry.source));
    if (!facts) {
        return [
            ...(root
                ? [notChecked("root-differs", "Whether the entry for / is the mounted root")]
                : [notChecked("missing-root", "Whether a file without an entry for / is right (as on ZFS)")]),
            ...(tagged.length > 0
                ? [
                      notChecked(
                          "source-not-found",
                          "Whether the node has the named UUIDs and labels, and of which type they are,",
                      ),
                  ]
                : []),
        ];
    }
    return [...lintRoot(root, facts), ...tagged.flatMap((line) => lintPresence(line, facts))];
}

function notChecked(rule: string, what: string): Finding {
    return finding(
        rule,
        "not checked",
        firstLine,
        `${what} can only be seen on the node. Run 'pulumi preview --refresh' to have it checked.`,
    );
}

function isTagged(source: string): boolean {
    return (
        /^(?:UUID|LABEL|PARTUUID|PARTLABEL)=/.test(source) ||
        /^\/dev\/disk\/by-(?:uuid|label|partuuid|partlabel)\//.test(source)
    );
}

/** ZFS mounts its root itself, and a container's is an overlay: only a root on a block device needs an entry. */
function lintRoot(root: EntryLine | undefined, facts: NodeFacts): Finding[] {
    const mounted = facts.mounts.find(({ target }) => target === "/");
    if (!mounted?.source.startsWith("/dev/")) return [];
    if (!root) {
        const message = `There is no entry for /, so root stays read-only after boot. Add '${mounted.uuid ? `UUID=${mounted.uuid}` : mounted.source} / ${mounted.fstype} errors=remount-ro 0 1'.`;
        return [finding("missing-root", "error", firstLine, message)];
    }
    const declared = findDevice(root.entry.source, facts);
    const actual = findDevice(withoutSubvolume(mounted.source), facts);
    if (!declared || !actual || declared.path === actual.path) return [];
    // The members of a mirrored Btrfs share one UUID.
    if (declared.uuid !== undefined && declared.uuid === (mounted.uuid ?? actual.uuid)) return [];
    const message = `/ is mounted from ${mounted.source}${mounted.uuid ? ` (UUID=${mounted.uuid})` : ""}, but this entry names ${declared.path}. Name the mounted root.`;
    return [finding("root-differs", "error", at(root.number, root.fields[0]!), message)];
}

/** The kernel's table has Btrfs as `/dev/sda2[/@root]`. */
function withoutSubvolume(source: string): string {
    const start = source.endsWith("]") ? source.indexOf("[") : -1;
    return start === -1 ? source : source.slice(0, start);
}

function lintPresence({ number, fields, entry }: EntryLine, facts: NodeFacts): Finding[] {
    if (findDevice(entry.source, facts)) return [];
    const stops = isEssential(entry) || (canStopBoot(entry) && !entry.options.includes("nofail"));
    const message = `The node has no ${entry.source}. Correct it ('blkid' lists what there is), attach the disk, or remove the entry.`;
    return [finding("source-not-found", stops ? "error" : "warning", at(number, fields[0]!), message)];
}
