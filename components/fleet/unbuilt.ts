/** Settings of concerns that are not built yet: accepted, validated, and not acted on. One that gets built goes to a folder of its own. */
import type { z } from "zod";
import type { Fault } from "../../model/fleet/faults";
import { concern } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";

export const unbuilt = {
    configBackup: concern({ target: value.backupTarget })
        .optional()
        .describe("nightly, encrypted; off without a target. Accepted, and not applied yet"),
};

export const unbuiltSettings = Object.keys(unbuilt) as (keyof typeof unbuilt)[];

/** There is no default to back up to. */
export function checkBackup(settings: z.infer<typeof unbuilt.configBackup>, path: readonly PropertyKey[]): Fault[] {
    return settings === true
        ? [{ path, message: "expected { target: USER@HOST:/PATH }, got true: there is no target to back up to" }]
        : [];
}
