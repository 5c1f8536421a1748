/**
 * Would a node survive a reboot now? Its own answer (components/bootReadiness), asked without writing anything there.
 */
import type { CheckVerdict } from "./checked";
import type { NodeClient } from "./nodeClient";

export interface Readiness {
    readonly node: string;
    /** `unknown`: something could not be looked at, and nothing is known to be bad. */
    readonly state: "ready" | "not ready" | "unknown";
    /** By the node's clock, seconds since 1970. */
    readonly at: number;
    /** What is bad or could not be told, in the order of the checks. */
    readonly reasons: readonly CheckVerdict[];
    /** Whether it has booted with the files that it has now. No part of `state`: only a reboot brings it. */
    readonly proof: CheckVerdict | undefined;
    /** Of every check. */
    readonly verdicts: readonly CheckVerdict[];
}

const CONCERN = "boot-readiness";
const states = { ok: "ready", bad: "not ready", unknown: "unknown" } as const;

/** @throws UnreachableError where nothing can be said */
export async function readiness(node: Pick<NodeClient, "check">): Promise<Readiness> {
    const { host, at, state, verdicts } = await node.check([CONCERN]);
    return {
        node: host,
        state: states[state],
        at,
        reasons: verdicts.filter((each) => each.state === "bad" || each.state === "unknown"),
        proof: verdicts.find(({ check }) => check === "proof"),
        verdicts,
    };
}
