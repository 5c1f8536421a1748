/** /etc/hosts. What everything else knows of it. */
import type { NodeIdentity } from "../../model/lint/lintContext";
import type { ConcernDefinition, FleetView, PlanArgs } from "../concern";
import { planHostsFile } from "./plan";
import {
    checkHostsFile,
    type HostsFileSettings,
    mergeHostsFile,
    resolveHostsFile,
    schema,
    warnOfFormerNodes,
} from "./settings";

export const hosts = {
    component: "HostsFile",
    setting: "hostsFile",
    roles: ["node"],
    managed: "always",
    sendsMail: false,
    address: "needs",
    risk: "boot or network",
    files: { "/etc/hosts": {}, "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": { when: "/etc/cloud/cloud.cfg" } },
    schema,
    merge: mergeHostsFile,
    check: checkHostsFile,
    resolve: resolveHostsFile,
    warnings: warnOfFormerNodes,
    plan: ({ fleet, ...args }: PlanArgs<HostsFileSettings>) =>
        planHostsFile({ ...args, peers: peersOf(fleet, args.node) }),
} as const satisfies ConcernDefinition;

/** The other nodes of the cluster, those under maintenance too. */
function peersOf({ machines }: FleetView, { name }: NodeIdentity): NodeIdentity[] {
    return machines
        .filter(({ identity, roles }) => roles.includes("node") && identity.name !== name)
        .map(({ identity }) => identity);
}
