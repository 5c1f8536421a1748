/** Everything that `adopt` wants to know of a node, in one look that writes nothing there. */
import { knownKeys } from "../../host/hostKeys";
import { NodeClient } from "../../host/nodeClient";
import type { SeenFile, SeenUnit, Spec } from "../../host/observation";
import { resolveTarget } from "../../host/sshTarget";
import type { HostArgs } from "../../model/contract/fileSet";
import { parseInterfaces, sourcedPatterns } from "../../model/interfaces";
import type { NodeFacts } from "../../model/lint/lintContext";
import { isJobFile, jobPatterns } from "./backupJobs";
import type { Target } from "./target";

export interface Survey {
    /** What the node calls itself, without domain. */
    readonly name: string;
    readonly target: Target;
    /** `ssh-ed25519 AAAA…`, where the key that was accepted is one of the node's own. */
    readonly hostKey?: string;
    readonly files: Readonly<Record<string, SeenFile>>;
    readonly units: Readonly<Record<string, SeenUnit>>;
    readonly facts: NodeFacts;
    /** Content of the files that /etc/network/interfaces sources, by path. */
    readonly sourced: Readonly<Record<string, string>>;
    /** Content of further files that hazards may lie in, by path: cloud-init's, and those that pin interface names. */
    readonly further: Readonly<Record<string, string>>;
    /** What cron and systemd start, by path. */
    readonly jobs: Readonly<Record<string, string>>;
}

export interface SurveyOptions {
    /** Pinned in advance; otherwise known_hosts decides. */
    readonly hostKey?: string;
    readonly allowUnknownHostKey: boolean;
    /** Seconds. */
    readonly timeout: number;
}

const hostKeyFiles = ["ed25519", "ecdsa", "rsa"].map((type) => `/etc/ssh/ssh_host_${type}_key.pub`);
const paths = [
    "/etc/hosts",
    "/etc/fstab",
    "/etc/network/interfaces",
    "/etc/network/interfaces.new",
    "/etc/crypttab",
    "/etc/vzdump.conf",
    "/etc/pve/storage.cfg",
    "/etc/pve/jobs.cfg",
    "/etc/smartd.conf",
    "/root/.ssh/authorized_keys",
    "/root/.ssh/authorized_keys2",
    "/etc/pve/priv/authorized_keys",
    ...hostKeyFiles,
];
const interfacesFolder = "/etc/network/interfaces.d/";
const furtherPatterns = [
    "/etc/cloud/cloud.cfg",
    "/etc/cloud/cloud.cfg.d/*.cfg",
    "/var/lib/cloud/instance/user-data.txt",
    "/etc/systemd/network/*.link",
    "/usr/local/lib/systemd/network/*.link",
    "/etc/udev/rules.d/*.rules",
];

const spec: Spec = {
    files: Object.fromEntries(paths.map((path) => [path, {}])),
    packages: [],
    units: ["pve-cluster.service"],
    facts: {},
};

/** @throws UnreachableError where the node cannot be asked */
export async function surveyNode(
    target: Target,
    { hostKey, allowUnknownHostKey, timeout }: SurveyOptions,
): Promise<Survey> {
    const host: HostArgs = { name: target.host, address: target.host, port: target.port, user: target.user, hostKey };
    const unknownKeyRemedy = (key: string) =>
        `adopt it with --host-key '${key}' (one host at a time), or log in once with ssh, which remembers it; --allow-unknown-host-key takes whatever key answers`;
    const client = new NodeClient(host, { credentials: {}, allowUnknownHostKey, unknownKeyRemedy, timeout });
    try {
        const look = await client.inspect(
            "adopt",
            spec,
            { facts: true, sourced: [`${interfacesFolder}*`, ...furtherPatterns, ...jobPatterns] },
            { anyName: true },
        );
        const { files, units } = look.seen;
        const wanted = sourcedPatterns(parseInterfaces(files["/etc/network/interfaces"]?.content ?? ""));
        const isDefault = (pattern: string) => pattern === `${interfacesFolder}*`;
        const others = wanted.filter((pattern) => !isDefault(pattern));
        const more =
            others.length === 0
                ? undefined
                : await client.inspect(
                      "adopt",
                      { ...spec, files: {} },
                      { facts: false, sourced: others },
                      { anyName: true },
                  );
        const [inFolder, rest] = split(look.sourced ?? {}, (path) => path.startsWith(interfacesFolder));
        const [jobs, further] = split(rest, isJobFile);
        return {
            name: look.hostname.split(".")[0]!,
            target,
            hostKey: await acceptedKey(
                host,
                hostKeyFiles.map((path) => files[path]?.content ?? ""),
            ),
            files,
            units,
            facts: look.facts!,
            sourced: { ...(wanted.some(isDefault) && inFolder), ...more?.sourced },
            further,
            jobs,
        };
    } finally {
        client.end();
    }
}

/**
 * Behind a forwarded port or a jump host the key that answered need not be the node's: only a key that is both is
 * pinned.
 */
async function acceptedKey(host: HostArgs, publicKeys: readonly string[]): Promise<string | undefined> {
    const { accepted } = await knownKeys(await resolveTarget(host));
    return publicKeys
        .map((line) => line.trim().split(/\s+/).slice(0, 2).join(" "))
        .find((key) => accepted.includes(key));
}

function split(
    files: Readonly<Record<string, string>>,
    isFirst: (path: string) => boolean,
): [Record<string, string>, Record<string, string>] {
    const entries = Object.entries(files);
    return [
        Object.fromEntries(entries.filter(([path]) => isFirst(path))),
        Object.fromEntries(entries.filter(([path]) => !isFirst(path))),
    ];
}
