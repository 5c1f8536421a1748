/**
 * Ansible, pyinfra and Holdfast, each as its own manual has it for many hosts at once: what is run for each kind of
 * work.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import execa from "execa";
import { stringify } from "yaml";
import type { Lab, LabNode } from "../../lab";
import type { HostArgs } from "../../model/contract/fileSet";
import { ensurePythonTools } from "../../scripts/python";
import { Project } from "../project";
import { edited, type Job } from "./job";

/** Seconds. `undefined`: it has no such thing. */
export interface Contender {
    readonly name: string;
    /** Nodes. With more of them a round takes so many minutes that nobody waits for the bench. */
    readonly upTo?: number;
    /** A first push, everything changed. */
    push(): Promise<number>;
    /** Again, after a look at the nodes. */
    again(): Promise<number>;
    /** Again, without a look at the nodes where there is a state. */
    idle?(): Promise<number>;
    /** What differs on the nodes, line by line; nothing is changed. */
    look(): Promise<number>;
}

export async function contenders(lab: Lab, job: Job, folder: string): Promise<Contender[]> {
    const python = join(
        await ensurePythonTools(join(__dirname, "requirements.txt"), "Ansible and pyinfra"),
        "bin/python3",
    );
    await writeTree(folder, job);
    return [await ansible(lab, folder, python), await pyinfra(lab, folder, python), await holdfast(lab, job)];
}

async function ansible(lab: Lab, folder: string, python: string): Promise<Contender> {
    const hosts = lab.nodes.map(({ name, ssh }) => [
        name,
        { ansible_host: ssh.host, ansible_port: ssh.port, ansible_python_interpreter: "/usr/bin/python3" },
    ]);
    const inventory = join(folder, "hosts.yml");
    await writeFile(inventory, stringify({ all: { hosts: Object.fromEntries(hosts) as object } }));
    const env = {
        ANSIBLE_HOME: join(folder, "ansible"),
        ANSIBLE_FORKS: String(lab.nodes.length),
        ANSIBLE_PIPELINING: "true",
        ANSIBLE_REMOTE_USER: "root",
        ANSIBLE_PRIVATE_KEY_FILE: lab.identityFile,
        ANSIBLE_SSH_ARGS: `-F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${lab.knownHostsFile}`,
        ANSIBLE_LOCALHOST_WARNING: "false",
    };
    const playbook = join(folder, "playbook.yml");
    await execa("cp", [join(__dirname, "playbook.yml"), playbook]);
    const run = (...args: string[]) =>
        timed(folder, env, python, ["-m", "ansible", "playbook", "-i", inventory, playbook, ...args]);
    return { name: "Ansible", upTo: 16, push: () => run(), again: () => run(), look: () => run("--check", "--diff") };
}

async function pyinfra(lab: Lab, folder: string, python: string): Promise<Contender> {
    const hosts = lab.nodes.map((node) => [node.name, pyinfraHost(lab, node)]);
    await writeFile(join(folder, "inventory.py"), `hosts = ${pythonLiteral(hosts)}\n`);
    await execa("cp", [join(__dirname, "deploy.py"), folder]);
    const run = (...args: string[]) =>
        timed(folder, {}, python, ["-m", "pyinfra", ...args, "inventory.py", "deploy.py"]);
    // With -y it skips what it calls change detection, and a dry run of it looks at nothing.
    return { name: "pyinfra", push: () => run("-y"), again: () => run("-y"), look: () => run("--dry", "--diff") };
}

function pyinfraHost(lab: Lab, { ssh }: LabNode): object {
    return {
        ssh_hostname: ssh.host,
        ssh_port: ssh.port,
        ssh_user: "root",
        ssh_key: lab.identityFile,
        ssh_known_hosts_file: lab.knownHostsFile,
        ssh_strict_host_key_checking: "yes",
    };
}

/** Names, numbers and lists of them look alike in JSON and in Python; a pair of a name and its data is a tuple. */
function pythonLiteral(hosts: readonly (readonly unknown[])[]): string {
    return `[${hosts.map(([name, data]) => `(${JSON.stringify(name)}, ${JSON.stringify(data)})`).join(", ")}]`;
}

async function holdfast(lab: Lab, job: Job): Promise<Contender> {
    const project = await projectOf(lab, job);
    const run = async (...args: string[]) => (await project.time(...args)).seconds;
    return {
        name: "Holdfast",
        push: async () => {
            await project.forget();
            return run("up", "--yes", "--skip-preview");
        },
        again: () => run("up", "--yes", "--skip-preview", "--refresh"),
        idle: () => run("up", "--yes", "--skip-preview"),
        look: async () => {
            const { seconds, said } = await project.time("refresh", "--preview-only", "--diff");
            return showing(seconds, said);
        },
    };
}

/** A Pulumi project that does the job. */
export async function projectOf(lab: Lab, job: Job): Promise<Project> {
    const project = await Project.create("peers", lab, "provider");
    const hosts = await Promise.all(
        lab.nodes.map(async (node): Promise<HostArgs> => ({
            name: node.name,
            address: node.ssh.host,
            port: node.ssh.port,
            user: "root",
            hostKey: await node.hostKey(),
        })),
    );
    await project.runInstead("bench/peers/program.ts", { job, hosts });
    return project;
}

/** The files as they are to be, below `files/`, for those who copy them from there. */
async function writeTree(folder: string, job: Job): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "job.json"), JSON.stringify({ job }));
    for (const [path, content] of Object.entries(job.files)) {
        await mkdir(join(folder, "files", dirname(path)), { recursive: true });
        await writeFile(join(folder, "files", path), content);
    }
}

async function timed(cwd: string, env: NodeJS.ProcessEnv, command: string, args: readonly string[]): Promise<number> {
    const started = process.hrtime.bigint();
    const PATH = `${dirname(command)}:${process.env["PATH"]}`;
    const { all = "" } = await execa(command, args, { cwd, env: { ...env, PATH }, all: true });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    return args.includes("--diff") ? showing(seconds, all) : seconds;
}

/** @throws where a look does not name the file that was edited on each node: it has no time to show */
function showing(seconds: number, said: string): number {
    if (!said.includes(edited)) throw new Error(`does not show that ${edited} was edited:\n${said}`);
    return seconds;
}
