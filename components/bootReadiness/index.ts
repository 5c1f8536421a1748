/**
 * A standing answer to "would this node survive a reboot now?", from checks that look every night, after each boot and
 * after each push.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { bootReadiness } from "./concern";
import { planBootReadiness, type BootReadinessArgs } from "./plan";

export { planBootReadiness, type BootReadinessArgs } from "./plan";

export class BootReadiness extends ConcernComponent {
    constructor(name: string, args: BootReadinessArgs, options?: pulumi.ComponentResourceOptions) {
        super(bootReadiness, name, planBootReadiness(args), options);
    }
}
