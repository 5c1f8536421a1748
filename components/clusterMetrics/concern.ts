/** The cluster as metrics. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planClusterMetrics } from "./plan";
import { resolveClusterMetrics, schema } from "./settings";

export const clusterMetrics = {
    component: "ClusterMetrics",
    setting: "clusterMetrics",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    risk: "none",
    files: {
        "/etc/systemd/system/holdfast-cluster-metrics.service": {},
        "/etc/systemd/system/holdfast-cluster-metrics.timer": {},
        "/usr/local/lib/holdfast/cluster-metrics": {},
    },
    schema,
    resolve: resolveClusterMetrics,
    plan: planClusterMetrics,
} as const satisfies ConcernDefinition;
