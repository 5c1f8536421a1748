/** The lints of the preview on files, and the three ways to print what they find. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { lintKinds, type LintOptions } from "./options";
import { isStackFile, lintStack } from "./stack";
import { formatFinding, hasErrors, type Finding } from "../../model/lint/finding";
import { formatOfPath, guessFormat, lintContent, type FormatName } from "../../model/lint/formats";
import { showControls } from "../../model/lint/controls";
import { readProjectFile } from "../../projectFile";

export interface LintResult {
    /** 0 clean, warnings allowed; 1 an error was found; 2 bad usage or an unreadable file, which wins over 1. */
    readonly exitCode: 0 | 1 | 2;
    readonly stdout: string;
    readonly stderr: string;
}

interface FileFinding extends Finding {
    readonly file: string;
}

interface Output {
    readonly stdout: string;
    readonly stderr: string;
}

type Kind = (typeof lintKinds)[number];
type NodeKind = Exclude<Kind, "stack">;

const formats: ReadonlyMap<string, (findings: readonly FileFinding[]) => Output> = new Map([
    ["text", textOutput],
    ["json", jsonOutput],
    ["github", githubOutput],
]);

/** Reads and checks the files; a file that cannot be read does not keep the others from being checked. */
export async function lintFiles(
    files: readonly string[],
    options: LintOptions = {},
    read: (file: string) => Promise<string> = readInput,
): Promise<LintResult> {
    const { kind, format: outputFormat = "text" } = options;
    const write = formats.get(outputFormat);
    if (!write) return badUsage(`unknown format '${outputFormat}'; use one of: ${[...formats.keys()].join(", ")}`);
    if (kind !== undefined && !isKind(kind))
        return badUsage(`unknown kind '${kind}'; use one of: ${lintKinds.join(", ")}`);
    if (files.length === 0)
        return badUsage("no file given; usage: holdfast lint [--kind KIND] [--format FORMAT] FILE…");

    const findings: FileFinding[] = [];
    const problems: string[] = [];
    for (const path of files) {
        const file = path === "-" ? "<stdin>" : path;
        const content = await read(path).catch((cause: unknown) => {
            problems.push(`${file}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
        });
        if (content === undefined) continue;
        if (kind === "stack" || (kind === undefined && isStackFile(path))) {
            const root = resolve(path === "-" ? "." : dirname(path)); // the folder of Pulumi.yaml
            for (const finding of lintStack(content, (named) => readProjectFile(root, named)))
                findings.push({ ...finding, file });
            continue;
        }
        const format = formatOf(path, content, kind);
        if (format === "text")
            problems.push(
                `${file}: neither its name nor its content tells the grammar, so only the rules for any text were run; give --kind`,
            );
        for (const finding of lintContent(format, content)) findings.push({ ...finding, file });
    }
    const { stdout, stderr } = write(findings);
    return {
        exitCode: problems.length > 0 ? 2 : hasErrors(findings) ? 1 : 0,
        stdout,
        stderr: stderr + lines(problems.map((problem) => `holdfast lint: ${problem}`)),
    };
}

function badUsage(message: string): LintResult {
    return { exitCode: 2, stdout: "", stderr: `holdfast lint: ${message}\n` };
}

/** A file of interfaces.d stays a fragment when it is given as `--kind interfaces`. */
function formatOf(path: string, content: string, kind: NodeKind | undefined): FormatName {
    if (kind === undefined) return guessFormat(path, content);
    if (kind === "interfaces" && formatOfPath(path) === "interfaces.d") return "interfaces.d";
    return kind;
}

function isKind(kind: string): kind is Kind {
    return lintKinds.some((known) => known === kind);
}

function readInput(path: string): Promise<string> {
    return path === "-" ? text(process.stdin) : readFile(path, "utf8");
}

/** What could not be checked goes to stderr: nobody can act on it in a pre-commit hook. */
function textOutput(findings: readonly FileFinding[]): Output {
    const [unchecked, found] = [findings.filter(isUnchecked), findings.filter((finding) => !isUnchecked(finding))];
    const toLine = (finding: FileFinding) => formatFinding(finding.file, finding);
    return { stdout: lines(found.map(toLine)), stderr: lines(unchecked.map(toLine)) };
}

/** An array of `{file, line, column, severity, rule, message}`. */
function jsonOutput(findings: readonly FileFinding[]): Output {
    const ordered = findings.map(({ file, line, column, severity, rule, message }) => ({
        file,
        line,
        column,
        severity,
        rule,
        message,
    }));
    return { stdout: `${JSON.stringify(ordered, undefined, 2)}\n`, stderr: "" };
}

function githubOutput(findings: readonly FileFinding[]): Output {
    const commands = findings.map(({ file, line, column, severity, rule, message }) => {
        const command = severity === "not checked" ? "notice" : severity;
        return `::${command} file=${escapeProperty(file)},line=${line},col=${column},title=${escapeProperty(rule)}::${escapeData(message)}`;
    });
    return { stdout: lines(commands), stderr: "" };
}

/** As @actions/core escapes them: a message ends at a newline, a property also at a colon or comma. */
function escapeData(value: string): string {
    return showControls(value).replaceAll("%", "%25").replaceAll("\n", "%0A");
}

function escapeProperty(value: string): string {
    return escapeData(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function isUnchecked({ severity }: Finding): boolean {
    return severity === "not checked";
}

function lines(texts: readonly string[]): string {
    return texts.map((line) => `${line}\n`).join("");
}
