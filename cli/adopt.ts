/** `holdfast adopt`: a cluster that runs becomes a stack, and its hazards a list. Nothing is written on the nodes. */
import { InvalidArgumentError, type Command } from "commander";

export interface AdoptOptions {
    readonly port?: number;
    /** Where the file for `pulumi import` goes; none by default. */
    readonly import?: string;
    /** Stack whose Pulumi.STACK.yaml is written; by default the YAML goes to standard output. */
    readonly stack?: string;
    /** Project folder in which nodes/NAME/… is written; the current one by default. */
    readonly out: string;
    readonly force: boolean;
    readonly hostKey?: string;
    readonly allowUnknownHostKey: boolean;
    /** Seconds. */
    readonly timeout: number;
}

export function registerAdopt(program: Command): void {
    program
        .command("adopt")
        .description("turn the files of running nodes into stack config, and list their hazards; writes nothing on the nodes")
        .argument("<hosts...>", "[USER@]HOST[:PORT]; all nodes of a cluster at once, so that they know each other")
        .option("--port <number>", "SSH port of hosts that name none", parseWholeNumber)
        .option("--import <file>", "also write a file for `pulumi import -f FILE --generate-code=false`")
        .option("--stack <name>", "write Pulumi.NAME.yaml instead of printing it; its other settings stay")
        .option("--out <folder>", "project folder that gets nodes/NAME/hosts, fstab and interfaces", ".")
        .option("--force", "replace files of the project where they differ", false)
        .option("--host-key <key>", "accept this host key, 'ssh-ed25519 AAAA…' (one host only)", parseHostKey)
        .option("--allow-unknown-host-key", "trust a host key that known_hosts does not list, and remember it", false)
        .option("--timeout <seconds>", "how long to wait for a host that does not answer", parseWholeNumber, 15)
        .addHelpText("after", "\nExample:\n  npx holdfast adopt root@pve01 root@pve02 --stack paris --import import.json")
        .action(async (hosts: string[], options: AdoptOptions) => {
            // Loaded only here: no other command pays for it.
            const { adopt } = await import("./adopt/run");
            process.stdout.write(await adopt(hosts, options, (text) => process.stderr.write(text)));
        });
}

function parseWholeNumber(text: string): number {
    const number = Number(text);
    if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new InvalidArgumentError("expected a whole number from 1 to 65535.");
    return number;
}

/** Type and base64; the comment of a .pub file is dropped. */
function parseHostKey(text: string): string {
    const [, type = "", encoded = ""] = /^\s*(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))\s+([A-Za-z0-9+/]{40,}={0,2})(?:\s|$)/.exec(text) ?? [];
    // RFC 4253, 6.6: it begins with the length of its type and the type.
    const isWhole = encoded !== "" && Buffer.from(encoded, "base64").toString("latin1").startsWith(`\0\0\0${String.fromCharCode(type.length)}${type}`);
    if (!isWhole) throw new InvalidArgumentError("expected 'ssh-ed25519 AAAA…', ecdsa or rsa; on the host's console: cat /etc/ssh/ssh_host_ed25519_key.pub");
    return `${type} ${encoded}`;
}
