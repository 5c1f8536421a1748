/** Which changes are risky, and in which order the nodes of a fleet meet them. */
import { type Concern, concerns } from "./table";
import type { Fleet, Machine } from "./fleet";

/**
 * Canaries first, then `batch` nodes at a time (a number, a share, or each time twice as many), in the order of the
 * fleet. Nodes under maintenance come last: nothing is tried on them, so no wave may take them for proof. Where every
 * canary is under maintenance, the first other node is one.
 */
export function planWaves({ nodes, rollout }: Pick<Fleet, "nodes" | "rollout">): readonly (readonly Machine[])[] {
    const contacted = nodes.filter(({ maintenance }) => !maintenance);
    const named = contacted.filter(({ identity }) => rollout.canary.includes(identity.name));
    const canaries = named.length > 0 ? named : contacted.slice(0, 1);
    const others = contacted.filter((node) => !canaries.includes(node));
    const batches: Machine[][] = [];
    for (let from = 0, before = canaries.length; from < others.length; from += before) {
        before = sizeOf(rollout.batch, before, contacted.length);
        batches.push(others.slice(from, from + before));
    }
    return [canaries, ...batches, nodes.filter(({ maintenance }) => maintenance)].filter((wave) => wave.length > 0);
}

/** Of a wave. `before`: of the one before it; `all`: how many nodes are contacted. Never 0. */
function sizeOf(batch: Fleet["rollout"]["batch"], before: number, all: number): number {
    if (batch === "double") return 2 * before;
    return typeof batch === "number" ? batch : Math.max(1, Math.floor((parseInt(batch, 10) / 100) * all));
}

/**
 * Whether the concern, as that node is to have it, can keep it from booting or from being reached, or can power it off.
 */
export function isRisky(concern: Concern, node: Machine): boolean {
    const { risk, setting } = concerns[concern];
    if (risk === "power-off") return canPowerOff(node[setting]);
    return risk !== "none";
}

/** Whether a mistake in it, or what it watches, may power the machine off. */
export function canPowerOff(settings: Machine["smartd"] | Machine["temperature"]): boolean {
    if (!settings) return false;
    const ofDevices =
        "devices" in settings && settings.devices !== "auto" ? settings.devices.map(({ action }) => action) : [];
    return [settings.action, ...ofDevices].includes("shutdown");
}
