/** What `holdfast preview` is told. */

export interface PreviewOptions {
    /** `text` is the engine's own output, what would steer a terminal shown. */
    readonly format: "text" | "markdown";
    /** By default the selected one. */
    readonly stack?: string;
    /** Compare with the live nodes instead of with state. */
    readonly refresh: boolean;
    /** Seconds; none by default. */
    readonly timeout?: number;
}
