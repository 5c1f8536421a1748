/**
 * One text out of a Python program and the modules that it says `from shared.MODULE import NAME, …` of, or `from
 * engine.MODULE`. Pure.
 */

/**
 * Has to come before all else in the whole text; where one module says it, it may name what it defines further down.
 */
const FUTURE = /^from __future__ import annotations\n/gm;
const HEAD = /^#!.*\n"""[^]*?"""\n/;
const IMPORT = /^from ((?:shared|engine)\.\w+) import (?:\([^)]*\)|[^(\n]*)\n/gm;

/**
 * `program`: as it lies in this folder; a shell script comes back as it is. `read` gives the text of a module such as
 * `shared.files`. Names are not kept apart: two modules may not define the same one, which
 * tests/programs/bundle.test.ts holds.
 * @throws Error where a module is brought in another way
 */
export function bundle(program: string, read: (module: string) => string): string {
    const modules = new Map<string, string>();
    const add = (text: string): void => {
        for (const [, module] of text.matchAll(IMPORT)) {
            if (modules.has(module!)) continue;
            const source = read(module!);
            add(source); // what it needs itself comes before it
            modules.set(module!, source);
        }
    };
    add(program);
    if (withoutImports(program) === program) return program;
    const [head] = HEAD.exec(program) ?? [];
    if (head === undefined) throw new Error("a program begins with its interpreter and a docstring");
    const part = (name: string, text: string) => `# ${"-".repeat(20)} ${name}\n${withoutImports(text).trim()}\n`;
    const shared = [...modules].map(([name, source]) => part(name, source));
    const [future] = [program, ...modules.values()].join("\n").match(FUTURE) ?? [];
    return [
        head,
        ...(future === undefined ? [] : [future]),
        ...shared,
        part("the program itself", program.slice(head.length)),
    ].join("\n\n");
}

function withoutImports(text: string): string {
    const rest = text.replace(IMPORT, "").replace(FUTURE, "");
    const other = /^\s*(?:import|from) (?:shared|engine)\b.*/m.exec(rest);
    if (other)
        throw new Error(
            `${other[0].trim()}: only \`from shared.MODULE import NAME, …\`, or of engine, at the start of a line is put together`,
        );
    return rest;
}
