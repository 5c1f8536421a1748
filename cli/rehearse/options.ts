/** What a user may ask of `holdfast rehearse`. */
export interface RehearseOptions {
    readonly stack?: string;
    readonly live: boolean;
    readonly json: boolean;
    readonly dryRun: boolean;
    /** Names of cases; all where there is none. */
    readonly case: readonly string[];
    /** Seconds that a boot may take. */
    readonly timeout: number;
    /** Megabytes that may be fetched from a node. */
    readonly maxFetch: number;
    readonly memory: number;
}
