/**
 * `networkGuard`: nothing to set but on and off; how long a boot may take stands with `interfaces`, whose change it is
 * about.
 */
import type { z } from "zod";
import { concern } from "../../model/fleet/kit";
import type { ResolveContext, Settings } from "../concern";

export const schema = concern({})
    .optional()
    .describe(
        "a damaged interfaces file is alarmed within seconds, never reloaded, never booted with, and a boot that does not come up gets the last proven files back; on where interfaces is managed",
    );

export interface NetworkGuardSettings {
    /** Seconds after which a boot that does not answer at the node's address counts as failed. */
    readonly bootWindow: number;
}

const defaultWindow = 300;

export function resolveNetworkGuard(
    _given: Settings<z.infer<typeof schema>>,
    { merged }: Pick<ResolveContext, "merged">,
): NetworkGuardSettings {
    const interfaces = merged("interfaces") as { readonly bootWindow?: number } | false | undefined;
    return { bootWindow: (interfaces && interfaces.bootWindow) || defaultWindow };
}
