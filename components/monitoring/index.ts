/**
 * Prometheus, blackbox exporter and Alertmanager for the whole stack: every machine scraped, every declared endpoint
 * probed, tested alert rules, one mail for one dead node.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { monitoring } from "./concern";
import { planMonitoringHost, type MonitoringHostArgs } from "./plan";

export { planMonitoringHost, type MonitoringHostArgs } from "./plan";

export class MonitoringHost extends ConcernComponent {
    constructor(name: string, args: MonitoringHostArgs, options?: pulumi.ComponentResourceOptions) {
        super(monitoring, name, planMonitoringHost(args), options);
    }
}
