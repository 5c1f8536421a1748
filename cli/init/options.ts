/** What `holdfast init` is told. */

export const forges = ["github", "gitlab", "none"] as const;

export interface InitOptions {
    readonly name?: string;
    readonly forge: (typeof forges)[number];
    /** A version, a range, or the path of a `.tgz`. */
    readonly package?: string;
}
