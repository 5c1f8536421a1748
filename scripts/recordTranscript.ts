/**
 * `npm run transcript`: docs/transcript.md, from a real run on two lab nodes (Linux, root). Names of this machine are
 * replaced.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { labDown, labUp } from "../lab";
import { PulumiProject } from "../tests/helpers/pulumiProject";
import { record } from "./transcript";

const id = "transcript";
async function main(): Promise<void> {
    await labDown(id);
    const lab = await labUp({ id, nodes: 2, log: (line) => console.error(line) });
    const project = await PulumiProject.create(lab);
    try {
        await writeFile(join(__dirname, "..", "docs", "transcript.md"), await record(lab, project));
    } finally {
        await project.remove();
        await labDown(id);
    }
}

main().catch((error: unknown) => {
    console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
});
