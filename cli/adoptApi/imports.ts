/** The file for `pulumi import`: what the stack declares now, and its state does not have. */
import { apiObjectId, API_OBJECT_TYPE } from "../../model/contract/apiObject";
import { planObjects } from "../../components/proxmox/plan";
import type { ProxmoxSettings } from "../../components/proxmox/settings";
import type { Sections } from "./sections";

export interface StateResource {
    readonly urn: string;
    readonly type: string;
}

/** @param found of which nothing else can be imported @throws Error where the state is not ready for it */
export function renderImports(
    settings: ProxmoxSettings,
    found: Sections,
    state: readonly StateResource[],
    stack: string,
): string {
    const urnOf = (type: string) => state.find((each) => each.type === type)?.urn;
    const cluster = urnOf("holdfast:components:ProxmoxCluster");
    const api = urnOf("pulumi:providers:proxmoxve");
    if (cluster === undefined || api === undefined)
        throw new Error(
            `the state of ${stack} knows no such cluster yet, and an import needs it: declare proxmox with \`storages: {}\` beside endpoint and ca, run \`pulumi up\`, then this again. Nothing was written`,
        );
    const known = new Set(state.map(({ urn }) => urn.split("::").at(-1)));
    const named = (section: "storages" | "backups" | "metrics", type: string, word: string) =>
        Object.keys(settings[section] ?? {})
            .filter((id) => id in found[section])
            .map((id) => ({ type, name: `proxmox-${word}-${id}`, id, parent: "cluster", provider: "api" }));
    const resources = [
        ...named("storages", "proxmoxve:storage/directory:Directory", "storage"),
        ...named("backups", "proxmoxve:backup/job:Job", "backup"),
        ...named("metrics", "proxmoxve:metrics/server:Server", "metrics"),
        ...(Object.keys(settings.options ?? {}).length > 0
            ? [
                  {
                      type: "proxmoxve:cluster/options:Options",
                      name: "proxmox-options",
                      id: "cluster",
                      parent: "cluster",
                      provider: "api",
                  },
              ]
            : []),
        ...Object.entries(planObjects(settings)).map(([name, args]) => ({
            type: API_OBJECT_TYPE,
            name,
            id: apiObjectId(args),
            parent: "cluster",
        })),
    ].filter(({ name }) => !known.has(name));
    return `${JSON.stringify({ nameTable: { cluster, api }, resources }, undefined, 2)}\n`;
}
