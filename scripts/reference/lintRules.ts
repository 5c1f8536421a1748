/**
 * Every lint rule, read from the sources: where a finding is made, its rule, severity and message stand beside each
 * other.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { below, type Functions, propertyOf, textsOf } from "./texts";

export interface LintRule {
    readonly name: string;
    readonly severities: ReadonlySet<string>;
    /** With `…` for what is filled in. */
    readonly messages: ReadonlySet<string>;
}

/** Folders by what they lint. */
const places: readonly (readonly [string, string])[] = [
    ["Any text", "model"],
    ["hosts", "model/hosts"],
    ["fstab", "model/fstab"],
    ["interfaces", "model/interfaces"],
    ["smartd.conf", "model/smartd"],
    ["`Pulumi.STACK.yaml`", "cli/lint"],
    ["`holdfast adopt` only", "cli/adopt"],
];
const severities = new Set(["error", "warning", "not checked"]);

/** By kind of file; rules by name. */
export function lintRules(root: string): ReadonlyMap<string, readonly LintRule[]> {
    const parsed = new Map(
        places.flatMap(([, folder]) => sources(join(root, folder))).map((file) => [file, parse(file)] as const),
    );
    const functions: Functions = new Map(
        [...parsed.values()]
            .flatMap((source) => below(source, ts.isFunctionDeclaration))
            .flatMap((each) => (each.name ? [[each.name.text, each] as const] : [])),
    );
    const claimed = new Set<string>();
    const found = new Map<string, readonly LintRule[]>();
    // The deepest folder first, so that a file belongs to one place.
    for (const [title, folder] of [...places].reverse()) {
        const rules = new Map<string, { name: string; severities: Set<string>; messages: Set<string> }>();
        for (const file of sources(join(root, folder)).filter((path) => !claimed.has(path))) {
            claimed.add(file);
            for (const { name, severity, message } of findingsIn(parsed.get(file)!, functions)) {
                const rule = rules.get(name) ?? { name, severities: new Set(), messages: new Set() };
                for (const each of severity) rule.severities.add(each);
                if (message !== "") rule.messages.add(message);
                rules.set(name, rule);
            }
        }
        found.set(
            title,
            [...rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
        );
    }
    return new Map(places.map(([title]) => [title, found.get(title) ?? []]));
}

function sources(folder: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".ts"))
        .sort()
        .map((path) => join(folder, path));
}

function parse(file: string): ts.SourceFile {
    return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
}

interface Made {
    readonly name: string;
    readonly severity: readonly string[];
    readonly message: string;
}

function findingsIn(source: ts.SourceFile, functions: Functions): Made[] {
    const textOf = (expression: ts.Expression) => textsOf(expression, functions);
    const objects = below(source, ts.isObjectLiteralExpression).flatMap((object) => {
        const part = (name: string) => propertyOf(object, name, functions).flatMap(textOf);
        return combine(part("rule"), part("severity"), [...part("message"), ...part("remedy")]);
    });
    const calls = below(source, ts.isCallExpression).flatMap(({ expression, arguments: given }) => {
        if (expression.getText() === "finding") {
            const [rule, severity, , message] = given.map(textOf);
            return combine(rule ?? [], severity ?? [], message ?? []);
        }
        // A helper that makes a finding, whatever the order in which it wants its parts.
        const texts = given.map(textOf).filter((each) => each.length > 0);
        const severity = texts.filter((each) => each.every((text) => severities.has(text)));
        const others = texts.filter((each) => !severity.includes(each));
        const rule = others.filter((each) => each.every((text) => /^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(text)));
        if (severity.length !== 1 || rule.length !== 1) return [];
        return combine(rule[0]!, severity[0]!, others.filter((each) => each !== rule[0]).flat());
    });
    return [...objects, ...calls];
}

function combine(rules: readonly string[], severity: readonly string[], messages: readonly string[]): Made[] {
    const given = severity.filter((text) => severities.has(text));
    return rules.map((name) => ({ name, severity: given, message: messages[0] ?? "" }));
}
