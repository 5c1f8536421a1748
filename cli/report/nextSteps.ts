/** What a person should do now, the most pressing first. */
import type { DriftReport, NodeDrift } from "../drift/report";

export interface NextStep {
    /** Names of the nodes that it is about. */
    readonly nodes: readonly string[];
    readonly text: string;
    readonly command?: string;
}

export function nextSteps({ stacks }: DriftReport): NextStep[] {
    const nodes = stacks.flatMap((stack) => stack.nodes);
    const named = (isMeant: (node: NodeDrift) => boolean) => nodes.filter(isMeant).map(({ name }) => name);
    const steps: NextStep[] = [
        ...stacks.flatMap(({ name, error }) =>
            error === undefined ? [] : [{ nodes: [], text: `Stack ${name} could not be looked at: ${error}` }],
        ),
        {
            nodes: named(wouldNotBoot),
            text: "would not survive a reboot. Do not reboot; read the hazards below, then put the declared files back.",
            command: "pulumi up --refresh",
        },
        {
            nodes: named((node) => obstacle(node) === "host key"),
            text: "could not be looked at: the host key is not the one that is known. A reinstalled node has a new one, and so has someone in between: compare it on the console, then put it into the stack.",
            command: "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        },
        {
            nodes: named((node) => obstacle(node) === "own key"),
            text: "could not be looked at: none of this workstation's SSH keys opens it, which says nothing about the node. Load the key that does, and look again.",
            command: "ssh-add",
        },
        {
            nodes: named(({ underWay }) => underWay === true),
            text: "Holdfast itself was at work there: nothing is known yet. Look again when it has ended.",
        },
        {
            nodes: named((node) => obstacle(node) === "node"),
            text: "could not be looked at. Use the console, or set maintenance: true to leave it out meanwhile.",
        },
        {
            nodes: named(({ status }) => status === "drift"),
            text: "not as declared. Take a change over into the stack if it is a fix; otherwise put the declared state back.",
            command: "pulumi preview --refresh --diff",
        },
        {
            nodes: named(hasPending),
            text: "the network configuration on disk is not the running one. It takes effect at the next reload or boot: choose the moment yourself.",
        },
        {
            nodes: named(({ status }) => status === "skipped"),
            text: "skipped, under maintenance: this page says nothing about it. Take that off when the work is done.",
        },
    ];
    return steps.filter(({ nodes: about, text }) => about.length > 0 || text.startsWith("Stack "));
}

/** What stands between us and an unreachable node, by the words of host/connection.ts and host/hostKeys.ts. */
function obstacle({ status, reason = "", underWay }: NodeDrift): "own key" | "host key" | "node" | undefined {
    if (status !== "unreachable" || underWay === true) return undefined;
    if (/host key changed|offers host key|host key of .* is not known|has no host key of/.test(reason))
        return "host key";
    return /no key to log in|accepts none of the keys/.test(reason) ? "own key" : "node";
}

/** A lint error in a file as it stands on the node. */
export function wouldNotBoot({ concerns }: NodeDrift): boolean {
    return concerns.some(({ hazards }) => hazards.some(({ severity }) => severity === "error"));
}

function hasPending({ concerns }: NodeDrift): boolean {
    return concerns.some(
        ({ facts }) =>
            facts["interfaces running"] === "pending activation" || facts["interfaces pending"] === "pending",
    );
}
