/** From the engine's property paths to lines that a person reads. */
import { countLines, lineDiff } from "../../model/lineDiff";
import { parseReference } from "../../model/ownProgram";
import type { Change } from "./report";

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
    const [, section = path, quoted, plain, key] = /^(\w+)(?:\["((?:[^"\\]|\\.)*)"\]|\.([^.[]+))?(?:[.[]"?(\w+).*)?$/.exec(path) ?? [];
    return { section, name: quoted ?? plain ?? "", key };
}

function describe(section: string, name: string, keys: readonly string[], expected: Values, actual: Values): Part {
    const [wanted, found] = [entryOf(expected, section, name), entryOf(actual, section, name)];
    switch (section) {
        case "files":
            return { kind: "file", subject: name, ...describeFile(keys, wanted, found) };
        case "units":
            return { kind: "unit", subject: name, summary: keys.map((key) => unitWords(key, wanted[key], found[key])).join("; ") || "is not there" };
        case "facts":
            return { kind: "fact", subject: name, summary: `${word(found["value"])}, expected ${word(wanted["value"])}` };
        case "packages": {
            const missing = listOf(expected["packages"]).filter((each) => !listOf(actual["packages"]).includes(each));
            return { kind: "package", subject: missing.join(", "), summary: "not installed" };
        }
        case "host":
            return { kind: "connection", subject: name, summary: `${word(entryOf(actual, "host", "")[name])} at the last up, now ${word(entryOf(expected, "host", "")[name])}` };
        default:
            return { kind: "resource", subject: [section, name].filter(Boolean).join("."), summary: "differs" };
    }
}

function describeFile(keys: readonly string[], wanted: Values, found: Values): Pick<Part, "summary" | "diff"> {
    if (found["instead"] !== undefined) return { summary: `is a ${word(found["instead"])}, expected a plain file` };
    if (found["absent"] === true) return { summary: "is absent" };
    if (wanted["absent"] === true) return { summary: "is there, expected absent" };
    const parts = keys.filter((key) => key !== "content").map((key) => `${key} ${word(found[key])}, expected ${word(wanted[key])}`);
    if (!keys.includes("content")) return { summary: parts.join("; ") || "differs" };
    const [expected, actual] = [wanted["content"], found["content"]];
    if (typeof expected !== "string" || typeof actual !== "string" || expected === actual) return { summary: ["content differs (not shown: secret or no text)", ...parts].join("; ") };
    // Only where a program is expected: what stands on a node may look like anything.
    const program = parseReference(expected) && parseReference(actual);
    if (program && program.edit === undefined) return { summary: [program.instead === undefined ? "is another version of Holdfast's own program" : "is another text altogether", ...parts].join("; ") };
    const { diff, added, removed } = program?.edit === undefined ? lineDiff(expected, actual) : { diff: program.edit, ...countLines(program.edit) };
    return { summary: [`${lines(added, "line")} added, ${removed} removed`, ...parts].join("; "), diff };
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
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : value === undefined ? "nothing" : JSON.stringify(value);
}
