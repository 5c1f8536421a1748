/** Metrics. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planNodeExporter } from "./plan";
import { checkNodeExporter, resolveNodeExporter, schema, unencryptedPasswords } from "./settings";

export const nodeExporter = {
    component: "NodeExporter",
    setting: "nodeExporter",
    roles: "every",
    managed: "by default",
    sendsMail: false,
    risk: "none",
    files: {
        "/etc/default/prometheus-node-exporter": {},
        "/etc/prometheus/node-exporter-web.yml": {},
        "/etc/systemd/system/prometheus-node-exporter.service.d/holdfast.conf": {},
        "/etc/tmpfiles.d/holdfast-node-exporter.conf": {},
    },
    schema,
    check: checkNodeExporter,
    resolve: resolveNodeExporter,
    warnings: unencryptedPasswords,
    plan: planNodeExporter,
} as const satisfies ConcernDefinition;
