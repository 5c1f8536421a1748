/** What smartd would refuse, and what it accepts although it then watches less than the file seems to say. */
import type { Finding, Severity } from "../finding";
import { isDeviceName } from "../fstab/source";
import type { LintContext, NodeFacts } from "../lintContext";
import { lintText, splitLines, strayLine } from "../text";
import { directives } from "./directives";
import { parseSmartd, type SmartdDirective, type SmartdEntry, type SmartdWord } from "./parse";

export function lintSmartd(content: string, { facts }: LintContext = {}): Finding[] {
    const strays = lintStrayLines(content);
    const strayLines = new Set(strays.map(({ line }) => line));
    const entries = parseSmartd(content).filter(({ device }) => !strayLines.has(device.line));
    return [...lintText(content, { strict: true }), ...strays, ...entries.flatMap((entry) => lintEntry(entry, facts)), ...lintOrder(entries), ...lintRepeated(entries)];
}

function finding(at: SmartdWord, rule: string, severity: Severity, message: string): Finding {
    return { rule, severity, message, line: at.line, column: at.column };
}

function lintStrayLines(content: string): Finding[] {
    return splitLines(content).flatMap(({ text }, index) => {
        const what = strayLine(text);
        return what ? [{ rule: "stray-line", severity: "error", message: `This is ${what}, not configuration. Delete the line.`, line: index + 1, column: 1 } satisfies Finding] : [];
    });
}

function lintEntry(entry: SmartdEntry, facts: NodeFacts | undefined): Finding[] {
    return [
        ...lintDevice(entry, facts),
        ...entry.stray.map((word) => finding(word, "not-a-directive", "error", `'${word.text}' stands where a directive should: smartd refuses the file. Directives are -a, -d TYPE and so on.`)),
        ...entry.directives.flatMap(lintDirective),
        ...lintMail(entry),
    ];
}

function lintDevice({ device, directives: given }: SmartdEntry, facts: NodeFacts | undefined): Finding[] {
    const { text } = device;
    if (text === "DEVICESCAN" || text === "DEFAULT") return text === "DEFAULT" ? [] : lintRemovable(device, given);
    if (!text.startsWith("/")) return [finding(device, "not-a-device", "error", `'${text}' is no device: expected /dev/disk/by-id/…, DEVICESCAN or DEFAULT.`)];
    return [
        ...(isDeviceName(text) ? [finding(device, "device-name", "warning", `${text} may be another disk after the next boot. Name it by /dev/disk/by-id/….`)] : []),
        ...lintRemovable(device, given),
        ...lintPresence(device, facts),
    ];
}

function lintRemovable(device: SmartdWord, given: readonly SmartdDirective[]): Finding[] {
    const types = given.filter(({ name }) => name.text === "-d").map(({ values }) => values[0]?.text);
    if (types.some((type) => type === "removable" || type === "ignore")) return [];
    return [finding(device, "missing-removable", "warning", "Without -d removable one dead disk keeps smartd from starting, and then no disk is watched. Add it.")];
}

/** RAID controllers' own nodes (/dev/bus/0, /dev/twa0) are no block devices. */
function lintPresence(device: SmartdWord, facts: NodeFacts | undefined): Finding[] {
    if (!device.text.startsWith("/dev/disk/")) return [];
    if (!facts) return [finding(device, "absent-disk", "not checked", `Whether the node has ${device.text} is not known here.`)];
    const isThere = facts.blockDevices.some(({ links }) => links.includes(device.text));
    return isThere ? [] : [finding(device, "absent-disk", "error", `The node has no ${device.text}. \`ls /dev/disk/by-id\` lists its disks.`)];
}

function lintDirective({ name, values }: SmartdDirective): Finding[] {
    if (!directives.has(name.text)) return [finding(name, "unknown-directive", "error", `smartd knows no directive ${name.text}, and refuses the file. \`smartd -D\` lists them.`)];
    const value = directives.get(name.text);
    if (!value) return [];
    const [first, second] = values;
    if (!first) return [finding(name, "missing-value", "error", `${name.text} needs a value: ${value.expected}.`)];
    if (!value.pattern.test(first.text)) return [finding(first, "bad-value", "error", `'${first.text}' is no value of ${name.text}: expected ${value.expected}.`)];
    if (name.text === "-M" && first.text === "exec" && !second?.text.startsWith("/")) return [finding(first, "missing-value", "error", "-M exec needs the absolute path of a program.")];
    if (name.text === "-M" && first.text === "test") return [finding(first, "test-mail", "warning", "-M test sends a mail for every disk at each start of smartd. Take it out after the test.")];
    if (name.text === "-s" && !isRegularExpression(first.text)) return [finding(first, "bad-value", "error", `'${first.text}' is no regular expression.`)];
    return [];
}

function isRegularExpression(text: string): boolean {
    try {
        return Boolean(new RegExp(text));
    } catch {
        return false;
    }
}

/** smartd.conf(5): -M may only be used together with -m. DEFAULT may bring the other half. */
function lintMail({ device, directives: given }: SmartdEntry): Finding[] {
    const behaviour = given.find(({ name }) => name.text === "-M");
    if (!behaviour || device.text === "DEFAULT" || given.some(({ name }) => name.text === "-m")) return [];
    return [finding(behaviour.name, "exec-without-mail", "error", "-M needs -m on the same line: smartd refuses the file.")];
}

function lintOrder(entries: readonly SmartdEntry[]): Finding[] {
    const scan = entries.findIndex(({ device }) => device.text === "DEVICESCAN");
    if (scan === -1) return [];
    return entries.slice(scan + 1).map(({ device }) => finding(device, "after-devicescan", "error", "smartd reads nothing after DEVICESCAN. Put this line before it."));
}

/** One path with several types is right: the members behind one RAID controller. */
function lintRepeated(entries: readonly SmartdEntry[]): Finding[] {
    const seen = new Set<string>();
    return entries.flatMap(({ device, directives: given }) => {
        const types = given.filter(({ name }) => name.text === "-d").flatMap(({ values }) => values.map(({ text }) => text));
        const key = [device.text, ...types.sort()].join(" ");
        const isRepeated = device.text.startsWith("/") && seen.has(key);
        seen.add(key);
        return isRepeated ? [finding(device, "duplicate-disk", "error", "This disk is listed twice: its self-tests and mails would come twice. Delete one line.")] : [];
    });
}
