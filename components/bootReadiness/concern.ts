/** Would this node survive a reboot now? What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planBootReadiness } from "./plan";
import { resolveBootReadiness, schema } from "./settings";

export const bootReadiness = {
    component: "BootReadiness",
    setting: "bootReadiness",
    roles: ["node"],
    managed: "by default",
    sendsMail: false,
    risk: "none",
    comesLast: true,
    driftIsHazard: true,
    files: {
        "/etc/holdfast/boot-readiness.json": {},
        "/etc/systemd/system/holdfast-boot-readiness.path": {},
        "/etc/systemd/system/holdfast-boot-readiness.service": {},
        "/etc/systemd/system/holdfast-boot-readiness.timer": {},
        "/usr/local/lib/holdfast/boot-readiness": {},
    },
    schema,
    resolve: resolveBootReadiness,
    plan: planBootReadiness,
} as const satisfies ConcernDefinition;
