/**
 * Rules for /etc/fstab. "Ignored" was tried with util-linux 2.38 (mount -a, findmnt --verify) and systemd 252's
 * fstab generator. CR LF only warns: both strip it.
 */
import type { Finding, Severity } from "../finding";
import type { LintContext, NodeFacts } from "../lintContext";
import { lintText, strayLine, type Token } from "../text";
import { bindProblem, deviceNameOptions, isOnDeviceName, sourceProblem, type SourceProblem } from "./blockSource";
import { canonicalTarget, canStopBoot, hasDeviceTimeout, isEssential, isMountedAtBoot, isOnDevice, isSwap } from "./entry";
import { lintType } from "./fstype";
import { lintAgainstNode } from "./lintNode";
import { lintOptions } from "./options";
import { type EntryLine, integerOf, isEntryLine, parseFstab, type FstabLine } from "./parse";
import { findDevice, stableSourceOf } from "./source";

export function lintFstab(content: string, context: LintContext): Finding[] {
    const lines = parseFstab(content).filter(({ fields }) => fields.length > 0);
    const stray = lines.flatMap((line) => lintStray(line));
    const sound = lines.filter(({ number }) => !stray.some(({ line }) => line === number));
    const entries = sound.filter(isEntryLine);
    return [
        ...lintText(content, { strict: true }),
        ...stray,
        ...sound.flatMap(lintFields),
        ...entries.flatMap((line) => [...lintTarget(line), ...lintSource(line, context.facts), ...lintDeviceOptions(line, context.facts), ...lintType(line, context.facts), ...lintMountable(line), ...lintNofail(line), ...lintOptions(line)]),
        ...lintOrder(entries),
        ...lintAgainstNode(entries, context.facts),
    ];
}

function lintStray({ number, fields, tail }: FstabLine): Finding[] {
    const what = strayLine(fields.map(({ gap, text }) => gap + text).join("") + tail);
    const column = fields[0]!.column;
    return what ? [{ rule: "stray-line", severity: "error", message: `This line is ${what}, not an fstab entry. Delete it.`, line: number, column }] : [];
}

/**
 * One or two fields: mount(8) ignores the line, so the mount is missing after `mount -a`. Three are accepted (the options are
 * then the defaults), so that only warns. A fifth or sixth field that is no number makes mount(8) ignore the line as well.
 */
function lintFields({ number, fields }: FstabLine): Finding[] {
    const at = (token: Token) => ({ line: number, column: token.column });
    if (fields.length < 4) {
        const severity: Severity = fields.length < 3 ? "error" : "warning";
        const effect = fields.length < 3 ? "mount(8) ignores the line" : "the options are then taken to be 'defaults'";
        const message = `Only ${fields.length} of at least 4 fields: ${effect}. Write SOURCE TARGET TYPE OPTIONS [DUMP [PASS]].`;
        return [{ rule: "too-few-fields", severity, message, ...at(fields[0]!) }];
    }
    const names = ["dump", "pass"];
    const bad = fields.slice(4, 6).findIndex(({ text }) => integerOf(text) === undefined);
    const numbers = bad === -1 ? [] : [{
        rule: `bad-${names[bad]}`, severity: "error" as const, ...at(fields[4 + bad]!),
        message: `'${fields[4 + bad]!.text}' stands where the ${names[bad]} number belongs, so mount(8) ignores the whole line. Write a number there, or put a comment on a line of its own.`,
    }];
    const escapes = fields.slice(0, 2).filter(({ text }) => /\\[0-7]{1,2}(?![0-7])/.test(text)).map((token) => ({
        rule: "bad-escape", severity: "warning" as const, ...at(token),
        message: `'${token.text}' holds an octal escape that is not three digits long, so it is taken literally. Write \\040 for a blank, \\011 for a tab.`,
    }));
    return [...numbers, ...escapes];
}

function lintTarget({ number, fields, entry }: EntryLine): Finding[] {
    if (entry.target.startsWith("/") || isSwap(entry)) return [];
    // systemd never mounts it; `none` may be deliberate, to keep an entry without mounting it.
    const severity: Severity = entry.target === "none" || !isMountedAtBoot(entry) ? "warning" : "error";
    const message = `'${entry.target}' is not an absolute path, so this is not mounted at boot. Write the full path of the mount point.`;
    return [{ rule: "relative-target", severity, message, line: number, column: fields[1]!.column }];
}

/** Debian's installer writes `/dev/sdb1 /media/usb0 … noauto` for sticks: nothing mounts that at boot, so it only warns. */
function lintSource({ number, fields, entry }: EntryLine, facts: NodeFacts | undefined): Finding[] {
    if (!isOnDeviceName(entry)) return [];
    const device = facts && findDevice(entry.source, facts);
    const stable = device && stableSourceOf(device);
    const remedy = stable ? `Write ${stable}, which is that device now.` : `Write UUID=… instead: 'blkid -s UUID ${entry.source}' prints it.`;
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    const message = `${entry.source} is given out in the order of detection and may be another disk after the next boot. ${remedy}`;
    return [{ rule: "device-name", severity, message, line: number, column: fields[0]!.column }];
}

/** The kernel takes no UUID= in an option, so the remedy is a path. */
function lintDeviceOptions({ number, fields, entry }: EntryLine, facts: NodeFacts | undefined): Finding[] {
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    return deviceNameOptions(entry).map(({ option, device }) => {
        const stable = facts && findDevice(device, facts)?.links.find((link) => link.startsWith("/dev/disk/by-id/"));
        const remedy = stable ? `Write ${stable}, which is that device now.` : "Write its path below /dev/disk/by-id instead: 'ls -l /dev/disk/by-id' lists them.";
        const column = fields[3]!.column + Math.max(0, fields[3]!.text.indexOf(option));
        return { rule: "device-name", severity, message: `${device} is given out in the order of detection and may be another disk after the next boot. ${remedy}`, line: number, column };
    });
}

/** No boot mounts a `noauto` entry, so there it only warns. */
function lintMountable({ number, fields, entry }: EntryLine): Finding[] {
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    const at = (rule: string, field: number, found: SourceProblem | undefined) =>
        found ? [{ rule, severity, message: `${capitalized(found.problem)}. ${found.remedy}`, line: number, column: fields[field]!.column }] : [];
    return [...at("bad-source", 0, sourceProblem(entry)), ...at("none-without-bind", 2, bindProblem(entry))];
}

function capitalized(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Warnings: nothing breaks while the disk is there, and the installer's own /boot/efi line has no `nofail`. */
function lintNofail({ number, fields, entry }: EntryLine): Finding[] {
    if (isEssential(entry) || !canStopBoot(entry)) return [];
    const at = { line: number, column: (fields[3] ?? fields[2]!).column };
    // sysinit.target only wants swap.target, and nothing requires remote-fs.target.
    const effect = isSwap(entry) || entry.options.includes("_netdev") ? "delays the boot by 90 s" : "ends the boot in emergency mode";
    const message = `Without 'nofail' a missing ${entry.source} ${effect}. Add nofail,x-systemd.device-timeout=30s, or declare the entry essential.`;
    if (!entry.options.includes("nofail")) return [{ rule: "missing-nofail", severity: "warning", message, ...at }];
    if (!isOnDevice(entry) || hasDeviceTimeout(entry)) return [];
    return [{ rule: "missing-device-timeout", severity: "warning", message: `'nofail' alone still waits 90 s for ${entry.source}. Add x-systemd.device-timeout=30s.`, ...at }];
}

function lintOrder(entries: readonly EntryLine[]): Finding[] {
    const mounts = entries.filter(({ entry }) => entry.target.startsWith("/") && !isSwap(entry));
    return mounts.flatMap((line, index) => {
        const target = canonicalTarget(line.entry.target);
        const at = { line: line.number, column: line.fields[1]!.column };
        const earlier = mounts.slice(0, index);
        const twin = earlier.find(({ entry }) => canonicalTarget(entry.target) === target);
        if (twin) {
            // The generator makes a unit of the first only; two drives that share a mount point by hand (noauto) are an old custom.
            const severity: Severity = isMountedAtBoot(line.entry) && isMountedAtBoot(twin.entry) ? "error" : "warning";
            return [{ rule: "duplicate-target", severity, message: `${target} is already the target of line ${twin.number}, and systemd takes only that one. Remove one of them.`, ...at }];
        }
        const child = earlier.find(({ entry }) => canonicalTarget(entry.target).startsWith(target === "/" ? "/" : `${target}/`) && isMountedAtBoot(entry));
        if (!child || target === "/" || !isMountedAtBoot(line.entry)) return [];
        return [{ rule: "hides-earlier-mount", severity: "warning" as const, message: `'mount -a' mounts ${target} over ${child.entry.target} of line ${child.number}. Move this line above it.`, ...at }];
    });
}
