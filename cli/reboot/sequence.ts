/** Nodes rebooted one after the other. The first that is not well ends it: those after it are untouched. */
import { UnreachableError } from "../../host/errors";
import type { Step, Taken } from "../../host/outlook";
import { waitUntilBack, type Clock } from "./back";
import { objections, worst, type Look, type Objection } from "./judge";
import type { RebootNode } from "./node";
import type { RebootOptions } from "./options";

/** Tells a person, and the log. `step` is one of look, guests, kernel, reboot, back. */
export type Tell = (node: string, step: string, state: "ok" | "bad" | "unknown", text: string) => void;

export type Verdict = "ok" | "bad" | "unknown";

export interface Run {
    readonly options: Pick<RebootOptions, "dryRun" | "guests" | "kernel" | "timeout">;
    readonly clock: Clock;
    readonly tell: Tell;
    /** Who asks: USER@WORKSTATION, for the node's journal. */
    readonly by: string;
}

/** All are looked at before one is touched, and each again before its turn. */
export async function rebootAll(nodes: readonly RebootNode[], run: Run): Promise<Verdict> {
    const looks: Verdict[] = [];
    for (const node of nodes) looks.push((await lookAt(node, run)).verdict);
    if (run.options.dryRun || looks.some((verdict) => verdict !== "ok")) return worstOf(looks);
    for (const [index, node] of nodes.entries()) {
        const verdict = await rebootOne(node, run);
        if (verdict === "ok") continue;
        for (const { name } of nodes.slice(index + 1))
            run.tell(name, "reboot", verdict, `untouched: ${node.name} is not proven`);
        return verdict;
    }
    return "ok";
}

async function lookAt(node: RebootNode, { options, tell }: Run): Promise<{ verdict: Verdict; look?: Look }> {
    let look: Look;
    try {
        look = await node.look();
    } catch (error) {
        tell(node.name, "look", "unknown", (error as Error).message);
        return { verdict: "unknown" };
    }
    const found = objections(look, options);
    for (const { state, text } of found) tell(node.name, "look", state, text);
    if (found.length > 0) return { verdict: worst(found) };
    tell(node.name, "look", "ok", `would be rebooted${planOf(look, options)}`);
    return { verdict: "ok", look };
}

function planOf({ outlook }: Look, options: Run["options"]): string {
    const { running } = outlook.guests;
    const guests = running.length === 0 ? "" : `, after ${running.length} guest(s): ${options.guests}`;
    const kernel =
        options.kernel === "new" ? `, with ${outlook.kernel.newest!} in place of ${outlook.kernel.running}` : "";
    return `${guests}${kernel}`;
}

async function rebootOne(node: RebootNode, run: Run): Promise<Verdict> {
    const { options, tell } = run;
    const { verdict, look: before } = await lookAt(node, run);
    if (!before) return verdict;
    for (const { kind, id } of before.outlook.guests.running) {
        const how = options.guests === "migrate" ? "migrate" : "shutdown";
        if (!(await take(node, "guests", { step: "part", kind, id, how }, run, `${id} `))) return "bad";
    }
    // A migration takes minutes: the cluster, and the node itself, may be others by now.
    if (before.outlook.guests.running.length > 0) {
        const again = await lookAt(node, { ...run, options: { ...options, guests: "refuse" } });
        if (!again.look) return again.verdict;
    }
    const kernel = options.kernel === "new" ? before.outlook.kernel.newest! : undefined;
    const takeBack = () =>
        take(node, "kernel", { step: "pin", how: "back", version: before.outlook.kernel.pinned }, run);
    if (kernel !== undefined && !(await take(node, "kernel", { step: "pin", how: "once", version: kernel }, run))) {
        await takeBack();
        return "bad";
    }
    if (!(await goDown(node, before, run))) {
        if (kernel !== undefined) await takeBack();
        return "bad";
    }
    const back = await waitUntilBack(node, before, kernel, options.timeout, run.clock);
    if (back.state === "not back") {
        for (const { state, text } of back.found) tell(node.name, "back", state, text);
        if (kernel !== undefined && !back.wentDown) await takeBack();
        return worst(back.found);
    }
    const { running } = back.look.outlook.kernel;
    tell(
        node.name,
        "back",
        "ok",
        `another boot, multi-user, ready${before.outlook.cluster.state === "skipped" ? "" : ", quorum whole"}, after ${back.seconds} s, with ${running}`,
    );
    tellGuests(node, before, back.look, run);
    if (kernel === undefined) return "ok";
    return (await take(node, "kernel", { step: "pin", how: "good", version: kernel }, run)) ? "ok" : "bad";
}

/** @returns false where the node refuses. A connection that ends over it says nothing: the next boot id will. */
async function goDown(node: RebootNode, before: Look, { by, tell }: Run): Promise<boolean> {
    try {
        const taken = await node.take({ step: "reboot", bootId: before.outlook.bootId, by });
        tell(node.name, "reboot", taken.state, taken.text);
        return taken.state === "ok";
    } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        tell(node.name, "reboot", "ok", `asked for; the connection ended over it (${error.message})`);
        return true;
    }
}

/**
 * What was shut down and has not come up again (`onboot` is off) is said, not started: somebody may have wanted that.
 */
function tellGuests(node: RebootNode, before: Look, after: Look, { options, tell }: Run): void {
    if (options.guests !== "shutdown") return;
    const runs = new Set(after.outlook.guests.running.map(({ id }) => id));
    const down = before.outlook.guests.running.filter(({ id }) => !runs.has(id)).map(({ id }) => id);
    if (down.length > 0)
        tell(node.name, "guests", "ok", `not running again: ${down.join(", ")}; start them, or set onboot`);
}

/** @returns whether it was done. A node that cannot be asked in the middle of it is as bad as one that refuses. */
async function take(node: RebootNode, step: string, what: Step, { tell }: Run, about = ""): Promise<boolean> {
    const taken: Taken = await node
        .take(what)
        .catch((error: unknown): Taken => ({ state: "bad", code: "step-failed", text: (error as Error).message }));
    tell(node.name, step, taken.state, `${about}${taken.text}`);
    return taken.state === "ok";
}

function worstOf(verdicts: readonly Verdict[]): Verdict {
    const found: Objection[] = verdicts.flatMap((state) => (state === "ok" ? [] : [{ state, text: "" }]));
    return found.length === 0 ? "ok" : worst(found);
}
