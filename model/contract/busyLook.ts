/** Holdfast itself at work on a node: what differs there is work half done, and nobody's edit. */
export interface Busy {
    /** `left open`: a transaction that was cut off, and that nothing works on any more. */
    readonly state: "running" | "left open";
    /** `user@workstation`, or a transaction's id where it is left open. */
    readonly by: string;
    /** Seconds since 1970, by the node's clock. */
    readonly since: number;
}

/** What the provider's line about it begins with: `holdfast drift` knows it by this, as it knows `skippedLook`. */
export function busyLook(node: string, state: Busy["state"]): string {
    return `${node}: Holdfast itself ${state === "running" ? "is at work" : "was cut off"} there: `;
}

export function describeBusy({ state, by, since }: Busy): string {
    const when = new Date(since * 1000).toISOString().replace(/\.\d+Z$/, "Z");
    return state === "running"
        ? `a transaction is under way (since ${when}, by ${by}), so what differs may be its own; look again when it has ended`
        : `transaction ${by} was cut off (${when}), so what differs may be its own; \`pulumi up\` settles it, and so does the node's next boot`;
}
