/** The changelog between two versions. */
import { changesBetween, parseChangelog, reasonsFor, type Section } from "../../model/changelog";
import { readPackageFile, version } from "../packageFile";
import { codeWord } from "../comment";
import { ofStack, runPulumi } from "../pulumi";

/** @throws Error where no version is named and no stack can be asked */
export async function changes({ stack, from }: { readonly stack?: string; readonly from?: string }): Promise<string> {
    if (from !== undefined && !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(from))
        throw new Error(`--from ${from}: expected a version such as ${version}`);
    return renderChanges(from ?? (await lastVersion(stack)), version, readPackageFile("CHANGELOG.md"));
}

/** Of the last `up`, an output of the stack; undefined where it was made by one that said nothing of itself. */
async function lastVersion(stack: string | undefined): Promise<string | undefined> {
    const { exitCode, stdout, stderr } = await runPulumi(["stack", "output", "--json", ...ofStack(stack)]);
    if (exitCode !== 0) throw new Error(`${stderr.trim()}\nName the version instead: --from VERSION`);
    const { holdfast } = JSON.parse(stdout) as { holdfast?: unknown };
    return typeof holdfast === "string" ? holdfast : undefined;
}

export function renderChanges(from: string | undefined, to: string, changelog: string): string {
    const sections = changesBetween(parseChangelog(changelog), from, to);
    const head = from === undefined ? `Up to ${to}:\n` : `From ${from} to ${to}:\n`;
    if (sections.length === 0) return `${head}  nothing that the changelog names\n`;
    return head + sections.map(renderSection).join("");
}

function renderSection({ version: of, changes: all }: Section): string {
    const onNodes = all.filter(({ paths }) => paths.length > 0);
    const others = all.filter(({ paths }) => paths.length === 0);
    return [
        `\n${of}\n`,
        ...(onNodes.length > 0 ? ["  On the nodes:\n"] : []),
        ...onNodes.map(({ paths, text }) => `    ${paths.join(", ")}: ${text}\n`),
        ...others.map(({ text }) => `  - ${text}\n`),
    ].join("");
}

/** A file that a preview changes, and the changelog's sentences on it. */
export interface Reason {
    readonly path: string;
    readonly texts: readonly string[];
}

export interface Upgrade {
    readonly from: string;
    readonly to: string;
    readonly reasons: readonly Reason[];
}

/**
 * The upgrade that a preview is the first of, read from the engine's own words: the stack's output `holdfast`, and the
 * files that change. Undefined where the version stays.
 * @param output of `pulumi preview --diff`
 */
export function upgradeIn(output: string, changelog: string): Upgrade | undefined {
    const [, from, to] = /^ +~ holdfast *: "([^"\s]+)" => "([^"\s]+)"$/m.exec(output) ?? [];
    if (from === undefined || to === undefined) return undefined;
    const sections = changesBetween(parseChangelog(changelog), from, to);
    const paths = new Set([...output.matchAll(/^ +[~+-] "?(\/[^"\s:]+)"? *: /gm)].map(([, path = ""]) => path));
    return { from, to, reasons: [...paths].sort().map((path) => ({ path, texts: reasonsFor(path, sections) })) };
}

/** In the words of a comment and of a terminal alike. */
export function renderUpgrade({ from, to, reasons }: Upgrade): string {
    const told = reasons.map(
        ({ path, texts }) =>
            `- ${codeWord(path)}: ${texts.length > 0 ? texts.join(" ") : "the changelog does not name it, so it is a change of yours"}\n`,
    );
    const head = `Holdfast goes from ${from} to ${to} (\`npx holdfast changes\` says what else is new).`;
    return told.length === 0
        ? `${head} Nothing changes on the nodes.\n`
        : `${head} What changes on the nodes, and why:\n\n${told.join("")}`;
}
