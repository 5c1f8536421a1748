/** Nodes that a reboot is tried on without any: a boot takes as many looks as the test says. */
import { UnreachableError } from "../../../host/errors";
import type { Readiness } from "../../../host/readiness";
import type { Outlook, Step, Taken } from "../../../host/outlook";
import type { Clock } from "../../../cli/reboot/back";
import type { RebootNode } from "../../../cli/reboot/node";

export const bootIds = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
    "33333333-3333-4333-8333-333333333333",
] as const;

export function outlookWith(more: Partial<Outlook> = {}): Outlook {
    return {
        bootId: bootIds[0],
        system: "running",
        multiUser: true,
        kernel: { running: "6.8.12-1-pve", newest: "6.8.12-1-pve", pinned: null, tool: true },
        guests: { state: "ok", text: "", running: [] },
        cluster: { state: "skipped", text: "this node is in no cluster" },
        ...more,
    };
}

export function votesOf(
    total: number,
    expected = 3,
    device: "none" | "votes" | "silent" = "none",
    nodes?: number,
): Outlook["cluster"] {
    const quorum = Math.floor(expected / 2) + 1;
    const votes = { quorate: total >= quorum, expected, total, quorum, own: 1, device, ...(nodes && { nodes }) };
    return { state: "ok", text: "", votes };
}

/** What the node says of itself; its one check is as bad as it is. */
export function readyAs(state: Readiness["state"], text = ""): Readiness {
    const found = { ready: "ok", "not ready": "bad", unknown: "unknown" } as const;
    const code = "name-loopback";
    const verdict = { concern: "boot-readiness", check: "own-name", state: found[state], code, text, remedy: "" };
    const reasons = state === "ready" ? [] : [verdict];
    return { node: "pve01", state, at: 0, reasons, proof: undefined, verdicts: [verdict] };
}

/** What a look finds; "silent": it does not answer. */
export type Moment = "silent" | { outlook: Outlook; ready: Readiness };

export const well = (more: Partial<Outlook> = {}): Moment => ({ outlook: outlookWith(more), ready: readyAs("ready") });

export interface FakeNode extends RebootNode {
    readonly steps: Step[];
}

/**
 * @param before what it is like until it is rebooted @param after one look after the other from then on; the last one
 * stays
 */
export function fakeNode(
    name: string,
    before: Moment,
    after: readonly Moment[],
    log: string[] = [],
    refuse: (step: Step) => boolean = () => false,
): FakeNode {
    const steps: Step[] = [];
    const left = [...after];
    const parted = new Set<number>();
    let isRebooted = false;
    const moment = (): { outlook: Outlook; ready: Readiness } => {
        const found = isRebooted ? (left.length > 1 ? left.shift()! : left[0]!) : before;
        log.push(`${name}: ${found === "silent" ? "silent" : found.outlook.bootId.slice(0, 4)}`);
        if (found === "silent") throw new UnreachableError(name, "does not answer");
        if (isRebooted) return found;
        const { guests } = found.outlook;
        const running = guests.running.filter(({ id }) => !parted.has(id));
        return { ...found, outlook: { ...found.outlook, guests: { ...guests, running } } };
    };
    return {
        name,
        steps,
        look: async () => moment(),
        outlook: async () => moment().outlook,
        take: async (step): Promise<Taken> => {
            steps.push(step);
            log.push(`${name}: ${step.step}${"how" in step ? ` ${step.how}` : ""}`);
            if (refuse(step)) return { state: "bad", code: "step-failed", text: "refused" };
            if (step.step === "reboot") isRebooted = true;
            if (step.step === "part") parted.add(step.id);
            return { state: "ok", code: "done", text: "done" };
        },
    };
}

/** Time passes only where it is waited for. */
export function fakeClock(): Clock {
    let now = 0;
    return { now: () => now, wait: async (milliseconds) => void (now += milliseconds) };
}
