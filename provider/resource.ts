/** The program's side of the one custom resource. */
import * as pulumi from "@pulumi/pulumi";
import type { FileSetArgs } from "../model/fileSet";

/** What was seen on the node after the last operation; verdicts and states, never raw measurements. */
export interface Observed {
    readonly facts: Record<string, string>;
}

export class FileSet extends pulumi.CustomResource {
    static readonly token = "holdfast:host:FileSet";

    declare readonly observed: pulumi.Output<Observed>;

    constructor(name: string, args: pulumi.Inputs & { [K in keyof FileSetArgs]: pulumi.Input<FileSetArgs[K]> }, options?: pulumi.CustomResourceOptions) {
        super(FileSet.token, name, { ...args, observed: undefined }, options);
    }
}
