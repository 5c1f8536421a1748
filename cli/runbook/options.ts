/** What `holdfast runbook` is asked for. */

export interface RunbookOptions {
    /** A folder. */
    readonly output: string;
    readonly stack?: string;
}
