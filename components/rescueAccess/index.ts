/** Keys of root that let the declared people in while pmxcfs, where Proxmox keeps root's authorized_keys, is down. */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { rescueAccess } from "./concern";
import { planRescueAccess, type RescueAccessArgs } from "./plan";

export { planRescueAccess, type RescueAccessArgs } from "./plan";

export class RescueAccess extends ConcernComponent {
    constructor(name: string, args: RescueAccessArgs, options?: pulumi.ComponentResourceOptions) {
        super(rescueAccess, name, planRescueAccess(args), options);
    }
}
