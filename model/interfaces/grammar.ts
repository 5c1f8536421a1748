/**
 * What the text of an interfaces file says against itself: no node, no fleet, no other file is asked.
 * `programs/shared/interfaces_*.py` is the same in Python, for the guard on the node; its words and patterns are made
 * from the ones here (`scripts/nodeTables.ts`), and a property test gives both the same files. Every error of it is one
 * of the whole lint too, so that the guard refuses nothing that a push lets through.
 */
import type { Finding } from "../lint/finding";
import { lintSize } from "../lint/limits";
import * as keywords from "./rules/keywords";
import { subjectOf, type Rule } from "./rules/subject";
import * as text from "./rules/text";

const rules: readonly Rule[] = [
    text.textRules,
    text.strayLines,
    text.invisibleBlanks,
    text.templateSyntax,
    text.backslashes,
    keywords.unknownStatements,
    keywords.statementArguments,
    keywords.extraSources,
    keywords.selectedNames,
    keywords.familiesAndMethods,
    keywords.likelyOptionNames,
    keywords.optionValues,
    keywords.trailingComments,
];

/** Sorted by place. @param mako whether python3-mako is there, see `templateSyntax`; undefined: not known */
export function lintGrammar(content: string, mako?: boolean): Finding[] {
    const tooLong = lintSize(content);
    if (tooLong.length > 0) return tooLong;
    const tools = mako === undefined ? undefined : { dhclient: true, mako };
    const facts = { hostname: "", blockDevices: [], mounts: [], links: [], tools };
    const subject = subjectOf(content, { facts }, true);
    return rules.flatMap((rule) => rule(subject)).sort((a, b) => a.line - b.line || a.column - b.column);
}
