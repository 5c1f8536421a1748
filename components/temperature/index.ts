/**
 * A look at the temperatures every five minutes: mail at the warning limit, shutdown or a second mail at the critical
 * one.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { temperature } from "./concern";
import { planTemperatureWatchdog, type TemperatureWatchdogArgs } from "./plan";

export { planTemperatureWatchdog, type TemperatureWatchdogArgs } from "./plan";

export class TemperatureWatchdog extends ConcernComponent {
    constructor(name: string, args: TemperatureWatchdogArgs, options?: pulumi.ComponentResourceOptions) {
        super(temperature, name, planTemperatureWatchdog(args), options);
    }
}
