/** The files, units and commands. */
import type { FactArgs, FileArgs, FileSetArgs } from "../../model/contract/fileSet";
import type { HostsFileSettings } from "./settings";
import { entriesOf } from "../../model/hosts/names";
import { repairHosts } from "../../model/hosts";
import type { NodeIdentity } from "../../model/lint/lintContext";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface HostsFileArgs extends ConcernArgs {
    /** The other nodes of the cluster, those under maintenance too. */
    readonly peers: readonly NodeIdentity[];
    readonly settings?: HostsFileSettings;
}

export function planHostsFile(args: HostsFileArgs): FileSetArgs {
    const { node, peers, settings = { extra: [] } } = args;
    return {
        ...ofConcern("hosts", args),
        files: {
            "/etc/hosts": { content: hostsContent(node, peers, settings) },
            "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": cloudInitDropIn(),
        },
        validate: [node.address, ...(node.address6 === undefined ? [] : [node.address6])].map((address) => ({
            argv: ["holdfast", "own-address", node.name, address],
        })),
        verify: entriesOf(node).map(({ address }) => ({ argv: ["holdfast", "resolver", node.name, address] })),
        facts: resolverFacts(node),
    };
}

function hostsContent(node: NodeIdentity, peers: readonly NodeIdentity[], { file, extra }: HostsFileSettings): string {
    if (file) return repairHosts(file.content, { node, peers, extra });
    return renderFile("/etc/hosts", { own: entriesOf(node), peers: peers.flatMap(entriesOf), extra });
}

/**
 * `cloud_init_modules` of Debian's cloud-init without `update_etc_hosts`: 25.1.4 in trixie; 22.4.2 in bookworm has
 * `migrator` besides, which renames old semaphore files and is gone since 24.1. User-data wins over `manage_etc_hosts`,
 * but brings no module back that is not in this list (tried with 25.1.4's own merging).
 */
const cloudInitModules = [
    "seed_random",
    "bootcmd",
    "write-files",
    "growpart",
    "resizefs",
    "disk_setup",
    "mounts",
    "set_hostname",
    "update_hostname",
    "ca-certs",
    "rsyslog",
    "users-groups",
    "ssh",
];

function cloudInitDropIn(): FileArgs {
    return {
        content: renderFile("/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg", { modules: cloudInitModules }),
        when: "/etc/cloud/cloud.cfg",
    };
}

/** With two families the resolver may hand out either one first, so each is asked for by itself. */
function resolverFacts({ name, address, address6 }: NodeIdentity): Record<string, FactArgs> {
    if (address6 === undefined) return { [`resolves ${name}`]: { probe: "resolver", args: [name], value: address } };
    return {
        [`resolves ${name}`]: { probe: "resolver", args: [name, "4"], value: address },
        [`resolves ${name} (IPv6)`]: { probe: "resolver", args: [name, "6"], value: address6 },
    };
}
