/**
 * Rules for /etc/fstab. "Ignored" was tried with util-linux 2.38 (mount -a, findmnt --verify) and systemd 252's
 * fstab generator. CR LF only warns: both strip it.
 */
import { at, finding, type Finding, type Severity } from "../lint/finding";
import type { LintContext, NodeFacts } from "../lint/lintContext";
import { lintText, strayLine } from "../lint/text";
import { bindProblem, deviceNameOptions, isOnDeviceName, sourceProblem } from "./blockSource";
import {
    canonicalTarget,
    canStopBoot,
    hasDeviceTimeout,
    isEssential,
    isMountedAtBoot,
    isOnDevice,
    isSwap,
} from "./entry";
import { lintType } from "./fstype";
import { lintAgainstNode } from "./lintNode";
import { MountTree } from "./mountTree";
import { lintOptions } from "./options";
import { type EntryLine, integerOf, isEntryLine, parseFstab, type FstabLine } from "./parse";
import { findDevice, stableSourceOf } from "./source";

export function lintFstab(content: string, context: LintContext): Finding[] {
    const lines = parseFstab(content).filter(({ fields }) => fields.length > 0);
    const stray = lines.flatMap((line) => lintStray(line));
    const strayNumbers = new Set(stray.map(({ line }) => line));
    const sound = lines.filter(({ number }) => !strayNumbers.has(number));
    const entries = sound.filter(isEntryLine);
    return [
        ...lintText(content, { strict: true }),
        ...stray,
        ...sound.flatMap(lintFields),
        ...entries.flatMap((line) => [
            ...lintTarget(line),
            ...lintSource(line, context.facts),
            ...lintDeviceOptions(line, context.facts),
            ...lintType(line, context.facts),
            ...lintMountable(line),
            ...lintThinPool(line, context.facts),
            ...lintSystemMount(line),
            ...lintNofail(line),
            ...lintOptions(line),
        ]),
        ...lintOrder(entries),
        ...lintAgainstNode(entries, context.facts),
    ];
}

function lintStray({ number, fields, tail }: FstabLine): Finding[] {
    const what = strayLine(fields.map(({ gap, text }) => gap + text).join("") + tail);
    return what
        ? [
              finding(
                  "stray-line",
                  "error",
                  at(number, fields[0]!),
                  `This line is ${what}, not an fstab entry. Delete it.`,
              ),
          ]
        : [];
}

/**
 * One or two fields: mount(8) ignores the line, so the mount is missing after `mount -a`. Three are accepted (the
 * options are then the defaults), so that only warns. A fifth or sixth field that is no number makes mount(8) ignore
 * the line as well.
 */
function lintFields({ number, fields }: FstabLine): Finding[] {
    if (fields.length < 4) {
        const severity: Severity = fields.length < 3 ? "error" : "warning";
        const effect = fields.length < 3 ? "mount(8) ignores the line" : "the options are then taken to be 'defaults'";
        const message = `Only ${fields.length} of at least 4 fields: ${effect}. Write SOURCE TARGET TYPE OPTIONS [DUMP [PASS]].`;
        return [finding("too-few-fields", severity, at(number, fields[0]!), message)];
    }
    const names = ["dump", "pass"];
    const bad = fields.slice(4, 6).findIndex(({ text }) => integerOf(text) === undefined);
    const numbers =
        bad === -1
            ? []
            : [
                  finding(
                      bad === 0 ? "bad-dump" : "bad-pass",
                      "error",
                      at(number, fields[4 + bad]!),
                      `'${fields[4 + bad]!.text}' stands where the ${names[bad]} number belongs, so mount(8) ignores the whole line. Write a number there, or put a comment on a line of its own.`,
                  ),
              ];
    const escapes = fields.slice(0, 2).filter(({ text }) => /\\[0-7]{1,2}(?![0-7])/.test(text));
    return [
        ...numbers,
        ...escapes.map((token) =>
            finding(
                "bad-escape",
                "warning",
                at(number, token),
                `'${token.text}' holds an octal escape that is not three digits long, so it is taken literally. Write \\040 for a blank, \\011 for a tab.`,
            ),
        ),
    ];
}

function lintTarget({ number, fields, entry }: EntryLine): Finding[] {
    if (entry.target.startsWith("/") || isSwap(entry)) return [];
    // systemd never mounts it; `none` may be deliberate, to keep an entry without mounting it.
    const severity: Severity = entry.target === "none" || !isMountedAtBoot(entry) ? "warning" : "error";
    const message = `'${entry.target}' is not an absolute path, so this is not mounted at boot. Write the full path of the mount point.`;
    return [finding("relative-target", severity, at(number, fields[1]!), message)];
}

/**
 * Debian's installer writes `/dev/sdb1 /media/usb0 … noauto` for sticks: nothing mounts that at boot, so it only warns.
 */
function lintSource({ number, fields, entry }: EntryLine, facts: NodeFacts | undefined): Finding[] {
    if (!isOnDeviceName(entry)) return [];
    const device = facts && findDevice(entry.source, facts);
    const stable = device && stableSourceOf(device);
    const remedy = stable
        ? `Write ${stable}, which is that device now.`
        : `Write UUID=… instead: 'blkid -s UUID ${entry.source}' prints it.`;
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    const message = `${entry.source} is given out in the order of detection and may be another disk after the next boot. ${remedy}`;
    return [finding("device-name", severity, at(number, fields[0]!), message)];
}

/** The kernel takes no UUID= in an option, so the remedy is a path. */
function lintDeviceOptions({ number, fields, entry }: EntryLine, facts: NodeFacts | undefined): Finding[] {
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    return deviceNameOptions(entry).map(({ option, device }) => {
        const stable = facts && findDevice(device, facts)?.links.find((link) => link.startsWith("/dev/disk/by-id/"));
        const remedy = stable
            ? `Write ${stable}, which is that device now.`
            : "Write its path below /dev/disk/by-id instead: 'ls -l /dev/disk/by-id' lists them.";
        const column = fields[3]!.column + Math.max(0, fields[3]!.text.indexOf(option));
        return finding(
            "device-name",
            severity,
            { line: number, column },
            `${device} is given out in the order of detection and may be another disk after the next boot. ${remedy}`,
        );
    });
}

/** No boot mounts a `noauto` entry, so there it only warns. */
function lintMountable({ number, fields, entry }: EntryLine): Finding[] {
    const severity: Severity = isMountedAtBoot(entry) ? "error" : "warning";
    const [source, bind] = [sourceProblem(entry), bindProblem(entry)];
    return [
        ...(source
            ? [
                  finding(
                      "bad-source",
                      severity,
                      at(number, fields[0]!),
                      `${capitalized(source.problem)}. ${source.remedy}`,
                  ),
              ]
            : []),
        ...(bind
            ? [
                  finding(
                      "none-without-bind",
                      severity,
                      at(number, fields[2]!),
                      `${capitalized(bind.problem)}. ${bind.remedy}`,
                  ),
              ]
            : []),
    ];
}

/**
 * `/dev/VG/LV` and `/dev/mapper/VG-LV` of a pool, which Proxmox's installer calls pve/data: it holds guests' disks, no
 * file system.
 */
function lintThinPool({ number, fields, entry }: EntryLine, facts: NodeFacts | undefined): Finding[] {
    const [, group, volume] = /^\/dev\/(?!mapper\/|disk\/)([^/]+)\/([^/]+)$/.exec(entry.source) ?? [];
    const escape = (name: string) => name.replaceAll("-", "--");
    const mapped = group && volume ? `/dev/mapper/${escape(group)}-${escape(volume)}` : entry.source;
    if (!facts || !mapped.startsWith("/dev/mapper/") || !findDevice(`${mapped}_tdata`, facts)) return [];
    return [
        finding(
            "thin-pool",
            isMountedAtBoot(entry) ? "error" : "warning",
            at(number, fields[0]!),
            `${entry.source} is a thin pool, which holds other volumes and no file system, so this is never mounted. Name one of its volumes, or delete the line: Proxmox uses the pool without it.`,
        ),
    ];
}

/** What options leave a mount without, the last one deciding; `user` and `owner` imply some (mount(8)). */
const withoutPrograms: Readonly<Record<string, boolean>> = { noexec: true, user: true, users: true, exec: false };
const withoutSetuid: Readonly<Record<string, boolean>> = {
    nosuid: true,
    user: true,
    users: true,
    owner: true,
    group: true,
    suid: false,
};

/** systemd-remount-fs gives / what its line says, early in the boot. */
function lintSystemMount({ number, fields, entry }: EntryLine): Finding[] {
    const target = canonicalTarget(entry.target);
    if (!["/", "/usr"].includes(target) || !fields[3]) return [];
    const decided = (by: Readonly<Record<string, boolean>>) =>
        entry.options.filter((option) => Object.hasOwn(by, option)).at(-1);
    const [noexec, nosuid] = [decided(withoutPrograms), decided(withoutSetuid)];
    const place = at(number, fields[3]);
    if (noexec !== undefined && withoutPrograms[noexec])
        return [
            finding(
                "noexec-system",
                "error",
                place,
                `'${noexec}' lets no program run from ${target}, so the boot stops. Take it out.`,
            ),
        ];
    if (nosuid === undefined || !withoutSetuid[nosuid]) return [];
    return [
        finding(
            "nosuid-system",
            "warning",
            place,
            `'${nosuid}' takes sudo, su and passwd on ${target} their rights, so nobody but root can use them. Take it out.`,
        ),
    ];
}

function capitalized(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Warnings: nothing breaks while the disk is there, and the installer's own /boot/efi line has no `nofail`. */
function lintNofail({ number, fields, entry }: EntryLine): Finding[] {
    if (isEssential(entry) || !canStopBoot(entry)) return [];
    const place = at(number, fields[3] ?? fields[2]!);
    // sysinit.target only wants swap.target, and nothing requires remote-fs.target.
    const effect =
        isSwap(entry) || entry.options.includes("_netdev")
            ? "delays the boot by 90 s"
            : "ends the boot in emergency mode";
    const message = `Without 'nofail' a missing ${entry.source} ${effect}. Add nofail,x-systemd.device-timeout=30s, or declare the entry essential.`;
    if (!entry.options.includes("nofail")) return [finding("missing-nofail", "warning", place, message)];
    if (!isOnDevice(entry) || hasDeviceTimeout(entry)) return [];
    return [
        finding(
            "missing-device-timeout",
            "warning",
            place,
            `'nofail' alone still waits 90 s for ${entry.source}. Add x-systemd.device-timeout=30s.`,
        ),
    ];
}

function lintOrder(entries: readonly EntryLine[]): Finding[] {
    const mounts = entries.filter(({ entry }) => entry.target.startsWith("/") && !isSwap(entry));
    const firstAt = new Map<string, EntryLine>();
    const firstBelow = new MountTree();
    return mounts.flatMap((line) => {
        const target = canonicalTarget(line.entry.target);
        const [twin, child] = [firstAt.get(target), firstBelow.find(target)];
        if (!twin) firstAt.set(target, line);
        if (isMountedAtBoot(line.entry)) firstBelow.add(target, line);
        const place = at(line.number, line.fields[1]!);
        if (twin) {
            // The generator makes a unit of the first only; two drives that share a mount point by hand (noauto) are an
            // old custom.
            const severity: Severity = isMountedAtBoot(line.entry) && isMountedAtBoot(twin.entry) ? "error" : "warning";
            return [
                finding(
                    "duplicate-target",
                    severity,
                    place,
                    `${target} is already the target of line ${twin.number}, and systemd takes only that one. Remove one of them.`,
                ),
            ];
        }
        if (!child || target === "/" || !isMountedAtBoot(line.entry)) return [];
        return [
            finding(
                "hides-earlier-mount",
                "warning",
                place,
                `'mount -a' mounts ${target} over ${child.entry.target} of line ${child.number}. Move this line above it.`,
            ),
        ];
    });
}
