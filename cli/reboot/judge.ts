/**
 * Whether a node may be rebooted, and whether it came back as it was. Pure. What could not be looked at is never fine.
 */
import type { Readiness } from "../../host/readiness";
import { quorumLack } from "../../host/cluster";
import type { Outlook } from "../../host/outlook";
import type { RebootOptions } from "./options";

/** `bad`: exit status 2. `unknown`: 1. */
export interface Objection {
    readonly state: "bad" | "unknown";
    readonly text: string;
}

export interface Look {
    readonly outlook: Outlook;
    readonly ready: Readiness;
}

/** All that speaks against it; empty: nothing does. */
export function objections({ outlook, ready }: Look, options: Pick<RebootOptions, "guests" | "kernel">): Objection[] {
    return [
        ...ofWork(outlook),
        ...ofReadiness(ready),
        ...ofQuorum(outlook.cluster),
        ...ofGuests(outlook.guests, options.guests),
        ...(options.kernel === "new" ? ofKernel(outlook.kernel) : []),
    ];
}

function ofWork({ busy }: Outlook): Objection[] {
    if (!busy) return [];
    return [
        bad(
            busy.state === "running"
                ? `Holdfast is at work there (${busy.by})`
                : `transaction ${busy.by} is open there: run \`pulumi up\`, which settles it`,
        ),
    ];
}

/** A node with one bad check might not come back, and one that nobody could look at might not either. */
function ofReadiness({ state, reasons }: Readiness): Objection[] {
    if (state === "ready") return [];
    if (reasons.length === 0) return [unknown("whether it is ready could not be told")];
    return reasons.map(({ state: found, check, text, remedy }) => ({
        state: found === "bad" ? "bad" : "unknown",
        text: `not ready: ${check}: ${text}${remedy === "" ? "" : ` (${remedy})`}`,
    }));
}

function ofQuorum(cluster: Outlook["cluster"]): Objection[] {
    const lack = quorumLack(cluster);
    return lack ? [lack] : [];
}

function ofGuests({ state, text, running }: Outlook["guests"], how: RebootOptions["guests"]): Objection[] {
    if (state === "unknown") return [unknown(`which guests run is not known: ${text}`)];
    if (running.length === 0 || how !== "refuse") return [];
    const names = running.map(({ id, name }) => (name === "" ? `${id}` : `${id} (${name})`));
    return [
        bad(`guests run there and nobody moves them: ${names.join(", ")}; say --guests shutdown or --guests migrate`),
    ];
}

function ofKernel({ running, newest, tool }: Outlook["kernel"]): Objection[] {
    if (!tool) return [bad("proxmox-boot-tool is not there, so no kernel can be pinned")];
    if (newest === null) return [unknown("no kernel with an initrd lies in /boot")];
    return newest === running ? [bad(`${running} runs already, and is the newest that is installed whole`)] : [];
}

/** What differs from before; empty where the node is back as it should be. */
export function shortcomings(before: Look, after: Look, kernel: string | undefined): Objection[] {
    return [
        ...(after.outlook.multiUser ? [] : [bad("multi-user.target is not reached")]),
        ...(kernel === undefined || after.outlook.kernel.running === kernel
            ? []
            : [bad(`it runs ${after.outlook.kernel.running}, not ${kernel}`)]),
        ...ofReadiness(after.ready),
        ...ofVotes(before.outlook.cluster, after.outlook.cluster),
    ];
}

function ofVotes(before: Outlook["cluster"], after: Outlook["cluster"]): Objection[] {
    if (before.state === "skipped") return [];
    if (after.state !== "ok" || !after.votes)
        return [unknown(`how the cluster's votes stand is not known: ${after.text}`)];
    if (!after.votes.quorate) return [bad("the cluster has no quorum")];
    const had = before.votes?.total ?? 0;
    return after.votes.total < had ? [bad(`the cluster has ${after.votes.total} votes, and had ${had}`)] : [];
}

/** The exit status for what was found. */
export function worst(found: readonly Objection[]): "bad" | "unknown" {
    return found.some(({ state }) => state === "bad") ? "bad" : "unknown";
}

function bad(text: string): Objection {
    return { state: "bad", text };
}

function unknown(text: string): Objection {
    return { state: "unknown", text };
}
