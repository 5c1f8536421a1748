/**
 * From an earlier version to this one: its state, its files on the nodes, with every concern and a secret. An `up`
 * afterwards changes on the nodes what the changelog names, and nothing else.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { labDown, labUp, type Lab, type LabNode } from "../../lab";
import { matches, parseChangelog } from "../../model/changelog";
import { fill, namesOf, restoreNodes, type EarlierVersion, type Names } from "../helpers/earlierVersion";
import { load, quietEvents, unload } from "../helpers/quietEvents";
import { PulumiProject } from "../helpers/pulumiProject";
import { runs } from "../helpers/soak";
import { serveMail, setPassword } from "../helpers/wholeFleet";

jest.setTimeout(300_000);

const RECORDED = "516b584";
/** What the changelog names since then. */
const announced = parseChangelog(readFileSync(join(__dirname, "../../CHANGELOG.md"), "utf8")).flatMap(({ changes }) =>
    changes.flatMap(({ paths }) => paths),
);
const STACK = "earlier";
const id = `${process.env.HOLDFAST_LAB ?? "jest"}-upgrade`;

let lab: Lab;
let names: Names;
let project: PulumiProject;
let earlier: EarlierVersion;
const before = new Map<string, Map<string, string>>();

beforeAll(async () => {
    const packed = await readFile(join(__dirname, `../fixtures/upgrade/${RECORDED}.json.gz`));
    earlier = JSON.parse(gunzipSync(packed).toString()) as EarlierVersion;
    lab = await labUp({ id, nodes: Object.keys(earlier.files).length, boot: false });
    names = await namesOf(lab);
    await restoreNodes(lab, earlier, names);
    lab = await labUp({ id, nodes: lab.nodes.length });
    await serveMail(lab);
    project = await PulumiProject.create(lab);
    await project.pulumi("stack", "init", STACK);
    await project.configure(STACK, JSON.parse(fill(JSON.stringify(earlier.config), names)) as Record<string, unknown>);
    await setPassword(project, STACK);
    await project.write("state.json", fill(JSON.stringify(earlier.state), names));
    await project.pulumi("stack", "import", "--file", "state.json", "--stack", STACK);
    for (const node of lab.nodes) before.set(node.name, await managedFiles(node));
});
afterAll(async () => {
    await project.remove();
    await labDown(id);
});

/**
 * Of what a user sees on the node, by path: content, mode and owner. Holdfast's own records and program are its own
 * business.
 */
async function managedFiles(node: LabNode): Promise<Map<string, string>> {
    const { stdout } = await node.exec([
        "sh",
        "-c",
        `cd / && find etc usr/local usr/sbin var/lib/prometheus -xdev ! -path '*/holdfast/[0-9a-f]*/*' ! -path '*/holdfast/current/*' ! -path '*/holdfast/proven/*' \\
            ! -name '*.prom' ! -path '*/__pycache__*' -type f -exec sha256sum {} + | while read -r sum path; do
            printf '/%s\\t%s %s\\n' "$path" "$sum" "$(stat --format '%a %U:%G' "/$path")"; done
         find etc usr/local usr/sbin -xdev -type l ! -path '*/holdfast/current' -printf '/%p\\t%l\\n'`,
    ]);
    return new Map(stdout.split("\n").map((line) => line.split("\t") as [string, string]));
}

function differences(from: Map<string, string>, to: Map<string, string>): string[] {
    return [...new Set([...from.keys(), ...to.keys()])].filter((path) => from.get(path) !== to.get(path)).sort();
}

async function urns(): Promise<string[]> {
    const { deployment } = JSON.parse(await project.pulumi("stack", "export", "--stack", STACK)) as {
        deployment: { resources: { urn: string }[] };
    };
    return deployment.resources.map(({ urn }) => urn).sort();
}

test("up changes on the nodes what the changelog names, and no more", async () => {
    const resources = await urns();
    await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);
    // Concerns that are on by themselves, and that the earlier version had not.
    const added = (await urns()).filter((urn) => !resources.includes(urn));
    expect(added.filter((urn) => !/::[\w-]+-(?:boot-readiness|network-guard|runbook)$/.test(urn))).toEqual([]);
    expect((await urns()).filter((urn) => !added.includes(urn))).toEqual(resources);
    for (const node of lab.nodes) {
        const changed = differences(before.get(node.name)!, await managedFiles(node));
        const unnamed = changed.filter((path) => !announced.some((pattern) => matches(pattern, path)));
        const unchanged = announced.filter((pattern) => !changed.some((path) => matches(pattern, path)));
        expect({ node: node.name, unnamed, unchanged }).toEqual({ node: node.name, unnamed: [], unchanged: [] });
    }
});

test("then there is nothing left to do, and nothing has drifted", async () => {
    await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK);
    expect(await project.holdfast("drift", "--stack", STACK)).toMatchObject({
        exitCode: 0,
        stdout: `${lab.nodes.length} nodes: ${lab.nodes.length} clean\n`,
    });
});

const drifts = Math.min(runs(10), 100);

test(
    `${drifts} drift runs over the quiet, loaded fleet find nothing, whatever happens on its own`,
    async () => {
        const events = Object.entries(quietEvents);
        for (let run = 0; run < drifts; run++) {
            const [event, happen] = events[run % events.length]!;
            const node = lab.nodes[Math.floor(run / events.length) % lab.nodes.length]!;
            await happen(node, lab);
            await load(node, 120);
            const { exitCode, output } = await project.holdfast("drift", "--stack", STACK);
            await unload(node);
            expect({ event, node: node.name, exitCode, output }).toEqual({
                event,
                node: node.name,
                exitCode: 0,
                output: `${lab.nodes.length} nodes: ${lab.nodes.length} clean\n`,
            });
        }
    },
    drifts * 60_000,
);
