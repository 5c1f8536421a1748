/** The BMC's events in one node's syslog: power supplies, fans, hot-swap, processor heat. A node without a BMC is let be. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planIpmievd, type IpmievdArgs } from "./plan";

export { planIpmievd, type IpmievdArgs } from "./plan";

export class Ipmievd extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: IpmievdArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:Ipmievd", name, {}, options);
        this.fileSet = new FileSet(name, planIpmievd(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
