/** `defaults` under each machine's own settings. */
import type { ConcernDefinition } from "../concern";

/** As they were written, by key. */
export type Written = Readonly<Record<string, unknown>>;

/** What a machine has of a concern's settings, its own and the defaults' together. */
export function mergedSetting({ setting, merge }: ConcernDefinition, defaults: Written, own: Written): unknown {
    const both = [defaults[setting], own[setting]] as [never, never];
    return merge ? merge(...both) : mergeSettings(...both);
}

/**
 * A machine's own setting wins, key by key; `false` turns a concern off, `true` turns it on with the defaults'
 * settings.
 */
export function mergeSettings<Settings extends object>(
    base: Settings | boolean | undefined,
    own: Settings | boolean | undefined,
): Settings | boolean | undefined {
    if (own === undefined || (own === true && typeof base === "object")) return base;
    return typeof own === "object" && typeof base === "object" ? { ...base, ...own } : own;
}
