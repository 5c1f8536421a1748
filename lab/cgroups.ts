/** Each node's control group: its systemd manages what is below, and must not see another node's. */
import { readdir, readFile, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** @throws where the workstation has no cgroup2 file system (any Debian since 11 has). */
export async function cgroupOf(namespace: string): Promise<string> {
    const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
    const mount = mounts.find(([, , type]) => type === "cgroup2")?.[1];
    if (mount === undefined) throw new Error("no cgroup2 file system is mounted: the lab's nodes need one");
    return join(mount, `holdfast-${namespace}`);
}

/** Removes the emptied control groups of that name, and of those that continue it after a hyphen. */
export async function removeCgroups(namespace: string): Promise<void> {
    const first = await cgroupOf(namespace);
    for (const name of await readdir(dirname(first))) {
        if (name === basename(first) || name.startsWith(`${basename(first)}-`))
            await removeTree(join(dirname(first), name));
    }
}

async function removeTree(folder: string): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) await removeTree(join(folder, entry.name));
    }
    await rmdir(folder);
}
