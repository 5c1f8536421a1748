/**
 * What an expression of the sources can stand for, as far as it is written there: enough for rules, severities and
 * messages.
 */
import ts from "typescript";

/** Function declarations by name, of all files that are looked at. */
export type Functions = ReadonlyMap<string, ts.FunctionDeclaration>;

/**
 * Of a literal, a template, a sum of these, either arm of a condition or of `??`, a constant that is one of them, what
 * the callers in the file give for a parameter, what a function returns, and a property of any of these.
 */
export function textsOf(expression: ts.Expression, functions: Functions): string[] {
    return meantBy(expression, functions).flatMap((each) => {
        if (ts.isStringLiteralLike(each)) return [each.text];
        if (ts.isTemplateExpression(each))
            return [each.head.text + each.templateSpans.map(({ literal }) => `…${literal.text}`).join("")];
        if (ts.isBinaryExpression(each) && each.operatorToken.kind === ts.SyntaxKind.PlusToken)
            return [[each.left, each.right].map((side) => textsOf(side, functions)[0] ?? "…").join("")];
        return [];
    });
}

/**
 * Literals, templates, sums and objects. @param seen on the way here: what comes back to itself stands for nothing more
 */
function meantBy(expression: ts.Expression, functions: Functions, seen: readonly ts.Node[] = []): ts.Expression[] {
    if (seen.includes(expression)) return [];
    const follow = (each: ts.Expression) => meantBy(each, functions, [...seen, expression]);
    if (ts.isIdentifier(expression))
        return [...declared(expression), ...fromCallers(expression), ...fromList(expression, functions)].flatMap(
            follow,
        );
    if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
        return [expression.left, expression.right].flatMap(follow);
    if (ts.isConditionalExpression(expression)) return [expression.whenTrue, expression.whenFalse].flatMap(follow);
    if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression)) return follow(expression.expression);
    if (ts.isPropertyAccessExpression(expression))
        return follow(expression.expression).flatMap((holder) =>
            ts.isObjectLiteralExpression(holder)
                ? propertyOf(holder, expression.name.text, functions).flatMap(follow)
                : [],
        );
    if (ts.isCallExpression(expression) && ts.isIdentifier(expression.expression)) {
        const called = functions.get(expression.expression.text);
        return called
            ? returnsOf(called).flatMap((returned) => {
                  // A parameter that is returned as it came is what this call gives for it, not what others do.
                  const index = ts.isIdentifier(returned) ? parameterIndex(called, returned.text) : -1;
                  const given = index === -1 ? returned : expression.arguments[index];
                  return given ? follow(given) : [];
              })
            : [];
    }
    return [expression];
}

/** What is given for a property: there, or in an object that is spread into this one. */
export function propertyOf(object: ts.ObjectLiteralExpression, name: string, functions: Functions): ts.Expression[] {
    return object.properties.flatMap((property): ts.Expression[] => {
        if (ts.isSpreadAssignment(property))
            return meantBy(property.expression, functions).flatMap((spread) =>
                ts.isObjectLiteralExpression(spread) ? propertyOf(spread, name, functions) : [],
            );
        if (property.name.getText() !== name) return [];
        if (ts.isShorthandPropertyAssignment(property)) return [property.name];
        return ts.isPropertyAssignment(property) ? [property.initializer] : [];
    });
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

/** What the callers in the same file give for a parameter of a function that has a name. */
function fromCallers(identifier: ts.Identifier): ts.Expression[] {
    const owner = ts.findAncestor(
        identifier,
        (node): node is ts.SignatureDeclaration =>
            ts.isFunctionLike(node) && parameterIndex(node, identifier.text) !== -1,
    );
    const name = owner && nameOf(owner);
    if (owner === undefined || name === undefined) return [];
    const index = parameterIndex(owner, identifier.text);
    return below(identifier.getSourceFile(), ts.isCallExpression)
        .filter((call) => ts.isIdentifier(call.expression) && call.expression.text === name)
        .flatMap((call) => call.arguments[index] ?? []);
}

/** Of `{ rule }` in `rules.flatMap(({ rule }) => …)`: that property of each. */
function fromList(identifier: ts.Identifier, functions: Functions): ts.Expression[] {
    const { text } = identifier;
    const owner = ts.findAncestor(
        identifier,
        (node): node is ts.ArrowFunction =>
            ts.isArrowFunction(node) && node.parameters.some((each) => namesIn(each.name).includes(text)),
    );
    if (!owner?.parameters[0] || !ts.isObjectBindingPattern(owner.parameters[0].name)) return [];
    const call = owner.parent;
    if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return [];
    return meantBy(call.expression.expression, functions)
        .flatMap((list) => (ts.isArrayLiteralExpression(list) ? [...list.elements] : []))
        .flatMap((each) => (ts.isObjectLiteralExpression(each) ? propertyOf(each, text, functions) : []));
}

function nameOf(owner: ts.SignatureDeclaration): string | undefined {
    if (ts.isFunctionDeclaration(owner)) return owner.name?.text;
    const { parent } = owner;
    return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : undefined;
}

function parameterIndex({ parameters }: ts.SignatureDeclaration, name: string): number {
    return parameters.findIndex((parameter) => ts.isIdentifier(parameter.name) && parameter.name.text === name);
}

/** Not of the functions inside. */
function returnsOf(called: ts.FunctionDeclaration): ts.Expression[] {
    return below(called, ts.isReturnStatement)
        .filter((statement) => ts.findAncestor(statement, ts.isFunctionLike) === called)
        .flatMap(({ expression }) => {
            const arms = expression ? [expression] : [];
            return arms.flatMap((arm) => (ts.isConditionalExpression(arm) ? [arm.whenTrue, arm.whenFalse] : [arm]));
        });
}

export function below<Wanted extends ts.Node>(top: ts.Node, isWanted: (node: ts.Node) => node is Wanted): Wanted[] {
    const found: Wanted[] = [];
    const visit = (node: ts.Node): void => {
        if (isWanted(node)) found.push(node);
        ts.forEachChild(node, visit);
    };
    visit(top);
    return found;
}

function namesIn(name: ts.BindingName): string[] {
    return ts.isIdentifier(name)
        ? [name.text]
        : name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}
