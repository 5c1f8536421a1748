/**
 * Programs that Holdfast brings along: short on the wire and in state, in full to the rest of the provider
 * (model/ownProgram.ts).
 */
import { parseReference, referTo, textOf } from "../model/contract/ownProgram";
import { ownPrograms } from "../programs";
import type { FileState } from "./fileState";

/** A file of a FileSet as it goes out: `content` of a program is a reference to it. */
export function shorten(target: string, file: FileState): FileState {
    const { content, otherProgram, ...rest } = file;
    const program = ownPrograms().get(target);
    if (program === undefined || (content ?? otherProgram) === undefined) return file;
    return { ...rest, content: otherProgram ?? referTo(program, content!) };
}

/** The way back. Of another version, whose text is not at hand, the reference becomes `otherProgram`. */
export function inFull(target: string, file: FileState): FileState {
    const { content, ...rest } = file;
    const program = ownPrograms().get(target);
    if (program === undefined || content === undefined || !parseReference(content)) return file;
    const text = textOf(content, program);
    return text === undefined ? { ...rest, otherProgram: content } : { ...rest, content: text };
}
