/** What each rule fires on, and what only looks like it: series in promtool's own notation. */

export interface Case {
    /** When it is looked at: `20m`, `30h`. Time begins at 0. */
    readonly at: string;
    /** Between two values; 1m by default. */
    readonly interval?: string;
    readonly fires: Readonly<Record<string, string>>;
    /** Of the alert, besides its name and severity. */
    readonly labels: Readonly<Record<string, string>>;
    /** As the annotations print it. */
    readonly value?: string;
    readonly quiet: Readonly<Record<string, string>>;
}

const pve01 = { instance: "pve01" };
const dockerHost = { instance: "vm-docker1" };
const docker = { ...dockerHost, node: "vm-docker1" };
const both = { instance: "pve01", node: "pve01" };
const at = (name: string, labels: Readonly<Record<string, string>> = pve01) =>
    `${name}{${Object.entries(labels)
        .map(([key, value]) => `${key}="${value}"`)
        .join(",")}}`;

const up = { job: "node", ...both };
const ping = { job: "ping", ...both };
const gui = { job: "pveproxy", ...both };
/** As its series were named until the labels changed: Prometheus goes on with their last value for five minutes. */
const former = (labels: Readonly<Record<string, string>>) => ({ ...labels, cluster: "former.example.test" });
const wiki = { job: "endpoint", instance: "wiki", node: "vm-docker1", target: "https://wiki.example.test/" };
const root = { ...pve01, mountpoint: "/", device: "/dev/sda1", fstype: "ext4" };
const size = at("node_filesystem_size_bytes", root);
const avail = at("node_filesystem_avail_bytes", root);
const files = at("node_filesystem_files", root);
const filesFree = at("node_filesystem_files_free", root);
const writable = { [at("node_filesystem_readonly", root)]: "0x600" };
const card = { ...pve01, device: "enp1s0" };
const tap = { ...pve01, device: "tap100i0" };
const fan = { ...pve01, chip: "nct6775", sensor: "fan1" };
const disk = { ...pve01, disk: "/dev/sda" };
const prom = (name: string) => ({ ...pve01, file: `/var/lib/prometheus-holdfast/node-exporter/${name}.prom` });
const wikis = { ...dockerHost, deployment: "wiki" };
const drift = { stack: "prod", node: "pve01", instance: "ci" };

/** By file of rules. */
export const cases: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
    "holdfast-up": {
        HoldfastMachineGone: {
            at: "5m",
            fires: {
                [at("probe_success", ping)]: "0x10",
                [at("up", up)]: "0x10",
                [at("up", former(up))]: "1x10",
            },
            labels: ping,
            quiet: { [at("probe_success", ping)]: "0x10", [at("up", up)]: "1x10" },
        },
        HoldfastExporterDown: {
            at: "8m",
            fires: { [at("up", up)]: "0x10", [at("probe_success", ping)]: "1x10" },
            labels: up,
            quiet: {
                [at("up", up)]: "0x10",
                [at("probe_success", ping)]: "0x10",
                [at("probe_success", former(ping))]: "1x10",
            },
        },
        HoldfastPveproxyDown: {
            at: "8m",
            fires: { [at("probe_success", gui)]: "0x10", [at("probe_success", ping)]: "1x10" },
            labels: gui,
            quiet: {
                [at("probe_success", gui)]: "0x10",
                [at("probe_success", ping)]: "0x10",
                [at("up", up)]: "0x10",
                [at("up", former(up))]: "1x10",
            },
        },
        HoldfastEndpointDown: {
            at: "5m",
            // A ping may be filtered.
            fires: {
                [at("probe_success", wiki)]: "0x10",
                [at("probe_success", { job: "ping", ...docker })]: "0x10",
                [at("up", { job: "node", ...docker })]: "1x10",
            },
            labels: wiki,
            // Its machine is back, and has to start it first.
            quiet: {
                [at("probe_success", wiki)]: "0x10",
                [at("probe_success", { job: "ping", ...docker })]: "0x3 1x10",
                [at("up", { job: "node", ...docker })]: "0x10",
            },
        },
        HoldfastTargetNeverAnswered: {
            at: "90m",
            fires: { [at("up", up)]: "0x120" },
            labels: up,
            // One that has answered, under other labels; and one that is no longer declared.
            quiet: {
                [at("up", former(up))]: "1x5",
                [at("up", up)]: "_x5 0x115",
                [at("probe_success", wiki)]: "0x70 stale",
            },
        },
        HoldfastNothingScraped: {
            at: "15m",
            fires: { 'up{job="prometheus"}': "1x20" },
            labels: { job: "node" },
            quiet: { [at("up", up)]: "0x20" },
        },
        HoldfastProberDown: {
            at: "8m",
            fires: { [at("up", ping)]: "0x10" },
            labels: { job: "ping" },
            quiet: { [at("up", ping)]: "0x10", 'up{job="ping",instance="pve02"}': "1x10" },
        },
        HoldfastCertificateEnds: {
            at: "2h",
            fires: { [at("probe_ssl_earliest_cert_expiry", wiki)]: "864000x120" },
            labels: wiki,
            value: "9d 22h 0m 0s",
            quiet: { [at("probe_ssl_earliest_cert_expiry", wiki)]: "1728000x120" },
        },
        HoldfastCertificateEndsSoon: {
            at: "1h",
            fires: { [at("probe_ssl_earliest_cert_expiry", wiki)]: "86400x120" },
            labels: wiki,
            value: "23h 0m 0s",
            quiet: { [at("probe_ssl_earliest_cert_expiry", wiki)]: "864000x120" },
        },
        HoldfastWatchdog: {
            at: "30m",
            // What it is sent by does not hold it back.
            fires: { 'alertmanager_notifications_failed_total{integration="webhook",instance="mon1"}': "0x10 1x40" },
            labels: {},
            quiet: {
                'alertmanager_notifications_failed_total{integration="email",instance="mon1"}': "0x20 1+1x20",
                'alertmanager_notifications_total{integration="email",instance="mon1"}': "5x20 6+1x20",
            },
        },
        HoldfastAlertmanagerDown: {
            at: "8m",
            fires: { 'up{job="alertmanager",instance="mon1"}': "0x10" },
            labels: { job: "alertmanager", instance: "mon1" },
            quiet: { 'up{job="alertmanager",instance="mon1"}': "1x10" },
        },
        HoldfastMailFails: {
            at: "30m",
            fires: { 'alertmanager_notifications_failed_total{integration="email",instance="mon1"}': "0x10 1x40" },
            labels: { integration: "email", instance: "mon1" },
            quiet: { 'alertmanager_notifications_failed_total{integration="email",instance="mon1"}': "5x50" },
        },
        HoldfastRulesFail: {
            at: "35m",
            fires: { 'prometheus_rule_evaluation_failures_total{rule_group="own",instance="mon1"}': "0+1x40" },
            labels: { rule_group: "own", instance: "mon1" },
            quiet: { 'prometheus_rule_evaluation_failures_total{rule_group="own",instance="mon1"}': "3x40" },
        },
        HoldfastConfigNotLoaded: {
            at: "15m",
            fires: { 'prometheus_config_last_reload_successful{job="prometheus",instance="mon1"}': "0x20" },
            labels: { job: "prometheus", instance: "mon1" },
            quiet: { 'prometheus_config_last_reload_successful{job="prometheus",instance="mon1"}': "1x20" },
        },
    },
    "holdfast-machine": {
        HoldfastDiskFull: {
            at: "20m",
            fires: { [avail]: "4x30", [size]: "100x30", ...writable },
            labels: root,
            value: "4%",
            quiet: { [avail]: "10x30", [size]: "100x30", ...writable },
        },
        HoldfastDiskFills: {
            at: "8h",
            interval: "10m",
            fires: { [avail]: "30-0.2x50", [size]: "100x500", ...writable },
            labels: root,
            value: "20.4%",
            quiet: { [avail]: "30-0.01x50", [size]: "100x500", ...writable },
        },
        HoldfastInodesOut: {
            at: "20m",
            fires: { [filesFree]: "4x30", [files]: "100x30", ...writable },
            labels: root,
            value: "4%",
            quiet: { [filesFree]: "10x30", [files]: "100x30", ...writable },
        },
        HoldfastInodesRunOut: {
            at: "8h",
            interval: "10m",
            fires: { [filesFree]: "30-0.2x50", [files]: "100x500", ...writable },
            labels: root,
            value: "20.4%",
            quiet: { [filesFree]: "30-0.01x50", [files]: "100x500", ...writable },
        },
        HoldfastDiskReadOnly: {
            at: "320m",
            interval: "10m",
            fires: { [at("node_filesystem_readonly", root)]: "0x30 1x3" },
            labels: root,
            quiet: { [at("node_filesystem_readonly", root)]: "1x40" },
        },
        HoldfastMountHangs: {
            at: "20m",
            fires: { [at("node_filesystem_device_error", root)]: "1x30" },
            labels: root,
            quiet: { [at("node_filesystem_device_error", root)]: "0x5 1x5 0x20" },
        },
        HoldfastRaidDegraded: {
            at: "10m",
            fires: {
                'node_md_disks_required{instance="pve01",device="md0"}': "2x20",
                'node_md_disks{instance="pve01",device="md0",state="active"}': "1x20",
            },
            labels: { ...pve01, device: "md0" },
            value: "1",
            quiet: {
                'node_md_disks_required{instance="pve01",device="md0"}': "2x20",
                'node_md_disks{instance="pve01",device="md0",state="active"}': "2x20",
                'node_md_disks{instance="pve01",device="md0",state="spare"}': "1x20",
            },
        },
        HoldfastRaidDiskFailed: {
            at: "10m",
            fires: { 'node_md_disks{instance="pve01",device="md0",state="failed"}': "1x20" },
            labels: { ...pve01, device: "md0", state: "failed" },
            quiet: { 'node_md_disks{instance="pve01",device="md0",state="failed"}': "0x20" },
        },
        HoldfastZpoolNotOnline: {
            at: "10m",
            fires: { 'node_zfs_zpool_state{instance="pve01",zpool="tank",state="degraded"}': "1x20" },
            labels: { ...pve01, zpool: "tank", state: "degraded" },
            quiet: {
                'node_zfs_zpool_state{instance="pve01",zpool="tank",state="degraded"}': "0x20",
                'node_zfs_zpool_state{instance="pve01",zpool="tank",state="online"}': "1x20",
            },
        },
        HoldfastDiskBusy: {
            at: "45m",
            fires: { 'node_disk_io_time_weighted_seconds_total{instance="pve01",device="sda"}': "0+720x60" },
            labels: { ...pve01, device: "sda" },
            quiet: { 'node_disk_io_time_weighted_seconds_total{instance="pve01",device="sda"}': "0+60x60" },
        },
        HoldfastSmartFails: {
            at: "10m",
            fires: { [at("smartmon_device_smart_healthy", disk)]: "0x20" },
            labels: disk,
            quiet: { [at("smartmon_device_smart_healthy", disk)]: "1x20" },
        },
        HoldfastSmartCountersGrow: {
            at: "100m",
            fires: { [at("smartmon_reallocated_sector_ct_raw_value", disk)]: "8x60 16x60" },
            labels: disk,
            quiet: { [at("smartmon_reallocated_sector_ct_raw_value", disk)]: "8x120" },
        },
        HoldfastServiceFailed: {
            at: "20m",
            fires: { 'node_systemd_unit_state{instance="pve01",name="smartmontools.service",state="failed"}': "1x30" },
            labels: { ...pve01, name: "smartmontools.service", state: "failed" },
            quiet: { 'node_systemd_unit_state{instance="pve01",name="smartmontools.service",state="failed"}': "0x30" },
        },
        HoldfastProxmoxServiceDown: {
            at: "10m",
            fires: { 'node_systemd_unit_state{instance="pve01",name="pve-cluster.service",state="active"}': "0x20" },
            labels: { ...pve01, name: "pve-cluster.service", state: "active" },
            // A node alone has no corosync.
            quiet: { 'node_systemd_unit_state{instance="pve01",name="corosync.service",state="active"}': "0x20" },
        },
        HoldfastRebooted: {
            at: "18m",
            fires: { [at("node_boot_time_seconds")]: "0x10 900x10" },
            labels: pve01,
            quiet: { [at("node_boot_time_seconds")]: "1000x10 1001x10" },
        },
        HoldfastRebootPending: {
            at: "180h",
            interval: "1h",
            fires: { [at("node_reboot_required")]: "1x200" },
            labels: pve01,
            quiet: { [at("node_reboot_required")]: "0x100 1x100" },
        },
        HoldfastMemoryLow: {
            at: "20m",
            fires: { [at("node_memory_MemAvailable_bytes")]: "4x30", [at("node_memory_MemTotal_bytes")]: "100x30" },
            labels: pve01,
            value: "4%",
            quiet: { [at("node_memory_MemAvailable_bytes")]: "40x30", [at("node_memory_MemTotal_bytes")]: "100x30" },
        },
        HoldfastOutOfMemory: {
            at: "8m",
            fires: { [at("node_vmstat_oom_kill")]: "0x5 1x10" },
            labels: pve01,
            quiet: { [at("node_vmstat_oom_kill")]: "3x20" },
        },
        HoldfastMemoryFaulty: {
            at: "30m",
            fires: { [at("node_edac_uncorrectable_errors_total")]: "0x10 1x30" },
            labels: pve01,
            quiet: { [at("node_edac_correctable_errors_total")]: "0x10 5x30" },
        },
        HoldfastClockOff: {
            at: "15m",
            fires: { [at("node_timex_offset_seconds")]: "-0.2x20" },
            labels: pve01,
            value: "0.2",
            quiet: { [at("node_timex_offset_seconds")]: "-0.01x20" },
        },
        HoldfastClockNotSynced: {
            at: "20m",
            fires: { [at("node_timex_sync_status")]: "0x30", [at("node_timex_maxerror_seconds")]: "16x30" },
            labels: pve01,
            quiet: { [at("node_timex_sync_status")]: "0x30", [at("node_timex_maxerror_seconds")]: "1x30" },
        },
        HoldfastConntrackFull: {
            at: "15m",
            fires: {
                [at("node_nf_conntrack_entries")]: "80x20",
                [at("node_nf_conntrack_entries_limit")]: "100x20",
            },
            labels: pve01,
            value: "80%",
            quiet: {
                [at("node_nf_conntrack_entries")]: "50x20",
                [at("node_nf_conntrack_entries_limit")]: "100x20",
            },
        },
        HoldfastFileHandlesOut: {
            at: "20m",
            fires: { [at("node_filefd_allocated")]: "95x30", [at("node_filefd_maximum")]: "100x30" },
            labels: pve01,
            value: "95%",
            quiet: { [at("node_filefd_allocated")]: "50x30", [at("node_filefd_maximum")]: "100x30" },
        },
        HoldfastTextfileBroken: {
            at: "20m",
            fires: { [at("node_textfile_scrape_error")]: "1x30" },
            labels: pve01,
            quiet: { [at("node_textfile_scrape_error")]: "0x30" },
        },
        HoldfastBondMemberDown: {
            at: "10m",
            fires: {
                'node_bonding_slaves{instance="pve01",master="bond0"}': "2x20",
                'node_bonding_active{instance="pve01",master="bond0"}': "1x20",
            },
            labels: { ...pve01, master: "bond0" },
            value: "1",
            quiet: {
                'node_bonding_slaves{instance="pve01",master="bond0"}': "2x20",
                'node_bonding_active{instance="pve01",master="bond0"}': "2x20",
            },
        },
        HoldfastLinkLost: {
            at: "20m",
            fires: { [at("node_network_carrier", card)]: "1x10 0x20" },
            labels: card,
            // The one never had a cable, the other's guest is off.
            quiet: {
                [at("node_network_carrier", { ...pve01, device: "enp9s0" })]: "0x30",
                [at("node_network_carrier", tap)]: "1x10 0x20",
            },
        },
        HoldfastNetworkErrors: {
            at: "100m",
            fires: {
                [at("node_network_receive_errs_total", card)]: "0+60x120",
                [at("node_network_receive_packets_total", card)]: "0+600x120",
            },
            labels: card,
            value: "10%",
            quiet: {
                [at("node_network_receive_errs_total", tap)]: "0+60x120",
                [at("node_network_receive_packets_total", tap)]: "0+600x120",
            },
        },
    },
    "holdfast-hardware": {
        HoldfastTooHot: {
            at: "5m",
            fires: { [at("holdfast_temperature_level")]: "2x10" },
            labels: pve01,
            quiet: { [at("holdfast_temperature_level")]: "1x10" },
        },
        HoldfastWarm: {
            at: "15m",
            fires: { [at("holdfast_temperature_level")]: "1x20" },
            labels: pve01,
            quiet: { [at("holdfast_temperature_level")]: "0 0 1 1 0x20" },
        },
        HoldfastTemperatureOld: {
            at: "1h",
            fires: { [at("node_textfile_mtime_seconds", prom("holdfast_temperature"))]: "0x70" },
            labels: prom("holdfast_temperature"),
            value: "1h 0m 0s",
            quiet: { [at("node_textfile_mtime_seconds", prom("holdfast_temperature"))]: "0+60x70" },
        },
        HoldfastFanStopped: {
            at: "620m",
            interval: "10m",
            fires: { [at("node_hwmon_fan_rpm", fan)]: "1200x60 0x3" },
            labels: fan,
            quiet: { [at("node_hwmon_fan_rpm", fan)]: "0x30 1200x30 0x3" },
        },
        HoldfastSelNearlyFull: {
            at: "2h",
            fires: { [at("holdfast_ipmi_sel_used_ratio")]: "0.8x120" },
            labels: pve01,
            value: "80%",
            quiet: { [at("holdfast_ipmi_sel_used_ratio")]: "0.5x120" },
        },
        HoldfastSelOverflow: {
            at: "2h",
            fires: { [at("holdfast_ipmi_sel_overflow")]: "1x120" },
            labels: pve01,
            quiet: { [at("holdfast_ipmi_sel_overflow")]: "0x120" },
        },
        HoldfastBmcEvent: {
            at: "45m",
            fires: { [at("holdfast_ipmi_sel_entries")]: "10x30 11x30" },
            labels: pve01,
            // Cleared.
            quiet: { [at("holdfast_ipmi_sel_entries")]: "10x30 1x30" },
        },
        HoldfastSelOld: {
            at: "5h",
            interval: "10m",
            fires: { [at("node_textfile_mtime_seconds", prom("holdfast_sel"))]: "0x35" },
            labels: prom("holdfast_sel"),
            value: "5h 0m 0s",
            quiet: { [at("node_textfile_mtime_seconds", prom("holdfast_sel"))]: "0+600x35" },
        },
        HoldfastNetworkFilesDamaged: {
            at: "5m",
            fires: { [at("holdfast_interfaces_sound")]: "0x10" },
            labels: pve01,
            quiet: { [at("holdfast_interfaces_sound")]: "1x10" },
        },
        HoldfastNetworkPutBack: {
            at: "1h",
            fires: { [at("holdfast_network_put_back_timestamp_seconds")]: "0x70" },
            labels: pve01,
            quiet: { [at("holdfast_network_put_back_timestamp_seconds")]: "-90000x70" },
        },
    },
    "holdfast-cluster": {
        HoldfastNoQuorum: {
            at: "5m",
            fires: { [at("holdfast_cluster_quorate")]: "0x10" },
            labels: pve01,
            quiet: { [at("holdfast_cluster_quorate")]: "1x10" },
        },
        HoldfastQuorumThin: {
            at: "10m",
            fires: {
                [at("holdfast_cluster_votes_spare")]: "0x20",
                [at("holdfast_cluster_votes_missing")]: "1x20",
            },
            labels: pve01,
            // Two nodes, both there.
            quiet: {
                [at("holdfast_cluster_votes_spare")]: "0x20",
                [at("holdfast_cluster_votes_missing")]: "0x20",
            },
        },
        HoldfastQdeviceSilent: {
            at: "10m",
            fires: { [at("holdfast_cluster_qdevice_votes")]: "0x20" },
            labels: pve01,
            quiet: { [at("holdfast_cluster_qdevice_votes")]: "1x20" },
        },
        HoldfastCorosyncLinkDown: {
            at: "10m",
            fires: { [at("holdfast_cluster_links_down")]: "2x20" },
            labels: pve01,
            value: "2",
            quiet: { [at("holdfast_cluster_links_down")]: "0x20" },
        },
        HoldfastPmxcfsSilent: {
            at: "5m",
            fires: { [at("holdfast_pmxcfs_answers")]: "0x10" },
            labels: pve01,
            quiet: { [at("holdfast_pmxcfs_answers")]: "1x10" },
        },
        HoldfastClusterMetricsOld: {
            at: "30m",
            fires: { [at("node_textfile_mtime_seconds", prom("holdfast_cluster"))]: "0x40" },
            labels: prom("holdfast_cluster"),
            value: "30m 0s",
            quiet: { [at("node_textfile_mtime_seconds", prom("holdfast_cluster"))]: "0+60x40" },
        },
    },
    "holdfast-docker": {
        HoldfastDockerDown: {
            at: "15m",
            fires: { [at("holdfast_docker_up", dockerHost)]: "0x30" },
            labels: dockerHost,
            // It is started anew.
            quiet: { [at("holdfast_docker_up", dockerHost)]: "1 0 0 0 0 1x30" },
        },
        HoldfastContainersMissing: {
            at: "20m",
            fires: {
                [at("holdfast_docker_containers_expected", wikis)]: "3x30",
                [at("holdfast_docker_containers_running", wikis)]: "1x30",
            },
            labels: wikis,
            value: "2",
            quiet: {
                [at("holdfast_docker_containers_expected", wikis)]: "3x30",
                [at("holdfast_docker_containers_running", wikis)]: "1x5 3x30",
            },
        },
        HoldfastDeploymentUnreadable: {
            at: "20m",
            fires: { [at("holdfast_docker_deployment_readable", wikis)]: "0x30" },
            labels: wikis,
            // Somebody edits it.
            quiet: { [at("holdfast_docker_deployment_readable", wikis)]: "1 0 0 1x30" },
        },
        HoldfastContainersUnhealthy: {
            at: "20m",
            fires: { [at("holdfast_docker_containers_unhealthy", wikis)]: "1x30" },
            labels: wikis,
            value: "1",
            quiet: { [at("holdfast_docker_containers_unhealthy", wikis)]: "1x5 0x30" },
        },
        HoldfastContainersLoop: {
            at: "15m",
            fires: { [at("holdfast_docker_containers_restarting", wikis)]: "1x30" },
            labels: wikis,
            value: "1",
            quiet: { [at("holdfast_docker_containers_restarting", wikis)]: "1x5 0x30" },
        },
        HoldfastRedeployFailed: {
            at: "5m",
            fires: { [at("holdfast_docker_redeploy_failed", dockerHost)]: "1x10" },
            labels: dockerHost,
            quiet: { [at("holdfast_docker_redeploy_failed", dockerHost)]: "0x10" },
        },
        HoldfastDockerLookOld: {
            at: "40m",
            fires: { [at("holdfast_docker_looked_timestamp_seconds", dockerHost)]: "0x60" },
            labels: dockerHost,
            value: "40m 0s",
            quiet: { [at("holdfast_docker_looked_timestamp_seconds", dockerHost)]: "0+60x60" },
        },
    },
    "holdfast-drift": {
        HoldfastDrift: {
            at: "2h",
            fires: { [at("holdfast_drift_changes", drift)]: "2x120" },
            labels: drift,
            quiet: { [at("holdfast_drift_changes", drift)]: "0x120" },
        },
        HoldfastDriftUnreachable: {
            at: "2h",
            fires: { [at("holdfast_drift_node", { ...drift, status: "unreachable" })]: "1x120" },
            labels: { ...drift, status: "unreachable" },
            quiet: {
                [at("holdfast_drift_node", { ...drift, status: "unreachable" })]: "0x120",
                [at("holdfast_drift_node", { ...drift, status: "skipped" })]: "1x120",
            },
        },
        HoldfastDriftIncomplete: {
            at: "2h",
            fires: { 'holdfast_drift_stack_ok{stack="prod",instance="ci"}': "0x120" },
            labels: { stack: "prod", instance: "ci" },
            quiet: { 'holdfast_drift_stack_ok{stack="prod",instance="ci"}': "1x120" },
        },
        HoldfastDriftRunOld: {
            at: "40h",
            interval: "10m",
            fires: { 'holdfast_drift_last_run_timestamp_seconds{instance="ci"}': "0x250" },
            labels: { instance: "ci" },
            value: "1d 16h 0m 0s",
            quiet: { 'holdfast_drift_last_run_timestamp_seconds{instance="ci"}': "0+600x250" },
        },
    },
};
