/** The lab's network: one bridge in a namespace that is connected to nothing but the nodes. */
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { findMarked, killAndWait, markVariable, runBound } from "../vm/processes";

export const gateway = { address: "192.0.2.1", address6: "2001:db8::1" };
export const sshPort = 2222;

export function bridgeNamespace(slot: number): string {
    return `hf${slot}`;
}

export function nodeNamespace(slot: number, node: string): string {
    return `hf${slot}-${node}`;
}

/** The gateway of the nodes. Nothing is routed: no namespace of the lab has a way to the workstation's network. */
export async function createBridge(slot: number): Promise<void> {
    const namespace = bridgeNamespace(slot);
    if ((await listNamespaces()).includes(namespace)) {
        const link = await runBound("ip", ["-n", namespace, "link", "show", "br0", "up"], { reject: false });
        if (link.exitCode === 0 && link.stdout !== "") return;
        await runBound("ip", ["netns", "delete", namespace]);
    }
    await runBound("ip", ["netns", "add", namespace]);
    const batch = [
        "link add br0 type bridge",
        `address add ${gateway.address}/24 dev br0`,
        `address add ${gateway.address6}/64 dev br0 nodad`,
        "link set lo up",
        "link set br0 up",
    ];
    await runBound("ip", ["-n", namespace, "-batch", "-"], { input: batch.join("\n") });
}

/** A port of the lab's bridge for a virtual machine; QEMU, started in the bridge's namespace, is its other end. */
export async function attachTap(slot: number, name: string): Promise<void> {
    const namespace = bridgeNamespace(slot);
    // Left over from a former boot.
    await runBound("ip", ["-n", namespace, "link", "delete", name], { reject: false });
    await runBound("ip", ["-n", namespace, "tuntap", "add", "dev", name, "mode", "tap"]);
    await runBound("ip", ["-n", namespace, "link", "set", name, "master", "br0", "up"]);
}

/** A container node's namespace outlives its processes and would still answer pings, as no machine does that is off. */
export async function unplug(slot: number, port: string): Promise<void> {
    await runBound("ip", ["-n", bridgeNamespace(slot), "link", "delete", port], { reject: false });
}

export async function deleteNamespaces(slot: number): Promise<void> {
    const own = bridgeNamespace(slot);
    for (const name of await listNamespaces()) {
        if (name === own || name.startsWith(`${own}-`)) await runBound("ip", ["netns", "delete", name]);
    }
}

/** Pids of every process inside the namespaces of that name or prefix. */
export async function listNamespaceProcesses(prefix: string): Promise<number[]> {
    const names = (await listNamespaces()).filter((name) => name === prefix || name.startsWith(`${prefix}-`));
    const outputs = await Promise.all(names.map((name) => runBound("ip", ["netns", "pids", name])));
    return outputs.flatMap(({ stdout }) => stdout.split("\n").filter(Boolean).map(Number));
}

async function listNamespaces(): Promise<string[]> {
    const { stdout } = await runBound("ip", ["netns", "list"]);
    return stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ")[0] ?? "");
}

/**
 * Makes a node's sshd reachable at a loopback address of the workstation: the socket is opened here and handed to
 * systemd-socket-proxyd, which runs inside the bridge's namespace. So no route into the lab is needed.
 */
export async function startForward(
    slot: number,
    mark: string,
    from: { host: string; port: number },
    to: string,
): Promise<void> {
    if ((await findMarked(mark)).length > 0) return;
    const forward = spawn(
        "systemd-socket-activate",
        [
            "--setenv",
            `${markVariable}=${mark}`,
            "--listen",
            `${from.host}:${from.port}`,
            "/usr/bin/nsenter",
            `--net=/run/netns/${bridgeNamespace(slot)}`,
            "/usr/lib/systemd/systemd-socket-proxyd",
            to,
        ],
        { detached: true, stdio: "ignore", env: { ...process.env, [markVariable]: mark } },
    );
    await new Promise<void>((started, failed) => forward.once("spawn", started).once("error", failed));
    forward.unref();
}

export async function stopForward(mark: string): Promise<void> {
    await killAndWait(await findMarked(mark));
}

/** Whether an SSH server answers there within a second. */
export async function answersSsh(host: string, port: number): Promise<boolean> {
    return new Promise((answered) => {
        const socket = connect({ host, port });
        const end = (answer: boolean): void => {
            socket.destroy();
            answered(answer);
        };
        socket.setTimeout(1000, () => end(false));
        socket.once("data", (data) => end(data.toString("latin1").startsWith("SSH-")));
        socket.once("error", () => end(false));
        socket.once("close", () => end(false));
    });
}
