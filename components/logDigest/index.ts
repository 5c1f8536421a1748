/** Yesterday's errors of one node by mail every morning, for a node that has no such digest yet. */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { logDigest } from "./concern";
import { planLogDigest, type LogDigestArgs } from "./plan";

export { planLogDigest, type LogDigestArgs } from "./plan";

export class LogDigest extends ConcernComponent {
    constructor(name: string, args: LogDigestArgs, options?: pulumi.ComponentResourceOptions) {
        super(logDigest, name, planLogDigest(args), options);
    }
}
