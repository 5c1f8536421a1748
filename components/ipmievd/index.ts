/**
 * The BMC's events in one node's syslog: power supplies, fans, hot-swap, processor heat. A node without a BMC is let
 * be.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { ipmievd } from "./concern";
import { planIpmievd, type IpmievdArgs } from "./plan";

export { planIpmievd, type IpmievdArgs } from "./plan";

export class Ipmievd extends ConcernComponent {
    constructor(name: string, args: IpmievdArgs, options?: pulumi.ComponentResourceOptions) {
        super(ipmievd, name, planIpmievd(args), options);
    }
}
