/** Pure: (template, view) -> text. A field that the view lacks is an error, never an empty string. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type Handlebars from "handlebars";
import { helpers } from "./helpers";

/** Beside this package's code, wherever the program that imports it stands. */
const templates = path.join(__dirname, "..", "templates");
const compiled = new Map<string, Handlebars.TemplateDelegate>();

/**
 * Fills the template of an absolute target path: `/etc/hosts` is `templates/etc/hosts.hbs`.
 * @throws Error where a field is missing, or is no text, number, boolean, or list or object of these (an Output, say)
 */
export function renderFile(target: string, view: object): string {
    refuseUnrenderable(view, target);
    return template(target)(view);
}

let engine: typeof Handlebars | undefined;

/** With the first template: the provider knows every concern, and renders nothing. */
function makeEngine(): typeof Handlebars {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
    const made = (require("handlebars") as typeof Handlebars).create();
    made.registerHelper(helpers);
    refuseMissing(made, "each", "if");
    return made;
}

function template(target: string): Handlebars.TemplateDelegate {
    const known = compiled.get(target);
    if (known) return known;
    const source = readFileSync(path.join(templates, `${target}.hbs`), "utf8");
    const made = (engine ??= makeEngine()).compile(source, {
        strict: true,
        noEscape: true,
        knownHelpersOnly: true,
        knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
    });
    compiled.set(target, made);
    return made;
}

/** Strict mode says nothing about what a block is given: a missing list would be an empty one. */
function refuseMissing(engine: typeof Handlebars, ...blocks: readonly string[]): void {
    for (const name of blocks) {
        const builtin = engine.helpers[name];
        if (!builtin) throw new Error(`Handlebars has no block ${name}`);
        engine.registerHelper(
            name,
            function (
                this: unknown,
                subject: unknown,
                options: Handlebars.HelperOptions & { loc: { start: { line: number } } },
            ) {
                if (subject === undefined)
                    throw new Error(`#${name} of a field that is missing (line ${options.loc.start.line})`);
                const rendered: unknown = builtin.call(this, subject, options);
                return rendered;
            },
        );
    }
}

/** Strict mode lets a field through that is there but undefined, and prints an object as `[object Object]`. */
function refuseUnrenderable(value: unknown, at: string): void {
    if (["string", "boolean"].includes(typeof value) || Number.isFinite(value)) return;
    const isPlain =
        typeof value === "object" &&
        value !== null &&
        (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
    if (!isPlain)
        throw new Error(
            `${at}: cannot be rendered: it is ${typeof value === "number" ? "no finite number" : typeof value === "object" ? "no plain value" : typeof value}`,
        );
    for (const [key, field] of Object.entries(value)) refuseUnrenderable(field, `${at} ${key}`);
}
