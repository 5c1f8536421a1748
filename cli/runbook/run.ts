/** The pages that the nodes have too, and below each what the state knows from the last look. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fleet, viewOf } from "../../components/fleet";
import { planRunbook, runbookPath } from "../../components/runbook/plan";
import { notWritten } from "../notWritten";
import { askPulumi, ofStack } from "../pulumi";
import { chosen, declaredFleet } from "../stackFleet";
import type { RunbookOptions } from "./options";
import { lastSeen, seenSchema, type Seen } from "./lastSeen";

/** @returns a line for each file. @throws Error where the stack cannot be read, or declares no node of a name */
export async function writeRunbooks(names: readonly string[], { output, stack }: RunbookOptions): Promise<string[]> {
    const fleet = await declaredFleet(stack);
    const wanted = chosen(fleet, names);
    const seen = await stateOf(stack);
    await mkdir(output, { recursive: true }).catch((error: unknown) => {
        throw notWritten(output, error);
    });
    const lines: string[] = [];
    for (const { identity } of wanted) {
        const file = join(output, `${identity.name}.md`);
        const page = pageOf(fleet, identity.name) + lastSeen(identity.name, seen);
        await writeFile(file, page).catch((error: unknown) => {
            throw notWritten(file, error);
        });
        lines.push(file);
    }
    return lines;
}

/** As it stands on the node; of one where `runbook` is off there is a page all the same, since it was asked for. */
export function pageOf(fleet: Fleet, name: string): string {
    const machine = fleet.nodes.find(({ identity }) => identity.name === name);
    if (!machine) throw new Error(`${name}: the stack declares no such node`);
    const { host, identity: node, runbook: settings } = machine;
    return planRunbook({ host, node, settings, fleet: viewOf(fleet) }).files[runbookPath]?.content ?? "";
}

/** Nothing where the stack has not been deployed yet. @throws Error where it has been and cannot be read */
async function stateOf(stack: string | undefined): Promise<Seen> {
    return seenSchema.parse(await askPulumi(["stack", "export", ...ofStack(stack)]));
}
