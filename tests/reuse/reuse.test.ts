/** The package as `npm run package` makes it, in another project. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import execa from "execa";
import { faultsOfContents, type Packed } from "../../scripts/release/contents";
import { ensurePulumi, pulumiEnvironment } from "../../toolchain/toolchain";

const checkout = resolve(__dirname, "../..");
/** Of a made-up host. */
const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 7)]).toString("base64")}`;
// Compiling takes the time; a toolchain that is not there yet takes minutes.
jest.setTimeout(900_000);

let project: string;
let packed: string[];
let tarball: string;
let list: Packed[];
let size: number;
beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), "holdfast-reuse-"));
    const { stdout } = await execa("npm", ["run", "--silent", "package", "--", "--json", "--pack-destination", project], { cwd: checkout });
    const [{ filename, files, size: bytes }] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [{ filename: string; files: Packed[]; size: number }];
    [list, size] = [files, bytes];
    packed = files.map(({ path }) => path);
    tarball = join(project, filename);
    mkdirSync(join(project, "node_modules", "holdfast"), { recursive: true });
    await execa("tar", ["-xzf", filename, "--strip-components=1", "-C", join("node_modules", "holdfast")], { cwd: project });
    // What `npm install` would put beside it.
    for (const name of readdirSync(join(checkout, "node_modules"))) symlinkSync(join(checkout, "node_modules", name), join(project, "node_modules", name));
    cpSync(join(__dirname, "consumer"), project, { recursive: true });
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test("the package holds what runs, and neither tests nor TypeScript sources", () => {
    expect(packed).toEqual(expect.arrayContaining(["LICENSE", "README.md", "provider/pulumi-resource-holdfast", "dist/components/index.d.ts", "dist/provider/main.js", "dist/host/node/main.py", "dist/host/node/engine/durable.py", "dist/templates/etc/hosts.hbs", "dist/programs/etc/smartmontools/run.d/60holdfast.py", "schema/holdfast-fleet.schema.json"]));
    expect(packed.filter((path) => /^(?:tests|bench)\/|(?<!\.d)\.ts$/.test(path))).toEqual(["starter/index.ts"]); // what `holdfast init` copies
});

test("its list is as a release wants it", () => {
    expect(faultsOfContents(list, size)).toEqual([]);
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

describe("a project of one's own, by `holdfast init`", () => {
    let own: string;
    let env: NodeJS.ProcessEnv;
    const run = (command: string, ...args: string[]) =>
        execa(command, args, { cwd: own, env, extendEnv: false, all: true, reject: false });

    beforeAll(async () => {
        own = join(project, "paris");
        env = { ...pulumiEnvironment(await ensurePulumi()), PULUMI_HOME: join(project, "home"), PULUMI_BACKEND_URL: `file://${join(project, "state")}`, PULUMI_CONFIG_PASSPHRASE: "test" };
        await execa(process.execPath, ["node_modules/holdfast/cli/holdfast.js", "init", "paris", "--package", tarball], { cwd: project });
        const { exitCode, all } = await run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
        if (exitCode !== 0) throw new Error(all);
        writeFileSync(join(own, "Pulumi.prod.yaml"), "config:\n  holdfast:fleet:\n    domain: example.test\n    ssh: { rescueKeys: [] }\n    nodes:\n      pve01: { address: 192.0.2.11 }\n");
    });

    test("holds nothing but what is the user's, and asks for the package by where it is", () => {
        expect(readdirSync(own).sort()).toEqual([".githooks", ".github", ".gitignore", ".npmrc", "Pulumi.prod.yaml", "Pulumi.yaml", "README.md", "index.ts", "node_modules", "package-lock.json", "package.json", "vendor"]);
        expect(readFileSync(join(own, "index.ts"), "utf8").trim().split("\n")).toHaveLength(3);
        expect(JSON.parse(readFileSync(join(own, "package.json"), "utf8"))).toMatchObject({ name: "paris", dependencies: { holdfast: "file:vendor/holdfast-0.1.0.tgz" } });
        expect(JSON.stringify(readdirSync(own).map((name) => [name, statSync(join(own, name)).isFile() ? readFileSync(join(own, name), "utf8") : ""]).filter(([name]) => name !== "package-lock.json"))).not.toMatch(/PROJECT|undefined/);
    });

    test("its program's types hold", async () => {
        const { all } = await execa(join(checkout, "node_modules/.bin/tsc"), ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "node16", "--moduleResolution", "node16", "--typeRoots", "none", "index.ts"], { cwd: own, all: true, reject: false });
        expect(all).toBe("");
    });

    test("its hook lints what is committed, with what is installed there", async () => {
        await run("git", "init", "--quiet");
        await run("git", "config", "core.hooksPath", ".githooks");
        const commit = async () => (await run("git", "add", "-A"), run("git", "-c", "user.name=a", "-c", "user.email=a@example.test", "commit", "--quiet", "-m", "x"));
        expect((await commit()).exitCode).toBe(0);
        const before = readFileSync(join(own, "Pulumi.prod.yaml"), "utf8");
        writeFileSync(join(own, "Pulumi.prod.yaml"), before.replace("192.0.2.11", "192.0.2.300"));
        const { exitCode, all } = await commit();
        expect(all).toContain("Pulumi.prod.yaml:6:16: error: holdfast:fleet.nodes.pve01.address");
        expect(exitCode).not.toBe(0);
        writeFileSync(join(own, "Pulumi.prod.yaml"), before);
        expect((await run("git", "ls-files")).stdout).not.toContain("node_modules");
    });

    test("its preview runs the package's program and plugin, and says their version", async () => {
        await run("pulumi", "stack", "init", "prod", "--non-interactive");
        const { exitCode, all } = await run("npx", "--no-install", "holdfast", "preview", "--stack", "prod");
        expect(all).toMatch(/holdfast:components:HardenedNode[^]*holdfast *: "0\.1\.0"[^]*to create/);
        expect(all).not.toContain("Holdfast goes from");
        expect(exitCode).toBe(0);
    });

    test("a component is constructed by the plugin, as a program in another language asks for it", async () => {
        const before = readFileSync(join(own, "index.ts"), "utf8");
        const preview = async (args: string) => {
            writeFileSync(join(own, "index.ts"), `import * as pulumi from "@pulumi/pulumi";\nnew pulumi.ComponentResource(${args}, {}, true);\n`);
            return run("pulumi", "preview", "--non-interactive", "--color", "never", "--stack", "prod");
        };
        const { exitCode, all } = await preview('"holdfast:components:HardenedFleet", "paris", {}');
        expect(all).toMatch(/holdfast:components:HardenedFleet +paris[^]*holdfast:host:FileSet +pve01-hosts/);
        expect(exitCode).toBe(0);
        const wrong = await preview('"holdfast:components:HostsFile", "own-hosts", { machine: "pve09" }');
        expect(wrong.all).toContain("machine: expected one of pve01, got pve09");
        expect(wrong.exitCode).not.toBe(0);
        const backedUp = `{ nodes: { pve01: { address: "192.0.2.11", configBackup: { target: "sftp:pve@192.0.2.60:/srv/backup", hostKey: "${KEY}" } } } }`;
        const backup = (secrets: string) => preview(`"holdfast:components:ConfigBackup", "own-backup", { machine: "pve01", fleet: ${backedUp}, secrets: ${secrets} }`);
        expect((await backup('{ backupPassword: "word" }')).all).toContain("holdfast:backupKey: is missing, and configBackup needs it");
        expect((await backup('{ backupPassword: "word", backupKey: "key" }')).all).toMatch(/holdfast:components:ConfigBackup +own-backup[^]*holdfast:host:FileSet/);
        writeFileSync(join(own, "index.ts"), before);
    });

    test("is written whole or not at all, and never over somebody's file", async () => {
        const init = (...args: string[]) => execa(process.execPath, ["node_modules/holdfast/cli/holdfast.js", "init", ...args], { cwd: project, all: true, reject: false });
        expect(await init("paris", "--name", "paris")).toMatchObject({ exitCode: 1, all: expect.stringMatching(/paris has package\.json, index\.ts.* already, and nothing was written/) });
        mkdirSync(join(project, "lyon"));
        writeFileSync(join(project, "lyon", "README.md"), "mine");
        expect((await init("lyon")).exitCode).toBe(1);
        expect(readdirSync(join(project, "lyon"))).toEqual(["README.md"]);
        expect((await init("Ünder score", "--forge", "gitlab", "--name", "9")).all).toContain("--name 9");
    });
});
