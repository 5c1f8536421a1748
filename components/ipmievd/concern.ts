/** The BMC's events. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planIpmievd } from "./plan";
import { resolveIpmievd, schema } from "./settings";

export const ipmievd = {
    component: "Ipmievd",
    setting: "ipmievd",
    roles: ["node"],
    managed: "by default",
    sendsMail: true,
    risk: "none",
    files: {
        "/etc/systemd/system/holdfast-ipmi.service": {},
        "/etc/systemd/system/holdfast-sel.service": {},
        "/etc/systemd/system/holdfast-sel.timer": {},
        "/etc/systemd/system/ipmievd.service.d/holdfast.conf": {},
        "/etc/udev/rules.d/90-holdfast-ipmi.rules": {},
        "/usr/local/lib/holdfast/sel-fill": {},
    },
    schema,
    resolve: resolveIpmievd,
    plan: planIpmievd,
} as const satisfies ConcernDefinition;
