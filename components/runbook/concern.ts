/** The page for the day itself. What everything else knows of it. */
import type { ConcernDefinition } from "../concern";
import { planRunbook } from "./plan";
import { resolveRunbook, schema } from "./settings";

export const runbook = {
    component: "Runbook",
    setting: "runbook",
    roles: ["node"],
    managed: "by default",
    sendsMail: false,
    // What greets is passed over where it fails: the shell comes in any case.
    risk: "none",
    files: {
        "/etc/holdfast/runbook.md": {},
        "/etc/motd.d/holdfast-runbook": {},
        "/etc/systemd/system/emergency.service.d/holdfast-runbook.conf": {},
        "/etc/systemd/system/rescue.service.d/holdfast-runbook.conf": {},
    },
    schema,
    resolve: resolveRunbook,
    plan: planRunbook,
} as const satisfies ConcernDefinition;
