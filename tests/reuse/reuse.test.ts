/** The package as `npm run package` makes it, in another project. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import execa from "execa";
import { ensurePulumi, pulumiEnvironment } from "../../toolchain/toolchain";

const checkout = resolve(__dirname, "../..");
// Compiling takes the time; a toolchain that is not there yet takes minutes.
jest.setTimeout(900_000);

let project: string;
let packed: string[];
beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), "holdfast-reuse-"));
    const { stdout } = await execa("npm", ["run", "--silent", "package", "--", "--json", "--pack-destination", project], { cwd: checkout });
    const [{ filename, files }] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [{ filename: string; files: { path: string }[] }];
    packed = files.map(({ path }) => path);
    mkdirSync(join(project, "node_modules", "holdfast"), { recursive: true });
    await execa("tar", ["-xzf", filename, "--strip-components=1", "-C", join("node_modules", "holdfast")], { cwd: project });
    // What `npm install` would put beside it.
    for (const name of readdirSync(join(checkout, "node_modules"))) symlinkSync(join(checkout, "node_modules", name), join(project, "node_modules", name));
    cpSync(join(__dirname, "consumer"), project, { recursive: true });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test("the package holds what runs, and neither tests nor TypeScript sources", () => {
    expect(packed).toEqual(expect.arrayContaining(["LICENSE", "README.md", "provider/pulumi-resource-holdfast", "dist/components/index.d.ts", "dist/provider/main.js", "dist/host/node/main.py", "dist/host/node/engine/durable.py", "dist/templates/etc/hosts.hbs", "dist/programs/etc/smartmontools/run.d/60holdfast.py", "schema/holdfast-fleet.schema.json"]));
    expect(packed.filter((path) => /^(?:tests|bench)\/|(?<!\.d)\.ts$/.test(path))).toEqual(["index.ts"]); // `main`, which npm always takes
});

test("packing leaves no build behind in the clone", () => {
    expect(readdirSync(checkout)).not.toContain("dist");
});

test("the plugin is where Pulumi.yaml names it, and can be executed", () => {
    expect(statSync(join(project, "node_modules/holdfast/provider/pulumi-resource-holdfast")).mode & 0o111).toBe(0o111);
});

const typeCheck = (...args: string[]) => execa(join(checkout, "node_modules/.bin/tsc"), ["-p", project, "--skipLibCheck", ...args], { cwd: project, reject: false, all: true });

test.each([["node"], ["node16", "--module", "node16"]])("another program's types hold (moduleResolution %s)", async (moduleResolution, ...more) => {
    expect((await typeCheck("--moduleResolution", moduleResolution, ...more)).all).toBe("");
});

test("a wrong argument is a type error there", async () => {
    const program = readFileSync(join(project, "index.ts"), "utf8");
    writeFileSync(join(project, "index.ts"), program.replace("peers: identities }).fileSet", "peers: 1 }).fileSet"));
    try {
        expect((await typeCheck()).all).toMatch(/'number' is not assignable to type 'readonly NodeIdentity\[\]'/);
    } finally {
        writeFileSync(join(project, "index.ts"), program);
    }
});

test("the program registers its resources, under Pulumi's mocks", async () => {
    writeFileSync(join(project, "mocked.ts"), `
        import * as pulumi from "@pulumi/pulumi";
        const names: string[] = [];
        void pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => (names.push(name), { id: name, state: inputs }), call: () => ({}) }, "datacenter", "test", true);
        void import("./index").then(async () => { await new Promise((done) => setTimeout(done, 500)); console.log(JSON.stringify(names.sort())); });
    `);
    const { stdout } = await execa(process.execPath, ["--require", "sucrase/register/ts", "mocked.ts"], { cwd: project });
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining(["backup-hosts", "backup-motd", "pve01", "pve01-hosts", "pve01-node-exporter", "pve02-hosts"]));
});

test("`npx holdfast` works from the installed package", async () => {
    const { stdout } = await execa(process.execPath, ["node_modules/holdfast/cli/holdfast.js", "--help"], { cwd: project });
    expect(stdout).toContain("adopt");
});

describe("with the real engine", () => {
    let env: NodeJS.ProcessEnv;
    const pulumi = (...args: string[]) => execa("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd: project, env, extendEnv: false, all: true, reject: false });

    beforeAll(async () => {
        mkdirSync(join(project, "state"));
        env = { ...pulumiEnvironment(await ensurePulumi()), PULUMI_HOME: join(project, "home"), PULUMI_BACKEND_URL: `file://${join(project, "state")}`, PULUMI_CONFIG_PASSPHRASE: "test" };
        await pulumi("stack", "init", "test");
    });

    test("a preview finds the plugin in node_modules and contacts no node", async () => {
        const { exitCode, all } = await pulumi("preview", "--diff");
        expect(all).toMatch(/\+ holdfast:host:FileSet: \(create\)/);
        expect(all).toContain("datacenter::holdfast:components:HardenedNode$holdfast:components:HostsFile$holdfast:host:FileSet::pve02-hosts");
        expect(all).toMatch(/\+ \d+ to create/);
        expect(exitCode).toBe(0);
    });

    test("the lints of the plugin stop that program too", async () => {
        const program = readFileSync(join(project, "index.ts"), "utf8");
        writeFileSync(join(project, "index.ts"), program.replace('"/etc/motd": { content: "Backups only.\\n" }', '"/etc/hosts": { content: "127.0.1.1 backup\\n" }'));
        const { exitCode, all } = await pulumi("preview");
        expect(all).toMatch(/127\.0\.1\.1/);
        expect(exitCode).not.toBe(0);
    });
});
