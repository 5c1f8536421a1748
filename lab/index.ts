/** Disposable nodes for a demonstration and for tests. Linux, as root; docs/lab.md says what is written where. */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { removeCgroups } from "./cgroups";
import { detachDisks } from "./disks";
import { ensureImage } from "./image";
import { isThere } from "../vm/isThere";
import { withLock } from "../vm/lock";
import { bridgeNamespace, createBridge, deleteNamespaces, listNamespaceProcesses } from "./network";
import { unmount } from "../vm/mounts";
import { LabNode } from "./node";
import { findMarked, killAndWait, waitForExit } from "../vm/processes";
import {
    claimSlot,
    identityFile,
    labFolder,
    labsFolder,
    readRecord,
    readSlots,
    releaseSlot,
    socketFolder,
    writeRecord,
    type InitialState,
    type LabRecord,
    type Release,
} from "./state";
import { ensureVmImage } from "./vm/image";
import { VmNode } from "./vm/node";

export type { BootReport, ExecOptions } from "./bootReport";
export { LabNode } from "./node";
export { domain, strayLine } from "./initialState";
export type { InitialState, Release } from "./state";
export type { SelEvent } from "./vm/bmc";
export { VmNode } from "./vm/node";
export type { SerialConsole } from "../vm/serial";
export { diskNames, type DiskName } from "./vm/hardware";

export interface LabOptions {
    /** Lower-case letters, digits, hyphens. Labs of different ids live side by side. */
    readonly id: string;
    /** 1 to 89. */
    readonly nodes: number;
    /** trixie (Proxmox VE 9) by default. */
    readonly release?: Release;
    /** incident by default. */
    readonly state?: InitialState;
    /** false: nodes that are off stay off. */
    readonly boot?: boolean;
    /** Progress lines; none by default. */
    readonly log?: (line: string) => void;
}

export interface Lab<Node extends LabNode | VmNode = LabNode> {
    readonly id: string;
    readonly nodes: readonly Node[];
    /** The private key that root, `ops` (sudo without a password) and `nosudo` accept. */
    readonly identityFile: string;
    readonly knownHostsFile: string;
}

export type AnyNode = LabNode | VmNode;
export type AnyLab = Lab<AnyNode>;

/**
 * Boots the nodes and waits until all answer. Safe to repeat: what is there and sound stays, what a crash has left
 * half-built is completed. Another release, state or image than before makes the nodes anew.
 * @throws where it does not run as root, or a node does not boot (with the end of its console).
 */
export async function labUp(options: LabOptions): Promise<Lab> {
    return up(options, false) as Promise<Lab>;
}

/** As `labUp`, with virtual machines for nodes: real kernel, real reboot, hardware that fails on command. */
export async function vmLabUp(options: LabOptions): Promise<Lab<VmNode>> {
    return up(options, true) as Promise<Lab<VmNode>>;
}

async function up(options: LabOptions, vm: boolean): Promise<AnyLab> {
    if (process.getuid?.() !== 0)
        throw new Error("the lab needs root (namespaces, mounts, loop devices): run it with sudo");
    const { id, nodes, release = "trixie", state = "incident", boot = true, log = (): void => undefined } = options;
    const image = await (vm ? ensureVmImage : ensureImage)(release, log);
    await reapOrphans();
    return withLock(labFolder(id), async () => {
        const before = await readRecord(id);
        if (before && (before.image !== image || before.state !== state)) await tearDown(id);
        await mkdir(labFolder(id), { recursive: true });
        const record: LabRecord = { id, slot: await claimSlot(id), release, state, nodes, image, vm };
        for (const surplus of nodesOf(before).slice(nodes)) {
            await surplus.remove();
            await rm(bootedMark(id, surplus), { force: true });
        }
        await writeRecord(record);
        await raiseInotifyLimit();
        await createBridge(record.slot);
        const lab = describe(record);
        await createIdentity(lab.identityFile);
        const publicKey = await readFile(`${lab.identityFile}.pub`, "utf8");
        if (boot) log(`lab: booting ${nodes} node${nodes === 1 ? "" : "s"} …`);
        await Promise.all(
            lab.nodes.map(async (node) => {
                await node.create(
                    publicKey,
                    lab.nodes.filter((peer: AnyNode) => peer !== node),
                );
                if (!boot) return;
                // Half way through its first boot when an earlier `up` was killed, it may lack its network for good.
                if (!existsSync(bootedMark(id, node))) await node.kill();
                await node.start();
                await writeFile(bootedMark(id, node), "");
            }),
        );
        await writeKnownHosts(lab);
        return lab;
    });
}

/** There since the node's first boot has ended. */
function bootedMark(id: string, { name }: AnyNode): string {
    return join(labFolder(id), `${name}.booted`);
}

/** The lab that `labUp` made, without touching it. @throws where there is none. */
export async function openLab(id: string): Promise<Lab> {
    const lab = await openAnyLab(id);
    if (isVmLab(lab)) throw new Error(`lab "${id}" has virtual machines, and this needs container nodes`);
    return lab as Lab;
}

/** The lab that `vmLabUp` made, without touching it. @throws where there is none. */
export async function openVmLab(id: string): Promise<Lab<VmNode>> {
    const lab = await openAnyLab(id);
    if (!isVmLab(lab))
        throw new Error(`lab "${id}" has container nodes, and this needs virtual machines: run "holdfast lab up --vm"`);
    return lab;
}

/** The lab of that id, of either kind, without touching it. @throws where there is none. */
export async function openAnyLab(id: string): Promise<AnyLab> {
    const record = await readRecord(id);
    if (!record) throw new Error(`there is no lab "${id}": run "holdfast lab up" first`);
    return describe(record);
}

function isVmLab(lab: AnyLab): lab is Lab<VmNode> {
    return lab.nodes[0] instanceof VmNode;
}

/** Ids of the labs in this checkout, half-built ones included. */
export async function listLabs(): Promise<string[]> {
    return readdir(labsFolder()).catch(() => []);
}

/** Removes the lab wholly: processes, mounts, loop devices, namespaces, files. No lab, or half of one, is no error. */
export async function labDown(id: string): Promise<void> {
    await withLock(labFolder(id), () => tearDown(id));
}

function describe(record: LabRecord): AnyLab {
    return {
        id: record.id,
        nodes: nodesOf(record),
        identityFile: identityFile(record.id),
        knownHostsFile: join(labFolder(record.id), "known_hosts"),
    };
}

function nodesOf(record: LabRecord | undefined): AnyNode[] {
    const Node = record?.vm ? VmNode : LabNode;
    return record ? Array.from({ length: record.nodes }, (_, index) => new Node(record, index + 1)) : [];
}

async function tearDown(id: string): Promise<void> {
    const folder = labFolder(id);
    for (const [slot, owner] of await readSlots()) if (owner === folder) await removeEverything(folder, slot);
    await rm(folder, { recursive: true, force: true });
}

/** Found by mark, name and path alone, so that it also works on the remains of a lab whose folder is gone. */
async function removeEverything(folder: string, slot: number): Promise<void> {
    const marked = await findMarked(folder);
    const inside = await listNamespaceProcesses(bridgeNamespace(slot));
    await killAndWait([...marked, ...inside]);
    // A supervisor killed while it was starting nspawn may have left one more node behind.
    await killAndWait(await listNamespaceProcesses(bridgeNamespace(slot)));
    await waitForExit(await findMarked(folder), 10);
    for (const path of await listMounts(folder)) await unmount(path);
    await detachDisks(folder);
    await deleteNamespaces(slot);
    await removeCgroups(bridgeNamespace(slot));
    await rm(socketFolder(slot), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
    await releaseSlot(slot);
}

/** Labs whose checkout was deleted while they were up. */
async function reapOrphans(): Promise<void> {
    for (const [slot, owner] of await readSlots()) {
        if (await isThere(owner)) continue;
        await withLock(owner, async () => {
            const still = (await readSlots()).get(slot) === owner && !(await isThere(owner));
            if (still) await removeEverything(owner, slot);
        });
    }
}

async function listMounts(folder: string): Promise<string[]> {
    const table = await readFile("/proc/self/mounts", "utf8");
    return table
        .split("\n")
        .map((line) => line.split(" ")[1] ?? "")
        .filter((path) => path.startsWith(`${folder}/`))
        .reverse();
}

async function createIdentity(file: string): Promise<void> {
    // The public half is written last: where it is, both are whole.
    if (
        await readFile(`${file}.pub`).then(
            () => true,
            () => false,
        )
    )
        return;
    await rm(file, { force: true });
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "holdfast lab", "-f", file]);
}

async function writeKnownHosts(lab: AnyLab): Promise<void> {
    const lines = await Promise.all(
        lab.nodes.map(async (node) => `[${node.ssh.host}]:${node.ssh.port} ${await node.hostKey()}\n`),
    );
    await writeFile(lab.knownHostsFile, lines.join(""));
}

/** A node takes several inotify instances; with the kernel's 128 some twenty nodes end in "Too many open files". */
async function raiseInotifyLimit(): Promise<void> {
    const file = "/proc/sys/fs/inotify/max_user_instances";
    if (Number(await readFile(file, "utf8")) < 4096) await writeFile(file, "4096");
}
