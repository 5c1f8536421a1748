/**
 * The ways in which Pulumi programs are known to leak a secret, each with the real engine: the old value in a diff, a
 * value whose type changes, a copy beside the encrypted one, an unchanged secret that is shown as changed, a drift run
 * that compares what is wrapped with what is not. And those that Holdfast had: a maintenance, a password taken out of
 * the program, an import.
 */
import type { Lab, LabNode } from "../../lab";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { expectSuccess } from "../helpers/labFleet";
import { PulumiProject, type Finished } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

const preview = ["preview", "--diff"];
const up = ["up", "--yes", "--skip-preview"];
const refresh = ["refresh", "--yes", "--skip-preview"];
const drift = ["refresh", "--preview-only", "--expect-no-changes", "--diff"];

const folder = "/etc/holdfast-secrets";
const path = `${folder}/relay`;
const other = `${folder}/other`;
/** `{secret: …}` anywhere in filesets.json is a Pulumi secret. */
const program = `
    import { readFileSync } from "node:fs";
    import * as pulumi from "@pulumi/pulumi";
    import { FileSet } from "./provider/resource";
    const withSecrets = (value: any): any =>
        Array.isArray(value) ? value.map(withSecrets)
        : value?.secret !== undefined ? pulumi.secret(withSecrets(value.secret))
        : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item)]))
        : value;
    for (const [name, args] of Object.entries(JSON.parse(readFileSync("filesets.json", "utf8")))) new FileSet(name, withSecrets(args));
`;

let lab: Lab;
let node: LabNode;
let project: PulumiProject;
let host: object;
let told: string[] = [];

beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    project = await PulumiProject.create(lab, program);
    await project.pulumi("stack", "init", "test");
    host = {
        name: node.name,
        address: node.ssh.host,
        port: node.ssh.port,
        user: "root",
        hostKey: await node.hostKey(),
    };
});
beforeEach(async () => {
    told = [];
    await node.exec(["sh", "-c", `rm -rf ${folder} && mkdir ${folder}`]);
    await declare({});
    expectSuccess(await project.runPulumi(up));
});
afterAll(async () => {
    await node.exec(["sh", "-c", `rm -rf ${folder} /etc/msmtprc`]);
    await toIncidentState(lab, node);
    await project.remove();
});

const declare = (files: Readonly<Record<string, unknown>>, more: object = {}): Promise<void> =>
    project.write(
        "filesets.json",
        JSON.stringify(Object.keys(files).length === 0 ? {} : { relay: { host, concern: "relay", files, ...more } }),
    );
const said = async (args: readonly string[]): Promise<Finished> => {
    const run = await project.runPulumi(args);
    told.push(run.output);
    return run;
};

/** In no output, in the state, its history and its backups as little. */
async function expectHidden(...values: readonly string[]): Promise<void> {
    const stored = await project.run("grep", ["-rlE", values.join("|"), "state"]);
    expect(stored.stdout).toBe("");
    told.push(await project.pulumi("stack", "export"));
    for (const value of values) expect(told.join("\n")).not.toContain(value);
}

test("the old value shows in no preview, when it changes, when it opens up, and when it closes", async () => {
    const [one, two, three] = ["first-hunter2", "second-hunter2", "third-hunter2"];
    await declare({ [path]: { content: { secret: `password=${one}\n` } } });
    expectSuccess(await said(up));
    await declare({ [path]: { content: { secret: `password=${two}\n` } } });
    expectSuccess(await said(preview));
    expectSuccess(await said(up));
    await declare({ [path]: { content: "nothing to hide\n" } });
    expectSuccess(await said(preview));
    expectSuccess(await said(up));
    await declare({ [path]: { content: { secret: `password=${three}\n` } } });
    expectSuccess(await said(preview));
    expectSuccess(await said(up));
    await expectHidden(one, two, three);
});

test("a value whose type changes stays hidden: a text, its whole file, no file at all", async () => {
    const [one, two] = ["typed-hunter2", "shaped-hunter2"];
    await declare({ [path]: { content: { secret: `password=${one}\n` } } });
    expectSuccess(await said(up));
    await declare({ [path]: { secret: { content: `password=${two}\n` } } });
    expectSuccess(await said(preview));
    expectSuccess(await said(up));
    await declare({ [path]: { absent: true } });
    expectSuccess(await said(preview));
    expectSuccess(await said(up));
    await expectHidden(one, two);
});

test("no copy stands beside the encrypted one, though somebody has put one into another file on the node", async () => {
    const value = "copied-hunter2";
    await declare({ [path]: { content: { secret: `password=${value}\n` } }, [other]: { content: "plain\n" } });
    expectSuccess(await said(up));
    await node.exec(["tee", other], { input: `relay = ${value}\n` });
    expect((await said(drift)).exitCode).not.toBe(0);
    expectSuccess(await said(refresh));
    await expectHidden(value);
});

test("an unchanged secret is shown as changed by nothing, and a drift run compares like with like", async () => {
    await declare({ [path]: { content: { secret: "password=steady-hunter2\n" }, mode: "0600" } });
    expectSuccess(await said(up));
    expectSuccess(await said(["preview", "--expect-no-changes", "--diff"]));
    expectSuccess(await said(drift));
    expectSuccess(await said([...up, "--refresh", "--expect-no-changes"]));
    expectSuccess(await said(refresh));
    expectSuccess(await said(["preview", "--expect-no-changes", "--diff"]));
    await expectHidden("steady-hunter2");
});

test("under maintenance, with the password taken out meanwhile, it leaves neither by state nor by a pull request's preview", async () => {
    const value = "resting-hunter2";
    await declare({ [path]: { content: { secret: `user ops\npassword ${value}\n` } } });
    expectSuccess(await said(up));
    await declare({ [path]: { content: "user ops\n" } }, { maintenance: true });
    expectSuccess(await said(up));
    expectSuccess(await said(refresh));
    const shown = await project.holdfast("preview", "--format", "markdown");
    told.push(shown.output);
    await declare({ [path]: { content: "user ops\n" } });
    expectSuccess(await said(preview));
    told.push((await project.holdfast("preview", "--format", "markdown")).output);
    expectSuccess(await said(refresh));
    expectSuccess(await said(up));
    expectSuccess(await said(refresh));
    expect(await readNodeFile(node, path)).toBe("user ops");
    await expectHidden(value);
});

test("the relay's password comes into state by no import in plain text", async () => {
    const value = "imported-hunter2";
    const content = `# Managed by Holdfast.\naccount default\nhost 192.0.2.25\nuser ops\npassword "${value}"\n`;
    await node.exec(["sh", "-c", "umask 077; cat >/etc/msmtprc"], { input: content });
    const nodes = {
        [node.name]: {
            address: node.address,
            ssh: { host: node.ssh.host, port: node.ssh.port, hostKey: await node.hostKey() },
        },
    };
    await project.configure("test", { fleet: { nodes } });
    const resources = [{ type: "holdfast:host:FileSet", name: "mail", id: `${node.name}/mail` }];
    await project.write("import.json", JSON.stringify({ resources }));
    expectSuccess(await said(["import", "-f", "import.json", "--generate-code=false", "--yes", "--protect=false"]));
    const state = await project.pulumi("stack", "export", "--show-secrets");
    expect(state).toContain(value);
    await expectHidden(value);
});
