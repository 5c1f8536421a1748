/** Yesterday's errors of one node by mail every morning, for a node that has no such digest yet. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planLogDigest, type LogDigestArgs } from "./plan";

export { planLogDigest, type LogDigestArgs } from "./plan";

export class LogDigest extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: LogDigestArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:LogDigest", name, {}, options);
        this.fileSet = new FileSet(name, planLogDigest(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
