/** The blackbox exporter: Debian's package, or a container of an image by digest that answers at the same address. */
import type { FileArgs } from "../../model/contract/fileSet";
import { renderFile } from "../../render/render";
import { renderYaml } from "../../render/yaml";
import { blackboxOf } from "./prometheus";
import type { MonitoringHostSettings } from "./settings";

/** One program with the file of its arguments and where it answers. */
export interface Service {
    readonly unit: string;
    readonly job: string;
    readonly package: string;
    readonly defaults: string;
    readonly at: string;
    readonly arguments: readonly string[];
}

type Settings = Pick<MonitoringHostSettings, "blackbox" | "targets">;

/** Of its own: a reload in the container sees what is renamed into a folder, not what is put in a file's place. */
const folder = "/etc/prometheus/blackbox";
const paths = {
    defaults: "/etc/default/prometheus-blackbox-exporter",
    probes: "/etc/prometheus/blackbox.yml",
    rights: "/etc/systemd/system/prometheus-blackbox-exporter.service.d/holdfast.conf",
    containerDefaults: "/etc/default/holdfast-blackbox",
    containerProbes: `${folder}/blackbox.yml`,
    container: "/etc/systemd/system/holdfast-blackbox.service",
};
const at = "127.0.0.1:9115";

/** Where another engine than Debian's is there, it stays. */
const packages = { docker: "docker.io | docker-ce | moby-engine", podman: "podman" };

export function blackboxService({ blackbox }: Settings): Service {
    const listening = `--web.listen-address=${at}`;
    if (!blackbox)
        return {
            unit: "prometheus-blackbox-exporter.service",
            job: "blackbox",
            package: "prometheus-blackbox-exporter",
            defaults: paths.defaults,
            at,
            arguments: [`--config.file=${paths.probes}`, listening],
        };
    return {
        unit: "holdfast-blackbox.service",
        job: "blackbox",
        package: packages[blackbox.engine],
        defaults: paths.containerDefaults,
        at,
        arguments: [
            ...["run", "--rm", "--name=holdfast-blackbox", "--log-driver=none"],
            // It asks from where the host stands, and is asked at the host's own loopback address.
            "--network=host",
            // A ping needs a raw socket; root without anything else.
            ...["--user=0:0", "--cap-drop=ALL", "--cap-add=NET_RAW", "--security-opt=no-new-privileges", "--read-only"],
            ...[`--volume=${folder}:/etc/blackbox:ro`, "--volume=/etc/ssl/certs:/etc/ssl/certs:ro"],
            blackbox.image,
            ...["--config.file=/etc/blackbox/blackbox.yml", listening],
        ],
    };
}

/** Beside the file of its arguments. */
export function blackboxFiles(settings: Settings): Record<string, FileArgs> {
    const { blackbox } = settings;
    const absent = { absent: true } as const;
    const probes = (path: string) => ({ content: renderYaml(path, blackboxOf(settings)) });
    const rights = { content: renderFile(paths.rights, { container: blackbox ? paths.containerDefaults : false }) };
    if (!blackbox)
        return {
            [paths.probes]: probes(paths.probes),
            [paths.rights]: rights,
            ...Object.fromEntries(
                [paths.container, paths.containerDefaults, paths.containerProbes].map((path) => [path, absent]),
            ),
        };
    return {
        [paths.containerProbes]: probes(paths.containerProbes),
        [paths.rights]: rights,
        [paths.container]: {
            content: renderFile(paths.container, {
                engine: blackbox.engine,
                daemon: blackbox.engine === "docker" ? "docker.service" : false,
            }),
        },
    };
}

/** Asks its own program about the staged file. */
export function blackboxCheck({ blackbox }: Settings): { argv: string[]; timeout?: number } {
    if (!blackbox)
        return {
            argv: ["prometheus-blackbox-exporter", "--config.check", "--config.file", `{staged:${paths.probes}}`],
        };
    const staged = `{staged:${paths.containerProbes}}`;
    return { argv: ["holdfast", "blackbox-image", blackbox.engine, blackbox.image, staged], timeout: 600 };
}
