/** `monitoring` of a host with that role: how its Prometheus runs, and who is told. */
import { z } from "zod";
import { concern, object } from "../../model/fleet/kit";
import type { SharedConfig } from "../../model/fleet/shared";
import * as value from "../../model/fleet/values";
import { canonicalAddress } from "../../model/values/address";
import type { FleetView, ResolveContext, Settings } from "../concern";
import { type MailSettings, resolveMail } from "../mail/settings";

export const schema = concern({
    listen: value.tcpTarget
        .optional()
        .describe("ADDRESS:PORT of Prometheus; 127.0.0.1:9090 by default, since it asks nobody for a password"),
    interval: value.scrapeSeconds.optional().describe("seconds between two scrapes, at most 120; 30 by default"),
    retention: value.retentionDays.optional().describe("days that metrics are kept; 30 by default"),
    config: z
        .enum(["whole", "drop-ins"], { error: "expected whole or drop-ins" })
        .optional()
        .describe(
            "whole (default): prometheus.yml, blackbox.yml and alertmanager.yml are Holdfast's. drop-ins: only files in /etc/prometheus/holdfast, for a Prometheus that is there already; its own prometheus.yml names them",
        ),
    alertmanagers: z
        .array(value.tcpTarget)
        .min(1, { error: "expected at least one ADDRESS:PORT" })
        .optional()
        .describe("ADDRESS:PORT of those that are there already; by default one of its own, which mails"),
    blackbox: object({
        image: value.imageByDigest.describe("NAME@sha256:… of the blackbox exporter"),
        engine: z
            .enum(["docker", "podman"], { error: "expected docker or podman" })
            .optional()
            .describe("what runs it; docker by default"),
    })
        .optional()
        .describe("the blackbox exporter in a container; by default it is Debian's package"),
    deadMan: value.webAddress
        .optional()
        .describe("what gets a POST every five minutes while all of this works, and tells somebody when it stops"),
    scrape: object({
        user: value.user
            .optional()
            .describe("of nodeExporter.basicAuth; the password is the secret holdfast:scrapePassword"),
        ca: value.absolutePath
            .optional()
            .describe("file on the monitoring host with the CA of nodeExporter.tls; by default the system's own CAs"),
    })
        .optional()
        .describe("how it gets into exporters with TLS or a password"),
})
    .optional()
    .describe("Prometheus, blackbox exporter and Alertmanager, for a host with roles: [monitoring]");

export type Target = NonNullable<NonNullable<SharedConfig["monitoring"]>["targets"]>[number];

export interface MonitoringHostSettings {
    readonly listen: string;
    /** Seconds. */
    readonly interval: number;
    /** Days. */
    readonly retention: number;
    readonly isWhole: boolean;
    /** Somebody else's; none: it has one of its own. */
    readonly alertmanagers: readonly string[];
    /** Absent: Debian's package. */
    readonly blackbox?: { readonly image: string; readonly engine: "docker" | "podman" };
    readonly deadMan?: string;
    readonly user?: string;
    /** Path on the monitoring host. */
    readonly ca?: string;
    /** Absent: nobody is told. */
    readonly mail?: MailSettings;
    readonly cluster?: string;
    readonly targets: readonly Target[];
    /** Addresses that the exporters let in. */
    readonly scrapers: readonly string[];
}

export function resolveMonitoringHost(
    given: Settings<z.infer<typeof schema>>,
    context: ResolveContext,
): MonitoringHostSettings {
    const { monitoring, domain, mail } = context.fleet;
    const { listen = "127.0.0.1:9090", interval = 30, retention = 30, config = "whole" } = given;
    const cluster = monitoring?.cluster ?? domain;
    return {
        listen,
        interval,
        retention,
        isWhole: config === "whole",
        alertmanagers: given.alertmanagers ?? [],
        ...(given.blackbox && { blackbox: { engine: "docker" as const, ...given.blackbox } }),
        ...(given.deadMan !== undefined && { deadMan: given.deadMan }),
        ...(given.scrape?.user !== undefined && { user: given.scrape.user }),
        ...(given.scrape?.ca !== undefined && { ca: given.scrape.ca }),
        ...(mail && { mail: resolveMail({}, context) }),
        ...(cluster !== undefined && { cluster }),
        targets: monitoring?.targets ?? [],
        scrapers: monitoring?.hosts ?? [],
    };
}

/** Whether an Alertmanager of its own sends what is to be told. */
export function sendsItself({ isWhole, alertmanagers }: MonitoringHostSettings): boolean {
    return isWhole && alertmanagers.length === 0;
}

export function secretsOfMonitoring(settings: MonitoringHostSettings): string[] {
    return [
        ...(sendsItself(settings) && settings.mail?.relay?.user !== undefined ? ["mailPassword"] : []),
        ...(settings.user === undefined ? [] : ["scrapePassword"]),
    ];
}

interface Having {
    readonly name: string;
    readonly settings: MonitoringHostSettings;
}

export function unwiseMonitoring(having: readonly Having[], { machines }: FleetView): string[] {
    const addresses = (name: string) =>
        machines
            .filter(({ identity }) => identity.name === name)
            .flatMap(({ identity: { address, address6 } }) => [address, ...(address6 === undefined ? [] : [address6])])
            .map(canonicalAddress);
    const locked = machines.filter(({ nodeExporter }) => Object.keys(nodeExporter?.basicAuth ?? {}).length > 0);
    const told = (unwise: (each: Having) => boolean, what: string) => {
        const names = having.filter(unwise).map(({ name }) => name);
        return names.length === 0 ? [] : [`${names.join(", ")}: ${what}`];
    };
    return [
        ...told(
            ({ name, settings }) =>
                !settings.scrapers.map(canonicalAddress).some((address) => addresses(name).includes(address)),
            "monitoring.hosts does not have the address of this monitoring host, so no machine's exporter lets it in",
        ),
        ...told(
            ({ settings }) => settings.user === undefined && locked.length > 0,
            `monitoring.scrape.user is missing: ${locked.map(({ identity }) => identity.name).join(", ")} want a password (nodeExporter.basicAuth), and are not scraped without`,
        ),
        ...told(
            ({ settings }) => sendsItself(settings) && settings.mail === undefined,
            "there is no mail.to in holdfast:fleet, so nobody is told of an alert",
        ),
        ...told(
            ({ settings }) => sendsItself(settings) && settings.mail !== undefined && settings.mail.relay === undefined,
            "mail.relay is missing in holdfast:fleet: alerts go to a mail server on port 25 of the monitoring host itself",
        ),
        ...told(
            ({ settings }) => !settings.isWhole && settings.blackbox !== undefined,
            "monitoring.blackbox changes nothing with config: drop-ins, where no service is Holdfast's",
        ),
        ...told(({ settings }) => {
            const relay = sendsItself(settings) ? settings.mail?.relay : undefined;
            return relay?.security === "tls" && relay.port !== 465;
        }, "Alertmanager speaks TLS from the start at port 465 alone: mail.relay with smtps:// and another port gets no alert"),
        ...told(
            ({ settings }) => !/^(?:127\.|\[::1\]|localhost:)/.test(settings.listen),
            "monitoring.listen is no loopback address: whoever reaches that port reads all metrics, and is asked for no password",
        ),
    ];
}
