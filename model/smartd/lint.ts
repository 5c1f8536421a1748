/** What smartd would refuse, and what it accepts although it then watches less than the file seems to say. */
import { finding, type Finding } from "../lint/finding";
import { findDevice, isDeviceName } from "../fstab/source";
import type { LintContext, NodeFacts } from "../lint/lintContext";
import { lintText, splitLines, strayLine } from "../lint/text";
import { directives } from "./directives";
import { parseSmartd, type SmartdDirective, type SmartdEntry, type SmartdWord } from "./parse";

export function lintSmartd(content: string, { facts }: LintContext = {}): Finding[] {
    const strays = lintStrayLines(content);
    const strayLines = new Set(strays.map(({ line }) => line));
    const entries = parseSmartd(content).filter(({ device }) => !strayLines.has(device.line));
    const scan = entries.findIndex(({ device }) => device.text === "DEVICESCAN");
    const read = scan === -1 ? entries : entries.slice(0, scan + 1);
    const effective = withDefaults(read);
    return [
        ...lintText(content, { strict: true }),
        ...strays,
        ...lintLengths(content),
        ...read.flatMap((entry) => lintEntry(entry, facts)),
        ...effective.flatMap((entry) => [...lintMail(entry), ...lintRemovable(entry)]),
        ...lintOrder(entries),
        ...lintRepeated(effective),
    ];
}

/**
 * DEFAULT's directives hold for the lines that follow, until the next DEFAULT. A line's own `-d TYPE` replaces
 * DEFAULT's.
 */
function withDefaults(entries: readonly SmartdEntry[]): SmartdEntry[] {
    let defaults: readonly SmartdDirective[] = [];
    return entries.map((entry) => {
        if (entry.device.text === "DEFAULT") {
            defaults = entry.directives;
            return entry;
        }
        const inherited = entry.directives.some(isKind) ? defaults.filter((directive) => !isKind(directive)) : defaults;
        return { ...entry, directives: [...inherited, ...entry.directives] };
    });
}

/** `-d removable` and its like say nothing about the kind of disk. */
function isKind({ name, values }: SmartdDirective): boolean {
    return name.text === "-d" && !["auto", "removable", "ignore", "by-id", undefined].includes(values[0]?.text);
}

function lintStrayLines(content: string): Finding[] {
    return splitLines(content).flatMap(({ text }, index) => {
        const what = strayLine(text);
        return what
            ? [
                  finding(
                      "stray-line",
                      "error",
                      { line: index + 1, column: 1 },
                      `This is ${what}, not configuration. Delete the line.`,
                  ),
              ]
            : [];
    });
}

/**
 * smartd's own (MAXLINELEN, MAXCONTLINE), tried with 7.4: the line with its newline, and what is continued with all of
 * them.
 */
const mostInLine = 256;
const mostContinued = 1023;

/** smartd refuses the whole file, for a comment too. */
function lintLengths(content: string): Finding[] {
    let total = 0;
    let first = 1;
    return splitLines(content).flatMap(({ text, ending }, index) => {
        const length = text.length + (ending === "" ? 0 : 1);
        const [code = ""] = text.split("#", 1);
        total += code.length === text.length ? length : code.length;
        const [sum, start] = [total, first];
        if (!/\\[ \t\r]*$/.test(code)) [total, first] = [0, index + 2];
        const place = { line: index + 1, column: 1 };
        if (length > mostInLine)
            return [
                finding(
                    "line-limit",
                    "error",
                    place,
                    `This line has ${text.length} characters; smartd takes ${mostInLine - 1}, in comments too, and else refuses the file. Break it with a backslash at the end of each part, a comment into several.`,
                ),
            ];
        if (sum <= mostContinued || total !== 0) return [];
        return [
            finding(
                "line-limit",
                "error",
                { line: start, column: 1 },
                `With what continues it this line has ${sum} characters, its backslashes and newlines among them; smartd takes ${mostContinued}, and else refuses the file. Move directives into a DEFAULT line before it.`,
            ),
        ];
    });
}

function lintEntry(entry: SmartdEntry, facts: NodeFacts | undefined): Finding[] {
    return [
        ...lintDevice(entry.device, facts),
        ...entry.stray.map((word) =>
            finding(
                "not-a-directive",
                "error",
                word,
                `'${word.text}' stands where a directive should: smartd refuses the file. Directives are -a, -d TYPE and so on.`,
            ),
        ),
        ...entry.directives.flatMap(lintDirective),
        ...lintTypes(entry),
    ];
}

function lintDevice(device: SmartdWord, facts: NodeFacts | undefined): Finding[] {
    const { text } = device;
    if (text === "DEVICESCAN" || text === "DEFAULT") return [];
    if (text.startsWith("-"))
        return [
            finding(
                "not-a-device",
                "error",
                device,
                `'${text}' stands where a line's device belongs, and smartd does not start. Directives follow their device; a line is continued by a backslash at its end, and neither a comment nor an empty line may come in between.`,
            ),
        ];
    if (!text.startsWith("/"))
        return [
            finding(
                "not-a-device",
                "error",
                device,
                `'${text}' is no device: expected /dev/disk/by-id/…, DEVICESCAN or DEFAULT.`,
            ),
        ];
    return [
        ...(isDeviceName(text)
            ? [
                  finding(
                      "device-name",
                      "warning",
                      device,
                      `${text} may be another disk after the next boot. Name it by /dev/disk/by-id/….`,
                  ),
              ]
            : []),
        ...lintPresence(device, facts),
    ];
}

function lintRemovable({ device, directives: given }: SmartdEntry): Finding[] {
    const types = given.filter(({ name }) => name.text === "-d").map(({ values }) => values[0]?.text);
    if (!/^(?:\/|DEVICESCAN$)/.test(device.text) || types.some((type) => type === "removable" || type === "ignore"))
        return [];
    return [
        finding(
            "missing-removable",
            "warning",
            device,
            "Without -d removable one dead disk keeps smartd from starting, and then no disk is watched. Add it.",
        ),
    ];
}

/** RAID controllers' own nodes (/dev/bus/0, /dev/twa0) are no block devices. */
function lintPresence(device: SmartdWord, facts: NodeFacts | undefined): Finding[] {
    if (!device.text.startsWith("/dev/disk/")) return [];
    if (!facts)
        return [
            finding("absent-disk", "not checked", device, `Whether the node has ${device.text} is not known here.`),
        ];
    const isThere = findDevice(device.text, facts) !== undefined;
    return isThere
        ? []
        : [
              finding(
                  "absent-disk",
                  "error",
                  device,
                  `The node has no ${device.text}. \`ls /dev/disk/by-id\` lists its disks.`,
              ),
          ];
}

function lintDirective({ name, values }: SmartdDirective): Finding[] {
    if (!directives.has(name.text))
        return [
            finding(
                "unknown-directive",
                "error",
                name,
                `smartd knows no directive ${name.text}, and refuses the file. \`smartd -D\` lists them.`,
            ),
        ];
    const value = directives.get(name.text);
    if (!value) return [];
    const [first, second] = values;
    if (!first) return [finding("missing-value", "error", name, `${name.text} needs a value: ${value.expected}.`)];
    if (!value.pattern.test(first.text))
        return [
            finding(
                "bad-value",
                "error",
                first,
                `'${first.text}' is no value of ${name.text}: expected ${value.expected}.`,
            ),
        ];
    if (name.text === "-M" && first.text === "exec" && !second)
        return [finding("missing-value", "error", first, "-M exec needs the absolute path of a program.")];
    if (name.text === "-M" && first.text === "exec" && !second?.text.startsWith("/"))
        return [
            finding(
                "relative-program",
                "warning",
                second ?? first,
                "-M exec is documented for absolute paths only. Write the program's whole path.",
            ),
        ];
    if (name.text === "-M" && first.text === "test")
        return [
            finding(
                "test-mail",
                "warning",
                first,
                "-M test sends a mail for every disk at each start of smartd. Take it out after the test.",
            ),
        ];
    if (name.text === "-s" && !isRegularExpression(first.text))
        return [finding("bad-value", "error", first, `'${first.text}' is no regular expression.`)];
    return [];
}

function isRegularExpression(text: string): boolean {
    try {
        // POSIX lets quantifiers follow one another.
        return Boolean(new RegExp(text.replace(/([*+?}])(?:[*+?]|\{\d+(?:,\d*)?\})+/g, "$1")));
    } catch {
        return false;
    }
}

/** smartd wants both on a disk's line, of its own or from DEFAULT; on DEFAULT itself it does not look. */
function lintMail({ device, directives: given }: SmartdEntry): Finding[] {
    if (device.text === "DEFAULT") return [];
    const behaviour = given.find(({ name }) => name.text === "-M");
    const mail = given.filter(({ name }) => name.text === "-m").at(-1);
    if (behaviour && !mail)
        return [
            finding(
                "exec-without-mail",
                "error",
                onLineOf(device, behaviour),
                "-M needs -m, on the same line or on DEFAULT's before it: smartd refuses the file. Add -m ADDRESS.",
            ),
        ];
    const hasProgram = given.some(({ name, values }) => name.text === "-M" && values[0]?.text === "exec");
    if (mail?.values[0]?.text !== "<nomailer>" || hasProgram) return [];
    return [
        finding(
            "nomailer-without-exec",
            "error",
            onLineOf(device, mail),
            "-m <nomailer> needs -M exec PATH: smartd refuses the file. Add it, or write an address.",
        ),
    ];
}

/** A finding about what DEFAULT brings belongs to the line that it breaks. */
function onLineOf(device: SmartdWord, { name }: SmartdDirective): SmartdWord {
    return name.line < device.line ? device : name;
}

/** smartd takes one kind of disk for each line; `auto` is none. DEVICESCAN may look for several. */
function lintTypes({ device, directives: given }: SmartdEntry): Finding[] {
    const kinds = given.filter(isKind);
    const second = kinds[1]?.values[0];
    if (device.text === "DEVICESCAN" || !second) return [];
    return [
        finding(
            "several-types",
            "error",
            second,
            "A second device type on one line: smartd refuses the file. Keep one -d TYPE besides -d removable.",
        ),
    ];
}

function lintOrder(entries: readonly SmartdEntry[]): Finding[] {
    const scan = entries.findIndex(({ device }) => device.text === "DEVICESCAN");
    if (scan === -1) return [];
    return entries
        .slice(scan + 1)
        .map(({ device }) =>
            finding(
                "after-devicescan",
                "error",
                device,
                "smartd reads nothing after DEVICESCAN. Put this line before it.",
            ),
        );
}

/** One path with several types is right: the members behind one RAID controller. */
function lintRepeated(entries: readonly SmartdEntry[]): Finding[] {
    const seen = new Set<string>();
    return entries.flatMap(({ device, directives: given }) => {
        const types = given
            .filter(({ name }) => name.text === "-d")
            .flatMap(({ values }) => values.map(({ text }) => text));
        const key = [device.text, ...types.sort()].join(" ");
        const isRepeated = device.text.startsWith("/") && seen.has(key);
        seen.add(key);
        return isRepeated
            ? [
                  finding(
                      "duplicate-disk",
                      "error",
                      device,
                      "This disk is listed twice: its self-tests and mails would come twice. Delete one line.",
                  ),
              ]
            : [];
    });
}
