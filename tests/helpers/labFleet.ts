/** The lab's nodes as a stack's `holdfast:fleet`, and what a test asks of a finished command. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { Lab } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { nothingByDefault } from "../../components/table";
import type { Finished, PulumiProject } from "./pulumiProject";

export interface NodeConfig {
    ssh: { host: string; port: number; hostKey: string };
    hostsFile: { extra: { address: string; names: string[] }[] };
    maintenance?: boolean;
    takeOver?: boolean;
}

export interface FleetConfig {
    domain: string;
    /** As the lab's own stack says. */
    takeOver?: boolean;
    defaults: object;
    nodes: Record<string, NodeConfig>;
}

export async function fleetOf(lab: Lab, project: PulumiProject, names: readonly string[]): Promise<FleetConfig> {
    const file = join(project.folder, "lab.yaml");
    await writeLabStack(lab, file);
    const { config } = parse(await readFile(file, "utf8")) as { config: { "holdfast:fleet": FleetConfig } };
    const { domain, takeOver, nodes } = config["holdfast:fleet"];
    // Three concerns are enough here; the others have tests of their own.
    const defaults = nothingByDefault;
    return { domain, takeOver, defaults, nodes: Object.fromEntries(names.map((name) => [name, nodes[name]!])) };
}

export function expectSuccess({ exitCode, output }: Pick<Finished, "exitCode" | "output">): string {
    if (exitCode !== 0) throw new Error(`exit status ${exitCode}\n${output}`);
    return output;
}
