/** Incident A: the guests' images lay on a disk whose fstab line had been commented out, and nobody remembered. */
import { findDevice, parseFstab, type FstabEntry } from "../../../model/fstab";
import { canonicalTarget, isOnDevice } from "../../../model/fstab/entry";
import type { Hazard, KeptFile } from "../hazard";
import type { Survey } from "../survey";

export function commentedMounts({ target, live }: KeptFile, { facts }: Survey): Hazard[] {
    const lines = parseFstab(live);
    const active = lines.flatMap(({ entry }) => (entry ? [entry] : []));
    return lines.flatMap(({ number, tail }) => {
        const comment = /^([ \t]*#+[ \t]*)(.*)$/.exec(tail);
        const entry = comment && parseFstab(comment[2]!)[0]?.entry;
        if (!entry || !isMount(entry) || active.some((other) => isSameMount(other, entry))) return [];
        const device = findDevice(entry.source, facts);
        if (!device) return [];
        const mounted = facts.mounts.some((mount) => mount.target === canonicalTarget(entry.target));
        const state = mounted
            ? `and ${entry.target} is mounted now: after the next boot it is not`
            : `and ${entry.target} is not mounted: what is written there fills the root disk`;
        const message = `This mount is commented out, but its disk is there (${device.path}), ${state}. Take the comment sign off, or delete the line.`;
        return [
            {
                rule: "commented-out-mount",
                severity: "warning",
                file: target,
                line: number,
                column: comment[1]!.length + 1,
                message,
            },
        ];
    });
}

function isMount(entry: FstabEntry): boolean {
    return isOnDevice(entry) && (entry.target.startsWith("/") || entry.fstype === "swap");
}

function isSameMount(active: FstabEntry, commented: FstabEntry): boolean {
    if (!commented.target.startsWith("/")) return active.source === commented.source;
    return canonicalTarget(active.target) === canonicalTarget(commented.target);
}
