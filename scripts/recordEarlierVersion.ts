/**
 * `npm run record-version`: what this version leaves on two nodes and in the state of a stack with every concern, for
 * tests/lab/upgrade.test.ts. Writes tests/fixtures/upgrade/COMMIT.json.gz (compressed so that no search in the sources
 * finds old ones).
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import execa from "execa";
import { labDown, labUp } from "../lab";
import { markUntouched, namesOf, recordNodes, unfill } from "../tests/helpers/earlierVersion";
import { PulumiProject } from "../tests/helpers/pulumiProject";
import { serveMail, setPassword, wholeFleet } from "../tests/helpers/wholeFleet";

const root = join(__dirname, "..");
const STACK = "earlier";

async function main(): Promise<void> {
    const id = `record-${process.pid}`;
    const commit = (await execa("git", ["rev-parse", "--short=7", "HEAD"], { cwd: root })).stdout;
    const folder = join(root, "tests", "fixtures", "upgrade");
    try {
        const lab = await labUp({ id, nodes: 2, log: (line) => console.log(line) });
        await serveMail(lab);
        await markUntouched(lab);
        const project = await PulumiProject.create(lab);
        try {
            await project.pulumi("stack", "init", STACK);
            const config = await wholeFleet(lab, project.folder);
            await project.configure(STACK, config);
            await setPassword(project, STACK);
            await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);
            await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK);
            const exported = await project.pulumi("stack", "export", "--show-secrets", "--stack", STACK);
            const state: unknown = JSON.parse(exported, withoutPlaces);
            const recorded = { commit, config, state, ...(await recordNodes(lab)) };
            await mkdir(folder, { recursive: true });
            const text = unfill(JSON.stringify(recorded), await namesOf(lab));
            await writeFile(join(folder, `${commit}.json.gz`), gzipSync(text, { level: 9 }));
            console.log(`tests/fixtures/upgrade/${commit}.json.gz`);
        } finally {
            await project.remove();
        }
    } finally {
        await labDown(id);
    }
}

/** Where in this checkout a resource was made is of no use in another. */
function withoutPlaces(key: string, value: unknown): unknown {
    return ["sourcePosition", "stackTrace"].includes(key) ? undefined : value;
}

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});
