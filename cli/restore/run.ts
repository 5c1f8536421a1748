/** On the node with what it has; or fetched here first, with what is given, and handed to the node. */
import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { programText } from "../../programs";
import { withDestination } from "./destination";
import type { RestoreOptions } from "./options";
import { asRoot, pipe, quoted, runProgram, type Status } from "./remote";

const program = "/usr/local/lib/holdfast/config-restore";

/** The exit status. */
export async function runRestore(node: string, options: RestoreOptions): Promise<Status> {
    if (options.to !== undefined) return fetchHere(node, options, resolve(options.to));
    if (options.repository === undefined)
        return withDestination(node, options, (destination) =>
            runProgram(destination, program, [...wordsOf(node, options), ...lastOf(options)]),
        );
    const folder = await mkdtemp(join(tmpdir(), "holdfast-restore-"));
    try {
        const fetched = await fetchHere(node, options, join(folder, "backup"));
        if (fetched !== 0) return fetched;
        return await withDestination(node, options, (destination) =>
            handOver(destination, join(folder, "backup"), node, options),
        );
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

function lastOf({ last }: RestoreOptions): string[] {
    return last ? ["--last"] : [];
}

function wordsOf(node: string, { only, database, yes, overNewer }: RestoreOptions): string[] {
    return [
        ...only.flatMap((pattern) => [`--only=${pattern}`]),
        ...(database ? ["--database"] : []),
        ...(yes ? ["--yes"] : []),
        ...(overNewer ? ["--over-newer"] : []),
        `--node=${node}`,
    ];
}

/** The backup into a folder of this machine, whole by its manifest. @throws Error where something is not given */
async function fetchHere(node: string, options: RestoreOptions, to: string): Promise<Status> {
    const { repository, passwordFile, keyFile, knownHosts, repositoryPort = 22, loginFile } = options;
    if (repository === undefined || passwordFile === undefined)
        throw new Error(
            "--repository and --password-file are needed: what the stack says under configBackup.target, and holdfast:backupPassword",
        );
    if (/['\n]/.test(repository)) throw new Error("--repository: expected a location of restic's, without quotes");
    const folder = await mkdtemp(join(tmpdir(), "holdfast-backup-"));
    try {
        const etc = join(folder, "etc");
        await mkdir(etc);
        await writeFile(join(etc, "backup.conf"), `NODE='${node}'\nTARGET='${repository}'\nPORT='${repositoryPort}'\n`);
        const given = {
            "backup.password": passwordFile,
            "backup.key": keyFile,
            "backup.known_hosts": knownHosts,
            "backup.login": loginFile,
        };
        for (const [name, file] of Object.entries(given)) if (file !== undefined) await copyFile(file, join(etc, name));
        await writeFile(join(folder, "program"), programText(program), { mode: 0o700 });
        const env = { ...process.env, HOLDFAST_ETC: etc, HOLDFAST_BACKUP: join(folder, "work") };
        return await pipe("python3", ["-ISXutf8", join(folder, "program"), "--to", to, "--node", node], "", env);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/** The folder goes to the node as a tar, and away again afterwards. */
async function handOver(
    destination: readonly string[],
    folder: string,
    node: string,
    options: RestoreOptions,
): Promise<Status> {
    const tar = spawnSync("tar", ["-C", folder, "-c", "."], { maxBuffer: 1 << 30 });
    if (tar.status !== 0) throw new Error(`tar: ${tar.stderr.toString()}`);
    const unpack = `umask 077; d=$(mktemp -d) && tar -C "$d" -x && echo "$d"`;
    const sent = spawnSync("ssh", [...destination, unpack], {
        input: tar.stdout,
        stdio: ["pipe", "pipe", "inherit"],
        encoding: "utf8",
    });
    const there = sent.stdout.trim();
    if (sent.status !== 0 || !/^\/[\w./-]+$/.test(there))
        throw new Error(`the backup could not be handed to ${node}: ssh ended with ${sent.status ?? "a signal"}`);
    try {
        return await runProgram(destination, program, [...wordsOf(node, options), `--from=${there}`]);
    } finally {
        spawnSync("ssh", [...destination, `${asRoot}; as_root rm -rf ${quoted(there)}`], {
            stdio: ["ignore", "inherit", "inherit"],
        });
    }
}
