/** Programs that Holdfast brings along: short on the wire and in state, in full to the rest of the provider (model/ownProgram.ts). */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { parseReference, referTo, textOf } from "../model/contract/ownProgram";
import type { FileState } from "./state";

/** Beside this package's code, in a clone and in a published package. */
const templates = path.join(__dirname, "..", "templates");
let programs: ReadonlyMap<string, string> | undefined;

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
    return (programs ??= load()).get(target);
}

/** By absolute path on the node. */
function load(): ReadonlyMap<string, string> {
    const names = readdirSync(templates, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".hbs"));
    const texts = names.map(
        (name) => [`/${name.slice(0, -".hbs".length)}`, readFileSync(path.join(templates, name), "utf8")] as const,
    );
    return new Map(texts.filter(([, text]) => text.startsWith("#!") && !text.includes("{{")));
}
