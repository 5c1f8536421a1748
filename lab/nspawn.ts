/** A container node's processes: its power supply (`node.sh`), and under it nspawn and the node's own init. */
import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cgroupOf } from "./cgroups";
import { bridgeNamespace, listNamespaceProcesses, nodeNamespace, unplug } from "./network";
import { childrenOf, findMarked, killAndWait, markVariable, signal, waitForExit } from "../vm/processes";

export interface Container {
    readonly name: string;
    readonly slot: number;
    /** What its processes carry in their environment. */
    readonly mark: string;
    readonly mac: string;
    /** Its root file system, mounted. */
    readonly root: string;
    /** The console's log, appended to. */
    readonly console: string;
}

/** The pid of the node's init, as the workstation sees it; undefined while the node is off. */
export async function findInit({ mark }: Container): Promise<number | undefined> {
    for (const supervisor of await findMarked(`${mark} power`)) {
        for (const child of await childrenOf(supervisor)) {
            // nspawn's helper processes come and go: the node's init is pid 1 of a namespace of its own.
            const status = await readFile(`/proc/${child}/status`, "utf8").catch(() => "");
            if (/^NSpid:\t\d+\t1$/m.test(status)) return child;
        }
    }
    return undefined;
}

/** Power on. @param loops devices that the node gets. */
export async function powerOn(container: Container, loops: readonly string[]): Promise<void> {
    const { name, slot, mark, mac, root } = container;
    const console = await open(container.console, "a");
    const namespace = nodeNamespace(slot, name);
    const nspawn = [
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--capability=CAP_NET_ADMIN",
        `--machine=${name}`,
        `--hostname=${name}`,
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        `--directory=${root}`,
        "--bind=/dev/fuse", // of pmxcfs
        ...loops.map((loop) => `--bind=${loop}`),
    ];
    const supervisor = spawn(
        "sh",
        [join(__dirname, "node.sh"), namespace, await cgroupOf(namespace), bridgeNamespace(slot), name, mac, ...nspawn],
        {
            detached: true,
            stdio: ["ignore", console.fd, console.fd],
            // Without the second, ifupdown2 cannot write the sysctls that it sets on each bridge, and gives up.
            env: {
                ...process.env,
                SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1",
                SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
                [markVariable]: `${mark} power`,
            },
        },
    );
    await new Promise<void>((spawned, failed) => supervisor.once("spawn", spawned).once("error", failed));
    supervisor.unref();
    await console.close();
}

/** Clean power-off. @throws where it is still on after that time. */
export async function powerOff(container: Container, seconds: number): Promise<void> {
    const pid = await findInit(container);
    if (pid === undefined) return;
    const supervisors = await findMarked(`${container.mark} power`);
    // SIGRTMIN+3: systemd's own signal for a clean power-off, by its number since Node knows no name for it.
    signal(pid, 37);
    await waitForExit(supervisors, seconds);
    await unplug(container.slot, container.name);
}

/**
 * Every process of the node dies at once.
 *
 * Looked for until none is left: a node on its way to being on has no init yet, and one a moment later.
 */
export async function cutPower(container: Container): Promise<void> {
    const deadline = Date.now() + 30_000;
    for (;;) {
        // The supervisor first, so that nothing boots again; then init and with it the node. nspawn sees its child die
        // and ends by itself; killed before that it would leave the node running without a parent.
        const power = await findMarked(`${container.mark} power`);
        for (const supervisor of power) if (await isShell(supervisor)) signal(supervisor, "SIGKILL");
        const pid = await findInit(container);
        const inside = await listNamespaceProcesses(nodeNamespace(container.slot, container.name));
        if (power.length === 0 && inside.length === 0) break;
        await killAndWait([...(pid === undefined ? [] : [pid]), ...inside]);
        if (Date.now() > deadline) {
            await killAndWait(power);
            break;
        }
        await delay(20);
    }
    await unplug(container.slot, container.name);
}

async function isShell(pid: number): Promise<boolean> {
    return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim() === "sh";
}
