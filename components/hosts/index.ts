/**
 * /etc/hosts of one node: its own name on the LAN address, every peer present, and cloud-init kept from rewriting it.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { hosts } from "./concern";
import { planHostsFile, type HostsFileArgs } from "./plan";

export { planHostsFile, type HostsFileArgs } from "./plan";

export class HostsFile extends ConcernComponent {
    constructor(name: string, args: HostsFileArgs, options?: pulumi.ComponentResourceOptions) {
        super(hosts, name, planHostsFile(args), options);
    }
}
