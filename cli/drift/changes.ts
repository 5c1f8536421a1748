/** From the engine's property paths to lines that a person reads. */
import { countLines, lineDiff } from "../../model/contract/lineDiff";
import { parseReference, textOf, type ProgramReference } from "../../model/contract/ownProgram";
import type { Change } from "./report";

/** Seconds for finding what a file's lines have in common. */
const PATIENCE = 3;

type Values = Readonly<Record<string, unknown>>;
type Part = Pick<Change, "kind" | "subject" | "summary" | "diff">;

/**
 * `files["/etc/hosts"].content` and its like, the differences of one FileSet.
 * @param expected the FileSet's inputs
 * @param actual its outputs, as observed
 */
export function changesOf(paths: readonly string[], expected: Values, actual: Values): Part[] {
    const subjects = new Map<string, { section: string; name: string; keys: string[] }>();
    for (const path of paths) {
        const { section, name, key } = split(path);
        const known = subjects.get(`${section} ${name}`) ?? { section, name, keys: [] };
        if (key !== undefined) known.keys.push(key);
        subjects.set(`${section} ${name}`, known);
    }
    return [...subjects.values()].map(({ section, name, keys }) => describe(section, name, keys, expected, actual));
}

function split(path: string): { section: string; name: string; key?: string } {
    const [, section = path, quoted, plain, key] =
        /^(\w+)(?:\["((?:[^"\\]|\\.)*)"\]|\.([^.[]+))?(?:[.[]"?(\w+).*)?$/.exec(path) ?? [];
    return { section, name: quoted ?? plain ?? "", key };
}

function describe(section: string, name: string, keys: readonly string[], expected: Values, actual: Values): Part {
    const [wanted, found] = [entryOf(expected, section, name), entryOf(actual, section, name)];
    switch (section) {
        case "files":
            return { kind: "file", subject: name, ...describeFile(keys, wanted, found) };
        case "units":
            return {
                kind: "unit",
                subject: name,
                summary: keys.map((key) => unitWords(key, wanted[key], found[key])).join("; ") || "is not there",
            };
        case "facts":
            return {
                kind: "fact",
                subject: name,
                summary: `${word(found["value"])}, expected ${word(wanted["value"])}`,
            };
        case "packages": {
            const missing = listOf(expected["packages"]).filter((each) => !listOf(actual["packages"]).includes(each));
            return { kind: "package", subject: missing.join(", "), summary: "not installed" };
        }
        case "host":
            return {
                kind: "connection",
                subject: name,
                summary: `${word(entryOf(actual, "host", "")[name])} at the last up, now ${word(entryOf(expected, "host", "")[name])}`,
            };
        default:
            return { kind: "resource", subject: [section, name].filter(Boolean).join("."), summary: "differs" };
    }
}

function describeFile(keys: readonly string[], wanted: Values, found: Values): Pick<Part, "summary" | "diff"> {
    if (found["instead"] !== undefined) return { summary: `is a ${word(found["instead"])}, expected a plain file` };
    if (found["absent"] === true) return { summary: "is absent" };
    if (wanted["absent"] === true) return { summary: "is there, expected absent" };
    const parts = keys
        .filter((key) => key !== "content")
        .map((key) => `${key} ${word(found[key])}, expected ${word(wanted[key])}`);
    if (!keys.includes("content")) return { summary: parts.join("; ") || "differs" };
    const [expected, actual] = [wanted["content"], found["content"]];
    if (typeof expected !== "string" || typeof actual !== "string" || expected === actual)
        return { summary: ["content differs (not shown: secret or no text)", ...parts].join("; ") };
    const { words, diff } = describeText(expected, actual);
    return { summary: [words, ...parts].join("; "), ...(diff !== undefined && { diff }) };
}

function describeText(expected: string, actual: string): { words: string; diff?: string } {
    const [program, found] = [parseReference(expected), parseReference(actual)];
    // What stands on a node may look like anything; that it is a reference, what is expected there tells.
    if (program && found) return describeProgram(program, found);
    if (found && expected.startsWith("#!")) return fromFullText(expected, actual);
    return inWords(lineDiff(expected, actual, { seconds: PATIENCE })?.diff);
}

/** Earlier versions of Holdfast kept the text itself in state. */
function fromFullText(expected: string, actual: string): { words: string; diff?: string } {
    const text = textOf(actual, expected);
    if (text === undefined || text === expected) return { words: "differs from what an earlier Holdfast wrote" };
    return inWords(lineDiff(expected, text, { seconds: PATIENCE })?.diff);
}

function describeProgram(expected: ProgramReference, actual: ProgramReference): { words: string; diff?: string } {
    const isPlain = expected.edit === undefined && expected.instead === undefined;
    if (!isPlain) return { words: "is no longer what was last seen of it" };
    if (expected.sha256 !== actual.sha256)
        return {
            words:
                actual.edit || actual.instead !== undefined
                    ? "is no version of Holdfast's own program that is known here"
                    : "is another version of Holdfast's own program",
        };
    return inWords(actual.edit?.hunks);
}

/** `diff`: undefined where too much differs. */
function inWords(diff: string | undefined): { words: string; diff?: string } {
    if (diff === undefined) return { words: "is another text altogether" };
    const { added, removed } = countLines(diff);
    return { words: `${lines(added, "line")} added, ${removed} removed`, diff };
}

function lines(count: number, noun: string): string {
    return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function unitWords(key: string, wanted: unknown, found: unknown): string {
    const words = key === "active" ? ["running", "stopped"] : ["enabled", "disabled"];
    const say = (value: unknown) => (value === true ? words[0] : value === false ? words[1] : word(value));
    return `${say(found)}, expected ${say(wanted)}`;
}

function entryOf(values: Values, section: string, name: string): Values {
    const holder = values[section] as Values | undefined;
    const entry = name === "" || section === "host" ? holder : (holder?.[name] as Values | undefined);
    return typeof entry === "object" ? entry : {};
}

function listOf(value: unknown): string[] {
    return Array.isArray(value) ? value.map(String) : [];
}

function word(value: unknown): string {
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? String(value)
        : value === undefined
          ? "nothing"
          : JSON.stringify(value);
}
