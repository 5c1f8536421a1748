/** `holdfast:fleet` against its schema. */
import { type Fault, faultsOf } from "../../model/fleet/faults";
import { type FleetConfig, fleetSchema } from "./schema";

/**
 * The config, and every fault of a single value. Where there are faults, what is sound stays, so that
 * the rules that span several fields speak in the same run.
 */
export function parseShape(given: unknown): { config?: FleetConfig; faults: Fault[] } {
    const result = fleetSchema.safeParse(given, { reportInput: true });
    if (result.success) return { config: result.data, faults: noNodes(result.data) };
    const faults = faultsOf(result.error.issues);
    return { config: fleetSchema.safeParse(soundPart(given, faults)).data, faults };
}

function noNodes(config: FleetConfig): Fault[] {
    return Object.keys(config.nodes).length > 0 ? [] : [{ path: ["nodes"], message: "expected at least one node" }];
}

/** `given` without the settings that hold a fault; a node or host without its address goes as a whole. */
function soundPart(given: unknown, faults: readonly Fault[]): unknown {
    const sound: unknown = structuredClone(given);
    for (const { path } of faults) {
        removeAt(sound, path.slice(0, depthOfSetting(path)));
    }
    return sound;
}

function depthOfSetting([section, , setting]: readonly PropertyKey[]): number {
    if (section === "nodes" || section === "hosts") return setting === "address" ? 2 : 3;
    return section === "defaults" ? 2 : 1;
}

function removeAt(holder: unknown, path: readonly PropertyKey[]): void {
    const [step, ...rest] = path;
    if (typeof holder !== "object" || holder === null || step === undefined) return;
    if (rest.length === 0) Reflect.deleteProperty(holder, step);
    else removeAt(Reflect.get(holder, step), rest);
}
