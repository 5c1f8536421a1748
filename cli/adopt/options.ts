/** What `holdfast adopt` is told. */

export interface AdoptOptions {
    readonly port?: number;
    /** Where the file for `pulumi import` goes; none by default. */
    readonly import?: string;
    /** Stack whose Pulumi.STACK.yaml is written; by default the YAML goes to standard output. */
    readonly stack?: string;
    /** Project folder in which nodes/NAME/… is written; the current one by default. */
    readonly out: string;
    readonly force: boolean;
    readonly hostKey?: string;
    readonly allowUnknownHostKey: boolean;
    /** Seconds. */
    readonly timeout: number;
}
