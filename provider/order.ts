/**
 * The order in which nodes meet risky changes, as far as it is the provider's: whom a failure leaves alone, and one
 * restore after another.
 */
import { parseFleet } from "../components/fleet";
import { isRisky, planWaves } from "../components/rollout";
import { type Concern, concerns, isConcern } from "../components/table";

/**
 * Names of the nodes that come after `name`'s wave, none of which is begun after a failure there.
 * @param fleet `holdfast:fleet` as it is configured; what the program refuses has no order
 */
export function behind(fleet: unknown, name: string, concern: string): string[] {
    if (!isConcern(concern)) return [];
    const { fleet: parsed } = parseFleet(typeof fleet === "string" ? parsedJson(fleet) : fleet, () => "");
    if (!parsed) return [];
    const waves = planWaves(parsed);
    const at = waves.findIndex((wave) => wave.some((node) => node.identity.name === name && isRisky(concern, node)));
    if (at < 0) return [];
    return waves
        .slice(at + 1)
        .flat()
        .filter(({ maintenance }) => !maintenance)
        .map((node) => node.identity.name);
}

function parsedJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/**
 * Restores of what can keep a node from booting or from being reached, one at a time: a destroy has no canary, and the
 * engine begins as many as it can. After one that failed no other is begun.
 */
export class Restores {
    private last: Promise<unknown> = Promise.resolve();
    private failed?: string;

    run<T>(name: string, concern: string, work: () => Promise<T>): Promise<T> {
        if (!isConcern(concern) || !canHarm(concern)) return work();
        const turn = this.last.then(async () => {
            if (this.failed !== undefined)
                throw new Error(
                    `${name}: ${concern} was not restored because ${this.failed} failed; nothing was done there`,
                );
            try {
                return await work();
            } catch (error) {
                this.failed = name;
                throw error;
            }
        });
        this.last = turn.catch(() => undefined); // each caller has its own
        return turn;
    }
}

function canHarm(concern: Concern): boolean {
    return concerns[concern].risk !== "none";
}
