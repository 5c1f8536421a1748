/** `holdfast adopt`: a cluster that runs becomes a stack, and its hazards a list. Nothing is written on the nodes. */
import type { Command } from "commander";
import { wholeNumber } from "./options";
import type { AdoptOptions } from "./adopt/options";

export function registerAdopt(program: Command): void {
    program
        .command("adopt")
        .description(
            "turn the files of running nodes into stack config, and list their hazards; writes nothing on the nodes",
        )
        .argument("[hosts...]", "[USER@]HOST[:PORT]; all nodes of a cluster at once, so that they know each other")
        .option("--api", "instead of nodes: what Proxmox's API keeps, as the stack's `proxmox` names it", false)
        .option("--port <number>", "SSH port of hosts that name none", wholeNumber(65_535))
        .option("--import <file>", "also write a file for `pulumi import -f FILE --generate-code=false`")
        .option(
            "--stack <name>",
            "write Pulumi.NAME.yaml instead of printing it; a stack that exists gets the nodes added",
        )
        .option("--out <folder>", "project folder that gets nodes/NAME/hosts, fstab and interfaces", ".")
        .option(
            "--force",
            "change files of the project that are there; without it the difference is shown, and nothing is written",
            false,
        )
        .option("--host-key <key>", "accept this host key, 'ssh-ed25519 AAAA…' (one host only)")
        .option("--allow-unknown-host-key", "trust a host key that known_hosts does not list, and remember it", false)
        .option("--timeout <seconds>", "how long to wait for a host that does not answer", wholeNumber(600), 15)
        .addHelpText(
            "after",
            "\nExample:\n  npx holdfast adopt root@pve01 root@pve02 --stack paris --import import.json\n  npx holdfast adopt --api --stack paris --import api.json",
        )
        .action(async (hosts: string[], options: AdoptOptions & { readonly api: boolean }) => {
            const say = (text: string) => process.stderr.write(text);
            if (options.api === hosts.length > 0)
                throw new Error(options.api ? "--api takes no hosts" : "name the hosts to adopt, or --api");
            if (options.api) {
                const { adoptApi } = await import("./adoptApi/run");
                await adoptApi(options, say);
                return;
            }
            // Loaded only here: no other command pays for it.
            const { adopt } = await import("./adopt/run");
            process.stdout.write(await adopt(hosts, options, say));
        });
}
