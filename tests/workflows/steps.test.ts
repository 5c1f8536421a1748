/**
 * Every `run:` and `script:` line of the workflows, run as the forges run it; only pulumi, npm and the forge are
 * stand-ins.
 */
import {
    chmodSync,
    copyFileSync,
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import execa from "execa";
import { checkout, stepsOf } from "./files";
import { ForgeServer } from "./forgeServer";

const previewed =
    "Previewing update (prod):\n~ holdfast:host:FileSet: (update)\n    [id=pve01/hosts]\nResources:\n    ~ 1 to update\n    8 unchanged\n";
const refused = "error: pve01: /etc/fstab:3:1: error: /dev/sdb1 [device-name]\n";
const clean = JSON.stringify({ steps: [] });

// A dozen processes each, on cores that others use too.
jest.setTimeout(120_000);

let folder: string;
let forge: ForgeServer;
beforeEach(async () => {
    forge = await ForgeServer.start();
    folder = mkdtempSync(join(tmpdir(), "holdfast-workflow-"));
    mkdirSync(join(folder, "bin"));
    cpSync(join(checkout, "nodes"), join(folder, "nodes"), { recursive: true });
    copyFileSync(join(checkout, ".gitlab-ci.yml"), join(folder, ".gitlab-ci.yml"));
    await execa("git", ["init", "--quiet"], { cwd: folder });
    await execa("git", ["add", "nodes"], { cwd: folder });
    program("npm", 'echo "$@" >> npm.log');
    // Only containers would need the copy that gitlab-ci-local makes of the folder.
    program("rsync", "exit 0");
    program("npx", `shift; exec "${process.execPath}" "${join(checkout, "cli", "holdfast.js")}" "$@"`);
});
afterEach(async () => {
    await forge.stop();
    rmSync(folder, { recursive: true, force: true });
});

function program(name: string, script: string): void {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
}

/** Notes what it was asked and which credentials it was given. */
function pulumi(stdout: string, exitCode = 0, stderr = ""): void {
    writeFileSync(join(folder, "stdout"), stdout);
    writeFileSync(join(folder, "stderr"), stderr);
    program(
        "pulumi",
        `echo "$@" >> "${folder}/pulumi.log"; cat "${folder}/stdout"; cat "${folder}/stderr" >&2; exit ${exitCode}`,
    );
}

const read = (name: string) => readFileSync(join(folder, name), "utf8");
const base = () => ({
    PATH: [join(folder, "bin"), process.env["PATH"]].join(delimiter),
    HOME: folder,
    XDG_CACHE_HOME: join(folder, "cache"),
    STACK: "prod",
});

/** As GitHub runs a job: `bash -e` per step; a step after a failure runs only if it says so. */
async function runWorkflow(name: string): Promise<{ failed: boolean; output: string }> {
    const outputFile = join(folder, "github-output");
    writeFileSync(outputFile, "");
    let failed = false;
    let output = "";
    for (const step of stepsOf(name)) {
        if (step.run === undefined || (failed && !("if" in step))) continue;
        const given = Object.fromEntries(
            readFileSync(outputFile, "utf8")
                .split("\n")
                .filter(Boolean)
                .map((line) => line.split("=") as [string, string]),
        );
        const { GITHUB_TOKEN: token, ...github } = forge.github;
        const env = {
            ...base(),
            ...github,
            GITHUB_OUTPUT: outputFile,
            ...(step.env?.["GITHUB_TOKEN"] && { GITHUB_TOKEN: token }),
            ...(step.env?.["SSH_KEY"] && { SSH_KEY: "the key" }),
            ...(step.env?.["STATUS"] && { STATUS: given["status"] }),
        };
        const { exitCode, all } = await execa("bash", ["-e", "-o", "pipefail", "-c", step.run], {
            cwd: folder,
            env,
            extendEnv: false,
            reject: false,
            all: true,
        });
        failed ||= exitCode !== 0;
        output += `${all ?? ""}\n`;
    }
    return { failed, output };
}

/** Job by job through GitLab's own syntax, with a shell for the image. */
async function runGitlab(job: string): Promise<{ failed: boolean; output: string }> {
    const variables = Object.entries({
        ...forge.gitlab,
        CI_PIPELINE_SOURCE: job.startsWith("drift") ? "schedule" : "merge_request_event",
        CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "3",
        CI_COMMIT_REF_PROTECTED: "true",
    }).flatMap(([key, value]) => ["--variable", `${key}=${value}`]);
    const { exitCode, all } = await execa(
        join(checkout, "node_modules", ".bin", "gitlab-ci-local"),
        ["--force-shell-executor", "--no-artifacts-to-source", ...variables, job],
        { cwd: folder, env: base(), reject: false, all: true, timeout: 60_000 },
    );
    return { failed: exitCode !== 0, output: all ?? "" };
}

describe("on GitHub", () => {
    test("lint takes the nodes' files of the repository, and fails on a stray line with a note beside it", async () => {
        expect(await runWorkflow("lint")).toMatchObject({ failed: false });
        writeFileSync(
            join(folder, "nodes", "example", "interfaces"),
            `${read("nodes/example/interfaces")}27: enp1s0: <BROADCAST> mtu 1500\n`,
        );
        const { failed, output } = await runWorkflow("lint");
        expect(failed).toBe(true);
        expect(output).toMatch(/^::error file=nodes\/example\/interfaces,line=\d+,col=1,title=stray-line::/m);
    });

    test("a preview is a comment; the next one replaces it, also where a lint refuses", async () => {
        pulumi(previewed);
        expect(await runWorkflow("preview")).toMatchObject({ failed: false });
        expect(read("pulumi.log")).toBe(
            "preview --diff --suppress-progress --stack prod --non-interactive --color never\n",
        );
        expect(forge.comments.map(({ body }) => body)).toEqual([
            expect.stringMatching(/^## 📝 1 to update\n\nStack `prod`\. Compared with the state/),
        ]);
        pulumi("", 255, refused);
        expect(await runWorkflow("preview")).toMatchObject({ failed: true });
        expect(forge.comments.map(({ body }) => body)).toEqual([
            expect.stringMatching(/^## ❌ The preview failed[^]*device-name/),
        ]);
    });

    test("the drift run opens one issue, keeps it while it cannot tell, and closes it when clean", async () => {
        pulumi("", 1, "error: the stack is locked\n");
        for (let run = 0; run < 2; run++) expect(await runWorkflow("drift")).toMatchObject({ failed: true });
        expect(forge.issues).toMatchObject([
            { title: "Drift on prod", isOpen: true, body: expect.stringContaining("the stack is locked") },
        ]);
        pulumi(clean);
        expect(await runWorkflow("drift")).toMatchObject({ failed: false });
        expect(forge.issues).toMatchObject([
            { isOpen: false, comments: [{ body: expect.stringContaining("No drift") }] },
        ]);
    });

    test("a drift run that was cut before it said anything is published as could not tell", async () => {
        // The step's own time is over: the runner kills what runs in it.
        pulumi("", 0);
        program(
            "npx",
            `shift; case "$1" in drift) kill -KILL $PPID; esac; exec "${process.execPath}" "${join(checkout, "cli", "holdfast.js")}" "$@"`,
        );
        expect(await runWorkflow("drift")).toMatchObject({ failed: true });
        expect(forge.issues).toMatchObject([{ isOpen: true, body: expect.stringMatching(/^## ❌ Could not tell\n/) }]);
    });

    test("a drift run whose set-up failed is published as could not tell", async () => {
        program("npm", '[ "$1" = ci ]');
        expect(await runWorkflow("drift")).toMatchObject({ failed: true });
        expect(forge.issues).toMatchObject([{ isOpen: true, body: expect.stringMatching(/^## ❌ Could not tell\n/) }]);
    });

    test("the drift run's key is in a file of its own while it looks, and in nobody's environment", async () => {
        pulumi(clean);
        program(
            "npx",
            `shift; [ "$1" = drift ] && { cat "$HOLDFAST_IDENTITY_FILE"; stat -c %a "$HOLDFAST_IDENTITY_FILE"; echo "\${SSH_KEY-gone}"; echo "$HOLDFAST_IDENTITY_FILE"; } > "${folder}/key.log"; exec "${process.execPath}" "${join(checkout, "cli", "holdfast.js")}" "$@"`,
        );
        expect(await runWorkflow("drift")).toMatchObject({ failed: false });
        const [key, mode, environment, file] = read("key.log").trim().split("\n");
        expect([key, mode, environment]).toEqual(["the key", "600", "gone"]);
        expect(existsSync(file!)).toBe(false);
    });

    test("the set-up asks for what it needs and no more", async () => {
        pulumi(previewed);
        await runWorkflow("preview");
        expect(read("npm.log")).toBe("ci --ignore-scripts\nrun toolchain\n");
    });
});

describe("on GitLab", () => {
    test("lint runs", async () => {
        expect(await runGitlab("lint")).toMatchObject({ failed: false });
    });

    test("preview writes the comment, and the next job publishes it", async () => {
        pulumi(previewed);
        expect(await runGitlab("preview")).toMatchObject({ failed: false });
        expect(existsSync(join(folder, "preview.md"))).toBe(true);
        expect(await runGitlab("preview-comment")).toMatchObject({ failed: false });
        expect(forge.comments.map(({ body }) => body)).toEqual([expect.stringContaining("## 📝 1 to update")]);
    });

    test("the drift job hands its status on, and the issue follows it", async () => {
        pulumi("", 1, "error: the stack is locked\n");
        expect(await runGitlab("drift")).toMatchObject({ failed: true });
        expect(read("drift.env")).toBe("STATUS=1\n");
        writeFileSync(join(folder, ".gitlab-ci-local-variables.yml"), read("drift.env").replace("=", ": "));
        expect(await runGitlab("drift-issue")).toMatchObject({ failed: false });
        expect(forge.issues).toMatchObject([
            { title: "Drift on prod", isOpen: true, body: expect.stringContaining("the stack is locked") },
        ]);
    });
});
