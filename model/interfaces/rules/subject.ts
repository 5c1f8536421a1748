/** What the rules look at: the parsed file, the interfaces it declares, and those of the files it sources. */
import type { Finding, Severity } from "../../lint/finding";
import { lintSize } from "../../lint/limits";
import type { LintContext } from "../../lint/lintContext";
import { interfacesOf, sourceTokens, type Interface } from "../network";
import { parseInterfaces, type InterfacesDocument, type Token } from "../parse";

export interface Subject {
    readonly content: string;
    readonly context: LintContext;
    readonly document: InterfacesDocument;
    /** Declared in this file. */
    readonly interfaces: readonly Interface[];
    /** Declared in the files that it sources, by path. */
    readonly sourced: ReadonlyMap<string, readonly Interface[]>;
    /** `source` patterns whose files are not known here. */
    readonly unresolved: readonly { readonly token: Token; readonly pattern: string }[];
    /** A file of interfaces.d, which need not hold a loopback or a gateway. */
    readonly fragment: boolean;
    /**
     * The findings of a text alone, to try what a finding is about to suggest. Absent where the text is such a trial
     * itself.
     */
    readonly tryOut?: (content: string) => readonly Finding[];
}

export type Rule = (subject: Subject) => Finding[];

export function subjectOf(
    content: string,
    context: LintContext,
    fragment: boolean,
    tryOut?: Subject["tryOut"],
): Subject {
    const document = parseInterfaces(content);
    const files = context.sourced && Object.entries(context.sourced);
    // What is too long to be checked counts as not known; its own lint says so.
    const readable = new Map(files?.filter(([, text]) => lintSize(text).length === 0));
    const sourced = new Map([...readable].map(([path, text]) => [path, interfacesOf(parseInterfaces(text))]));
    const isKnown = (pattern: string) =>
        files !== undefined && (/[*?[]/.test(pattern) ? readable.size === files.length : readable.has(pattern));
    const unresolved = sourceTokens(document).filter(({ pattern }) => !isKnown(pattern));
    return { content, context, document, interfaces: interfacesOf(document), sourced, unresolved, fragment, tryOut };
}

const all = new WeakMap<Subject, readonly Interface[]>();

/**
 * This file's interfaces and the sourced files' ones; the same list for every rule, which finds what was worked out of
 * it.
 */
export function allInterfaces(subject: Subject): readonly Interface[] {
    let found = all.get(subject);
    if (!found) all.set(subject, (found = [...subject.interfaces, ...[...subject.sourced.values()].flat()]));
    return found;
}

/** Whether everything that ifupdown2 will read is known here. */
function isComplete({ unresolved, fragment }: Subject): boolean {
    return unresolved.length === 0 && !fragment;
}

/**
 * How much the absence of something counts: as much as `proved` where the whole configuration is known; a warning where
 * a sourced file that is not known here might hold it; and nothing can be said of a file that does nothing but source
 * others.
 */
export function severityOfAbsence(subject: Subject, proved: Severity): Severity {
    if (isComplete(subject)) return proved;
    return subject.interfaces.some(({ name }) => name !== "lo") ? "warning" : "not checked";
}
