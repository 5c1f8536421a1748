/**
 * How a program that Holdfast brings along (the temperature watchdog, smartd's hook) stands in state and in diffs: as its
 * digest, since its text is the same on every node and comes with Holdfast; one that was edited on a node, as the digest
 * and the edit's lines. In full they would be more than half of a stack's state, and the engine writes all of it at every step.
 */
import { createHash } from "node:crypto";
import { applyPatch } from "diff";
import { shortLineDiff } from "./lineDiff";

const FORM = /^Holdfast's own program, sha256:([0-9a-f]{64})(?:, (but for|replaced by):\n([^]*))?$/;
/** Lines. What differs in more is another file, not an edit. */
const MOST_CHANGES = 400;

export interface ProgramReference {
    /** Of the program as Holdfast brings it. */
    readonly sha256: string;
    /** Hunks of a unified diff that lead from it to what stands on the node. */
    readonly edit?: string;
    /** What stands on the node, and has too little of the program in it. */
    readonly instead?: string;
}

export function parseReference(text: string): ProgramReference | undefined {
    const [, sha256, kind, rest] = FORM.exec(text) ?? [];
    return sha256 === undefined ? undefined : { sha256, ...(kind === "but for" && { edit: rest }), ...(kind === "replaced by" && { instead: rest }) };
}

/** Of every text, so that none on a node can be taken for a reference. */
export function referTo(program: string, text: string): string {
    const itself = `Holdfast's own program, sha256:${sha256Of(program)}`;
    if (text === program) return itself;
    const edited = `${itself}, but for:\n${shortLineDiff(program, text, MOST_CHANGES)?.diff ?? ""}`;
    return textOf(edited, program) === text ? edited : `${itself}, replaced by:\n${text}`;
}

/** @returns undefined for what is no reference, or one to another version of the program */
export function textOf(reference: string, program: string): string | undefined {
    const { sha256, edit, instead } = parseReference(reference) ?? {};
    if (sha256 !== sha256Of(program)) return undefined;
    if (edit === undefined) return instead ?? program;
    return applyPatch(program, `--- \n+++ \n${edit}\n`, { autoConvertLineEndings: false }) || undefined;
}

/** Whether `text` is the program, unedited, that `reference` stands for. */
export function isProgram(reference: string, text: string): boolean {
    const { sha256, edit, instead } = parseReference(reference) ?? {};
    return edit === undefined && instead === undefined && sha256 === sha256Of(text);
}

function sha256Of(text: string): string {
    return createHash("sha256").update(text).digest("hex");
}
