/** What a boot's console tells of how far it came. Pure. */
import { hasGivenUp, readConsoleFailures } from "../../vm/console";
import type { DiskPlan } from "./plan";

export interface Progress {
    readonly multiUser: boolean;
    /** Why nothing more will come; undefined while something may. */
    readonly stuck?: string;
    /** Units that failed, as the console says it. */
    readonly failed: readonly string[];
}

/**
 * systemd's word on the one job that is left, of older versions and of newer ones; of several it says `(1 of 5)`. Many
 * a job has no time limit, and in emulation it may take its time.
 */
const onlyJob =
    /^\[[ *]+\] (?:A start job is running for|Job) (.+?)(?:\/start running)? \(((?:\d+\w+ ?)+) \/ no limit\)/;
const kernelLine = /^\[\s*\d+\.\d+\] /;
/** Seconds after which such a one counts as stuck, where nothing else is left to do. */
const patience = 180;
/** Without it nothing of Proxmox starts, though the machine is up. */
const vital = /^Failed to start pve-cluster\.service/;

export function progressOf(said: string): Progress {
    const text = plain(said);
    const multiUser = /Reached target (?:multi-user\.target|Multi-User System)/.test(text);
    const failed = readConsoleFailures(text).map(({ message }) => message);
    return { multiUser, failed, ...stuckAt(text, failed) };
}

function stuckAt(text: string, failed: readonly string[]): { stuck?: string } {
    if (/Kernel panic/.test(text)) return { stuck: "the kernel panicked" };
    const missing = /ALERT!\s+(.*?) does not exist/.exec(text)?.[1];
    if (missing !== undefined) return { stuck: `the initramfs does not find ${missing}, the root file system` };
    if (/\(initramfs\)/.test(text)) return { stuck: "the initramfs ended in a shell" };
    if (hasGivenUp(text)) return { stuck: "emergency mode" };
    const alone = aloneFor(text);
    if (alone && alone.seconds >= patience)
        return { stuck: `${alone.unit} is starting without a time limit, and all else waits for it` };
    // Emergency mode is on its way then; what systemd starts in the meantime may fail before that is said.
    if (/Dependency failed for (?:local-fs\.target|Local File Systems)/.test(text)) return {};
    const lost = failed.find((message) => vital.test(message));
    return lost === undefined ? {} : { stuck: `${lost.split(" - ")[0]!}: nothing of Proxmox starts` };
}

/**
 * The job that is waited for at the end, and since when it has been the only one. systemd counts from the boot's begin,
 * when all jobs were made: so the difference counts.
 */
function aloneFor(text: string): { unit: string; seconds: number } | undefined {
    const lines = text.split("\n").filter((line) => line.trim() !== "" && !kernelLine.test(line));
    const last = onlyJob.exec(lines.at(-1) ?? "");
    if (!last) return undefined;
    let since = last;
    for (let index = lines.length - 2; index >= 0; index--) {
        const before = onlyJob.exec(lines[index]!);
        if (before?.[1] !== last[1]) break;
        since = before!;
    }
    return { unit: last[1]!.trim(), seconds: seconds(last[2]!) - seconds(since[2]!) };
}

/** `2min 3s` */
function seconds(text: string): number {
    const unit: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };
    return [...text.matchAll(/(\d+)([a-z]+)/g)].reduce(
        (sum, [, count, name]) => sum + Number(count) * (unit[name!] ?? 0),
        0,
    );
}

/** Without what steers a terminal; a line that was written over counts as lines. */
export function plain(said: string): string {
    return said.replace(/\x1b\[[\d;?]*[A-Za-z]/g, "").replace(/\r+\n?/g, "\n");
}

/** What was said last, without empty lines and without the kernel's own chatter. */
export function lastLines(said: string, count = 12): string[] {
    const lines = plain(said)
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !kernelLine.test(line));
    // A job that is waited for is told again and again: its last word is enough.
    const isWaiting = (line: string | undefined) => /^\[[ *]+\] /.test(line ?? "");
    return lines.filter((line, index) => !(isWaiting(line) && isWaiting(lines[index + 1]))).slice(-count);
}

/** The lettered disks in the order of the letters that the kernel gave them; what it has not found is not there. */
export function foundLetters(
    said: string,
    disks: readonly Pick<DiskPlan, "size" | "disk">[],
    spareSize: number,
): string[] {
    const found = new Map<string, string>();
    for (const [, letter, blocks] of plain(said).matchAll(/\[(sd[a-z]+)\] (\d+) 512-byte logical blocks/g)) {
        const size = Number(blocks) * 512;
        const name = size === spareSize ? "spare" : disks.find((each) => each.size === size)?.disk.name;
        if (name !== undefined) found.set(letter!, name);
    }
    return [...found].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)).map(([, name]) => name);
}

/**
 * Those that stand at another place than in the case. One that was not found is not misplaced: it may be what the boot
 * sticks at. On AHCI the kernel looks at all ports at once, so the root and a further disk may change places.
 */
export function misplacedLetters(
    named: readonly string[],
    wanted: readonly string[],
    found: readonly string[],
): readonly string[] {
    return named.filter((name) => found.includes(name) && found.indexOf(name) !== wanted.indexOf(name));
}
