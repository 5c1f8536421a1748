/** `holdfast lab`: disposable nodes in the incidents' state, to try everything on. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import execa from "execa";
import { labDown, labUp, openLab, type BootReport, type InitialState, type Lab, type LabNode, type Release } from "../lab";
import { writeLabStack } from "../lab/stack";

const stackFile = join(__dirname, "..", "Pulumi.lab.yaml");

export function registerLab(program: Command): void {
    const lab = program.command("lab").description("Disposable nodes for trying things out (Linux, root).");

    lab.command("up")
        .description("Boot the nodes, write Pulumi.lab.yaml, and say how to reach each. Safe to repeat.")
        .option("--nodes <count>", "how many", parseCount, 2)
        .addOption(new Option("--release <name>", "Debian release").choices(["trixie", "bookworm"]).default("trixie"))
        .addOption(new Option("--state <name>", "what the files are like").choices(["incident", "sound"]).default("incident"))
        .addOption(idOption())
        .action(up);
    lab.command("ssh")
        .description("Open a shell on a node, or run a command there.")
        .argument("<node>")
        .argument("[command...]")
        .addOption(idOption())
        .action(ssh);
    lab.command("reboot")
        .description("Really reboot a node, and say what its console would have shown.")
        .argument("<node>")
        .addOption(idOption())
        .action(reboot);
    lab.command("down").description("Remove the nodes and everything of theirs.").addOption(idOption()).action(down);
}

async function up(options: { nodes: number; release: Release; state: InitialState; id: string }): Promise<void> {
    const started = Date.now();
    const lab = await labUp({ ...options, log: (line) => console.log(line) });
    await writeLabStack(lab, stackFile);
    console.log(`lab: ${lab.nodes.length} nodes are up after ${((Date.now() - started) / 1000).toFixed(1)} s; Pulumi.lab.yaml describes them`);
    for (const node of lab.nodes) console.log(`  ${node.name}  ${node.address}  npx holdfast lab ssh ${node.name}`);
    console.log(`For pulumi: export HOLDFAST_IDENTITY_FILE=${lab.identityFile}`);
}

async function ssh(name: string, command: string[], options: { id: string }): Promise<void> {
    const lab = await openLab(options.id);
    const { ssh } = findNode(lab, name);
    const { exitCode } = await execa("ssh", [
        "-i", lab.identityFile, "-o", "IdentitiesOnly=yes", "-o", `UserKnownHostsFile=${lab.knownHostsFile}`, "-o", "StrictHostKeyChecking=yes",
        "-p", String(ssh.port), `${ssh.user}@${ssh.host}`, ...command,
    ], { stdio: "inherit", reject: false });
    process.exitCode = exitCode;
}

async function reboot(name: string, options: { id: string }): Promise<void> {
    const node = findNode(await openLab(options.id), name);
    console.log(formatBoot(node.name, await node.reboot()));
}

async function down(options: { id: string }): Promise<void> {
    await labDown(options.id);
    await rm(stackFile, { force: true });
}

/** `pve01: booted in 2.1 s, multi-user.target reached`, then a line for each failed unit. */
export function formatBoot(name: string, report: BootReport): string {
    const target = report.multiUser ? "multi-user.target reached" : "multi-user.target NOT reached";
    const failed = report.failed.map(({ unit, message }) => `\n  failed: ${unit}: ${message}`);
    return `${name}: booted in ${report.seconds.toFixed(1)} s, ${target}${failed.length === 0 ? ", no unit failed" : failed.join("")}`;
}

function findNode(lab: Lab, name: string): LabNode {
    const node = lab.nodes.find((candidate) => candidate.name === name);
    if (!node) throw new Error(`no node "${name}" in the lab; there are ${lab.nodes.map((candidate) => candidate.name).join(", ")}`);
    return node;
}

function idOption(): Option {
    return new Option("--id <name>", "which lab, where there are several").default("lab");
}

function parseCount(text: string): number {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > 89) throw new InvalidArgumentError("a number from 1 to 89.");
    return count;
}
