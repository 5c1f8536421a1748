/** A look at the temperatures every five minutes: mail at the warning limit, shutdown or a second mail at the critical one. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planTemperatureWatchdog, type TemperatureWatchdogArgs } from "./plan";

export { planTemperatureWatchdog, type TemperatureWatchdogArgs } from "./plan";

export class TemperatureWatchdog extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: TemperatureWatchdogArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:TemperatureWatchdog", name, {}, options);
        this.fileSet = new FileSet(name, planTemperatureWatchdog(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
