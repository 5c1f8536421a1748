/**
 * /etc/network/interfaces of one node. The new file takes effect at the next reload or boot: nothing is reloaded here.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { interfaces } from "./concern";
import { planNetworkInterfaces, type NetworkInterfacesArgs } from "./plan";

export { planNetworkInterfaces, type NetworkInterfacesArgs } from "./plan";

export class NetworkInterfaces extends ConcernComponent {
    constructor(name: string, args: NetworkInterfacesArgs, options?: pulumi.ComponentResourceOptions) {
        super(interfaces, name, planNetworkInterfaces(args), options);
    }
}
