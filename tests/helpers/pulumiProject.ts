/** This checkout as a Pulumi project in a folder of its own: own stacks, own state, the real engine, the lab's nodes. */
import { mkdir, mkdtemp, rm, symlink, writeFile, copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import execa from "execa";
import type { Lab } from "../../lab";
import { ensurePulumi, pulumiEnvironment } from "../../scripts/toolchain";

const checkout = resolve(__dirname, "../..");
const shared = ["index.ts", "config.ts", "package.json", "node_modules", "cli", "components", "host", "model", "provider", "render", "schema", "scripts", "templates"];

export interface Finished {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
}

export class PulumiProject {
    private constructor(
        readonly folder: string,
        readonly environment: NodeJS.ProcessEnv,
    ) {}

    /** `sshConfig` is the whole file; by default it knows the lab's host keys. */
    static async create(lab: Lab): Promise<PulumiProject> {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-project-"));
        await Promise.all(shared.map((name) => symlink(join(checkout, name), join(folder, name))));
        await copyFile(join(checkout, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
        await mkdir(join(folder, "state"));
        await writeFile(join(folder, "ssh_config"), `Host *\n  UserKnownHostsFile ${lab.knownHostsFile}\n`);
        return new PulumiProject(folder, {
            ...pulumiEnvironment(await ensurePulumi()),
            PULUMI_HOME: join(folder, "home"),
            PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            HOLDFAST_SSH_CONFIG: join(folder, "ssh_config"),
            HOLDFAST_IDENTITY_FILE: lab.identityFile,
        });
    }

    /** An exit status other than 0 is a result. Five minutes at most. */
    async run(command: string, args: readonly string[]): Promise<Finished> {
        const { exitCode, stdout, stderr } = await execa(command, args, { cwd: this.folder, env: this.environment, extendEnv: false, reject: false, timeout: 300_000, stripFinalNewline: false });
        return { exitCode, stdout, stderr };
    }

    /** `--color never` and no questions. @throws with the output, where the status is not 0 */
    async pulumi(...args: readonly string[]): Promise<string> {
        const { exitCode, stdout, stderr } = await this.run("pulumi", [...args, "--non-interactive", "--color", "never"]);
        if (exitCode !== 0) throw new Error(`pulumi ${args.join(" ")}: exit status ${exitCode}\n${stdout}${stderr}`);
        return stdout;
    }

    holdfast(...args: readonly string[]): Promise<Finished> {
        return this.run(process.execPath, [join(checkout, "cli", "holdfast.js"), ...args]);
    }

    async write(path: string, content: string): Promise<void> {
        await writeFile(join(this.folder, path), content);
    }

    async remove(): Promise<void> {
        await rm(this.folder, { recursive: true, force: true });
    }
}
