/** `holdfast lab`: disposable nodes in the incidents' state, to try everything on. */
import { join } from "node:path";
import { Argument, InvalidArgumentError, Option, type Command } from "commander";
import type { AnyNode, BootReport, DiskName, InitialState, Lab, LabNode, Release, SelEvent, VmNode } from "../lab";
import { diskNames } from "../lab/vm/hardware";

/** The lab that a command means where it names none. */
const defaultId = "lab";
const project = join(__dirname, "..");

export function registerLab(program: Command): void {
    const lab = program.command("lab").description("Disposable nodes for trying things out (Linux, root).");

    lab.command("up")
        .description(
            "Boot the nodes, write Pulumi.lab.yaml (Pulumi.lab-ID.yaml), and say how to reach each. Safe to repeat.",
        )
        .option("--nodes <count>", "how many", parseCount, 2)
        .option("--vm", "virtual machines (QEMU) instead of containers: real kernel, hardware that can fail", false)
        .addOption(new Option("--release <name>", "Debian release").choices(["trixie", "bookworm"]).default("trixie"))
        .addOption(
            new Option("--state <name>", "what the files are like").choices(["incident", "sound"]).default("incident"),
        )
        .addOption(idOption())
        .action(up);
    lab.command("ssh")
        .description("Open a shell on a node, or run a command there.")
        .argument("<node>")
        .argument("[command...]")
        .addOption(idOption())
        .passThroughOptions()
        .action(ssh);
    lab.command("reboot")
        .description("Really reboot a node, and say what its console would have shown.")
        .argument("<node>")
        .addOption(idOption())
        .action(reboot);
    registerMisfortunes(lab);
    lab.command("down").description("Remove the nodes and everything of theirs.").addOption(idOption()).action(down);
    for (const command of lab.commands)
        command.addHelpText(
            "after",
            `\nExample:\n  npx holdfast lab ${examples[command.name()] ?? `${command.name()} pve01`}`,
        );
    lab.addHelpText("after", "\nExample:\n  npx holdfast lab up --nodes 3");
}

/** Loaded only where a command of the lab runs: no other pays for it. */
const theLab = () => import("../lab");

/** Where the command and a node are not all of it. */
const examples: Readonly<Record<string, string>> = {
    up: "up --nodes 3 --release bookworm",
    ssh: "ssh pve01 findmnt --verify",
    unplug: "unplug pve01 data",
    plug: "plug pve01 data",
    sel: "sel pve01 fan-critical",
    down: "down",
};

/** What can happen to a virtual machine. */
function registerMisfortunes(lab: Command): void {
    const command = (name: string, description: string): Command =>
        lab.command(name).description(`${description} (virtual machines)`).argument("<node>").addOption(idOption());
    const disk = new Argument("<disk>", "which").choices(diskNames);
    const event = new Argument("<event>", "which").choices(["power-supply-failed", "fan-critical"]);

    command("power-cut", "The power fails: what was not yet on disk is lost").action(onVm((node) => node.kill()));
    command("power-on", "Boot a node that is off, and say what its console showed").action(
        onVm(async (node) => console.log(formatBoot(node.name, await node.start()))),
    );
    command("fail-health", "The NVMe disk reports that its health has failed, until the power is cut").action(
        onVm((node) => node.failDiskHealth()),
    );
    command("unplug", "Pull a disk, for the boots to come as well")
        .addArgument(disk)
        .action(onVm((node, name) => node.unplugDisk(name as DiskName)));
    command("plug", "Put a disk back")
        .addArgument(disk)
        .action(onVm((node, name) => node.plugDisk(name as DiskName)));
    command("reorder", "From the next `lab reboot`, the data disk is sdc instead of sdb, or sdb again").action(
        onVm((node) => node.reorderDisks()),
    );
    command("sel", "The BMC notes an event in its log")
        .addArgument(event)
        .action(onVm((node, name) => node.addSelEvent(name as SelEvent)));
}

/** A commander action on one virtual machine, with one further argument where the command has one. */
function onVm(act: (node: VmNode, argument: string) => Promise<void>) {
    return async function (this: Command): Promise<void> {
        const [name = "", argument = ""] = this.args;
        await act(findNode(await (await theLab()).openVmLab(this.opts<{ id: string }>().id), name), argument);
    };
}

async function up({
    vm,
    ...options
}: {
    vm: boolean;
    nodes: number;
    release: Release;
    state: InitialState;
    id: string;
}): Promise<void> {
    const started = Date.now();
    const { labUp, vmLabUp } = await theLab();
    const { labStackFile, writeLabStack } = await import("../lab/stack");
    const lab = await (vm ? vmLabUp : labUp)({ ...options, log: (line) => console.log(line) });
    const stackFile = labStackFile(lab.id);
    await writeLabStack(lab, join(project, stackFile));
    console.log(
        `lab: ${lab.nodes.length} nodes are up after ${((Date.now() - started) / 1000).toFixed(1)} s; ${stackFile} describes them`,
    );
    console.log(formatNodes(lab));
    console.log(`For pulumi: export HOLDFAST_IDENTITY_FILE=${lab.identityFile}`);
}

async function ssh(name: string, command: string[], options: { id: string }): Promise<void> {
    const { default: execa } = await import("execa");
    const lab = await (await theLab()).openAnyLab(options.id);
    const { ssh } = findNode(lab, name);
    const { exitCode } = await execa(
        "ssh",
        [
            "-i",
            lab.identityFile,
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            `UserKnownHostsFile=${lab.knownHostsFile}`,
            "-o",
            "StrictHostKeyChecking=yes",
            "-p",
            String(ssh.port),
            `${ssh.user}@${ssh.host}`,
            ...command,
        ],
        { stdio: "inherit", reject: false },
    );
    process.exitCode = exitCode;
}

async function reboot(name: string, options: { id: string }): Promise<void> {
    const node = findNode(await (await theLab()).openAnyLab(options.id), name);
    console.log(formatBoot(node.name, await node.reboot()));
}

async function down(options: { id: string }): Promise<void> {
    await (await theLab()).labDown(options.id);
    const { labStackFile, removeLabStack } = await import("../lab/stack");
    await removeLabStack(options.id, join(project, labStackFile(options.id)));
    // Where earlier versions wrote every lab's.
    await removeLabStack(options.id, join(project, "Pulumi.lab.yaml"));
}

/** A line a node: its name, its address in the lab, and what to type to look around there. */
export function formatNodes({
    id,
    nodes,
}: {
    readonly id: string;
    readonly nodes: readonly Pick<AnyNode, "name" | "address">[];
}): string {
    const which = id === defaultId ? "" : `--id ${id} `;
    return nodes.map(({ name, address }) => `  ${name}  ${address}  npx holdfast lab ssh ${which}${name}`).join("\n");
}

/** `pve01: booted in 2.1 s, multi-user.target reached`, then a line for each failed unit. */
export function formatBoot(name: string, report: BootReport): string {
    const target = report.multiUser ? "multi-user.target reached" : "multi-user.target NOT reached";
    const failed = report.failed.map(({ unit, message }) => `\n  failed: ${unit}: ${message}`);
    return `${name}: booted in ${report.seconds.toFixed(1)} s, ${target}${failed.length === 0 ? ", no unit failed" : failed.join("")}`;
}

function findNode<Node extends LabNode | VmNode>(lab: Lab<Node>, name: string): Node {
    const node = lab.nodes.find((candidate) => candidate.name === name);
    if (!node)
        throw new Error(
            `no node "${name}" in the lab; there are ${lab.nodes.map((candidate) => candidate.name).join(", ")}`,
        );
    return node;
}

function idOption(): Option {
    return new Option("--id <name>", "which lab, where there are several").default(defaultId);
}

function parseCount(text: string): number {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > 89) throw new InvalidArgumentError("a number from 1 to 89.");
    return count;
}
