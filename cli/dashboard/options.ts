/** What `holdfast dashboard` is asked for. */

export interface DashboardOptions {
    /** A file. */
    readonly output: string;
    readonly stack?: string;
}
