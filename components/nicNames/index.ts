/**
 * Network cards keep their names, whatever is plugged in beside them: pinned by their MAC addresses; what Proxmox or
 * somebody else has pinned stays.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { nicNames } from "./concern";
import { planNicNames, type NicNamesArgs } from "./plan";

export { planNicNames, type NicNamesArgs } from "./plan";

export class NicNames extends ConcernComponent {
    constructor(name: string, args: NicNamesArgs, options?: pulumi.ComponentResourceOptions) {
        super(nicNames, name, planNicNames(args), options);
    }
}
