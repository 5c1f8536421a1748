/** What makes a copy of the image one certain node: its name, identity, keys and the files of its initial state. */
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import execa from "execa";
import { initialFiles, type NodeIdentity } from "./initialState";
import type { InitialState } from "./state";

export interface NodeFilesOptions {
    /** The line that root, `ops` and `nosudo` accept. */
    readonly publicKey: string;
    readonly peers: readonly NodeIdentity[];
    readonly state: InitialState;
}

/** @param root the node's root file system as the workstation sees it; the node is off. */
export async function writeNodeFiles(
    root: string,
    node: NodeIdentity,
    { publicKey, peers, state }: NodeFilesOptions,
): Promise<void> {
    for (const [path, content] of Object.entries(initialFiles(node, peers, state)))
        await writeNodeFile(root, path, content);
    await writeNodeFile(root, "/etc/machine-id", `${(await execa("systemd-id128", ["new"])).stdout}\n`, 0o444);
    const hostKey = join(root, hostKeyPath);
    await rm(hostKey, { force: true });
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `root@${node.name}`, "-f", hostKey]);
    await authorize(root, "root", publicKey);
    for (const user of ["home/ops", "home/nosudo"]) await authorize(root, user, publicKey);
}

/** `ssh-ed25519 AAAA…` */
export async function readHostKey(root: string): Promise<string> {
    const [type, key] = (await readFile(join(root, `${hostKeyPath}.pub`), "utf8")).split(" ");
    return `${type} ${key}`;
}

export async function writeNodeFile(root: string, path: string, content: string, mode = 0o644): Promise<void> {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    if (path.endsWith("/.ssh/authorized_keys")) await chmod(dirname(target), 0o700);
    await rm(target, { force: true });
    await writeFile(target, content, { mode });
    await chmod(target, mode);
}

const hostKeyPath = "etc/ssh/ssh_host_ed25519_key";

async function authorize(root: string, home: string, publicKey: string): Promise<void> {
    const path = `/${home}/.ssh/authorized_keys`;
    await writeNodeFile(root, path, publicKey, 0o600);
    if (home === "root") return;
    const passwd = await readFile(join(root, "etc/passwd"), "utf8");
    const [, , uid, gid] =
        passwd
            .split("\n")
            .find((line) => line.startsWith(`${home.slice(5)}:`))
            ?.split(":") ?? [];
    for (const owned of [path, dirname(path)]) await chown(join(root, owned), Number(uid), Number(gid));
}
