/** A node's own files as they will stand after the first `up`: comments and order kept, only the hazards taken out. */
import {
    hardenFstab,
    findDevice,
    formatFstab,
    isDeviceName,
    parseFstab,
    stableSourceOf,
    type FstabEntry,
    type FstabLine,
} from "../../model/fstab";
import { canonicalTarget, isEssential, isMountedAtBoot, isOnDevice } from "../../model/fstab/entry";
import { repairHosts } from "../../model/hosts";
import { lintContent, type FormatName } from "../../model/lint/formats";
import type { BlockDevice, LintContext, NodeFacts } from "../../model/lint/lintContext";
import { splitLines } from "../../model/lint/text";

export type KeptFormat = Extract<FormatName, "hosts" | "fstab" | "interfaces">;

/** @param context who the node and its peers are, and what was read there */
export function keepFile(format: KeptFormat, content: string, context: LintContext): string {
    const clean = withoutStrayLines(format, content.replace(/^\uFEFF/, ""), context);
    switch (format) {
        case "hosts":
            return context.node ? repairHosts(clean, { node: context.node, peers: context.peers }) : clean;
        case "fstab":
            return hardenFstab(withStableSources(clean, context.facts));
        case "interfaces":
            return clean;
    }
}

/** A line that is joined with its neighbours by a backslash stays: what else would go with it is for a human to say. */
function withoutStrayLines(format: KeptFormat, content: string, context: LintContext): string {
    const stray = new Set(
        lintContent(format, content, context)
            .filter(({ rule }) => rule === "stray-line")
            .map(({ line }) => line),
    );
    const lines = splitLines(content);
    const isJoined = (index: number) =>
        [lines[index - 1], lines[index]].some((line) => line !== undefined && /\\\s*$/.test(line.text));
    return lines
        .filter((_, index) => !stray.has(index + 1) || isJoined(index))
        .map(({ text, ending }) => text + ending)
        .join("");
}

function withStableSources(content: string, facts: NodeFacts | undefined): string {
    if (!facts) return content;
    const lines = parseFstab(content);
    return formatFstab(
        lines.map((line) => {
            const stable =
                line.entry && isDeviceName(line.entry.source) ? stableSource(line.entry, lines, facts) : undefined;
            return stable === undefined
                ? line
                : {
                      ...line,
                      fields: line.fields.map((field, index) =>
                          index === 0 ? { ...field, text: stable.source } : field,
                      ),
                  };
        }),
    );
}

export interface StableSource {
    readonly source: string;
    readonly device: BlockDevice;
    /**
     * How sure it is. `name`: the device has that name now. `mount`: the name is gone, and this device is mounted
     * there. `only candidate`: the name is gone, and of all file systems that may be of this type only this one is
     * neither mounted nor in fstab.
     */
    readonly by: "name" | "mount" | "only candidate";
}

/**
 * What an entry with a device name most likely means, by what is written on the disk. Names shift, so what is mounted
 * wins.
 */
export function stableSource(
    entry: FstabEntry,
    lines: readonly FstabLine[],
    facts: NodeFacts,
): StableSource | undefined {
    const mounted = facts.mounts.filter(({ target }) => target === canonicalTarget(entry.target)).at(-1);
    const choices: [StableSource["by"], BlockDevice | undefined][] = [
        ["mount", mounted && findDevice(mounted.source, facts)],
        ["name", findDevice(entry.source, facts)],
        ["only candidate", onlyCandidate(entry, lines, facts)],
    ];
    for (const [by, device] of choices) {
        const source = device && stableSourceOf(device);
        if (device && source !== undefined)
            return { source, device, by: by === "mount" && device.path === entry.source ? "name" : by };
    }
    return undefined;
}

/** A guess: never for a mount that the boot waits for, nor where several entries have lost their device. */
function onlyCandidate(entry: FstabEntry, lines: readonly FstabLine[], facts: NodeFacts): BlockDevice | undefined {
    const lost = lines.filter(
        (line) =>
            line.entry &&
            isDeviceName(line.entry.source) &&
            !findDevice(line.entry.source, facts) &&
            !facts.mounts.some(({ target }) => target === canonicalTarget(line.entry!.target)),
    );
    if (isEssential(entry) || lost.length > 1) return undefined;
    const taken = new Set(
        lines.flatMap((line) =>
            line.entry && isOnDevice(line.entry) && isMountedAtBoot(line.entry)
                ? [findDevice(line.entry.source, facts)?.path]
                : [],
        ),
    );
    for (const { source } of facts.mounts) taken.add(findDevice(source, facts)?.path);
    const free = facts.blockDevices.filter(
        ({ path, uuid, fstype }) => uuid !== undefined && (fstype ?? entry.fstype) === entry.fstype && !taken.has(path),
    );
    return free.length === 1 ? free[0] : undefined;
}
