/** The files, units and commands. */
import type { FactArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { FstabSettings } from "./settings";
import {
    type FstabEntry,
    hardenEntry,
    hardenFstab,
    isEssential,
    lateMounts,
    parseFstab,
    renderFstabEntry,
} from "../../model/fstab";
import { canStopBoot, canonicalTarget, isMountedAtBoot, isOnDevice, isSwap } from "../../model/fstab/entry";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface FstabArgs extends ConcernArgs {
    readonly settings: FstabSettings;
}

const path = "/etc/fstab";
/** Always there, if only with its heading: so none stays behind when the last optional mount goes. */
const rulesPath = "/etc/udev/rules.d/99-holdfast-fstab.rules";

export function planFstab(args: FstabArgs): FileSetArgs {
    const { settings } = args;
    const content = fstabContent(settings);
    const entries = parseFstab(content).flatMap(({ entry }) => (entry ? [entry] : []));
    const declared = new Set("file" in settings ? settings.essential.map(canonicalTarget) : []);
    const isNeeded = (entry: FstabEntry) => isEssential(entry) || declared.has(canonicalTarget(entry.target));
    return {
        ...ofConcern("fstab", args),
        // udevd notices a changed rules file by itself, and one without udev (a container) does no harm.
        files: {
            [path]: { content },
            [rulesPath]: { content: renderFile(rulesPath, { mounts: lateMounts(entries, isNeeded) }) },
        },
        validate: [
            { argv: ["holdfast", "findmnt", `{staged:${path}}`] },
            { argv: ["holdfast", "fstab-generator", `{staged:${path}}`, ...mayBeRequired(entries, isNeeded)] },
        ],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        facts: { ...sourceFacts(entries), ...mountFacts(entries, isNeeded) },
    };
}

function fstabContent(settings: FstabSettings): string {
    if ("file" in settings) return hardenFstab(settings.file.content, { essential: settings.essential });
    const entries = settings.entries.map(({ essential, options = ["defaults"], freq, ...entry }) =>
        hardenEntry({ ...entry, dump: freq, options: essential ? withEssentialMark(entry.target, options) : options }),
    );
    return renderFile(path, { entries: entries.map(renderFstabEntry) });
}

/**
 * The mark stays in the file, so that lints on the node know what the stack said; mount(8) and systemd pass over it.
 */
function withEssentialMark(target: string, options: readonly string[]): readonly string[] {
    return isEssential({ source: "", target, fstype: "", options }) ? options : [...options, "x-holdfast.essential"];
}

/**
 * Mounts that local-fs.target may require: essential ones, and those that wait for no device (pseudo file systems,
 * binds).
 */
function mayBeRequired(entries: readonly FstabEntry[], isNeeded: (entry: FstabEntry) => boolean): string[] {
    return entries
        .filter((entry) => entry.target.startsWith("/") && (isNeeded(entry) || !canStopBoot(entry)))
        .map(({ target }) => canonicalTarget(target));
}

/**
 * A UUID that has vanished is drift for `nofail` entries too: the next boot goes on without that disk, and says
 * nothing.
 */
function sourceFacts(entries: readonly FstabEntry[]): Record<string, FactArgs> {
    const needed = entries.filter((entry) => isOnDevice(entry) && isMountedAtBoot(entry));
    return Object.fromEntries(
        needed.map(({ source, target }) => [
            `source ${source}`,
            { probe: "source", args: [source, target], value: "present" },
        ]),
    );
}

/**
 * Expected of essential mounts only. An optional one that was just declared is not mounted yet, nothing here mounts it,
 * and a fact that no `up` can bring about would be drift on every night until the next boot: so it is reported, not
 * expected.
 */
function mountFacts(
    entries: readonly FstabEntry[],
    isNeeded: (entry: FstabEntry) => boolean,
): Record<string, FactArgs> {
    const mounted = entries.filter((entry) => isOnDevice(entry) && !isSwap(entry) && isMountedAtBoot(entry));
    return Object.fromEntries(
        mounted.map((entry) => {
            const target = canonicalTarget(entry.target);
            return [
                `mount ${target}`,
                { probe: "mount", args: [target], ...(isNeeded(entry) && { value: "mounted" }) },
            ];
        }),
    );
}

/** Where the declared file mounts something at boot. */
export function mountsOf(settings: FstabSettings): string[] {
    return parseFstab(fstabContent(settings)).flatMap(({ entry }) =>
        entry && entry.target.startsWith("/") && !isSwap(entry) ? [canonicalTarget(entry.target)] : [],
    );
}
