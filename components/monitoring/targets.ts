/** Who is watched, in file_sd's form: a reload reads them, and so does a Prometheus that somebody else has set up. */
import { probeKinds } from "../../model/fleet/shared";
import { bracketed, canonicalAddress } from "../../model/values/address";
import type { MachineView } from "../concern";
import type { MonitoringHostSettings, Target } from "./settings";

export interface TargetGroup {
    readonly targets: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
}

/** node_exporter's, of a machine whose exporter is none of Holdfast's: only its address is probed. */
const USUAL_PORT = 9100;

/**
 * Each machine once: its exporter's address, from which the jobs `ping` and `pveproxy` take theirs. `__exporter` says
 * how it is to be scraped: not at all, or with a password.
 */
export function machinesOf(
    machines: readonly MachineView[],
    { cluster }: Pick<MonitoringHostSettings, "cluster">,
): TargetGroup[] {
    return machines.map(({ identity: { name, address }, roles, nodeExporter, maintenance }) => {
        const isLocked = Object.keys(nodeExporter?.basicAuth ?? {}).length > 0;
        const special = nodeExporter === undefined ? "none" : isLocked ? "auth" : undefined;
        return {
            targets: [`${bracketed(address)}:${nodeExporter?.port ?? USUAL_PORT}`],
            labels: {
                node: name,
                role: roles.length === 0 ? "host" : roles.join(","),
                ...(cluster !== undefined && { cluster }),
                // Alertmanager tells nobody of it.
                ...(maintenance && { maintenance: "true" }),
                ...(special !== undefined && { __exporter: special }),
                ...(nodeExporter?.tls && { __scheme__: "https" }),
            },
        };
    });
}

export function endpointsOf(
    machines: readonly MachineView[],
    { cluster, targets }: Pick<MonitoringHostSettings, "cluster" | "targets">,
): TargetGroup[] {
    return targets.map((target) => {
        const node = target.on ?? holderOf(target, machines);
        return {
            targets: [probedAt(target)],
            labels: {
                instance: target.name,
                __param_module: moduleOf(target),
                ...(node !== undefined && { node }),
                ...(cluster !== undefined && { cluster }),
                ...(machines.some(({ identity, maintenance }) => identity.name === node && maintenance) && {
                    maintenance: "true",
                }),
            },
        };
    });
}

/** Of the blackbox exporter; a name server is asked for one name by a module of its own. */
export function moduleOf(target: Target): string {
    const kind = probeKinds.find((each) => target[each] !== undefined) ?? "http";
    return kind === "dns" ? `${target.record === "AAAA" ? "dns6" : "dns"}_${askedName(target.dns ?? "")}` : kind;
}

export function askedName(dns: string): string {
    return dns.slice(0, dns.indexOf("@"));
}

function probedAt({ http, tcp, tls, icmp, dns }: Target): string {
    return http ?? tcp ?? tls ?? icmp ?? (dns ?? "").replace(/^.*@/, "");
}

/** The machine whose address or name the target has. */
function holderOf(target: Target, machines: readonly MachineView[]): string | undefined {
    const host = hostOf(probedAt(target)).toLowerCase();
    const holder = machines.find(({ identity: { name, address, address6, domain, aliases = [] } }) =>
        [address, address6 ?? address, name, `${name}.${domain ?? ""}`, ...aliases]
            .map((each) => canonicalAddress(each.toLowerCase()))
            .includes(canonicalAddress(host)),
    );
    return holder?.identity.name;
}

function hostOf(probed: string): string {
    if (/^https?:/.test(probed)) return new URL(probed).hostname.replace(/^\[|\]$/g, "");
    const [, bracketedHost] = /^\[([^\]]+)\]/.exec(probed) ?? [];
    // A ping's IPv6 address has neither brackets nor a port.
    return bracketedHost ?? (probed.split(":").length > 2 ? probed : probed.replace(/:\d+$/, ""));
}
