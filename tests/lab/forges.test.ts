/**
 * The workflows as forges run them, from end to end: a project of one's own in a git repository, GitHub's read by act
 * and GitLab's by gitlab-ci-local, the package installed from its lock file, the real engine, the lab's nodes, and the
 * forge a server of ours. Of the actions, act does `actions/checkout` itself and `actions/cache` is a stand-in that
 * keeps nothing: no registry has them. `npm run soak` has it.
 */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { stringify } from "yaml";
import { projectFiles } from "../../cli/init/files";
import type { Lab } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import { installPackages, missingPackages } from "../../toolchain/debian";
import { ensureWorkflowRunner } from "../../toolchain/workflowRunner";
import { buildTimeout, openTestLab, toIncidentState } from "../helpers/lab";
import { checkoutOf, pack } from "../helpers/packed";
import { ownEnvironment } from "../helpers/pulumiProject";
import { checkout } from "../workflows/files";
import { ForgeServer } from "../workflows/forgeServer";

jest.setTimeout(buildTimeout);

interface Ran {
    readonly failed: boolean;
    readonly output: string;
}

let lab: Lab;
let folder: string;
/** The repository. */
let fleet: string;
/** A runner's. */
let env: NodeJS.ProcessEnv;
let act: string;
let forge: ForgeServer;

async function done(command: string, options: execa.Options = {}): Promise<string> {
    const run = execa("bash", ["-ec", command], { cwd: fleet, env, extendEnv: false, all: true, ...options });
    return (await run).all ?? "";
}
/** The one who keeps the stack: what only the drift's runs are given, he has. */
const byHand = (command: string) => done(command, { env: { ...env, HOLDFAST_IDENTITY_FILE: lab.identityFile } });

beforeAll(async () => {
    const whole = await openTestLab();
    lab = { ...whole, nodes: whole.nodes.slice(0, 2) };
    for (const node of lab.nodes) await toIncidentState(lab, node);
    await installPackages(missingPackages({ rsync: "rsync" }), "running GitLab's pipeline with its artifacts");
    act = await ensureWorkflowRunner();
    folder = await mkdtemp(join(tmpdir(), "holdfast-forges-"));
    fleet = join(folder, "fleet");
    for (const name of ["fleet", "fleet/vendor", "cache-action"]) await mkdir(join(folder, name));
    env = {
        ...(await ownEnvironment(folder, lab)),
        HOLDFAST_IDENTITY_FILE: undefined,
        XDG_CONFIG_HOME: join(folder, "config"),
        npm_config_prefer_offline: "true",
    };
    await writeFile(
        join(folder, "cache-action", "action.yml"),
        stringify({
            name: "cache",
            inputs: { path: { required: true }, key: { required: true } },
            runs: { using: "node20", main: "index.js" },
        }),
    );
    await writeFile(join(folder, "cache-action", "index.js"), "console.log('no cache for', process.env.INPUT_KEY);\n");

    const tarball = await pack(await checkoutOf("HEAD", join(folder, "source")), "0.0.9", join(folder, "packed"));
    const read = (path: string) => readFileSync(join(checkout, path), "utf8");
    for (const forgeName of ["github", "gitlab"] as const)
        for (const file of projectFiles({
            name: "fleet",
            forge: forgeName,
            dependency: "file:vendor/holdfast-0.0.9.tgz",
            read,
        })) {
            await mkdir(join(fleet, file.path, ".."), { recursive: true });
            await writeFile(join(fleet, file.path), file.content);
        }
    await writeLabStack(lab, join(fleet, "Pulumi.prod.yaml"));
    await done(`cp '${tarball}' vendor/; npm install --no-audit --no-fund`);
    await byHand("pulumi stack init prod --non-interactive && pulumi up --yes --skip-preview --non-interactive");
    const author = "-c user.name=anna -c user.email=anna@example.test";
    await done(
        `git init --quiet --initial-branch=main && git add --all && git ${author} commit --quiet --message fleet
         git remote add origin https://git.example.test/example/fleet.git`,
    );
});
beforeEach(async () => {
    forge = await ForgeServer.start();
});
afterEach(() => forge.stop());
afterAll(() => rm(folder, { recursive: true, force: true }));

function actionOf(workflow: string): string {
    const [, use] = /uses: (actions\/cache@[0-9a-f]{40})/.exec(workflow) ?? [];
    if (use === undefined) throw new Error("the workflow uses no actions/cache any more");
    return use;
}

/** As GitHub would for that event. */
async function onGithub(name: "preview" | "drift", event: "pull_request" | "schedule"): Promise<Ran> {
    const file = `.github/workflows/${name}.yml`;
    const { GITHUB_TOKEN: token, GITHUB_REF: _, ...github } = forge.github;
    await writeFile(
        join(folder, "event.json"),
        JSON.stringify({
            number: 12,
            pull_request: {
                number: 12,
                head: { ref: "change", repo: { full_name: "example/fleet" } },
                base: { ref: "main" },
            },
        }),
    );
    await writeFile(
        join(folder, "secrets.yml"),
        stringify({
            GITHUB_TOKEN: token,
            PULUMI_CONFIG_PASSPHRASE: "test",
            ...(name === "drift" && { HOLDFAST_SSH_KEY: (await readFile(lab.identityFile, "utf8")).trimEnd() }),
        }),
    );
    const options = {
        workflows: file,
        eventpath: join(folder, "event.json"),
        "secret-file": join(folder, "secrets.yml"),
        "env-file": join(folder, "none"),
        "var-file": join(folder, "none"),
        "action-cache-path": join(folder, "actions"),
        "artifact-server-addr": "127.0.0.1",
        "local-repository": `${actionOf(await readFile(join(fleet, file), "utf8"))}=${join(folder, "cache-action")}`,
    };
    const { exitCode, all = "" } = await execa(
        act,
        [
            event,
            ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]),
            ...["--no-cache-server", "--action-offline-mode", "--platform", "ubuntu-latest=-self-hosted"],
            ...["--platform", "nodes=-self-hosted", "--var", "HOLDFAST_RUNNER=nodes"],
            ...["--var", `PULUMI_BACKEND_URL=${env["PULUMI_BACKEND_URL"]}`],
            ...Object.entries(github).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
        ],
        {
            cwd: fleet,
            // What the workflow does not hand on, its steps have not got.
            env: { ...env, PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_BACKEND_URL: undefined },
            extendEnv: false,
            reject: false,
            all: true,
        },
    );
    return { failed: exitCode !== 0, output: all };
}

/** The whole pipeline of that source, with a shell for the image. */
async function onGitlab(source: "merge_request_event" | "schedule"): Promise<Ran> {
    const variables = Object.entries({
        ...forge.gitlab,
        CI_PIPELINE_SOURCE: source,
        CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "3",
        CI_COMMIT_REF_PROTECTED: "true",
    }).flatMap(([key, value]) => ["--variable", `${key}=${value}`]);
    const { exitCode, all = "" } = await execa(
        join(checkout, "node_modules", ".bin", "gitlab-ci-local"),
        // Each job in a copy of its own: what it has of another's came as an artifact.
        ["--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--concurrency", "1", ...variables],
        {
            cwd: fleet,
            env: { ...env, ...(source === "schedule" && { HOLDFAST_IDENTITY_FILE: lab.identityFile }) },
            extendEnv: false,
            reject: false,
            all: true,
        },
    );
    return { failed: exitCode !== 0, output: all };
}

describe.each([
    ["github", () => onGithub("preview", "pull_request"), () => onGithub("drift", "schedule")],
    ["gitlab", () => onGitlab("merge_request_event"), () => onGitlab("schedule")],
] as const)("%s", (_, onRequest, onSchedule) => {
    const stack = () => join(fleet, "Pulumi.prod.yaml");
    let committed: string;
    beforeAll(async () => (committed = await readFile(stack(), "utf8")));
    afterEach(() => writeFile(stack(), committed));
    const run = async (workflow: () => Promise<Ran>) => {
        const ran = await workflow();
        console.log(ran.output.split("\n").slice(-60).join("\n"));
        expect(ran.output).not.toContain("PRIVATE KEY");
        return ran;
    };

    test("a request's preview is one comment: a change, then what is refused, which is red", async () => {
        await writeFile(stack(), committed.replace(/domain: .*/, "domain: other.example.test"));
        expect(await run(onRequest)).toMatchObject({ failed: false });
        expect(forge.comments.map(({ body }) => body)).toEqual([
            expect.stringMatching(/^## 📝 \d+ to update[^]*\n\+.*other\.example\.test/),
        ]);
        await writeFile(stack(), committed.replace(/domain: .*/, "domain: ../etc"));
        expect(await run(onRequest)).toMatchObject({ failed: true });
        expect(forge.comments.map(({ body }) => body)).toEqual([
            expect.stringMatching(/^## ❌ The preview failed\n[^]*domain/),
        ]);
    });

    test("drift on a node is one issue and red, and closed by the first clean run", async () => {
        await lab.nodes[0]!.exec(["sh", "-c", "echo 192.0.2.99 stray >> /etc/hosts"]);
        expect(await run(onSchedule)).toMatchObject({ failed: true });
        expect(forge.issues).toMatchObject([
            { title: "Drift on prod", isOpen: true, body: expect.stringContaining("192.0.2.99 stray") },
        ]);
        await byHand("pulumi up --refresh --yes --skip-preview --non-interactive");
        expect(await run(onSchedule)).toMatchObject({ failed: false });
        expect(forge.issues).toMatchObject([
            { isOpen: false, comments: [{ body: expect.stringContaining("No drift") }] },
        ]);
    });
});
