/** Waits until a node is back: another boot, start-up finished, ready, quorum whole. */
import { UnreachableError } from "../../host/errors";
import { shortcomings, type Look, type Objection } from "./judge";
import type { RebootNode } from "./node";

export interface Clock {
    /** Milliseconds. */
    now(): number;
    wait(milliseconds: number): Promise<void>;
}

/** Milliseconds between looks. */
const POLL = 3000;
/**
 * Seconds that a node which has started may take until all is whole again, where the boot may take as long: corosync
 * rejoins, late disks come.
 */
const SETTLE = 300;

export type Back =
    | { readonly state: "back"; readonly look: Look; readonly seconds: number }
    /** `wentDown`: false where it answered to the end from the boot that was to end. */
    | { readonly state: "not back"; readonly wentDown: boolean; readonly found: readonly Objection[] };

/**
 * A node that answers is not back: it may not have gone yet. Only another boot id says that it has been away.
 * @param timeout seconds for the boot itself
 */
export async function waitUntilBack(
    node: RebootNode,
    before: Look,
    kernel: string | undefined,
    timeout: number,
    clock: Clock,
): Promise<Back> {
    const began = clock.now();
    const old = before.outlook.bootId;
    const booted = await until(clock, timeout, () => booting(node, old));
    if (booted.last.state !== "up") {
        const { text, isOld = false } = booted.last;
        return { state: "not back", wentDown: !isOld, found: [bad(`${text}, after ${timeout} s`)] };
    }
    const { bootId } = booted.last;
    const whole = await until(clock, Math.min(SETTLE, timeout), () => settling(node, before, bootId, kernel));
    if (whole.last.state !== "up") return { state: "not back", wentDown: true, found: whole.last.found };
    return { state: "back", look: whole.last.look, seconds: Math.round((clock.now() - began) / 1000) };
}

type Booting = { state: "up"; bootId: string } | { state: "waiting"; text: string; isOld?: boolean };

async function booting(node: RebootNode, old: string): Promise<Booting> {
    const outlook = await node.outlook().catch(whereGone);
    if (!outlook) return { state: "waiting", text: "it does not answer" };
    if (outlook.bootId === old)
        return {
            state: "waiting",
            text: "it still answers from the boot that was to end: it never went down",
            isOld: true,
        };
    const isDone = ["running", "degraded"].includes(outlook.system);
    return isDone && outlook.multiUser
        ? { state: "up", bootId: outlook.bootId }
        : {
              state: "waiting",
              text: `it has booted and its start-up does not end (${outlook.system}; multi-user ${outlook.multiUser ? "" : "not "}reached)`,
          };
}

type Settling = { state: "up"; look: Look } | { state: "waiting" | "lost"; found: readonly Objection[] };

async function settling(node: RebootNode, before: Look, bootId: string, kernel: string | undefined): Promise<Settling> {
    const look = await node.look().catch(whereGone);
    if (!look) return { state: "waiting", found: [bad("it was back, and does not answer any more")] };
    if (look.outlook.bootId !== bootId)
        return { state: "lost", found: [bad("it has booted once more by itself: it does not stay up")] };
    const found = shortcomings(before, look, kernel);
    return found.length === 0 ? { state: "up", look } : { state: "waiting", found };
}

async function until<Found extends { state: string }>(
    clock: Clock,
    seconds: number,
    look: () => Promise<Found>,
): Promise<{ last: Found }> {
    const deadline = clock.now() + seconds * 1000;
    for (;;) {
        const last = await look();
        if (last.state !== "waiting" || clock.now() >= deadline) return { last };
        await clock.wait(POLL);
    }
}

/** A node on its way down or up cannot be asked; anything else is an error of ours. */
function whereGone(error: unknown): undefined {
    if (error instanceof UnreachableError) return undefined;
    throw error;
}

function bad(text: string): Objection {
    return { state: "bad", text };
}
