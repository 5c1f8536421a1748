/** The guard of the network's files. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planNetworkGuard } from "./plan";
import { resolveNetworkGuard, schema } from "./settings";

export const networkGuard = {
    component: "NetworkGuard",
    setting: "networkGuard",
    roles: ["node"],
    managed: "with interfaces",
    sendsMail: true,
    risk: "boot or network",
    files: {
        "/etc/holdfast/network-guard": {},
        "/etc/holdfast/network-guard.conf": {},
        "/etc/systemd/system/holdfast-boot-watch.service": {},
        "/etc/systemd/system/holdfast-network-guard.path": {},
        "/etc/systemd/system/holdfast-network-guard.service": {},
        "/etc/systemd/system/networking.service.d/holdfast-guard.conf": {},
        "/usr/share/ifupdown2/addons/vxrd.py": { when: "/usr/share/ifupdown2/addons" },
    },
    schema,
    resolve: resolveNetworkGuard,
    plan: planNetworkGuard,
} as const satisfies ConcernDefinition;
