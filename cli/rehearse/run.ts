/** One run of `holdfast rehearse`, from the name that was typed to the exit status. */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { FleetView } from "../../components/concern";
import { plannedOf } from "../../components/planned";
import { readProjectFile } from "../../projectFile";
import { chooseAccelerator } from "../../vm/accelerator";
import { latestVmImage, vmImageFiles } from "../../vm/baseImage";
import { chosen, projectFolder, stackFleet, type StackFleet } from "../stackFleet";
import type { Machine } from "../../components/fleet";
import { CannotTell, rootSource, volumesOf, type Blueprint } from "./blueprint";
import { bootCase } from "./boot";
import { casesOf, chosenCases, mountedByLetter, requiredBeyondRoot, type Case } from "./cases";
import { blueprintOf, treeOf } from "./fromStack";
import { idRules, nameFiles } from "./hardware";
import { makeImages, measure, type Addition, type Tree } from "./images";
import { Commands } from "./interrupt";
import { checkNeeds } from "./needs";
import type { RehearseOptions } from "./options";
import { lettersOf, planDisks, slotsOf } from "./plan";
import { exitStatus, renderNotes, renderRow, type CaseResult, type Rehearsal } from "./render";
import { openStage } from "./stage";

/** Not in /tmp, which may be memory: a machine's disks take gigabytes. */
const workFolder = "/var/tmp";
const prefix = "holdfast-rehearse-";

/** What is to be booted. */
export interface Prepared {
    readonly blueprint: Blueprint;
    readonly tree: Tree;
    readonly kernel: string;
    readonly initrd: string;
    readonly notes: readonly string[];
}

/** @throws Error where nothing could be told: exit status 1 */
export async function runRehearse(name: string, options: RehearseOptions): Promise<number> {
    await checkNeeds();
    const stack = await stackFleet(options.stack, (file) => readProjectFile(projectFolder(), file));
    const machine = chosen(stack, [name])[0]!;
    if (options.live && machine.maintenance)
        throw new Error(
            `${name} is under maintenance (nodes.${name}.maintenance: true), so it is not contacted; rehearse it without --live`,
        );
    // Folders that are made for the machine have the modes of one.
    process.umask(0o022);
    await removeLeftovers();
    const commands = new Commands();
    const folder = await mkdtemp(join(workFolder, `${prefix}${process.pid}-`));
    try {
        return await commands.during(() => rehearse(commands, { stack, machine, options, folder }));
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

interface Job {
    readonly stack: StackFleet;
    readonly machine: Machine;
    readonly options: RehearseOptions;
    readonly folder: string;
}

async function rehearse(commands: Commands, job: Job): Promise<number> {
    const { options, folder } = job;
    // Progress goes to stderr where stdout is for a program.
    const say = options.json ? (line: string) => console.error(line) : (line: string) => console.log(line);
    const booted = async () => {
        const prepared = await (options.live ? prepareLive(commands, job, say) : prepareFromStack(job));
        return bootPrepared(commands, prepared, { options, folder, say });
    };
    const rehearsal = await booted().catch((error: unknown) => untold(error, options.live, say));
    if (options.json) process.stdout.write(`${JSON.stringify(rehearsal, undefined, 2)}\n`);
    else process.stdout.write(renderNotes(rehearsal.notes));
    return options.dryRun && rehearsal.cases.length === 0 ? 0 : exitStatus(rehearsal.cases);
}

/** The node may boot, and it may not: no fault of the command's, and no answer either. @throws any other error */
function untold(error: unknown, isLive: boolean, say: (line: string) => void): Rehearsal {
    if (!(error instanceof CannotTell)) throw error;
    const asIs = { case: "as-is", what: "as it is", state: "unknown", seconds: 0, console: [], failed: [] } as const;
    const cases = [{ ...asIs, text: error.reason }];
    say(`${error.node}: no boot`);
    for (const each of cases) say(renderRow(each, each.what.length));
    return { node: error.node, source: isLive ? "live" : "stack", accelerator: "unknown", notes: [], cases };
}

export interface BootOptions {
    readonly options: Omit<RehearseOptions, "stack" | "maxFetch">;
    /** Empty, and gone afterwards. */
    readonly folder: string;
    readonly say: (line: string) => void;
}

/** Every case, one after the other. @throws Error where what is prepared cannot be made here */
export async function bootPrepared(
    commands: Commands,
    { blueprint, tree, kernel, initrd, notes: known }: Prepared,
    { options, folder, say }: BootOptions,
): Promise<Rehearsal> {
    const cases = chosenCases(casesOf(blueprint), options.case);
    await checkNeeds(volumesOf(blueprint).map(({ content }) => content?.fstype ?? ""));
    const filled: Readonly<Record<string, number>> = options.dryRun ? {} : await measureAll(commands, tree.lower);
    const { disks: plans, notes: unmade } = planDisks(blueprint, (path) => filled[path] ?? 0);
    const unbooted = [...requiredBeyondRoot(blueprint), ...mountedByLetter(blueprint)];
    const about = [...blueprint.notes, ...unmade, ...lettersNote(blueprint), ...unbooted];
    const rehearsal = {
        node: blueprint.node,
        source: options.live ? "live" : "stack",
        notes: [...known, ...about],
    } as const;
    if (options.dryRun) {
        describe(say, blueprint, cases);
        return { ...rehearsal, accelerator: "unknown", cases: [] };
    }
    const sizes = Object.fromEntries(plans.map(({ disk, size }) => [disk.name, size]));
    const additions = { ...tree.additions, ...(await ownFiles(commands, folder, blueprint, sizes)) };
    const images = await makeImages(commands, folder, { ...tree, additions }, plans);
    const accelerator = await chooseAccelerator(kernel);
    const stage = await openStage(commands, blueprint.way, blueprint.cards.length + 1);
    const { memory, timeout } = options;
    const results: CaseResult[] = [];
    const isKvm = accelerator.accel === "kvm";
    const count = cases.length === 1 ? "1 boot" : `${cases.length} boots`;
    say(`${blueprint.node}: ${count}, ${isKvm ? "with KVM" : "without KVM, so each takes a minute or more"}`);
    const width = Math.max(...cases.map(({ what }) => what.length));
    for (const each of cases) {
        const booted = { blueprint, plans, images, kernel, initrd, folder, accelerator, memory, timeout };
        const result = await bootCase(commands, stage, booted, each);
        results.push(result);
        say(renderRow(result, width));
    }
    return { ...rehearsal, accelerator: isKvm ? "kvm" : "emulation", cases: results };
}

async function prepareFromStack({ stack, machine }: Job): Promise<Prepared> {
    const view: FleetView = { machines: stack.machines };
    const { sets, secret } = plannedOf(machine, view);
    const blueprint = blueprintOf(machine, sets);
    const image = await latestVmImage();
    if (image === undefined)
        throw new Error(
            "there is no base system to put the stack's files on: `holdfast lab up --vm` builds one (from Debian's registry), or fetch the node's own with --live",
        );
    const { tree, notes } = await treeOf(image, sets, secret);
    const name = machine.identity.name;
    const additions = { ...tree.additions, "/etc/hostname": { content: `${name}\n`, mode: 0o644 } };
    const { kernel, initrd } = vmImageFiles(image);
    return { blueprint, tree: { ...tree, additions }, kernel, initrd, notes };
}

async function prepareLive(commands: Commands, job: Job, say: (line: string) => void): Promise<Prepared> {
    const { stack, machine, options, folder } = job;
    // Loaded only here: what the stack says is booted without an SSH client.
    const { fetchNode } = await import("./fromNode");
    const most = options.maxFetch * 1024 * 1024;
    const fetched = await fetchNode(commands, machine, { connect: stack.connect, folder, most, say });
    const { blueprint, additions, kernel, initrd } = fetched;
    const tree = { lower: fetched.tree, additions, absent: [], units: {} };
    const notes = [
        "SSH host keys and /etc/shadow are made for the machine; what only root may read on the node is not in it",
    ];
    return { blueprint, tree, kernel, initrd, notes };
}

/** Keys that nobody else has, and the names that disks and cards have on the node. */
async function ownFiles(
    commands: Commands,
    folder: string,
    blueprint: Blueprint,
    sizes: Readonly<Record<string, number>>,
): Promise<Record<string, Addition>> {
    const keys: Record<string, Addition> = {};
    const draft = join(folder, "keys");
    await mkdir(draft);
    for (const type of ["ed25519", "ecdsa", "rsa"]) {
        const file = join(draft, `ssh_host_${type}_key`);
        await commands.run("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "rehearsal", "-f", file]);
        keys[`/etc/ssh/ssh_host_${type}_key`] = { content: await readFile(file, "utf8"), mode: 0o600 };
        keys[`/etc/ssh/ssh_host_${type}_key.pub`] = { content: await readFile(`${file}.pub`, "utf8"), mode: 0o644 };
    }
    const names = Object.entries(nameFiles(blueprint)).map(
        ([path, content]) => [path, { content, mode: 0o644 }] as const,
    );
    return {
        ...keys,
        ...Object.fromEntries(names),
        "/etc/udev/rules.d/98-holdfast-rehearsal.rules": { content: idRules(blueprint, sizes), mode: 0o644 },
    };
}

/** As far as they are file systems of their own. */
const measured = ["/", "/usr", "/var", "/boot", "/opt", "/var/lib", "/usr/local"];

async function measureAll(commands: Commands, lower: string): Promise<Readonly<Record<string, number>>> {
    const sizes: Record<string, number> = {};
    for (const path of measured) sizes[path] = await measure(commands, lower, path);
    return sizes;
}

function lettersNote(blueprint: Blueprint): string[] {
    const here = lettersOf(slotsOf(blueprint, { name: "as-is", what: "" }));
    const there = blueprint.disks.map(({ name }) => name).filter((name) => !name.startsWith("nvme"));
    if (here.join() === there.join()) return [];
    return [`disks are found in another order than on the node (${here.join(", ")}): its initramfs knows AHCI alone`];
}

function describe(say: (line: string) => void, blueprint: Blueprint, cases: readonly Case[]): void {
    const { node, disks, cards, way, kernelArguments } = blueprint;
    say(
        `${node}: root ${rootSource(kernelArguments)}; disks ${disks.map(({ name }) => name).join(", ")}; cards ${cards.map(({ name, mac }) => `${name} (${mac})`).join(", ")}; SSH at ${way.address} port ${way.port}`,
    );
    for (const { name, what } of cases) say(`  ${name}: ${what}`);
}

/** Of runs that were killed before they could clear up. */
async function removeLeftovers(): Promise<void> {
    for (const name of await readdir(workFolder)) {
        const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
        if (pid !== undefined && !isAlive(Number(pid)))
            await rm(join(workFolder, name), { recursive: true, force: true });
    }
}

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code !== "ESRCH";
    }
}
