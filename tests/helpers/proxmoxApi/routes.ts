/** The paths that the fake answers. Where each shape comes from is in contract.md; a test holds the two together. */
import { change, typed, type Fields } from "./fields";
import { createHash } from "node:crypto";
import { ApiError, parameterError } from "./errors";
import { type FakeCluster, jobOf, type Privileges, type Settings, storageOf } from "./cluster";
import { effective, hasPrivilege } from "./privileges";

export interface Call {
    readonly cluster: FakeCluster;
    /** What the pattern's `{…}` stand for. */
    readonly path: Readonly<Record<string, string>>;
    readonly given: Readonly<Record<string, string>>;
    readonly privileges: Privileges;
}

export interface Route {
    readonly method: "GET" | "POST" | "PUT" | "DELETE";
    readonly pattern: string;
    /** Path and privilege that the caller needs; `{…}` as in the pattern. */
    readonly needs?: readonly [path: string, privilege: string];
    readonly answer: (call: Call) => unknown;
}

const storage: Fields = {
    type: ["dir", "nfs", "lvm", "lvmthin", "zfspool", "pbs"],
    path: "string",
    content: "string",
    nodes: "string",
    disable: "boolean",
    shared: "boolean",
    is_mountpoint: "string",
    mkdir: "boolean",
    "create-base-path": "boolean",
    "create-subdirs": "boolean",
    "prune-backups": "string",
    "max-protected-backups": "integer",
    preallocation: ["off", "metadata", "falloc", "full"],
};
const { type: _, path: __, ...storageChanges } = storage;
const job: Fields = {
    id: "string", schedule: "string", storage: "string", enabled: "boolean", all: "boolean", vmid: "string", exclude: "string",
    node: "string", pool: "string", mode: ["snapshot", "suspend", "stop"], compress: ["0", "1", "gzip", "lzo", "zstd"],
    mailto: "string", mailnotification: ["always", "failure"], "notes-template": "string", "prune-backups": "string",
    remove: "boolean", protected: "boolean", "repeat-missed": "boolean", stdexcludes: "boolean", starttime: "string",
    bwlimit: "integer", ionice: "integer", lockwait: "integer", stopwait: "integer", zstd: "integer", tmpdir: "string", type: "string",
    "notification-mode": ["auto", "legacy-sendmail", "notification-system"], comment: "string",
}; // prettier-ignore
const options: Fields = {
    keyboard: "string", language: "string", console: "string", email_from: "string", http_proxy: "string", mac_prefix: "string",
    max_workers: "integer", migration: "string", ha: "string", crs: "string", bwlimit: "string", "next-id": "string",
    notify: "string", description: "string",
}; // prettier-ignore
const metrics: Fields = {
    id: "string", type: ["graphite", "influxdb", "opentelemetry"], server: "string", port: "integer", disable: "boolean",
    mtu: "integer", timeout: "integer", bucket: "string", organization: "string", token: "string",
    influxdbproto: ["udp", "http", "https"], "max-body-size": "integer", "verify-certificate": "boolean",
    "api-path-prefix": "string", path: "string", proto: ["udp", "tcp"],
}; // prettier-ignore
const rule: Fields = {
    type: ["in", "out", "forward", "group"], action: "string", enable: "integer", proto: "string", dport: "string",
    source: "string", comment: "string", pos: "integer", moveto: "integer", iface: "string", dest: "string",
    sport: "string", macro: "string", "icmp-type": "string",
}; // prettier-ignore
const guest: Fields = {
    onboot: "boolean",
    startup: "string",
    name: "string",
    hostname: "string",
    description: "string",
    memory: "integer",
    protection: "boolean",
};

/** As Proxmox gives them back: nested options as objects. */
function objects(settings: Settings, nested: readonly string[]): object {
    return Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [
            key,
            nested.includes(key)
                ? Object.fromEntries(
                      String(value)
                          .split(",")
                          .map((part) => part.split("=")),
                  )
                : value,
        ]),
    );
}

function digestOf(rules: readonly Settings[]): string {
    return createHash("sha1").update(JSON.stringify(rules)).digest("hex");
}

export const routes: readonly Route[] = [
    { method: "GET", pattern: "version", answer: () => ({ version: "9.1.6", release: "9.1", repoid: "4a1b2c3d" }) },
    {
        method: "GET",
        pattern: "access/permissions",
        answer: ({ given: { path = "/" }, privileges }) => {
            const held = effective(privileges, path);
            return held.length > 0 ? { [path]: Object.fromEntries(held.map((privilege) => [privilege, 1])) } : {};
        },
    },
    {
        method: "GET",
        pattern: "nodes",
        answer: ({ cluster }) =>
            [...cluster.nodes].map(([node, isThere]) => ({
                id: `node/${node}`,
                type: "node",
                node,
                status: isThere ? "online" : "offline",
                ...(isThere && { maxcpu: 8, uptime: 86400 }),
            })),
    },
    {
        method: "GET",
        pattern: "cluster/status",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster }) => [
            {
                type: "cluster",
                id: "cluster",
                name: cluster.name,
                nodes: cluster.nodes.size,
                quorate: cluster.isQuorate ? 1 : 0,
                version: 3,
            },
            ...[...cluster.nodes].map(([name, isThere], index) => ({
                type: "node",
                id: `node/${name}`,
                name,
                nodeid: index + 1,
                ip: `192.0.2.${11 + index}`,
                online: isThere ? 1 : 0,
                local: index === 0 ? 1 : 0,
                level: "",
            })),
        ],
    },
    {
        method: "GET",
        pattern: "cluster/resources",
        // Not refused: what the caller may not see is not in it.
        answer: ({ cluster, given, privileges }) =>
            given["type"] !== undefined && given["type"] !== "vm"
                ? []
                : [...cluster.guests]
                      .filter(([vmid]) => hasPrivilege(privileges, `/vms/${vmid}`, "VM.Audit"))
                      .map(([vmid, { type, node, name }]) => ({
                          id: `${type}/${vmid}`,
                          type,
                          vmid,
                          node,
                          name,
                          status: cluster.nodes.get(node) ? "stopped" : "unknown",
                          template: 0,
                      })),
    },
    {
        method: "GET",
        pattern: "cluster/options",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster }) => objects(cluster.options, ["migration", "ha", "crs", "next-id", "notify"]),
    },
    {
        method: "PUT",
        pattern: "cluster/options",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, given }) => {
            cluster.mustBeWritable();
            change(cluster.options, given, options);
            return null;
        },
    },
    {
        method: "GET",
        pattern: "storage",
        answer: ({ cluster, privileges }) =>
            [...cluster.storages]
                .filter(([id]) => hasPrivilege(privileges, `/storage/${id}`, "Datastore.Audit"))
                .map(([id, settings]) => ({ storage: id, ...settings, digest: "0".repeat(40) })),
    },
    {
        method: "POST",
        pattern: "storage",
        needs: ["/storage", "Datastore.Allocate"],
        answer: ({ cluster, given: { storage: id = "", ...given } }) => {
            const settings = typed({ ...given }, storage, ["type"]);
            if (cluster.storages.has(id))
                throw new ApiError(500, `create storage failed: storage ID '${id}' already defined`);
            cluster.mustBeWritable();
            cluster.storages.set(id, settings);
            return { storage: id, type: settings["type"] };
        },
    },
    {
        method: "GET",
        pattern: "storage/{storage}",
        needs: ["/storage/{storage}", "Datastore.Allocate"],
        answer: ({ cluster, path }) => ({
            storage: path["storage"],
            ...storageOf(cluster, path["storage"]!),
            digest: "0".repeat(40),
        }),
    },
    {
        method: "PUT",
        pattern: "storage/{storage}",
        needs: ["/storage", "Datastore.Allocate"],
        answer: ({ cluster, path, given }) => {
            const held = storageOf(cluster, path["storage"]!);
            cluster.mustBeWritable();
            change(held, given, storageChanges);
            return { storage: path["storage"], type: held["type"] };
        },
    },
    {
        method: "DELETE",
        pattern: "storage/{storage}",
        needs: ["/storage", "Datastore.Allocate"],
        answer: ({ cluster, path }) => {
            storageOf(cluster, path["storage"]!);
            cluster.mustBeWritable();
            cluster.storages.delete(path["storage"]!);
            return null;
        },
    },
    {
        method: "GET",
        pattern: "cluster/backup",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster }) => [...cluster.jobs].map(([id, settings]) => ({ id, type: "vzdump", ...settings })),
    },
    {
        method: "POST",
        pattern: "cluster/backup",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, given: { id = `backup-${cluster.jobs.size}`, ...given } }) => {
            const settings = typed(given, job);
            if (cluster.jobs.has(id)) throw new ApiError(500, `Job '${id}' already exists`);
            cluster.mustBeWritable();
            cluster.jobs.set(id, { enabled: 1, ...settings });
            return null;
        },
    },
    {
        method: "GET",
        pattern: "cluster/backup/{id}",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster, path }) => ({ id: path["id"], type: "vzdump", ...jobOf(cluster, path["id"]!) }),
    },
    {
        method: "PUT",
        pattern: "cluster/backup/{id}",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, path, given }) => {
            const held = jobOf(cluster, path["id"]!);
            cluster.mustBeWritable();
            change(held, given, job);
            return null;
        },
    },
    {
        method: "DELETE",
        pattern: "cluster/backup/{id}",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, path }) => {
            jobOf(cluster, path["id"]!);
            cluster.mustBeWritable();
            cluster.jobs.delete(path["id"]!);
            return null;
        },
    },
    {
        method: "GET",
        pattern: "cluster/firewall/options",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster }) => ({ enable: cluster.firewall.enable, digest: "0".repeat(40) }),
    },
    {
        method: "GET",
        pattern: "cluster/firewall/rules",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster: { firewall } }) =>
            firewall.rules.map((each, pos) => ({ pos, ...each, digest: digestOf(firewall.rules) })),
    },
    {
        method: "POST",
        pattern: "cluster/firewall/rules",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, given }) => {
            const { pos = 0, ...settings } = typed(given, rule, ["type", "action"]);
            cluster.mustBeWritable();
            cluster.firewall.rules.splice(Number(pos), 0, settings);
            return null;
        },
    },
    {
        method: "PUT",
        pattern: "cluster/firewall/rules/{pos}",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, path, given }) => {
            const { rules } = cluster.firewall;
            const held = rules[Number(path["pos"])];
            if (!held) throw parameterError({ pos: `no rule at position ${path["pos"]}` });
            if (given["digest"] !== undefined && given["digest"] !== digestOf(rules))
                throw new ApiError(500, "detected modified configuration - file changed by other user? Try again.");
            cluster.mustBeWritable();
            if (given["moveto"] === undefined) change(held, given, rule);
            else {
                // Whatever else is given with it is ignored.
                rules.splice(Number(path["pos"]), 1);
                rules.splice(Number(given["moveto"]), 0, held);
            }
            return null;
        },
    },
    {
        method: "GET",
        pattern: "cluster/metrics/server",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster }) =>
            [...cluster.metrics].map(([id, { type, server, port, disable = 0 }]) => ({
                id,
                type,
                server,
                port,
                disable,
            })),
    },
    {
        method: "GET",
        pattern: "cluster/metrics/server/{id}",
        needs: ["/", "Sys.Audit"],
        answer: ({ cluster, path }) => {
            const server = cluster.metrics.get(path["id"]!);
            if (!server) throw new ApiError(500, `status server entry '${path["id"]}' does not exist`);
            return { id: path["id"], ...server };
        },
    },
    {
        method: "POST",
        pattern: "cluster/metrics/server/{id}",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, path, given: { id: ___, ...given } }) => {
            const settings = typed(given, metrics, ["type", "server", "port"]);
            if (cluster.metrics.has(path["id"]!))
                throw new ApiError(500, `Metric server '${path["id"]}' already exists`);
            cluster.mustBeWritable();
            cluster.metrics.set(path["id"]!, settings);
            return null;
        },
    },
    {
        method: "PUT",
        pattern: "cluster/metrics/server/{id}",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, path, given: { id: ___, ...given } }) => {
            const held = cluster.metrics.get(path["id"]!);
            if (!held) throw new ApiError(500, `no such server '${path["id"]}'`);
            cluster.mustBeWritable();
            change(held, given, metrics);
            return null;
        },
    },
    {
        method: "DELETE",
        pattern: "cluster/metrics/server/{id}",
        needs: ["/", "Sys.Modify"],
        answer: ({ cluster, path }) => {
            cluster.mustBeWritable();
            cluster.metrics.delete(path["id"]!);
            return null;
        },
    },
    {
        method: "GET",
        pattern: "nodes/{node}/{type}/{vmid}/config",
        needs: ["/vms/{vmid}", "VM.Audit"],
        answer: ({ cluster, path }) => ({
            ...cluster.guest(path["type"]!, path["node"]!, path["vmid"]!).config,
            digest: "0".repeat(40),
        }),
    },
    {
        method: "PUT",
        pattern: "nodes/{node}/{type}/{vmid}/config",
        needs: ["/vms/{vmid}", "VM.Config.Options"],
        answer: ({ cluster, path, given }) => {
            const held = cluster.guest(path["type"]!, path["node"]!, path["vmid"]!);
            cluster.mustBeWritable();
            change(held.config, given, guest);
            return null;
        },
    },
    {
        method: "POST",
        pattern: "nodes/{node}/{type}/{vmid}/config",
        needs: ["/vms/{vmid}", "VM.Config.Options"],
        answer: ({ cluster, path, given }) => {
            const held = cluster.guest(path["type"]!, path["node"]!, path["vmid"]!);
            cluster.mustBeWritable();
            const upid = cluster.beginTask(path["node"]!, "qmconfig", path["vmid"]!);
            if (cluster.taskEnd === "OK") change(held.config, given, guest);
            return upid;
        },
    },
    {
        method: "GET",
        pattern: "nodes/{node}/tasks/{upid}/status",
        answer: ({ cluster, path }) => {
            cluster.mustReach(path["node"]!);
            const upid = path["upid"]!;
            if (!cluster.tasks.has(upid)) throw new ApiError(500, `no such task`);
            const end = cluster.tasks.get(upid);
            const [, node, pid, , started, type, id, user] = upid.split(":");
            return {
                upid,
                node,
                pid: parseInt(pid!, 16),
                starttime: parseInt(started!, 16),
                type,
                id,
                user,
                ...(end === undefined ? { status: "running" } : { status: "stopped", exitstatus: end }),
            };
        },
    },
];
