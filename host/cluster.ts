/** A cluster's votes as corosync counts them on one node (host/node/power/quorum.py), and what they say of it. */
import { z } from "zod";
import { text } from "./values";

const votes = z.int().min(0).max(100_000);

/** `skipped`: in no cluster. `device`: a QDevice that is silent is in no total. */
export const clusterAnswer = z.strictObject({
    state: z.enum(["ok", "unknown", "skipped"]),
    text: text(4096),
    votes: z
        .strictObject({
            quorate: z.boolean(),
            expected: votes,
            total: votes,
            quorum: votes,
            own: votes,
            device: z.enum(["none", "votes", "silent"]),
            /** That corosync.conf lists; an earlier version's program does not say. */
            nodes: votes.optional(),
        })
        .optional(),
});

export type Cluster = z.infer<typeof clusterAnswer>;
export type Votes = NonNullable<Cluster["votes"]>;

/** Why this node must not be away, nor be risked: there is no quorum, or none without it. Unknown is never fine. */
export function quorumLack({ state, text, votes }: Cluster): { state: "bad" | "unknown"; text: string } | undefined {
    if (state === "skipped") return undefined;
    if (state === "unknown" || !votes)
        return { state: "unknown", text: `how the cluster's votes stand is not known: ${text}` };
    if (!votes.quorate) return { state: "bad", text: `the cluster has no quorum (${describe(votes)})` };
    // A cluster that nobody has joined yet has nobody to leave alone. Votes do not tell: `pvecm expected 1`.
    if (votes.nodes === 1) return undefined;
    const left = votes.total - votes.own;
    if (left >= votes.quorum) return undefined;
    return {
        state: "bad",
        text: `without this node the cluster would have ${left} votes of the ${votes.quorum} that it needs (${describe(votes)})`,
    };
}

function describe({ total, expected, device }: Votes): string {
    const silent = device === "silent" ? ", its QDevice casts none" : "";
    return `${total} of ${expected} votes are there now${silent}`;
}
