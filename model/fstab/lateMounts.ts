/**
 * Optional mounts by the names that udev and systemd know them by: what starts them when their disk comes too late for
 * the boot.
 */
import { canonicalTarget, isMountedAtBoot, isOnDevice, isSwap } from "./entry";
import type { FstabEntry } from "./parse";
import { isStableSource, splitTag } from "./source";

export interface LateMount {
    /**
     * A symbolic link of the device, below /dev: `disk/by-uuid/…`. Nothing in it ends a quoted string or is a pattern
     * in a udev rule.
     */
    readonly link: string;
    /** `srv-local.mount`; of letters, digits and `:_.-\`. */
    readonly unit: string;
}

/**
 * Those that systemd tries to mount once, at boot, and whose disk udev can tell by a link.
 * Left out: what has an automount, which asks for the disk whenever it is used; what waits for the network; and a name
 * that no rule can safely hold, or that is a pattern to udev (`*?[]|`, quotes).
 */
export function lateMounts(entries: readonly FstabEntry[], isNeeded: (entry: FstabEntry) => boolean): LateMount[] {
    return entries
        .filter((entry) => isTriedOnce(entry) && !isNeeded(entry))
        .flatMap(({ source, target }) => {
            const link = deviceLink(source);
            const unit = mountUnitName(target);
            return link !== undefined && unit !== undefined ? [{ link, unit }] : [];
        });
}

function isTriedOnce(entry: FstabEntry): boolean {
    const { options } = entry;
    const isElsewhere = options.some(
        (option) => option === "_netdev" || /^(?:x-|comment=)systemd\.automount(?:=|$)/.test(option),
    );
    return isOnDevice(entry) && isMountedAtBoot(entry) && !isSwap(entry) && options.includes("nofail") && !isElsewhere;
}

const tagFolders: Readonly<Record<string, string>> = {
    UUID: "by-uuid",
    LABEL: "by-label",
    PARTUUID: "by-partuuid",
    PARTLABEL: "by-partlabel",
};

/**
 * The link below /dev that udev makes for a source. Undefined for a kernel name, which is no link, and where it could
 * not stand in a rule.
 */
export function deviceLink(source: string): string | undefined {
    const [name, value] = splitTag(source) ?? [];
    if (name !== undefined && value !== undefined) {
        const folder = tagFolders[name];
        return folder && `disk/${folder}/${encodeLinkName(value)}`;
    }
    if (!isStableSource(source)) return undefined;
    const link = canonicalTarget(source).slice("/dev/".length);
    return /^(?:[\w#+\-.:=@/]|\\x[0-9a-f]{2}|[^\x00-\x9f\p{Cs}])+$/u.test(link) ? link : undefined;
}

/**
 * As udev and systemd's fstab generator do (encode_devnode_name): what is not safe becomes `\xNN`, by byte; other UTF-8
 * stays.
 */
function encodeLinkName(value: string): string {
    return Array.from(value, (character) =>
        /^(?:[\w#+\-.:=@]|[^\x00-\x7f\p{Cs}\p{NChar}])$/u.test(character) ? character : escapeBytes(character),
    ).join("");
}

/**
 * `systemd-escape --path --suffix=mount`. Undefined where systemd makes no unit of that name: a path that is relative
 * or has `..`, or a name of more than 255 bytes. Of a target behind a symbolic link only the node knows the unit; its
 * disk then starts nothing.
 */
export function mountUnitName(target: string): string | undefined {
    const parts = target.split("/").filter((part) => part !== "" && part !== ".");
    if (!target.startsWith("/") || parts.includes("..") || target.includes("\0")) return undefined;
    const unit = `${parts.length === 0 ? "-" : escapeUnitName(parts.join("/"))}.mount`;
    return unit.length <= 255 ? unit : undefined;
}

function escapeUnitName(path: string): string {
    return Array.from(path, (character, index) => {
        if (character === "/") return "-";
        return /^[A-Za-z0-9:_]$/.test(character) || (character === "." && index > 0)
            ? character
            : escapeBytes(character);
    }).join("");
}

function escapeBytes(character: string): string {
    return Array.from(Buffer.from(character, "utf8"), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
