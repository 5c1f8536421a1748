/** /etc/fstab of one node: stable sources, and no disk but the essential ones can stop a boot. A push mounts and unmounts nothing; a disk that comes after the boot is mounted by systemd. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planFstab, type FstabArgs } from "./plan";

export { planFstab, type FstabArgs } from "./plan";

export class Fstab extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: FstabArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:Fstab", name, {}, options);
        this.fileSet = new FileSet(name, planFstab(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
