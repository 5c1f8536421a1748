/** What was found, in the words of the stack's `proxmox`. */
import type { Found } from "./look";

export type Section = Readonly<Record<string, unknown>>;

export interface Sections {
    readonly storages: Section;
    readonly backups: Section;
    readonly metrics: Section;
    readonly guests: Section;
    readonly options: Section;
    /** One line each: what the stack has no words for; it stays as it is. */
    readonly left: readonly string[];
}

export function sectionsOf(found: Found): Sections {
    const left: string[] = [...found.unseen];
    const said = (reason: string): [] => (left.push(reason), []);
    const storages = found.storages.flatMap(({ storage, type, path, content = "", nodes, shared, is_mountpoint }) =>
        type !== "dir" || path === undefined
            ? said(`storage ${storage}: of type ${type}, where the stack knows directories alone`)
            : [
                  [
                      storage,
                      {
                          path,
                          content: listOf(content),
                          ...(nodes !== undefined && { nodes: listOf(nodes) }),
                          ...(shared === true && { shared }),
                          ...(is_mountpoint !== undefined && { mountpoint: mountOf(is_mountpoint) }),
                      },
                  ] as const,
              ],
    );
    const backups = found.jobs.flatMap(({ id, schedule, storage, all, vmid, mode, compress, enabled, ...job }) => {
        const { exclude, node, pool } = job;
        if (schedule === undefined || storage === undefined)
            return said(`backup job ${id}: without a ${schedule === undefined ? "schedule" : "storage"} of its own`);
        const special = Object.entries({ exclude, node, pool }).find(([, value]) => value !== undefined);
        if (special) return said(`backup job ${id}: with ${special.join(" ")}, for which the stack has no words`);
        const keep = keepOf(job["prune-backups"]);
        return [
            [
                id,
                {
                    schedule,
                    storage,
                    ...(all !== true && { guests: listOf(vmid).map(Number) }),
                    ...(mode !== undefined && mode !== "snapshot" && { mode }),
                    ...(compress !== undefined && compress !== "zstd" && { compress }),
                    ...(Object.keys(keep).length > 0 && { keep }),
                    ...(job["notes-template"] !== undefined && { notes: job["notes-template"] }),
                    ...(enabled === false && { enabled }),
                },
            ] as const,
        ];
    });
    const metrics = found.servers.flatMap(({ id, disable, proto, influxdbproto, ...server }) => {
        if (disable === true) return said(`metrics server ${id}: is switched off`);
        const protocol = server.type === "graphite" ? proto : influxdbproto;
        return [[id, { ...server, ...(protocol !== undefined && { protocol }) }] as const];
    });
    const guests = found.guests.map(
        ({ vmid, onboot = false, startup }) => [String(vmid), { onboot, ...orderOf(startup) }] as const,
    );
    const { migration, ha, max_workers: maxWorkers } = found.options;
    return {
        storages: Object.fromEntries(storages),
        backups: Object.fromEntries(backups),
        metrics: Object.fromEntries(metrics),
        guests: Object.fromEntries(guests),
        options: {
            ...(migration && { migration }),
            ...(ha?.shutdown_policy !== undefined && { haShutdownPolicy: ha.shutdown_policy }),
            ...(maxWorkers !== undefined && { maxWorkers }),
        },
        left,
    };
}

function listOf(text = ""): string[] {
    return text.split(/[,; ]+/).filter(Boolean);
}

function mountOf(given: string): boolean | string {
    return given.startsWith("/") ? given : /^(?:1|yes|on|true)$/i.test(given);
}

/** `keep-daily=7,keep-weekly=4`, or an object of the same. */
function keepOf(given: Found["jobs"][number]["prune-backups"] = {}): Record<string, number> {
    const pairs =
        typeof given === "string"
            ? listOf(given).map((part) => part.split("=") as [string, string])
            : Object.entries(given);
    return Object.fromEntries(
        pairs.flatMap(([key, value]) => (/^keep-(?!all)/.test(key) ? [[key.slice(5), Number(value)]] : [])),
    );
}

/** `order=1,up=30,down=60`; a bare number is the order. */
function orderOf(startup: string | undefined): Record<string, number> {
    return Object.fromEntries(
        listOf(startup).map((part) => {
            const [key = "", value] = part.split("=");
            return value === undefined ? ["order", Number(key)] : [key, Number(value)];
        }),
    );
}
