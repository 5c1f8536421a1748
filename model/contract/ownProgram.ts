/**
 * How a program that Holdfast brings along (the temperature watchdog, smartd's hook) stands in state and in diffs: as
 * its digest, since its text is the same on every node and comes with Holdfast; one that was edited on a node, as the
 * digest and the edit's lines. In full they would be more than half of a stack's state, and the engine writes all of it
 * at every step.
 */
import { createHash } from "node:crypto";
import { applyPatch } from "diff";
import { lineDiff } from "./lineDiff";

const FORM =
    /^Holdfast's own program, sha256:([0-9a-f]{64})(?:, edited to sha256:([0-9a-f]{64}):\n([^]*)|, replaced by:\n([^]*))?$/;
/** Lines added and removed. What differs in more is another file, not an edit. */
const MOST_CHANGES = 400;

export interface ProgramReference {
    /** Of the program as Holdfast brings it. */
    readonly sha256: string;
    /** Hunks of a unified diff that lead from it to what stands on the node, and the digest of that. */
    readonly edit?: { readonly hunks: string; readonly sha256: string };
    /** What stands on the node, and is another file. */
    readonly instead?: string;
}

export function parseReference(text: string): ProgramReference | undefined {
    const [, sha256, edited, hunks, instead] = FORM.exec(text) ?? [];
    return sha256 === undefined
        ? undefined
        : {
              sha256,
              ...(edited !== undefined && { edit: { hunks: hunks!, sha256: edited } }),
              ...(instead !== undefined && { instead }),
          };
}

/** Of every text, so that none on a node can be taken for a reference. */
export function referTo(program: string, text: string): string {
    const itself = `Holdfast's own program, sha256:${sha256Of(program)}`;
    if (text === program) return itself;
    const edited = `${itself}, edited to sha256:${sha256Of(text)}:\n${lineDiff(program, text, { mostLines: MOST_CHANGES })?.diff ?? ""}`;
    return textOf(edited, program) === text ? edited : `${itself}, replaced by:\n${text}`;
}

/** @returns undefined for what is no reference, or one to another version of the program */
export function textOf(reference: string, program: string): string | undefined {
    const { sha256, edit, instead } = parseReference(reference) ?? {};
    if (sha256 !== sha256Of(program)) return undefined;
    return edit ? applied(edit.hunks, program) : (instead ?? program);
}

/** Whether `text` is what `reference` stands for, whichever version of the program that was made from. */
export function standsFor(reference: string, text: string): boolean {
    const { sha256, edit, instead } = parseReference(reference) ?? {};
    return instead === undefined ? (edit?.sha256 ?? sha256) === sha256Of(text) : instead === text;
}

function applied(hunks: string, program: string): string | undefined {
    try {
        const text = applyPatch(program, `--- \n+++ \n${hunks}\n`, { autoConvertLineEndings: false });
        return text === false ? undefined : text;
    } catch {
        return undefined; // no hunks: somebody has written into the state
    }
}

function sha256Of(text: string): string {
    return createHash("sha256").update(text).digest("hex");
}
