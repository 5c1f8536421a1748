/** What Prometheus and the blackbox exporter are told. Sound for Prometheus 2.42, which Debian 12 has, and later. */
import { askedName, moduleOf } from "./targets";
import type { MonitoringHostSettings, Target } from "./settings";

interface Paths {
    readonly machines: string;
    readonly endpoints: string;
    readonly scrapePassword: string;
}

interface Around {
    /** The monitoring host's own name. */
    readonly host: string;
    readonly folder: string;
    readonly alertmanagers: readonly string[];
    readonly self: readonly { readonly job: string; readonly at: string }[];
}

const BLACKBOX = "127.0.0.1:9115";

export function prometheusOf(settings: MonitoringHostSettings, paths: Paths, around: Around): object {
    const { interval } = settings;
    const { host, folder, alertmanagers, self } = around;
    return {
        global: {
            scrape_interval: `${interval}s`,
            scrape_timeout: `${Math.min(10, interval)}s`,
            evaluation_interval: `${interval}s`,
        },
        // The second, and the job `own`, are for rules and targets of the user's.
        rule_files: [`${folder}/*.rules.yml`, "/etc/prometheus/rules.d/*.yml"],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [...alertmanagers] }] }] },
        scrape_configs: [
            ...scrapeConfigs(settings, paths),
            ...self.map(({ job, at }) => ({
                job_name: job,
                static_configs: [{ targets: [at], labels: { instance: host } }],
            })),
            { job_name: "own", file_sd_configs: [{ files: ["/etc/prometheus/targets-*.yml"] }] },
        ],
    };
}

/** All machines and endpoints; the jobs' names are those that the rules go by. */
export function scrapeConfigs(settings: MonitoringHostSettings, paths: Paths): object[] {
    const { user, ca, targets } = settings;
    const machines = { file_sd_configs: [{ files: [paths.machines] }] };
    const named = { source_labels: ["node"], target_label: "instance" };
    const trusting = ca === undefined ? {} : { tls_config: { ca_file: ca } };
    return [
        {
            job_name: "node",
            ...trusting,
            ...machines,
            relabel_configs: [{ source_labels: ["__exporter"], regex: "none|auth", action: "drop" }, named],
            metric_relabel_configs: aboutOthers,
        },
        // A password goes to those alone that ask for one.
        ...(user === undefined
            ? []
            : [
                  {
                      job_name: "node-auth",
                      basic_auth: { username: user, password_file: paths.scrapePassword },
                      ...trusting,
                      ...machines,
                      relabel_configs: [
                          { source_labels: ["__exporter"], regex: "auth", action: "keep" },
                          named,
                          { target_label: "job", replacement: "node" },
                      ],
                      metric_relabel_configs: aboutOthers,
                  },
              ]),
        probing("ping", "icmp", machines, [
            { source_labels: ["__address__"], regex: "\\[?(.+?)\\]?:\\d+", target_label: "__param_target" },
            named,
        ]),
        probing("pveproxy", "handshake", machines, [
            { source_labels: ["role"], regex: "node", action: "keep" },
            {
                source_labels: ["__address__"],
                regex: "(.+):\\d+",
                target_label: "__param_target",
                replacement: "$1:8006",
            },
            named,
        ]),
        ...(targets.length === 0
            ? []
            : [
                  probing("endpoint", undefined, { file_sd_configs: [{ files: [paths.endpoints] }] }, [
                      { source_labels: ["__address__"], target_label: "__param_target" },
                  ]),
              ]),
    ];
}

/** What a drift run has found of a machine is about that one, wherever it ran. */
const aboutOthers = [
    {
        source_labels: ["__name__", "exported_node"],
        regex: "holdfast_drift_.*;(.+)",
        target_label: "node",
        replacement: "$1",
    },
    { source_labels: ["__name__"], regex: "holdfast_drift_.*", target_label: "exported_node", replacement: "" },
];

/** By the blackbox exporter. @param module where the target does not bring its own */
function probing(job: string, module: string | undefined, targets: object, relabel: readonly object[]): object {
    return {
        job_name: job,
        metrics_path: "/probe",
        ...(module !== undefined && { params: { module: [module] } }),
        ...targets,
        relabel_configs: [
            ...relabel,
            { source_labels: ["__param_target"], target_label: "target" },
            { target_label: "__scheme__", replacement: "http" },
            { target_label: "__address__", replacement: BLACKBOX },
        ],
    };
}

export function blackboxOf({ targets }: Pick<MonitoringHostSettings, "targets">): object {
    const ip = { preferred_ip_protocol: "ip4" };
    const asked = targets.flatMap((target) => (target.dns === undefined ? [] : [target]));
    return {
        modules: {
            icmp: { prober: "icmp", timeout: "5s", icmp: ip },
            tcp: { prober: "tcp", timeout: "5s", tcp: ip },
            tls: { prober: "tcp", timeout: "5s", tcp: { ...ip, tls: true } },
            // Of pveproxy, whose certificate is the cluster's own: that it speaks, and when its certificate ends.
            handshake: {
                prober: "tcp",
                timeout: "5s",
                tcp: { ...ip, tls: true, tls_config: { insecure_skip_verify: true } },
            },
            http: { prober: "http", timeout: "10s", http: ip },
            ...Object.fromEntries(asked.map((target) => [moduleOf(target), lookup(target)])),
        },
    };
}

/** A server that knows the name and no address of it answers NOERROR as well. */
function lookup({ dns = "", record = "A" }: Target): object {
    return {
        prober: "dns",
        timeout: "5s",
        dns: {
            preferred_ip_protocol: "ip4",
            query_name: askedName(dns),
            query_type: record,
            validate_answer_rrs: { fail_if_none_matches_regexp: [`\\sIN\\s${record}\\s`] },
        },
    };
}
