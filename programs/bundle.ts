/** One text out of a Python program and the modules that it says `from shared.MODULE import NAME, …` of. Pure. */

const HEAD = /^#!.*\n"""[^]*?"""\n/;
const IMPORT = /^from shared\.(\w+) import (?:\([^)]*\)|[^(\n]*)\n/gm;

/**
 * `program`: as it lies in this folder; a shell script comes back as it is. `read` gives a module's text by its name.
 * Names are not kept apart: two modules may not define the same one, which tests/programs/bundle.test.ts holds.
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
    const shared = [...modules].map(([name, source]) => part(`shared/${name}.py`, source));
    return [head, ...shared, part("the program itself", program.slice(head.length))].join("\n\n");
}

function withoutImports(text: string): string {
    const rest = text.replace(IMPORT, "");
    const other = /^\s*(?:import|from) shared\b.*/m.exec(rest);
    if (other)
        throw new Error(
            `${other[0].trim()}: only \`from shared.MODULE import NAME, …\` at the start of a line is put together`,
        );
    return rest;
}
