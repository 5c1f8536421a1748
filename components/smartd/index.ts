/**
 * smartd on one node: self-tests, warnings by mail, and a graceful shutdown when a disk fails that nothing makes up
 * for.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { smartd } from "./concern";
import { planSmartd, type SmartdArgs } from "./plan";

export { planSmartd, type SmartdArgs } from "./plan";

export class Smartd extends ConcernComponent {
    constructor(name: string, args: SmartdArgs, options?: pulumi.ComponentResourceOptions) {
        super(smartd, name, planSmartd(args), options);
    }
}
