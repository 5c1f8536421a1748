/** The files, packages, units and commands. */
import type { FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import { renderFile } from "../../render/render";
import { renderYaml } from "../../render/yaml";
import { ofConcern, type ConcernArgs, type PlanArgs } from "../concern";
import { alertmanagerOf } from "./alertmanager";
import { blackboxCheck, blackboxFiles, blackboxService, type Service } from "./blackbox";
import { prometheusOf, scrapeConfigs } from "./prometheus";
import { ruleFiles } from "./rules";
import { type MonitoringHostSettings, sendsItself } from "./settings";
import { endpointsOf, machinesOf } from "./targets";

export interface MonitoringHostArgs extends ConcernArgs {
    readonly settings: MonitoringHostSettings;
    /** Whom it watches. */
    readonly fleet: PlanArgs<MonitoringHostSettings>["fleet"];
    /** `mailPassword`: of `mail.user` at the relay. `scrapePassword`: of `monitoring.scrape.user` at the exporters. */
    readonly secrets?: Readonly<Record<string, string>>;
}

const folder = "/etc/prometheus/holdfast";
const paths = {
    prometheus: "/etc/prometheus/prometheus.yml",
    prometheusUnit: "/etc/systemd/system/prometheus.service.d/holdfast.conf",
    alertmanager: "/etc/prometheus/alertmanager.yml",
    alertmanagerUnit: "/etc/systemd/system/prometheus-alertmanager.service.d/holdfast.conf",
    machines: `${folder}/machines.yml`,
    endpoints: `${folder}/endpoints.yml`,
    scrape: `${folder}/scrape.yml`,
    mailPassword: `${folder}/mail.password`,
    scrapePassword: `${folder}/scrape.password`,
};

export function planMonitoringHost(args: MonitoringHostArgs): FileSetArgs {
    const { settings, fleet, secrets = {} } = args;
    const services = servicesOf(settings);
    const rules = ruleFiles(fleet.machines).map(({ name, text }): [string, FileArgs] => {
        const path = `${folder}/${name}.rules.yml`;
        return [path, text === undefined ? { absent: true } : { content: renderFile(path, { text }) }];
    });
    const secret = (path: string, key: string, isWanted: boolean): FileArgs =>
        isWanted
            ? { content: renderFile(path, { value: secrets[key] ?? "" }), mode: "0640", group: "prometheus" }
            : { absent: true };
    const has = { mail: sendsItself(settings) && settings.mail?.relay?.user !== undefined };
    const common: Record<string, FileArgs> = {
        ...Object.fromEntries(rules),
        [paths.machines]: { content: renderYaml(paths.machines, machinesOf(fleet.machines, settings)) },
        [paths.endpoints]: { content: renderYaml(paths.endpoints, endpointsOf(fleet.machines, settings)) },
        [paths.scrapePassword]: secret(paths.scrapePassword, "scrapePassword", settings.user !== undefined),
        [paths.mailPassword]: secret(paths.mailPassword, "mailPassword", has.mail),
        [paths.scrape]: settings.isWhole
            ? { absent: true }
            : { content: renderYaml(paths.scrape, { scrape_configs: scrapeConfigs(settings, paths) }) },
    };
    const staged = rules.flatMap(([path, { absent }]) => (absent ? [] : [`{staged:${path}}`]));
    const where = services.map(({ at }) => at);
    return {
        ...ofConcern("monitoring", args),
        packages: services.map((each) => each.package),
        files: { ...common, ...(settings.isWhole && wholeFiles(args, services)) },
        validate: [
            { argv: ["promtool", "check", "rules", ...staged] },
            ...(settings.isWhole ? stagedConfigs(settings) : []),
        ],
        // First the whole as it stands now, with rules and targets of others: nothing is loaded that promtool refuses.
        activate: [
            ...(settings.isWhole ? [{ argv: ["systemctl", "daemon-reload"] }] : []),
            { argv: ["promtool", "check", "config", paths.prometheus], timeout: 60 },
            { argv: ["holdfast", "monitoring-load", ...services.map(loaded(settings))], timeout: 120 },
        ],
        units: settings.isWhole
            ? Object.fromEntries(services.map(({ unit }) => [unit, { enabled: true, active: true }]))
            : {},
        // A Prometheus with months of metrics reads them before it answers.
        verify: settings.isWhole ? [{ argv: ["holdfast", "monitoring", ...where], timeout: 180 }] : [],
        facts: {
            monitoring: {
                probe: "monitoring",
                args: where,
                value: "all answer, with the rules and targets of this stack",
            },
        },
    };
}

/** The first is Prometheus. */
function servicesOf(settings: MonitoringHostSettings): Service[] {
    const { listen, retention, isWhole } = settings;
    const prometheus = {
        unit: "prometheus.service",
        job: "prometheus",
        package: "prometheus",
        defaults: "/etc/default/prometheus",
        at: reachedAt(listen),
        arguments: [`--web.listen-address=${listen}`, `--storage.tsdb.retention.time=${retention}d`],
    };
    if (!isWhole) return [prometheus];
    return [
        prometheus,
        blackboxService(settings),
        ...(sendsItself(settings)
            ? [
                  {
                      unit: "prometheus-alertmanager.service",
                      job: "alertmanager",
                      package: "prometheus-alertmanager",
                      defaults: "/etc/default/prometheus-alertmanager",
                      at: "127.0.0.1:9093",
                      // It is alone: without the second it opens a port to others of its kind.
                      arguments: ["--web.listen-address=127.0.0.1:9093", "--cluster.listen-address="],
                  },
              ]
            : []),
    ];
}

/** From the host itself. */
function reachedAt(listen: string): string {
    return listen.replace(/^(?:0\.0\.0\.0|\[::\]):/, "127.0.0.1:");
}

function loaded({ isWhole }: MonitoringHostSettings) {
    // Somebody else's Prometheus has arguments of its own: it only reads its files again.
    return ({ unit, at }: Service) => (isWhole ? `${unit}@${at}` : unit);
}

function wholeFiles({ settings, host }: MonitoringHostArgs, services: readonly Service[]): Record<string, FileArgs> {
    const defaults = services.map((each): [string, FileArgs] => [
        each.defaults,
        { content: renderFile(each.defaults, { args: each.arguments }) },
    ]);
    const alertmanagers = sendsItself(settings) ? ["127.0.0.1:9093"] : settings.alertmanagers;
    const self = services.map(({ job, at }) => ({ job, at }));
    return {
        ...Object.fromEntries(defaults),
        [paths.prometheus]: {
            content: renderYaml(
                paths.prometheus,
                prometheusOf(settings, paths, { host: host.name, folder, alertmanagers, self }),
            ),
        },
        [paths.prometheusUnit]: { content: renderFile(paths.prometheusUnit, {}) },
        ...blackboxFiles(settings),
        ...(sendsItself(settings) && {
            [paths.alertmanager]: {
                content: renderYaml(paths.alertmanager, alertmanagerOf(settings, paths.mailPassword)),
            },
            [paths.alertmanagerUnit]: { content: renderFile(paths.alertmanagerUnit, {}) },
        }),
    };
}

function stagedConfigs(settings: MonitoringHostSettings): { argv: string[]; timeout?: number }[] {
    return [
        // What it names need not be there yet; after the files are, the whole is checked once more.
        { argv: ["promtool", "check", "config", "--syntax-only", `{staged:${paths.prometheus}}`] },
        blackboxCheck(settings),
        ...(sendsItself(settings) ? [{ argv: ["amtool", "check-config", `{staged:${paths.alertmanager}}`] }] : []),
    ];
}
