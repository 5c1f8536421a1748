/** What `holdfast publish` is told. */

export interface CommentOptions {
    readonly key: string;
}

export interface IssueOptions extends CommentOptions {
    readonly title: string;
    /** Exit status of what wrote the report: 0 closes the issue. */
    readonly status: number;
}
