/**
 * A throw-away Pulumi project beside this one: the same program and stack, a state of its own, a provider of choice.
 */
import { mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { parse, stringify } from "yaml";
import type { Lab } from "../lab";
import { writeLabStack } from "../lab/stack";
import { peakOf } from "./peak";
import { treePeakOf } from "./treePeak";
import type { Watch } from "./watch";

const root = join(__dirname, "..");
/**
 * As on a workstation with sixteen cores: the engine's own four per core would let 24 resources wait in three lines
 * here.
 */
const AT_ONCE = 64;
const onStack = ["--stack", "bench", "--non-interactive", "--color", "never"];
const scratch = join(root, ".holdfast", "bench");

export interface Timed {
    readonly seconds: number;
    /** Peak resident memory in MiB, of the provider's process where nothing else is said. */
    readonly peak: number;
    /** On both of its outputs. */
    readonly said: string;
}

/** The same with whatever was watched. */
type Watched<T> = Omit<Timed, "peak"> & { readonly watched: T };

const peakOfProvider = (pid: number) => peakOf(pid, "pulumi-resource-holdfast");
const peaked = ({ watched, ...rest }: Watched<number>): Timed => ({ ...rest, peak: watched });

export class Project {
    private constructor(
        readonly folder: string,
        private readonly env: NodeJS.ProcessEnv,
    ) {}

    /**
     * `provider`: folder of the plugin, relative to the project: `provider`, or `bench/nothing`. `defaults` of the
     * fleet: by default hosts, fstab and interfaces alone. `rollout`: by default all nodes at once, since what is
     * measured here is the pushing, not the waiting in line.
     */
    static async create(
        name: string,
        lab: Lab,
        provider: string,
        {
            defaults,
            rollout = { canary: lab.nodes.map((node) => node.name) },
        }: { defaults?: object; rollout?: object | "default" } = {},
    ): Promise<Project> {
        const folder = join(scratch, name);
        await rm(folder, { recursive: true, force: true });
        await mkdir(join(folder, ".state"), { recursive: true });
        for (const entry of await readdir(root)) {
            if (!entry.startsWith(".") && !entry.startsWith("Pulumi."))
                await symlink(join(root, entry), join(folder, entry));
        }
        const stack = join(folder, "Pulumi.bench.yaml");
        await writeLabStack(lab, stack, { defaults });
        const config = parse(await readFile(stack, "utf8")) as {
            config: { "holdfast:fleet": Record<string, unknown> };
        };
        if (rollout !== "default") config.config["holdfast:fleet"]["rollout"] = rollout;
        await writeFile(stack, stringify(config));
        await mkdir(join(folder, "adopted"));
        const sshConfig = join(folder, "ssh_config");
        await writeFile(sshConfig, `Host *\n  UserKnownHostsFile ${lab.knownHostsFile}\n`);
        const env = {
            HOLDFAST_SSH_CONFIG: sshConfig,
            PULUMI_BACKEND_URL: `file://${join(folder, ".state")}`,
            PULUMI_CONFIG_PASSPHRASE: "bench",
            PULUMI_PARALLEL: String(AT_ONCE),
            HOLDFAST_IDENTITY_FILE: lab.identityFile,
        };
        const made = new Project(folder, env);
        await made.useProvider(provider);
        await made.forget();
        return made;
    }

    /** Folder of the plugin, as for `create`. */
    async useProvider(provider: string): Promise<void> {
        const project = await readFile(join(root, "Pulumi.yaml"), "utf8");
        await writeFile(join(this.folder, "Pulumi.yaml"), project.replace("path: provider", `path: ${provider}`));
    }

    /** The same in a copy of its folder, with a state of its own. */
    in(folder: string): Project {
        return new Project(folder, { ...this.env, PULUMI_BACKEND_URL: `file://${join(folder, ".state")}` });
    }

    /** Puts another program in the place of the fleet's; `data` is what it reads from `job.json`. */
    async runInstead(program: string, data: object): Promise<void> {
        await rm(join(this.folder, "index.ts"));
        await writeFile(join(this.folder, "index.ts"), `require(${JSON.stringify(join(root, program))});\n`);
        await writeFile(join(this.folder, "job.json"), JSON.stringify(data));
    }

    /** An empty state, as before the first `up`. */
    async forget(): Promise<void> {
        await rm(join(this.folder, ".state", ".pulumi"), { recursive: true, force: true });
        await execa("pulumi", ["stack", "init", "bench", "--non-interactive"], { cwd: this.folder, env: this.env });
    }

    /** `pulumi ARGS` on this stack. */
    async time(...args: string[]): Promise<Timed> {
        return peaked(await this.watch(peakOfProvider, ...args));
    }

    /** `pulumi ARGS` on this stack; `peak` is that of all its processes together. */
    async measure(...args: string[]): Promise<Timed> {
        return peaked(await this.watch(treePeakOf, ...args));
    }

    /** `pulumi ARGS` on this stack, watched; `watched` is what the watch gives in the end. */
    async watch<T>(watch: (pid: number) => Watch<T>, ...args: string[]): Promise<Watched<T>> {
        return this.timeCommand("pulumi", [...args, ...onStack], watch);
    }

    /** The same; of its program and its provider a profile (`program-PID.cpuprofile`) comes to lie in `folder`. */
    profiling(folder: string): Project {
        const NODE_OPTIONS = `--require ${join(__dirname, "profiler.js")}`;
        return new Project(this.folder, { ...this.env, NODE_OPTIONS, HOLDFAST_PROFILES: folder });
    }

    /** `holdfast ARGS` on this stack. */
    async timeCli(...args: string[]): Promise<Timed> {
        const command = [join("cli", "holdfast.js"), ...args, "--stack", "bench"];
        return peaked(await this.timeCommand(process.execPath, command, peakOfProvider));
    }

    private async timeCommand<T>(
        command: string,
        args: readonly string[],
        watch: (pid: number) => Watch<T>,
    ): Promise<Watched<T>> {
        const started = process.hrtime.bigint();
        const running = execa(command, args, { cwd: this.folder, env: this.env, all: true });
        const watching = watch(running.pid ?? 0);
        let said: string | undefined;
        try {
            said = (await running).all;
        } catch (error) {
            throw new Error(`${command} ${args.join(" ")}:\n${(error as execa.ExecaError).all ?? String(error)}`, {
                cause: error,
            });
        } finally {
            await watching.stop();
        }
        const seconds = Number(process.hrtime.bigint() - started) / 1e9;
        return { seconds, watched: await watching.stop(), said: said ?? "" };
    }
}
