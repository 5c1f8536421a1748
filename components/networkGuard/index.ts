/**
 * A damaged network file is alarmed in 5 s, never reloaded, never booted with; a boot that fails with new files gets
 * the proven ones back.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { networkGuard } from "./concern";
import { planNetworkGuard, type NetworkGuardArgs } from "./plan";

export { planNetworkGuard, type NetworkGuardArgs } from "./plan";

export class NetworkGuard extends ConcernComponent {
    constructor(name: string, args: NetworkGuardArgs, options?: pulumi.ComponentResourceOptions) {
        super(networkGuard, name, planNetworkGuard(args), options);
    }
}
