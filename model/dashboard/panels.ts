/**
 * What a person looks at: panels and their PromQL, by row. One list for Grafana's dashboard and for whatever else draws
 * them. `$job` and `$instance` are the dashboard's variables, `$__rate_interval` is Grafana's.
 */

export interface Panel {
    readonly title: string;
    /** For whoever has not seen it before. */
    readonly description: string;
    /** `states`: one line for each series, coloured by 0 and 1. `number`: the newest value alone. */
    readonly kind: "lines" | "states" | "number";
    /** Grafana's name of it: `percentunit`, `Bps`, `s`, `celsius`, `short`. */
    readonly unit: string;
    readonly queries: readonly Query[];
    /** From which value on it is worth a look, and bad. */
    readonly limits?: { readonly warning: number; readonly bad: number };
    /** Words for 0 and 1, where the values are states. */
    readonly words?: readonly [zero: string, one: string];
}

export interface Query {
    readonly expr: string;
    /** `{{label}}` stands for a label's value. */
    readonly legend: string;
}

/** As Prometheus itself understands it: with the dashboard's variables filled in, for all machines. @param rate `1m` */
export function filledIn({ expr }: Query, { job, rate }: { readonly job: string; readonly rate: string }): string {
    return expr.replaceAll("$job", job).replaceAll("$instance", ".*").replaceAll("$__rate_interval", rate);
}

export interface Row {
    readonly title: string;
    /** Key of the concern that brings its metrics; without one every scraped machine has them. `drift`: a drift run. */
    readonly needs?: "bootReadiness" | "configBackup" | "temperature" | "ipmievd" | "networkGuard" | "drift";
    readonly panels: readonly Panel[];
}

/** Of node-exporter's metrics and of what stands in its textfile folder. */
const of = 'job=~"$job",instance=~"$instance"';

/** No memory, no image, nothing of /etc/pve: what a person calls a disk. */
const disks = `${of},fstype!~"tmpfs|ramfs|squashfs|fuse.*|efivarfs"`;

/**
 * The cards alone. A guest's packet passes its tap, two ports of the firewall's bridge, the bridge and the bond: all of
 * them count it.
 */
const cards = `${of},device!~"lo|tap.*|veth.*|fwbr.*|fwpr.*|fwln.*|vmbr.*|bond.*|ovs-system|docker.*|br-.*|.*\\\\..*"`;

const hour = 3600;
const day = 24 * hour;

export const rows: readonly Row[] = [
    {
        title: "Up",
        panels: [
            {
                title: "Machines that do not answer",
                description: "Their node-exporter cannot be scraped: the machine is gone, or the service on it is.",
                kind: "number",
                unit: "short",
                queries: [{ expr: `count(up{${of}} == 0) or vector(0)`, legend: "down" }],
                limits: { warning: 1, bad: 1 },
            },
            {
                title: "Up or down",
                description: "Whether each machine could be scraped.",
                kind: "states",
                unit: "short",
                queries: [{ expr: `up{${of}}`, legend: "{{instance}}" }],
                words: ["down", "up"],
            },
        ],
    },
    {
        title: "The next boot",
        needs: "bootReadiness",
        panels: [
            {
                title: "Ready for a reboot",
                description:
                    "By the node's own checks; no line where it could not tell. `holdfast ready NODE` says why.",
                kind: "states",
                unit: "short",
                queries: [{ expr: `holdfast_boot_ready{${of}}`, legend: "{{instance}}" }],
                words: ["not ready", "ready"],
            },
            {
                title: "Checks that say bad",
                description: "How many of a node's checks would fail the next boot.",
                kind: "lines",
                unit: "short",
                queries: [
                    { expr: `sum by (instance) (holdfast_boot_check{${of},state="bad"})`, legend: "{{instance}}" },
                ],
                limits: { warning: 1, bad: 1 },
            },
            {
                title: "Since the last proven boot",
                description: "No line: the files that a boot reads have changed since.",
                kind: "lines",
                unit: "s",
                queries: [{ expr: `time() - holdfast_boot_proven_timestamp_seconds{${of}}`, legend: "{{instance}}" }],
            },
        ],
    },
    {
        title: "Drift",
        needs: "drift",
        panels: [
            {
                title: "Differences from the stack",
                description: "Files, units, packages and facts, by the last drift run.",
                kind: "lines",
                unit: "short",
                queries: [{ expr: "sum by (stack, node) (holdfast_drift_changes)", legend: "{{stack}} {{node}}" }],
                limits: { warning: 1, bad: 1 },
            },
            {
                title: "Since the last drift run",
                description: "A run that does not come any more finds nothing.",
                kind: "lines",
                unit: "s",
                queries: [{ expr: "time() - max(holdfast_drift_last_run_timestamp_seconds)", legend: "drift run" }],
                limits: { warning: 1.5 * day, bad: 3 * day },
            },
        ],
    },
    {
        title: "Backup",
        needs: "configBackup",
        panels: [
            {
                title: "Since the last good backup",
                description: "Of /etc/pve and what else a new node needs: stored, and found there whole.",
                kind: "lines",
                unit: "s",
                queries: [
                    { expr: `time() - holdfast_backup_last_success_timestamp_seconds{${of}}`, legend: "{{instance}}" },
                ],
                limits: { warning: 1.5 * day, bad: 3 * day },
            },
            {
                title: "Since the last drill",
                description: "A backup restored on trial, and found equal.",
                kind: "lines",
                unit: "s",
                queries: [
                    {
                        expr: `time() - holdfast_drill_last_success_timestamp_seconds{${of}}`,
                        legend: "{{backup}} on {{instance}}",
                    },
                ],
                limits: { warning: 9 * day, bad: 15 * day },
            },
        ],
    },
    {
        title: "Load",
        panels: [
            {
                title: "CPU",
                description: "Of all processors, what is not idle.",
                kind: "lines",
                unit: "percentunit",
                queries: [
                    {
                        expr: `1 - avg by (instance) (rate(node_cpu_seconds_total{${of},mode="idle"}[$__rate_interval]))`,
                        legend: "{{instance}}",
                    },
                ],
            },
            {
                title: "Load of one minute",
                description: "Processes that run or wait.",
                kind: "lines",
                unit: "short",
                queries: [{ expr: `node_load1{${of}}`, legend: "{{instance}}" }],
            },
            {
                title: "Memory in use",
                description: "What could not be had by a new process.",
                kind: "lines",
                unit: "percentunit",
                queries: [
                    {
                        expr: `1 - node_memory_MemAvailable_bytes{${of}} / node_memory_MemTotal_bytes{${of}}`,
                        legend: "{{instance}}",
                    },
                ],
                limits: { warning: 0.9, bad: 0.97 },
            },
            {
                title: "Disks in use",
                description: "Each mounted file system, by what an ordinary process may still write.",
                kind: "lines",
                unit: "percentunit",
                queries: [
                    {
                        expr: `1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`,
                        legend: "{{instance}} {{mountpoint}}",
                    },
                ],
                limits: { warning: 0.85, bad: 0.95 },
            },
            {
                title: "Network in",
                description: "Of the cards: bridges, bonds and taps would count each packet again.",
                kind: "lines",
                unit: "Bps",
                queries: [
                    {
                        expr: `sum by (instance) (rate(node_network_receive_bytes_total{${cards}}[$__rate_interval]))`,
                        legend: "{{instance}}",
                    },
                ],
            },
            {
                title: "Network out",
                description: "Of the cards: bridges, bonds and taps would count each packet again.",
                kind: "lines",
                unit: "Bps",
                queries: [
                    {
                        expr: `sum by (instance) (rate(node_network_transmit_bytes_total{${cards}}[$__rate_interval]))`,
                        legend: "{{instance}}",
                    },
                ],
            },
        ],
    },
    {
        title: "The network's files",
        needs: "networkGuard",
        panels: [
            {
                title: "Sound",
                description: "Whether the interfaces files keep the strict grammar. Damaged ones are not reloaded.",
                kind: "states",
                unit: "short",
                queries: [{ expr: `holdfast_interfaces_sound{${of}}`, legend: "{{instance}}" }],
                words: ["damaged", "sound"],
            },
        ],
    },
    {
        title: "Heat",
        needs: "temperature",
        panels: [
            {
                title: "Temperatures",
                description: "What the watchdog read.",
                kind: "lines",
                unit: "celsius",
                queries: [{ expr: `holdfast_temperature_celsius{${of}}`, legend: "{{instance}} {{sensor}}" }],
                limits: { warning: 75, bad: 90 },
            },
        ],
    },
    {
        title: "The service processor",
        needs: "ipmievd",
        panels: [
            {
                title: "Its log, in use",
                description: "A full one keeps no event any more: `ipmitool sel clear` on the node.",
                kind: "lines",
                unit: "percentunit",
                queries: [{ expr: `holdfast_ipmi_sel_used_ratio{${of}}`, legend: "{{instance}}" }],
                limits: { warning: 0.75, bad: 0.9 },
            },
        ],
    },
];
