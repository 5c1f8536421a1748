/** What `holdfast lint` can be told. Apart from the lints, which are loaded only when it runs. */
export const lintKinds = ["hosts", "fstab", "interfaces", "smartd", "stack"] as const;
export const lintFormats = ["text", "json", "github"] as const;

export interface LintOptions {
    /** `hosts`, `fstab`, `interfaces`, `smartd` or `stack`; by default the file's name tells. */
    readonly kind?: string;
    /** `text` (the default), `json` or `github` (workflow commands, shown beside the lines of a pull request). */
    readonly format?: string;
}
