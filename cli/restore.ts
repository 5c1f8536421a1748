/** `holdfast restore` and `holdfast drill`: for the day itself, and for the days before it. */
import { InvalidArgumentError, type Command } from "commander";
import type { RestoreOptions } from "./restore/options";

export function registerRestore(program: Command): void {
    const restore = program
        .command("restore")
        .description(
            "a node's configuration back out of its backup; only shows what differs until --yes. Needs neither the stack's state nor pulumi: ssh, and where --repository is given restic here. Exit status 0 done or shown, 2 refused, 1 failed and undone",
        )
        .argument("<node>", "as the backup names it", nodeName)
        .option("--only <pattern>", "files such as /etc/pve/storage.cfg or */100.conf; may be repeated", collect, [])
        .option("--database", "the whole of config.db instead of single files", false)
        .option("--last", "from the copy on the node's own disk", false)
        .option("--yes", "do it", false)
        .option("--over-newer", "also where the node's cluster has quorum and newer data", false)
        .option("--to <dir>", "only into this folder, without a node");
    addPlace(restore)
        .option(
            "--repository <location>",
            "without the node's NODE at its end, where the node has no settings any more",
        )
        .option("--password-file <file>", "of the repository")
        .option("--key-file <file>", "private key of an sftp target")
        .option("--known-hosts <file>", "with the host key of an sftp target")
        .option("--repository-port <number>", "of an sftp target (default: 22)", portNumber)
        .option("--login-file <file>", "USER:PASSWORD of a rest-server, ACCESS-KEY:SECRET of S3")
        .addHelpText("after", "\nExample:\n  npx holdfast restore pve01 --host root@192.0.2.11 --only '/etc/pve/*.cfg'")
        .action(async (node: string, options: RestoreOptions) => {
            const { runRestore } = await import("./restore/run");
            process.exitCode = await runRestore(node, options);
        });
}

/** How to reach a node. */
export function addPlace(command: Command): Command {
    return command
        .option(
            "--host <destination>",
            "how ssh reaches the node, [USER@]HOST (default: as the stack file says, else the node's name)",
        )
        .option("--stack <name>", "whose Pulumi.NAME.yaml says how to reach the node");
}

function collect(value: string, before: readonly string[]): string[] {
    return [...before, value];
}

function portNumber(given: string): number {
    const port = /^\d{1,5}$/.test(given) ? Number(given) : 0;
    if (port < 1 || port > 65_535) throw new InvalidArgumentError("expected a port, 1 to 65535.");
    return port;
}

export function nodeName(given: string): string {
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(given))
        throw new InvalidArgumentError(`expected a node's name: letters, digits and hyphens.`);
    return given;
}
