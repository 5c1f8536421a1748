/** /etc/hosts of one node: its own name on the LAN address, every peer present, and cloud-init kept from rewriting it. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planHostsFile, type HostsFileArgs } from "./plan";

export { planHostsFile, type HostsFileArgs } from "./plan";

export class HostsFile extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: HostsFileArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:HostsFile", name, {}, options);
        this.fileSet = new FileSet(name, planHostsFile(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
