/** Programs that Holdfast brings along: short on the wire and in state, in full to the rest of the provider (model/ownProgram.ts). */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parseReference, referTo, textOf } from "../model/ownProgram";
import type { FileState } from "./state";

/** Beside this package's code, in a clone and in a published package. */
const templates = path.join(__dirname, "..", "templates");
const known = new Map<string, string | undefined>();

/** A file of a FileSet as it goes out: `content` of a program is a reference to it. */
export function shorten(target: string, file: FileState): FileState {
    const { content, otherProgram, ...rest } = file;
    const program = programAt(target);
    if (program === undefined || (content ?? otherProgram) === undefined) return file;
    return { ...rest, content: otherProgram ?? referTo(program, content!) };
}

/** The way back. Of another version, whose text is not at hand, the reference becomes `otherProgram`. */
export function inFull(target: string, file: FileState): FileState {
    const { content, ...rest } = file;
    const program = programAt(target);
    if (program === undefined || content === undefined || !parseReference(content)) return file;
    const text = textOf(content, program);
    return text === undefined ? { ...rest, otherProgram: content } : { ...rest, content: text };
}

/** The text of what Holdfast installs at an absolute path, where that is a script with nothing to fill in. */
function programAt(target: string): string | undefined {
    if (!known.has(target)) known.set(target, load(target));
    return known.get(target);
}

function load(target: string): string | undefined {
    if (path.posix.normalize(target) !== target || target.includes("\0")) return undefined;
    try {
        const text = readFileSync(path.join(templates, `${target}.hbs`), "utf8");
        return text.startsWith("#!") && !text.includes("{{") ? text : undefined;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined; // a file of the user's own
        throw error;
    }
}
