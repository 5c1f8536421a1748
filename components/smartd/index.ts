/** smartd on one node: self-tests, warnings by mail, and a graceful shutdown when a disk fails that nothing makes up for. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planSmartd, type SmartdArgs } from "./plan";

export { planSmartd, type SmartdArgs } from "./plan";

export class Smartd extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: SmartdArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:Smartd", name, {}, options);
        this.fileSet = new FileSet(name, planSmartd(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
