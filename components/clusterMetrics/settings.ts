/** `clusterMetrics`: on or off. */
import { concern } from "../../model/fleet/kit";

export const schema = concern({})
    .optional()
    .describe("quorum, corosync's links and pmxcfs as metrics, every minute; off by default");

export type ClusterMetricsSettings = Readonly<Record<string, never>>;

export function resolveClusterMetrics(): ClusterMetricsSettings {
    return {};
}
