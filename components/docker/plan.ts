/** The files, units and facts. What brings a deployment back is a program on the host, which the units start. */
import type { FactArgs, FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import { mountUnitName } from "../../model/fstab/lateMounts";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";
import type { Deployment, DockerSettings } from "./settings";

export interface DockerHostArgs extends ConcernArgs {
    readonly settings: DockerSettings;
}

const program = "/usr/local/lib/holdfast/redeploy";
const conf = "/etc/holdfast/docker.json";
const daemonFile = "/etc/docker/daemon.json";
const mountsFirst = "/etc/systemd/system/docker.service.d/holdfast.conf";
const boot = "/etc/systemd/system/holdfast-redeploy.service";
const look = "/etc/systemd/system/holdfast-docker.service";
const timer = "/etc/systemd/system/holdfast-docker.timer";
/** Seconds: three looks. */
const overdue = 15 * 60;

/** Where another one than Debian's is there, it stays: `docker-ce` is Docker's own. */
const enginePackage = "docker.io | docker-ce | moby-engine";
const composePackage = "docker-compose | docker-compose-plugin | docker-compose-v2";

export function planDockerHost(args: DockerHostArgs): FileSetArgs {
    const { deployments, when, mounts, patience, daemon } = args.settings;
    const usesCompose = deployments.some((each) => each.compose !== undefined);
    return {
        ...ofConcern("docker", args),
        packages: [enginePackage, ...(usesCompose ? [composePackage] : [])],
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [conf]: { content: renderFile(conf, { when, patience, ...listed(args.settings) }), mode: "0600" },
            [boot]: { content: renderFile(boot, { mounts: mounts.flatMap((path) => mountUnitName(path) ?? []) }) },
            [look]: { content: renderFile(look, {}) },
            [timer]: { content: renderFile(timer, {}) },
            [mountsFirst]: mounts.length > 0 ? { content: renderFile(mountsFirst, { mounts }) } : { absent: true },
            ...daemonJson(daemon),
        },
        validate: [
            { argv: parsing(program) },
            ...(daemon ? [{ argv: ["holdfast", "docker-daemon", `{staged:${daemonFile}}`] }] : []),
        ],
        activate: [
            { argv: ["systemctl", "daemon-reload"] },
            // It reads again what it can: a restart would be the user's to choose, since without live-restore it ends
            // every container.
            ...(daemon ? [{ argv: ["systemctl", "try-reload-or-restart", "docker.service"] }] : []),
        ],
        units: {
            "docker.service": { enabled: true, active: true },
            // Of the next boot: a push deploys nothing.
            "holdfast-redeploy.service": { enabled: true },
            "holdfast-docker.timer": { enabled: true, active: true },
        },
        verify: [{ argv: ["systemctl", "start", "holdfast-docker.service"], timeout: 120 }],
        facts: {
            docker: { probe: "docker", args: ["daemon"], value: "answers" },
            "docker's disk": { probe: "docker", args: ["disk"], value: "has room" },
            ...Object.fromEntries(deployments.map((each) => [`deployment ${each.name}`, fact(each)])),
            "docker looked at": {
                probe: "last-run",
                args: ["/run/holdfast/docker", String(overdue)],
                value: "on time",
            },
        },
    };
}

/** Lines of JSON, all but the last with their comma. */
function listed({ deployments, mounts }: DockerSettings): object {
    const lines = deployments.map((each) => JSON.stringify(each));
    return {
        mounts: JSON.stringify(mounts),
        deployments: lines.map((line, index) => (index < lines.length - 1 ? `${line},` : line)),
    };
}

/** Left out where it is not declared, never absent: one that stands there is the user's. */
function daemonJson(daemon: DockerSettings["daemon"]): Readonly<Record<string, FileArgs>> {
    return daemon ? { [daemonFile]: { content: renderFile(daemonFile, daemon) } } : {};
}

/** Of a command that does not say what it makes nobody can know whether it runs. */
function fact({ name, compose, containers }: Deployment): FactArgs {
    const isKnown = compose !== undefined || containers !== undefined;
    return { probe: "docker-deployment", args: [name], ...(isKnown && { value: "running" }) };
}
