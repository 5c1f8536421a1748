/** The cluster that the fake API speaks of: plain data that a test may change at will, as somebody at the GUI would. */
import { ApiError, parameterError } from "./errors";

export type Settings = Record<string, string | number>;

export interface Guest {
    readonly type: "qemu" | "lxc";
    node: string;
    readonly name: string;
    config: Settings;
}

/** Privileges of a token, by path: `{ "/": ["Sys.Audit"] }` holds below as well, as with propagate=1. */
export type Privileges = Readonly<Record<string, readonly string[]>>;

export class FakeCluster {
    readonly name = "paris";
    /** By name: whether it is there. */
    readonly nodes = new Map<string, boolean>(["pve01", "pve02", "pve03"].map((name) => [name, true]));
    readonly guests = new Map<number, Guest>();
    /** storage.cfg */
    readonly storages = new Map<string, Settings>([
        ["local", { type: "dir", path: "/var/lib/vz", content: "iso,vztmpl" }],
    ]);
    /** jobs.cfg */
    readonly jobs = new Map<string, Settings>();
    /** datacenter.cfg; nested values as their property strings. */
    readonly options: Settings = { keyboard: "de" };
    readonly metrics = new Map<string, Settings>();
    /** cluster.fw */
    readonly firewall: { enable: number; rules: Settings[] } = { enable: 0, rules: [] };
    /** By UPID: exit status, undefined while it runs. */
    readonly tasks = new Map<string, string | undefined>();
    /** `user@realm!name=uuid` */
    readonly tokens = new Map<string, Privileges>();
    /** By user name. */
    readonly passwords = new Map<string, string>();
    /** What becomes of the tasks begun from now on. */
    taskEnd: string | undefined = "OK";

    get online(): string[] {
        return [...this.nodes].flatMap(([name, isThere]) => (isThere ? [name] : []));
    }

    get isQuorate(): boolean {
        return this.online.length * 2 > this.nodes.size;
    }

    /** pmxcfs takes no write without quorum. */
    mustBeWritable(): void {
        if (!this.isQuorate) throw new ApiError(500, "cluster not ready - no quorum?");
    }

    /** What pveproxy answers for a node that it cannot reach. */
    mustReach(node: string): void {
        if (!this.nodes.has(node))
            throw new ApiError(
                500,
                `hostname lookup '${node}' failed - failed to get address info for: ${node}: Name or service not known`,
            );
        if (!this.nodes.get(node)) throw new ApiError(595, "No route to host");
    }

    guest(type: string, node: string, id: string): Guest {
        this.mustReach(node);
        const guest = this.guests.get(Number(id));
        if (!guest || guest.type !== type || guest.node !== node)
            throw new ApiError(
                500,
                `Configuration file 'nodes/${node}/${type === "qemu" ? "qemu-server" : "lxc"}/${id}.conf' does not exist`,
            );
        return guest;
    }

    /** A worker of its own, as for everything that takes a while. */
    beginTask(node: string, type: string, id: string): string {
        const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
        const upid = `UPID:${node}:${hex(4711 + this.tasks.size)}:${hex(1000)}:${hex(1_760_000_000)}:${type}:${id}:root@pam:`;
        this.tasks.set(upid, this.taskEnd);
        return upid;
    }
}

export function storageOf(cluster: FakeCluster, id: string): Settings {
    const storage = cluster.storages.get(id);
    if (!storage) throw new ApiError(500, `storage '${id}' does not exist`);
    return storage;
}

export function jobOf(cluster: FakeCluster, id: string): Settings {
    const job = cluster.jobs.get(id);
    if (!job) throw parameterError({ id: `No such job '${id}'` });
    return job;
}
