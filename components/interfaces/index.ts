/** /etc/network/interfaces of one node. The new file takes effect at the next reload or boot: nothing is reloaded here. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planNetworkInterfaces, type NetworkInterfacesArgs } from "./plan";

export { planNetworkInterfaces, type NetworkInterfacesArgs } from "./plan";

export class NetworkInterfaces extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: NetworkInterfacesArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:NetworkInterfaces", name, {}, options);
        this.fileSet = new FileSet(name, planNetworkInterfaces(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
