/**
 * examples/: the same two nodes, hardened by a program in each language. `npm run soak` has it: it builds two hosts.
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import execa from "execa";
import { parse, stringify } from "yaml";
import type { Lab, LabNode } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { ensureOtherLanguages } from "../../toolchain/otherLanguages";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { ownEnvironment } from "../helpers/pulumiProject";

jest.setTimeout(1_800_000);

const checkout = resolve(__dirname, "../..");
let lab: Lab;
let nodes: LabNode[];
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
    lab = await openTestLab();
    nodes = lab.nodes.slice(0, 2);
    for (const node of nodes) await toIncidentState(lab, node);
    folder = await mkdtemp(join(tmpdir(), "holdfast-examples-"));
    await execa("python3", ["-m", "venv", "venv"], { cwd: folder });
    const requirements = join(checkout, "examples/python/requirements.txt");
    await execa("venv/bin/pip", ["install", "--quiet", "--requirement", requirements], { cwd: folder });
    const base = await ownEnvironment(folder, lab);
    env = {
        ...base,
        PATH: [join(folder, "venv/bin"), await ensureOtherLanguages(), base["PATH"]].join(delimiter),
    };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The example as a project with the package beside it, and the lab's two nodes as its stack's fleet. */
async function projectOf(language: string): Promise<(...args: string[]) => Promise<string>> {
    const project = join(folder, language);
    await cp(join(checkout, "examples", language), project, { recursive: true });
    await mkdir(join(project, "node_modules"));
    await symlink(checkout, join(project, "node_modules", "holdfast"));
    for (const name of ["@pulumi", "sucrase"])
        await symlink(join(checkout, "node_modules", name), join(project, "node_modules", name));
    const pulumi = async (...args: string[]) => {
        const { exitCode, all = "" } = await execa("pulumi", [...args, "--non-interactive", "--color", "never"], {
            cwd: project,
            env,
            extendEnv: false,
            all: true,
            reject: false,
        });
        if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: exit status ${exitCode}\n${all}`);
        return all;
    };
    await pulumi("stack", "init", language);
    const stack = join(project, `Pulumi.${language}.yaml`);
    const { encryptionsalt } = parse(await readFile(stack, "utf8")) as { encryptionsalt: string };
    await writeLabStack({ ...lab, nodes }, stack);
    const written = parse(await readFile(stack, "utf8")) as object;
    await writeFile(stack, stringify({ encryptionsalt, ...written }));
    return pulumi;
}

test.each(["yaml", "python", "typescript"])(
    "a program in %s hardens both nodes, finds nothing to do then, and no drift",
    async (language) => {
        for (const node of nodes) await toIncidentState(lab, node);
        const pulumi = await projectOf(language);
        const shown = await pulumi("up", "--yes", "--skip-preview");
        console.log(shown.slice(-1500));
        for (const node of nodes) {
            const hosts = await readNodeFile(node, "/etc/hosts");
            expect(hosts).toContain(`${node.address} ${node.name}`);
            expect(hosts).not.toContain("127.0.1.1");
        }
        await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
        await pulumi("refresh", "--preview-only", "--expect-no-changes");
        expect(await pulumi("stack", "--show-urns")).toContain(
            "holdfast:components:HardenedFleet$holdfast:components:HardenedNode$holdfast:components:HostsFile$holdfast:host:FileSet::pve01-hosts",
        );
    },
);
