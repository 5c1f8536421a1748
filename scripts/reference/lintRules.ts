/** Every lint rule, read from the sources: where a finding is made, its rule, severity and message stand beside each other. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

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
    const claimed = new Set<string>();
    const found = new Map<string, readonly LintRule[]>();
    // The deepest folder first, so that a file belongs to one place.
    for (const [title, folder] of [...places].reverse()) {
        const rules = new Map<string, { name: string; severities: Set<string>; messages: Set<string> }>();
        for (const file of sources(join(root, folder)).filter((path) => !claimed.has(path))) {
            claimed.add(file);
            for (const { name, severity, message } of findingsIn(file)) {
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

interface Made {
    readonly name: string;
    readonly severity: readonly string[];
    readonly message: string;
}

function findingsIn(file: string): Made[] {
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
    const made: Made[] = [];
    const visit = (node: ts.Node): void => {
        if (ts.isObjectLiteralExpression(node)) {
            const part = (name: string) => node.properties.flatMap((property) => valueOf(property, name) ?? []);
            made.push(...combine(part("rule"), part("severity"), [...part("message"), ...part("remedy")]));
        }
        if (ts.isCallExpression(node)) {
            const texts = node.arguments.filter((argument) => textsOf(argument).length > 0);
            const severity = texts.filter((argument) => textsOf(argument).every((text) => severities.has(text)));
            const others = texts.filter((argument) => !severity.includes(argument));
            const rule = others.filter((argument) =>
                textsOf(argument).every((text) => /^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(text)),
            );
            if (severity.length === 1 && rule.length === 1)
                made.push(
                    ...combine(
                        rule,
                        severity,
                        others.filter((argument) => !rule.includes(argument)),
                    ),
                );
        }
        ts.forEachChild(node, visit);
    };
    visit(source);
    return made;
}

function valueOf(property: ts.ObjectLiteralElementLike, name: string): ts.Expression | undefined {
    if (property.name?.getText() !== name) return undefined;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
    return ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

function combine(
    rule: readonly ts.Expression[],
    severity: readonly ts.Expression[],
    message: readonly ts.Expression[],
): Made[] {
    const given = severity.flatMap(textsOf).filter((text) => severities.has(text));
    return rule
        .flatMap(textsOf)
        .map((name) => ({ name, severity: given, message: message.flatMap(textsOf).at(0) ?? "" }));
}

/** Of a literal, a template, a sum of these, either arm of a condition or of `??`, or a constant that is one of them. */
function textsOf(expression: ts.Expression): string[] {
    if (ts.isIdentifier(expression)) return declared(expression).flatMap(textsOf);
    if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
        return [...textsOf(expression.left), ...textsOf(expression.right)];
    if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.PlusToken)
        return [(textsOf(expression.left)[0] ?? "…") + (textsOf(expression.right)[0] ?? "…")];
    if (ts.isStringLiteralLike(expression)) return [expression.text];
    if (ts.isTemplateExpression(expression))
        return [expression.head.text + expression.templateSpans.map(({ literal }) => `…${literal.text}`).join("")];
    if (ts.isConditionalExpression(expression))
        return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
    if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression))
        return textsOf(expression.expression);
    return [];
}

/** What the constant that is meant stands for: the innermost scope's; nothing of a parameter. */
function declared({ text: name, parent }: ts.Identifier): ts.Expression[] {
    for (let scope = parent as ts.Node | undefined; scope; scope = scope.parent as ts.Node | undefined) {
        if (ts.isFunctionLike(scope) && scope.parameters.some((parameter) => namesIn(parameter.name).includes(name)))
            return [];
        if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue;
        const declarations = scope.statements
            .filter(ts.isVariableStatement)
            .flatMap(({ declarationList }) => declarationList.declarations);
        const found = declarations.find((declaration) => namesIn(declaration.name).includes(name));
        if (found) return found.initializer && ts.isIdentifier(found.name) ? [found.initializer] : [];
    }
    return [];
}

function namesIn(name: ts.BindingName): string[] {
    return ts.isIdentifier(name)
        ? [name.text]
        : name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}
