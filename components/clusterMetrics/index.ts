/** Quorum, votes to spare, the QDevice, corosync's links and pmxcfs of one node as metrics, every minute. */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { clusterMetrics } from "./concern";
import { planClusterMetrics, type ClusterMetricsArgs } from "./plan";

export { planClusterMetrics, type ClusterMetricsArgs } from "./plan";

export class ClusterMetrics extends ConcernComponent {
    constructor(name: string, args: ClusterMetricsArgs, options?: pulumi.ComponentResourceOptions) {
        super(clusterMetrics, name, planClusterMetrics(args), options);
    }
}
