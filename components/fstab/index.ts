/**
 * /etc/fstab of one node: stable sources, and no disk but the essential ones can stop a boot. A push mounts and
 * unmounts nothing; a disk that comes after the boot is mounted by systemd.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { fstab } from "./concern";
import { planFstab, type FstabArgs } from "./plan";

export { planFstab, type FstabArgs } from "./plan";

export class Fstab extends ConcernComponent {
    constructor(name: string, args: FstabArgs, options?: pulumi.ComponentResourceOptions) {
        super(fstab, name, planFstab(args), options);
    }
}
