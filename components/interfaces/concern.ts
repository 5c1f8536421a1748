/** /etc/network/interfaces. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planNetworkInterfaces } from "./plan";
import { checkInterfaces, mergeInterfaces, resolveInterfaces, schema } from "./settings";

export const interfaces = {
    component: "NetworkInterfaces",
    setting: "interfaces",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    address: "gives",
    risk: "boot or network",
    files: { "/etc/network/interfaces": {} },
    codes: {
        "reload-bridge-kind":
            "a bridge would change between Linux and Open vSwitch under its own name, which no reload takes back",
        "reload-guests": "a reload would delete ports of running guests from an Open vSwitch bridge",
        "reload-ha": "a reload may silence corosync for long enough that HA fences this node",
        "reload-ha-untold": "whether HA would fence this node during a reload could not be told",
        "reload-interfaces-pending":
            "a change of the Proxmox GUI waits, and would replace at the next boot what is confirmed now",
    },
    schema,
    merge: mergeInterfaces,
    check: checkInterfaces,
    resolve: resolveInterfaces,
    plan: planNetworkInterfaces,
} as const satisfies ConcernDefinition;
