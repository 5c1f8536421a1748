/** Asks the nodes, all at once, and puts what they say into words. */
import { readiness, type Readiness } from "../../host/readiness";
import type { CheckVerdict } from "../../host/checked";
import { showControls } from "../../model/lint/controls";
import { chosen } from "../stackFleet";
import { type StackNodes, stackNodes } from "../stackNodes";

export type Answer =
    Readiness | { readonly node: string; readonly state: "unreachable" | "skipped"; readonly reason: string };

/** @throws Error where the stack cannot be read, or declares no node of a name */
export async function askNodes(names: readonly string[], stack?: string): Promise<Answer[]> {
    return askAll(await stackNodes(stack), names);
}

export function askAll(stack: Pick<StackNodes, "nodes" | "clientOf">, names: readonly string[]): Promise<Answer[]> {
    return Promise.all(
        chosen(stack, names).map(async (machine): Promise<Answer> => {
            const node = machine.identity.name;
            if (machine.maintenance) return { node, state: "skipped", reason: "under maintenance, not contacted" };
            const client = stack.clientOf(machine);
            try {
                return await readiness(client);
            } catch (error) {
                return { node, state: "unreachable", reason: (error as Error).message };
            } finally {
                client.end();
            }
        }),
    );
}

/** One that would not survive wins: it is known. Nobody asked is no "yes". */
export function exitStatus(answers: readonly Answer[]): 0 | 1 | 2 {
    if (answers.some(({ state }) => state === "not ready")) return 2;
    return answers.length > 0 && answers.every(({ state }) => state === "ready") ? 0 : 1;
}

export function renderReady(answers: readonly Answer[], verbose: boolean): string {
    return answers.map((answer) => `${showControls(block(answer, verbose))}\n`).join("");
}

function block(answer: Answer, verbose: boolean): string {
    if (!("verdicts" in answer)) return `${answer.node}: ${answer.state}: ${answer.reason}`;
    const shown = verbose ? answer.verdicts : answer.reasons;
    const proof = answer.proof ? `; ${answer.proof.text}` : "";
    return [`${answer.node}: ${words[answer.state]}${proof}`, ...shown.map(line)].join("\n");
}

const words = { ready: "ready", "not ready": "NOT ready", unknown: "could not tell" } as const;

function line({ check, state, text, remedy }: CheckVerdict): string {
    return `  ${state.padEnd(7)} ${check}${text === "" ? "" : `: ${text}`}${remedy === "" ? "" : `. ${remedy}`}`;
}
