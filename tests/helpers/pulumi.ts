/** A Pulumi project of a test's own, driven by the real CLI. Nothing of it touches the checkout or the user's Pulumi home. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import execa from "execa";
import { stringify } from "yaml";
import { ensurePulumi, pulumiEnvironment } from "../../scripts/toolchain";

const checkout = resolve(__dirname, "../..");

export interface ProjectOptions {
    /** `holdfast:` config by key; objects become nested values. */
    readonly config: Readonly<Record<string, unknown>>;
    /** TypeScript of the program; the project's own index.ts by default. */
    readonly program?: string;
    readonly env?: Readonly<Record<string, string>>;
}

export interface Run {
    readonly exitCode: number;
    /** stdout and stderr, in the order they came. */
    readonly output: string;
}

export class PulumiProject {
    private constructor(
        readonly folder: string,
        private readonly env: NodeJS.ProcessEnv,
    ) {}

    static async create({ config, program, env = {} }: ProjectOptions): Promise<PulumiProject> {
        const folder = mkdtempSync(join(tmpdir(), "holdfast-pulumi-"));
        for (const name of ["node_modules", "package.json", "config.ts", "components", "model", "render", "templates", "provider", "host", "scripts"]) symlinkSync(join(checkout, name), join(folder, name));
        const settings = readFileSync(join(checkout, "Pulumi.yaml"), "utf8");
        writeFileSync(join(folder, "Pulumi.yaml"), settings);
        if (program === undefined) cpSync(join(checkout, "index.ts"), join(folder, "index.ts"));
        else writeFileSync(join(folder, "index.ts"), program);
        mkdirSync(join(folder, "state"));
        const project = new PulumiProject(folder, {
            ...pulumiEnvironment(await ensurePulumi()),
            PULUMI_HOME: join(folder, "home"),
            PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            SSH_AUTH_SOCK: "",
            ...env,
        });
        await project.run(["stack", "init", "test"]);
        project.configure(config);
        return project;
    }

    /** Replaces the `holdfast:` config; the stack's encryption salt stays. */
    configure(config: Readonly<Record<string, unknown>>): void {
        const file = join(this.folder, "Pulumi.test.yaml");
        const salt = /^encryptionsalt:.*$/m.exec(readFileSync(file, "utf8"))?.[0] ?? "";
        writeFileSync(file, `${salt}\n${stringify({ config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`holdfast:${key}`, value])) })}`);
    }

    /** The project's root as the program sees it: what it writes there is gone with `remove`. */
    write(name: string, content: string): void {
        writeFileSync(join(this.folder, name), content);
    }

    /** Starts `pulumi …`; a non-zero exit status is a result, not an error. */
    start(args: readonly string[]): execa.ExecaChildProcess {
        return execa("pulumi", [...args, "--non-interactive", "--color=never"], { cwd: this.folder, env: this.env, extendEnv: false, all: true, reject: false, timeout: 300_000 });
    }

    async run(args: readonly string[]): Promise<Run> {
        const { exitCode, all = "", timedOut } = await this.start(args);
        if (timedOut) throw new Error(`pulumi ${args.join(" ")} did not end: ${all}`);
        return { exitCode, output: all };
    }

    /** The state file as the backend keeps it. */
    async state(): Promise<string> {
        return (await this.run(["stack", "export"])).output;
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
