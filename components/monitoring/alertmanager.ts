/** Who is told, and how often: one dead node is one mail, and so is a cluster that is short of votes. */
import { bracketed } from "../../model/values/address";
import type { MailSettings } from "../mail/settings";
import type { MonitoringHostSettings } from "./settings";

const NOBODY = "nobody";
const WATCHDOG = "HoldfastWatchdog";
const GONE = "HoldfastMachineGone";
/** Which every node of the cluster tells for itself, whichever of them is missing. */
const OF_CLUSTER = "HoldfastQuorumThin|HoldfastNoQuorum|HoldfastQdeviceSilent";

export function alertmanagerOf({ mail, deadMan }: MonitoringHostSettings, passwordFile: string): object {
    return {
        ...(mail && { global: sender(mail, passwordFile) }),
        route: {
            receiver: mail ? "mail" : NOBODY,
            // Everything of one machine is one mail; what belongs to no machine is another.
            group_by: ["node"],
            group_wait: "30s",
            group_interval: "5m",
            repeat_interval: "12h",
            routes: [
                {
                    matchers: [`alertname="${WATCHDOG}"`],
                    receiver: deadMan === undefined ? NOBODY : "dead-man",
                    group_wait: "0s",
                    group_interval: "1m",
                    repeat_interval: "5m",
                },
                { matchers: ['maintenance="true"'], receiver: NOBODY },
                // Beside what else is told of the machine: in a group that was mailed a moment ago it would wait for
                // that group's next turn. It silences the rest, so nothing belongs into the same mail.
                { matchers: [`alertname="${GONE}"`], group_by: ["alertname", "node"], group_interval: "1m" },
                { matchers: [`alertname=~"${OF_CLUSTER}"`], group_by: ["alertname", "cluster"] },
            ],
        },
        // A machine that is gone says nothing of its services, and what ran on it is gone as well.
        inhibit_rules: ["node", "instance"].map((label) => ({
            source_matchers: [`alertname="${GONE}"`],
            target_matchers: [`alertname!="${GONE}"`, `${label}!=""`],
            equal: [label],
        })),
        receivers: [
            { name: NOBODY },
            ...(mail ? [{ name: "mail", email_configs: mail.to.map(mailTo) }] : []),
            ...(deadMan === undefined
                ? []
                : [{ name: "dead-man", webhook_configs: [{ url: deadMan, send_resolved: false }] }]),
        ],
    };
}

/** Without a relay: the host's own mail server. Alertmanager speaks TLS from the start where the port is 465. */
function sender({ from, relay }: MailSettings, passwordFile: string): object {
    const { host, port, security, user } = relay ?? { host: "127.0.0.1", port: 25, security: "none" };
    return {
        smtp_smarthost: `${bracketed(host)}:${port}`,
        smtp_from: whole(from),
        smtp_require_tls: security === "starttls",
        ...(user !== undefined && { smtp_auth_username: user, smtp_auth_password_file: passwordFile }),
    };
}

/** Alertmanager takes no local user's name alone. */
function whole(address: string): string {
    return address.includes("@") ? address : `${address}@localhost`;
}

/** Of what goes on, where something does: what has ended since the last mail may come first. */
const SUBJECT =
    "[{{ .Status | toUpper }}] {{ $told := or .Alerts.Firing .Alerts }}{{ (index $told 0).Annotations.summary }}{{ if gt (len $told) 1 }} ({{ len $told }} in all){{ end }}";
const TEXT = `{{ range .Alerts }}{{ .Status | toUpper }}, {{ .Labels.severity }}: {{ .Annotations.summary }}
  {{ .Annotations.description }}
  {{ .Labels.alertname }}, {{ .Annotations.runbook }}, since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}

{{ end }}`;

function mailTo(to: string): object {
    // An empty html takes the default one away: what a mail says is text.
    return { to: whole(to), send_resolved: true, headers: { Subject: SUBJECT }, html: "", text: TEXT };
}
