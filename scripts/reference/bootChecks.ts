/** The checks of the next boot, read from their own files: what fault each finds, and its codes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface BootCheck {
    /** As in the answer: `own-name`. */
    readonly name: string;
    readonly group: string;
    /** First line of its docstring. */
    readonly fault: string;
    /** Meaning by code. */
    readonly codes: Readonly<Record<string, string>>;
    /** Codes that it gives: those of its own, and those that another check explains. */
    readonly given: readonly string[];
    /** Of those, the ones that it calls a fault. */
    readonly bad: readonly string[];
}

/** A fault that a test made, and that the check was seen to find. */
export interface SeenFault {
    readonly name: string;
    readonly code: string;
}

const folder = "components/bootReadiness/node";

/** In the order in which they are asked. @throws Error for a file that is no check */
export function bootChecks(root: string): BootCheck[] {
    const [, list = ""] = /^CHECKS = \[([^\]]*)\]/m.exec(readFileSync(join(root, folder, "audit.py"), "utf8")) ?? [];
    const modules = [...list.matchAll(/"(\w+)"/g)].map(([, module]) => module!);
    const there = readdirSync(join(root, folder, "checks")).filter(
        (file) => file.endsWith(".py") && file !== "__init__.py",
    );
    const forgotten = there.find((file) => !modules.includes(file.replace(/\.py$/, "")));
    if (forgotten) throw new Error(`${folder}/checks/${forgotten} is no check that audit.py asks`);
    return modules.map((module) =>
        readCheck(module, readFileSync(join(root, folder, "checks", `${module}.py`), "utf8")),
    );
}

function readCheck(module: string, text: string): BootCheck {
    const fault = /^"""([^"]+?)"""$/m.exec(text)?.[1];
    const group = /^GROUP = "(\w+)"$/m.exec(text)?.[1];
    const codes = /^CODES(?:: [^=]+)? = \{([^}]*)\}$/m.exec(text)?.[1];
    if (!fault || !group || codes === undefined) throw new Error(`${module}.py: expected a docstring, GROUP and CODES`);
    const own = [...codes.matchAll(/"([a-z-]+)":\s*"((?:[^"\\]|\\.)*)"/g)];
    const codesOf = (states: string): string[] => [
        ...new Set([...text.matchAll(new RegExp(`\\b(?:${states})\\(\\s*"([a-z-]+)"`, "g"))].map(([, code]) => code!)),
    ];
    return {
        name: module.replaceAll("_", "-"),
        group,
        fault: fault.split("\n\n")[0]!.replaceAll("\n", " "),
        codes: Object.fromEntries(own.map(([, code, meaning]) => [code!, meaning!])),
        given: codesOf("bad|unknown|skipped"),
        bad: codesOf("bad"),
    };
}

/**
 * By check, from the tests: each entry of a `pairs("check", {…})` is a machine with the fault, beside one with its
 * harmless twin.
 */
export function seenFaults(root: string): Record<string, SeenFault[]> {
    const tests = join(root, "tests/components/bootReadiness");
    const files = readdirSync(tests).filter((file) => file.endsWith(".test.ts"));
    const seen: Record<string, SeenFault[]> = {};
    for (const file of files.sort()) {
        const text = readFileSync(join(tests, file), "utf8");
        for (const [, check, body] of text.matchAll(/^pairs\("([a-z-]+)", \{\n([\s\S]*?)^\}\);/gm)) {
            const found = [
                ...body!.matchAll(/^ {4}"([^"]+)": \{[\s\S]*?^ {8}says: \[\s*"([a-z-]+)"[\s\S]*?^ {4}\},$/gm),
            ];
            (seen[check!] ??= []).push(...found.map(([, name, code]) => ({ name: name!, code: code! })));
        }
    }
    return seen;
}

const begin = "<!-- checks: written by npm run schema -->";
const end = "<!-- end of checks -->";

/** The page with its tables as the files and their tests say. */
export function withBootChecks(
    page: string,
    checks: readonly BootCheck[],
    seen: Readonly<Record<string, readonly SeenFault[]>>,
): string {
    const [before = "", rest = ""] = page.split(begin);
    const [, after = ""] = rest.split(end);
    const groups = [...new Set(checks.map(({ group }) => group))];
    const tables = groups.map((group) => {
        const rows = checks
            .filter((check) => check.group === group)
            .map(({ name, fault, codes }) => {
                const meanings = Object.entries(codes).map(([code, meaning]) => `\`${code}\`: ${meaning}`);
                const faults = (seen[name] ?? []).map((each) => each.name);
                return `| \`${name}\` | ${cell(fault)} | ${cell(faults.join("<br>"))} | ${cell(meanings.join("<br>"))} |`;
            });
        return `### ${group}\n\n| check | the fault that it finds | seen to find, and to pass a harmless twin of | codes |\n|---|---|---|---|\n${rows.join("\n")}`;
    });
    return `${before}${begin}\n\n${tables.join("\n\n")}\n\n${end}${after}`;
}

function cell(text: string): string {
    return text.replaceAll("|", "\\|");
}
