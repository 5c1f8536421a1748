/** `holdfast drift` and `holdfast report` as processes: what they say where something is missing. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import execa from "execa";
import { ensurePulumi, pulumiEnvironment } from "../../toolchain/toolchain";

// A toolchain that is not there yet takes minutes.
jest.setTimeout(900_000);

const program = join(__dirname, "..", "..", "cli", "holdfast.js");
const clean = { steps: [] };
const type = "holdfast:host:FileSet";
const drifted = {
    steps: [
        {
            op: "update",
            urn: `urn:pulumi:prod::holdfast::${type}::pve01-smartd`,
            oldState: { type, inputs: { packages: ["smartmontools"] } },
            newState: { type, outputs: { packages: [] } },
            detailedDiff: { packages: {} },
        },
    ],
};

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "drift-command-"))));
afterEach(() => rm(folder, { recursive: true }));

/** In an empty folder, with a `pulumi` that finds this. */
async function withDigest(digest: object, ...words: string[]) {
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin", "pulumi"), `#!/bin/sh\ncat << 'END'\n${JSON.stringify(digest)}\nEND\n`);
    await chmod(join(folder, "bin", "pulumi"), 0o755);
    const env = {
        PATH: [join(folder, "bin"), process.env["PATH"]].join(delimiter),
        XDG_CACHE_HOME: join(folder, "cache"),
    };
    return execa(process.execPath, [program, ...words], { cwd: folder, env, reject: false });
}

test.each([
    ["drift", drifted, 2],
    ["no drift", clean, 1],
])("metrics that cannot be written are told beside the verdict: %s", async (_, digest, status) => {
    const { exitCode, stdout, stderr } = await withDigest(digest, "drift", "--metrics", "not/there/holdfast.prom");
    expect([exitCode, stderr]).toEqual([
        status,
        "holdfast: not/there/holdfast.prom was not written: its folder does not exist; mkdir -p not/there",
    ]);
    expect(stdout).toContain("node");
});

test("metrics onto a folder leave no half-written file beside it", async () => {
    await mkdir(join(folder, "taken"));
    const { exitCode, stderr } = await withDigest(drifted, "drift", "--metrics", "taken");
    expect([exitCode, stderr]).toEqual([2, "holdfast: taken was not written: it is a folder; name a file in it"]);
    expect((await readdir(folder)).sort()).toEqual(["bin", "taken"]);
});

test("a page that cannot be written ends with what to type", async () => {
    const { exitCode, stdout, stderr } = await withDigest(drifted, "report", "-o", "not there/report.html");
    expect([exitCode, stdout, stderr]).toEqual([
        1,
        "",
        "holdfast: not there/report.html was not written: its folder does not exist; mkdir -p 'not there'",
    ]);
});

test.each([["drift"], ["preview"], ["report"]])(
    "%s tells a pulumi that was killed from one that is missing",
    async (command) => {
        const run = (PATH: string) =>
            execa(process.execPath, [program, command], {
                cwd: folder,
                env: { PATH, XDG_CACHE_HOME: join(folder, "cache") },
                reject: false,
            });
        await mkdir(join(folder, "bin"));
        await writeFile(join(folder, "bin", "pulumi"), "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
        expect(await run(join(folder, "bin"))).toMatchObject({
            exitCode: 1,
            stderr: "holdfast: pulumi was ended by SIGKILL: run this again",
        });
        expect(await run(folder)).toMatchObject({
            exitCode: 1,
            stderr: "holdfast: pulumi cannot be run: install it, or run `npm run toolchain`",
        });
    },
);

test("a page that can be written has the verdict as exit status", async () => {
    expect((await withDigest(drifted, "report", "-o", "report.html")).exitCode).toBe(2);
    expect(await readFile(join(folder, "report.html"), "utf8")).toContain("Drift");
});

describe("with the real pulumi", () => {
    async function drift(...words: string[]) {
        const env = {
            ...pulumiEnvironment(await ensurePulumi()),
            PULUMI_BACKEND_URL: `file://${folder}`,
            PULUMI_HOME: join(folder, "home"),
            PULUMI_CONFIG_PASSPHRASE: "",
        };
        return execa(process.execPath, [program, "drift", ...words], {
            cwd: folder,
            env,
            extendEnv: false,
            reject: false,
        });
    }

    test("a stack that does not exist is told with how to list those that do", async () => {
        await writeFile(join(folder, "Pulumi.yaml"), "name: fleet\nruntime: nodejs\n");
        const { exitCode, stdout } = await drift("--stack", "nosuch");
        expect(exitCode).toBe(1);
        expect(stdout).toMatch(/no stack named 'nosuch' found; `pulumi stack ls` lists those that exist/);
    });

    test.each([[["--stack", "nosuch"]], [[]], [["--all-stacks"]]])(
        "outside of a project %j says where to run it",
        async (words) => {
            const { exitCode, stdout, stderr } = await drift(...words);
            expect(exitCode).toBe(1);
            expect(stdout + stderr).toContain(
                `no Pulumi.yaml in ${folder} or above it; run this in the project's folder`,
            );
            expect(stdout + stderr).not.toContain("searching upwards");
        },
    );
});
