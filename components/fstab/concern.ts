/** /etc/fstab. What everything else knows of it. */
import type { z } from "zod";
import type { ConcernDefinition } from "../concern";
import { planFstab } from "./plan";
import { checkFstab, resolveFstab, schema } from "./settings";

export const fstab = {
    component: "Fstab",
    setting: "fstab",
    roles: ["node"],
    managed: "where declared",
    sendsMail: false,
    risk: "boot or network",
    files: { "/etc/fstab": {}, "/etc/udev/rules.d/99-holdfast-fstab.rules": {} },
    schema,
    // A file is whole, so the node's own stands alone.
    merge: (defaults: z.infer<typeof schema>, own: z.infer<typeof schema>) => own ?? defaults,
    check: checkFstab,
    resolve: resolveFstab,
    plan: planFstab,
} as const satisfies ConcernDefinition;
