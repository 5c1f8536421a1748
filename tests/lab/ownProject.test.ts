/**
 * A project from an empty folder, with the packages of the last release (before the first: of the commit before) and of
 * this one: init, adopt, up, the upgrade's preview, up, and back again. `npm run soak` has it.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import execa from "execa";
import { parseDocument } from "yaml";
import type { Lab, LabNode } from "../../lab";
import { matches, parseChangelog } from "../../model/changelog";
import { openTestLab, toIncidentState } from "../helpers/lab";
import { checkoutOf, pack } from "../helpers/packed";
import { ownEnvironment } from "../helpers/pulumiProject";

jest.setTimeout(1_200_000);

const checkout = resolve(__dirname, "../..");
let lab: Lab;
let nodes: LabNode[];
let folder: string;
let own: string;
let env: NodeJS.ProcessEnv;
/** Of the earlier package and of this one. */
let tarballs: { readonly earlier: string; readonly now: string };

const type = (command: string, options: execa.Options = {}) =>
    execa("bash", ["-ec", command], { cwd: own, env, extendEnv: false, all: true, reject: false, ...options });
async function done(command: string, options: execa.Options = {}): Promise<string> {
    const { exitCode, all = "" } = await type(command, options);
    if (exitCode !== 0) throw new Error(`${command}: exit status ${exitCode}\n${all}`);
    return all;
}

beforeAll(async () => {
    lab = await openTestLab();
    nodes = lab.nodes.slice(0, 2);
    for (const node of nodes) await toIncidentState(lab, node);
    folder = await mkdtemp(join(tmpdir(), "holdfast-own-"));
    own = join(folder, "paris");
    env = { ...(await ownEnvironment(folder, lab)), PULUMI_SKIP_CONFIRMATIONS: "true" };
    const hosts = nodes.map(
        ({ name, ssh }) =>
            `Host ${name}\n  HostName ${ssh.host}\n  Port ${ssh.port}\n  HostKeyAlias [${ssh.host}]:${ssh.port}\n`,
    );
    await writeFile(
        join(folder, "ssh_config"),
        `${hosts.join("")}Host *\n  UserKnownHostsFile ${lab.knownHostsFile}\n`,
    );
    const { stdout: tag } = await execa("git", ["describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^"], {
        cwd: checkout,
        reject: false,
    });
    // Two commits may leave the same on the nodes: that one file differs is made up.
    const earlier = await checkoutOf(tag || (process.env["HOLDFAST_EARLIER"] ?? "HEAD^"), join(folder, "source-1"));
    const template = join(earlier, "templates/etc/default/prometheus-node-exporter.hbs");
    await writeFile(template, `# As it was before.\n${await readFile(template, "utf8")}`);
    tarballs = {
        earlier: await pack(earlier, "0.0.8", join(folder, "earlier")),
        now: await pack(await checkoutOf("HEAD", join(folder, "source-2")), "0.0.9", join(folder, "now")),
    };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Files of Holdfast's doing on the nodes, with their content's hash; its program and results are its own business. */
async function filesOf(node: LabNode): Promise<Map<string, string>> {
    const { stdout } = await node.exec([
        "sh",
        "-c",
        `find /etc /usr/local -xdev ! -path '*/holdfast/[0-9a-f]*/*' ! -path '*/holdfast/current/*' ! -path '*/holdfast/proven/*' ! -path '*/__pycache__*' ! -path '/etc/ssl/*' -type f -exec sha256sum {} +`,
    ]);
    return new Map(stdout.split("\n").map((line) => line.split(/ +/).reverse() as [string, string]));
}
const looks = () => Promise.all(nodes.map(filesOf));
function changedBetween(one: Map<string, string>[], other: Map<string, string>[]): string[] {
    const paths = one.flatMap((files, index) =>
        [...new Set([...files.keys(), ...other[index]!.keys()])].filter(
            (path) => files.get(path) !== other[index]!.get(path),
        ),
    );
    return [...new Set(paths)].sort();
}

async function use(tarball: string): Promise<void> {
    await done(
        `rm -rf vendor/*; cp '${tarball}' vendor/; npm install --prefer-offline --no-audit --no-fund ./vendor/*.tgz`,
    );
}

let before: Map<string, string>[];

test("from an empty folder: init, adopt, up by the earlier package; nothing is left to do", async () => {
    await done(
        `mkdir unpacked && tar -xzf '${tarballs.earlier}' -C unpacked && ln -s '${join(checkout, "node_modules")}' unpacked/package/node_modules
         node unpacked/package/cli/holdfast.js init paris --package '${tarballs.earlier}'`,
        { cwd: folder },
    );
    await done("npm install --prefer-offline --no-audit --no-fund");
    const targets = nodes.map(({ name }) => `root@${name}`).join(" ");
    await done(`npx --no-install holdfast adopt ${targets} --stack prod --import import.json`);
    // What adopt leaves off for a start: one of them is what the upgrade changes.
    const stack = parseDocument(await readFile(join(own, "Pulumi.prod.yaml"), "utf8"));
    stack.deleteIn(["config", "holdfast:fleet", "defaults", "nodeExporter"]);
    await writeFile(join(own, "Pulumi.prod.yaml"), stack.toString());
    await done("pulumi stack select --create prod && pulumi import -f import.json --generate-code=false --yes");
    console.log(await done("pulumi up --yes --skip-preview"));
    await done("pulumi up --yes --skip-preview --expect-no-changes");
    before = await looks();
});

test("the upgrade's preview names what would change on the nodes and why, and `up` changes that alone", async () => {
    await use(tarballs.now);
    const shown = await done("npx --no-install holdfast preview --stack prod --format markdown");
    console.log(shown.slice(0, 3000));
    expect(shown).toMatch(/Holdfast goes from 0\.0\.8 to 0\.0\.9/);
    console.log(await done("npx --no-install holdfast changes --stack prod | head -30"));
    await done("pulumi up --yes --skip-preview");
    const named = parseChangelog(await readFile(join(checkout, "CHANGELOG.md"), "utf8")).flatMap(({ changes }) =>
        changes.flatMap(({ paths }) => paths),
    );
    const changed = changedBetween(before, await looks());
    console.log(`changed on the nodes: ${changed.join(", ") || "nothing"}`);
    expect(changed.filter((path) => !named.some((pattern) => matches(pattern, path)))).toEqual([]);
    expect(changed).toContain("/etc/default/prometheus-node-exporter");
    for (const path of changed) expect(shown).toContain(`\`${path}\`: `);
    await done("pulumi up --yes --skip-preview --expect-no-changes");
    expect(await done("npx --no-install holdfast drift --stack prod")).toContain("2 nodes: 2 clean");
});

test("and back again: the earlier package gives the nodes the earlier files, and finds nothing else to do", async () => {
    await use(tarballs.earlier);
    const { exitCode, all } = await type("npx --no-install holdfast preview --stack prod");
    expect({ exitCode, all: exitCode === 0 ? "" : all }).toEqual({ exitCode: 0, all: "" });
    await done("pulumi up --yes --skip-preview");
    expect(changedBetween(before, await looks())).toEqual([]);
    await done("pulumi up --yes --skip-preview --expect-no-changes");
    expect(await done("npx --no-install holdfast drift --stack prod")).toContain("2 nodes: 2 clean");
});
