/** Fields of TypeScript interfaces with their docstrings: the resource's inputs and outputs. */
import { readFileSync } from "node:fs";
import ts from "typescript";

export interface Field {
    readonly name: string;
    readonly type: string;
    readonly optional: boolean;
    readonly meaning: string;
}

export interface Interface {
    readonly name: string;
    readonly meaning: string;
    readonly fields: readonly Field[];
}

export function exportedInterfaces(file: string): Interface[] {
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
    return source.statements.filter(ts.isInterfaceDeclaration).map((declaration) => ({
        name: declaration.name.text,
        meaning: docOf(declaration),
        fields: declaration.members.filter(ts.isPropertySignature).map((member) => ({
            name: member.name.getText(),
            type: (member.type?.getText() ?? "").replace(/\breadonly /g, "").replace(/\s+/g, " "),
            optional: member.questionToken !== undefined,
            meaning: docOf(member),
        })),
    }));
}

function docOf(node: ts.Node): string {
    return ts
        .getJSDocCommentsAndTags(node)
        .map(({ comment }) => (typeof comment === "string" ? comment : ""))
        .join(" ")
        .replace(/\s+/g, " ")
        .trim();
}
