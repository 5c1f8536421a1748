/** Who scrapes, probes and alerts. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planMonitoringHost } from "./plan";
import { resolveMonitoringHost, schema, secretsOfMonitoring, unwiseMonitoring } from "./settings";

export const monitoring = {
    component: "MonitoringHost",
    setting: "monitoring",
    roles: ["monitoring"],
    managed: "by role",
    // Alertmanager sends its own.
    sendsMail: false,
    risk: "none",
    files: {
        "/etc/default/holdfast-blackbox": {},
        "/etc/default/prometheus": {},
        "/etc/default/prometheus-alertmanager": {},
        "/etc/default/prometheus-blackbox-exporter": {},
        "/etc/prometheus/alertmanager.yml": {},
        "/etc/prometheus/blackbox.yml": {},
        "/etc/prometheus/blackbox/blackbox.yml": {},
        "/etc/prometheus/holdfast/endpoints.yml": {},
        "/etc/prometheus/holdfast/holdfast-backup.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-boot.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-cluster.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-docker.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-drift.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-hardware.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-machine.rules.yml": {},
        "/etc/prometheus/holdfast/holdfast-up.rules.yml": {},
        "/etc/prometheus/holdfast/machines.yml": {},
        "/etc/prometheus/holdfast/mail.password": { secret: true },
        "/etc/prometheus/holdfast/scrape.password": { secret: true },
        "/etc/prometheus/holdfast/scrape.yml": {},
        "/etc/prometheus/prometheus.yml": {},
        "/etc/systemd/system/holdfast-blackbox.service": {},
        "/etc/systemd/system/prometheus-alertmanager.service.d/holdfast.conf": {},
        "/etc/systemd/system/prometheus-blackbox-exporter.service.d/holdfast.conf": {},
        "/etc/systemd/system/prometheus.service.d/holdfast.conf": {},
    },
    codes: {
        "blackbox-image": "the container's image cannot be had, or its program refuses the probes' configuration",
        "monitoring-silent": "Prometheus, Alertmanager or the blackbox exporter does not answer",
        "monitoring-refused": "one of them refuses the configuration that stands there and goes on with an older one",
        "monitoring-not-reloaded": "one of them could be made neither to read its configuration nor to start again",
    },
    schema,
    resolve: resolveMonitoringHost,
    warnings: unwiseMonitoring,
    secrets: secretsOfMonitoring,
    plan: planMonitoringHost,
} as const satisfies ConcernDefinition;
