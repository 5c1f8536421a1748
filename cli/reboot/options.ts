/** What a user may ask of `holdfast reboot`. */
export interface RebootOptions {
    readonly dryRun: boolean;
    readonly guests: "shutdown" | "migrate" | "refuse";
    readonly kernel?: "new";
    readonly stack?: string;
    /** Seconds until a node has to be back, with start-up finished. */
    readonly timeout: number;
}
