/**
 * What to do when the node does not come up, with its own values, on the node and named by its emergency shell:
 * console, kernel arguments, hosts, mounts, network, pmxcfs, restore, guests.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { runbook } from "./concern";
import { planRunbook, type RunbookArgs } from "./plan";

export { planRunbook, type RunbookArgs } from "./plan";

export class Runbook extends ConcernComponent {
    constructor(name: string, args: RunbookArgs, options?: pulumi.ComponentResourceOptions) {
        super(runbook, name, planRunbook(args), options);
    }
}
