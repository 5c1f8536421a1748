/** Holdfast itself hardens the machine: the real program, engine and provider, by `pulumi up`. */
import { join } from "node:path";
import { writeLabStack } from "../../lab/stack";
import { PulumiProject } from "../../tests/helpers/pulumiProject";
import type { Stage } from "./stage";

/** @throws with pulumi's output where it fails, or where a second `up` would still change something. */
export async function harden({ lab }: Stage): Promise<void> {
    const project = await PulumiProject.create(lab);
    try {
        await writeLabStack(lab, join(project.folder, "Pulumi.lab.yaml"));
        await project.pulumi("stack", "init", "lab");
        const up = ["up", "--stack", "lab", "--yes", "--skip-preview"];
        await project.pulumi(...up);
        await project.pulumi(...up, "--expect-no-changes");
    } finally {
        await project.remove();
    }
}
