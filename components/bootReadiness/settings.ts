/** `bootReadiness`: on or off, there is nothing to set. */
import type { z } from "zod";
import { concern } from "../../model/fleet/kit";
import type { Settings } from "../concern";

export const schema = concern({})
    .optional()
    .describe("would this node survive a reboot now? Asked every night, after boots and pushes; on by default");

export type BootReadinessSettings = Readonly<Record<string, never>>;

export function resolveBootReadiness(_given: Settings<z.infer<typeof schema>>): BootReadinessSettings {
    return {};
}
