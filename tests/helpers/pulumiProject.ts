/**
 * This checkout as a Pulumi project in a folder of its own: own stacks, own state, own Pulumi home, the real engine,
 * the lab's nodes.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import execa from "execa";
import { stringify } from "yaml";
import type { Lab } from "../../lab";
import { ensurePulumi, pulumiEnvironment } from "../../toolchain/toolchain";

const checkout = resolve(__dirname, "../..");
const shared = [
    "alerts",
    "stack.ts",
    "config.ts",
    "projectFile.ts",
    "package.json",
    "node_modules",
    "cli",
    "components",
    "construct",
    "host",
    "model",
    "programs",
    "provider",
    "render",
    "schema",
    "templates",
    "toolchain",
    "vm",
];

export interface Finished {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
    /** Both, in the order they came. */
    readonly output: string;
}

/**
 * For an engine whose state, home and way to the lab's nodes lie in the folder: state/, home/ and an `ssh_config` that
 * knows the nodes' host keys, the first and the last made here.
 */
export async function ownEnvironment(
    folder: string,
    lab: Pick<Lab, "identityFile" | "knownHostsFile">,
): Promise<NodeJS.ProcessEnv> {
    await mkdir(join(folder, "state"));
    await writeFile(join(folder, "ssh_config"), `Host *\n  UserKnownHostsFile ${lab.knownHostsFile}\n`);
    return {
        ...pulumiEnvironment(await ensurePulumi()),
        PULUMI_HOME: join(folder, "home"),
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        HOLDFAST_SSH_CONFIG: join(folder, "ssh_config"),
        HOLDFAST_IDENTITY_FILE: lab.identityFile,
        // An agent's keys would be offered too.
        SSH_AUTH_SOCK: "",
    };
}

export class PulumiProject {
    private constructor(
        readonly folder: string,
        readonly environment: NodeJS.ProcessEnv,
    ) {}

    /** Its `ssh_config` knows the lab's host keys. @param program TypeScript, instead of the checkout's index.ts */
    static async create(lab: Pick<Lab, "identityFile" | "knownHostsFile">, program?: string): Promise<PulumiProject> {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-project-"));
        await Promise.all(shared.map((name) => symlink(join(checkout, name), join(folder, name))));
        await (program === undefined
            ? symlink(join(checkout, "index.ts"), join(folder, "index.ts"))
            : writeFile(join(folder, "index.ts"), program));
        await copyFile(join(checkout, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
        return new PulumiProject(folder, await ownEnvironment(folder, lab));
    }

    /** Replaces the stack's config, `holdfast:` put before each key; the salt that `stack init` has written stays. */
    async configure(stack: string, config: Readonly<Record<string, unknown>>): Promise<void> {
        const before = await readFile(join(this.folder, `Pulumi.${stack}.yaml`), "utf8").catch(() => "");
        const salt = /^encryptionsalt:.*\n/m.exec(before)?.[0] ?? "";
        await this.write(
            `Pulumi.${stack}.yaml`,
            salt +
                stringify({
                    config: Object.fromEntries(
                        Object.entries(config).map(([key, value]) => [`holdfast:${key}`, value]),
                    ),
                }),
        );
    }

    async write(path: string, content: string): Promise<void> {
        await writeFile(join(this.folder, path), content);
    }

    /** Five minutes at most; an exit status other than 0 is a result. */
    start(command: string, args: readonly string[]): execa.ExecaChildProcess {
        return execa(command, args, {
            cwd: this.folder,
            env: this.environment,
            extendEnv: false,
            all: true,
            reject: false,
            timeout: 300_000,
            stripFinalNewline: false,
        });
    }

    async run(command: string, args: readonly string[]): Promise<Finished> {
        const { exitCode, stdout, stderr, all: output = "", timedOut } = await this.start(command, args);
        if (timedOut) throw new Error(`${command} ${args.join(" ")} did not end: ${output}`);
        return { exitCode, stdout, stderr, output };
    }

    /** As `start`, without colours and questions. */
    startPulumi(args: readonly string[]): execa.ExecaChildProcess {
        return this.start("pulumi", plain(args));
    }

    /** As `run`, without colours and questions. */
    runPulumi(args: readonly string[]): Promise<Finished> {
        return this.run("pulumi", plain(args));
    }

    /** Standard output. @throws with the output, where the status is not 0 */
    async pulumi(...args: readonly string[]): Promise<string> {
        const { exitCode, stdout, output } = await this.runPulumi(args);
        if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: exit status ${exitCode}\n${output}`);
        return stdout;
    }

    holdfast(...args: readonly string[]): Promise<Finished> {
        return this.run(process.execPath, [join(checkout, "cli", "holdfast.js"), ...args]);
    }

    /** What state keeps of a node's facts after the last look, by concern. */
    async factsInState(stack: string, node: string): Promise<Record<string, Record<string, string>>> {
        const { deployment } = JSON.parse(await this.pulumi("stack", "export", "--stack", stack)) as {
            deployment: { resources: { id?: string; outputs?: { observed?: { facts: Record<string, string> } } }[] };
        };
        const own = deployment.resources.flatMap(({ id = "", outputs }) =>
            id.startsWith(`${node}/`) && outputs?.observed ? [[id.slice(node.length + 1), outputs.observed.facts]] : [],
        );
        return Object.fromEntries(own) as Record<string, Record<string, string>>;
    }

    async remove(): Promise<void> {
        await rm(this.folder, { recursive: true, force: true });
    }
}

function plain(args: readonly string[]): string[] {
    return [...args, "--non-interactive", "--color", "never"];
}
