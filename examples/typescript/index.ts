/** The fleet of the stack's `holdfast:fleet`, hardened; `hardenStack` from `holdfast` is the same and more. */
import * as pulumi from "@pulumi/pulumi";

class HardenedFleet extends pulumi.ComponentResource {
    declare readonly nodes: pulumi.Output<Record<string, unknown>>;

    constructor(name: string, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:HardenedFleet", name, { nodes: undefined }, options, true);
    }
}

export const { nodes } = new HardenedFleet("paris");
