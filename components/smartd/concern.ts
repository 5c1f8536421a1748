/** smartd. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planSmartd } from "./plan";
import { checkSmartd, resolveSmartd, schema } from "./settings";

export const smartd = {
    component: "Smartd",
    setting: "smartd",
    roles: ["node"],
    managed: "by default",
    sendsMail: true,
    risk: "power-off",
    files: {
        "/etc/holdfast/smartd-policy": {},
        "/etc/smartd.conf": {},
        "/etc/smartmontools/run.d/60holdfast": {},
        "/etc/systemd/system/holdfast-nvme-selftest-long.timer": {},
        "/etc/systemd/system/holdfast-nvme-selftest-short.timer": {},
        "/etc/systemd/system/holdfast-nvme-selftest@.service": {},
        "/etc/systemd/system/smartmontools.service.d/holdfast.conf": {},
        "/usr/local/lib/holdfast/nvme-selftest": {},
    },
    schema,
    check: checkSmartd,
    resolve: resolveSmartd,
    plan: planSmartd,
} as const satisfies ConcernDefinition;
