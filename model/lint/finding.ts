/** One result of a lint: what is wrong, where, and what to do about it. */
import { showControls } from "./controls";

/**
 * `error`: provably breaks the node (or cannot be parsed); the change is refused.
 * `warning`: works, or may work, but is worth a look.
 * `not checked`: the rule needs knowledge that is absent here (the node's facts, the fleet, sourced files).
 */
export type Severity = "error" | "warning" | "not checked";

export interface Finding {
    /** Stable kebab-case name, printed in brackets: `stray-line`. */
    readonly rule: string;
    readonly severity: Severity;
    /** What is wrong, then what to do, one sentence each. No newline. */
    readonly message: string;
    /** 1-based. */
    readonly line: number;
    /** 1-based. */
    readonly column: number;
}

export type Place = Pick<Finding, "line" | "column">;

/** Of a finding about what is not in the file. */
export const firstLine: Place = { line: 1, column: 1 };

/** Of a word of that line. */
export function at(line: number, { column }: Pick<Place, "column">): Place {
    return { line, column };
}

export function finding(rule: string, severity: Severity, { line, column }: Place, message: string): Finding {
    return { rule, severity, message, line, column };
}

/**
 * `FILE:LINE:COLUMN: severity: message [rule]`, the form of compilers, so that editors can jump to it. For terminals: a
 * message may quote a node's file.
 */
export function formatFinding(file: string, finding: Finding): string {
    return showControls(
        `${file}:${finding.line}:${finding.column}: ${finding.severity}: ${finding.message} [${finding.rule}]`,
    );
}

export function hasErrors(findings: readonly Finding[]): boolean {
    return findings.some((finding) => finding.severity === "error");
}
