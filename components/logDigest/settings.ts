/** `logDigest`: when the mail with yesterday's errors comes. */
import type { z } from "zod";
import { concern } from "../../model/fleet/kit";
import * as value from "../../model/fleet/values";
import type { Settings } from "../concern";

export const schema = concern({ time: value.timeOfDay.optional().describe("when, HH:MM; 06:30 by default") })
    .optional()
    .describe("yesterday's errors of the journal by mail; off by default");

export interface LogDigestSettings {
    /** `06:30`, the node's own time. */
    readonly time: string;
}

export function resolveLogDigest({ time = "06:30" }: Settings<z.infer<typeof schema>>): LogDigestSettings {
    return { time };
}
