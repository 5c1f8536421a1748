/** The pages that the nodes have too, and below each what the state knows from the last look. */
import { mkdir, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Fleet, formatFault, parseFleet, viewOf } from "../../components/fleet";
import { planRunbook, runbookPath } from "../../components/runbook/plan";
import { readProjectFile } from "../../projectFile";
import { notWritten } from "../notWritten";
import { runPulumi } from "../pulumi";
import { chosen } from "../stackNodes";
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

type Config = Readonly<Record<string, { readonly value?: string } | undefined>>;

/** Without its secrets: the pages hold none. */
async function declaredFleet(stack: string | undefined): Promise<Fleet> {
    const { exitCode, stdout, stderr } = await runPulumi(["config", "--json", ...ofStack(stack)]);
    if (exitCode !== 0) throw new Error(`pulumi config: ${stderr.trim().replace(/^error: /, "")}`);
    const given = (JSON.parse(stdout) as Config)["holdfast:fleet"]?.value;
    if (given === undefined) throw new Error("this stack has no holdfast:fleet: declare its nodes there");
    const { fleet, faults } = parseFleet(JSON.parse(given), (file) => readProjectFile(projectFolder(), file));
    if (!fleet) throw new Error(`holdfast:fleet of this stack has faults:\n${faults.map(formatFault).join("\n")}`);
    return fleet;
}

/** Nothing where the stack has not been deployed yet. @throws Error where it has been and cannot be read */
async function stateOf(stack: string | undefined): Promise<Seen> {
    const { exitCode, stdout, stderr } = await runPulumi(["stack", "export", ...ofStack(stack)]);
    if (exitCode !== 0) throw new Error(`pulumi stack export: ${stderr.trim().replace(/^error: /, "")}`);
    return seenSchema.parse(JSON.parse(stdout));
}

function ofStack(stack: string | undefined): string[] {
    return stack === undefined ? [] : ["--stack", stack];
}

/** Where Pulumi.yaml is, here or above: there pulumi finds the stack, and the files that it names. */
function projectFolder(folder = process.cwd()): string {
    if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
    return dirname(folder) === folder ? resolve(".") : projectFolder(dirname(folder));
}
