import execa from "execa";
import { ownPrograms } from "../../programs";
import { bundle } from "../../programs/bundle";

const read = (modules: Readonly<Record<string, string>>) => (name: string) => modules[name.replace(/^shared[.]/, "")]!;
const head = '#!/usr/bin/python3 -I\n"""Says."""\n';

describe("a program and its modules in one text", () => {
    test("begins as the program does; each module comes once, and before what needs it", () => {
        const text = bundle(
            `${head}\nimport os\nfrom shared.b import two\nfrom shared.a import (\n    one,\n)\n\nprint(two, os)\n`,
            read({ a: "one = 1\n", b: "from shared.a import one\n\ntwo = one + 1\n" }),
        );
        expect(text.startsWith(head)).toBe(true);
        expect(text.split("\n").filter((line) => /^[a-z]/.test(line))).toEqual([
            "one = 1",
            "two = one + 1",
            "import os",
            "print(two, os)",
        ]);
    });
    test("may name in an annotation what is defined further down, where one module may", () => {
        const text = bundle(
            `${head}from shared.a import one\n`,
            read({ a: "from __future__ import annotations\none = 1\n" }),
        );
        expect(text.split("\n").filter((line) => /^[a-z]/.test(line))).toEqual([
            "from __future__ import annotations",
            "one = 1",
        ]);
    });
    test("is the program itself where it needs none", () => {
        for (const text of ["#!/bin/sh\necho\n", `${head}print()\n`]) expect(bundle(text, read({}))).toBe(text);
    });
    test.each(["import shared.a\n", "    from shared.a import one\n", "from shared import a\n"])(
        "is refused with %j, which would be looked for on the node",
        (line) => {
            expect(() => bundle(`${head}${line}`, read({ a: "" }))).toThrow(`${line.trim()}: only`);
        },
    );
});

/** Each name that a text defines at its top level twice; an import may well stand there twice. */
const TWICE = `
import ast, collections, json, sys
def names(statement):
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)): return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target] if isinstance(statement, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]
print(json.dumps({path: [name for name, count in collections.Counter(name for statement in ast.parse(text).body for name in names(statement)).items() if count > 1] for path, text in json.load(sys.stdin).items()}))`;

test("no program defines a name twice, and each is whole: nothing of Python's is looked for beside it", async () => {
    const programs = [...ownPrograms()].filter(([, text]) => text.includes("python3"));
    const { stdout } = await execa("python3", ["-c", TWICE], { input: JSON.stringify(Object.fromEntries(programs)) });
    expect(JSON.parse(stdout)).toEqual(Object.fromEntries(programs.map(([path]) => [path, []])));
    for (const [path, text] of programs)
        expect([path, text.split("\n")[0]]).toEqual([path, "#!/usr/bin/python3 -ISXutf8"]);
});

test("every program is managed by Holdfast, says so at its start, and loses its ending on the node", () => {
    for (const [path, text] of ownPrograms()) {
        expect(text.split("\n")[1]).toContain("Managed by Holdfast.");
        expect(path).not.toMatch(/\.[^/]*$/);
    }
});

/** Each text's definitions, and nothing of what it does. */
const DEFINE = `
import json, sys
for path, text in json.load(sys.stdin).items():
    exec(compile(text, path, "exec"), {"__name__": path})`;

test("every program's definitions can be run, before it does anything", async () => {
    const programs = [...ownPrograms()].filter(([, text]) => text.includes('if __name__ == "__main__":'));
    expect(programs.length).toBeGreaterThan(3);
    await execa("python3", ["-ISXutf8", "-c", DEFINE], { input: JSON.stringify(Object.fromEntries(programs)) });
});
