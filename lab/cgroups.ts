/** Each node's control group: its systemd manages what is below, and must not see another node's. */
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";

/** @throws where the workstation has no cgroup2 file system (any Debian since 11 has). */
export async function cgroupOf(namespace: string): Promise<string> {
    const mount = (await hierarchies("cgroup2"))[0];
    if (mount === undefined) throw new Error("no cgroup2 file system is mounted: the lab's nodes need one");
    return join(mount, nameOf(namespace));
}

/**
 * Removes the emptied control groups of that name, and of those that continue it after a hyphen. Where the workstation
 * has the older hierarchies too, nspawn makes the same group in that of systemd.
 */
export async function removeCgroups(namespace: string): Promise<void> {
    const wanted = nameOf(namespace);
    for (const mount of [...(await hierarchies("cgroup2")), ...(await hierarchies("cgroup"))])
        for (const name of await readdir(mount))
            if (name === wanted || name.startsWith(`${wanted}-`)) await removeTree(join(mount, name));
}

/** Seconds, of all processes that are or were in a control group. */
export async function processorTimeOf(cgroup: string): Promise<number> {
    const stat = await readFile(join(cgroup, "cpu.stat"), "utf8");
    return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e6;
}

function nameOf(namespace: string): string {
    return `holdfast-${namespace}`;
}

/** Where the file systems of that type are mounted. */
async function hierarchies(type: "cgroup" | "cgroup2"): Promise<string[]> {
    const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
    return mounts.flatMap(([, folder, mounted]) => (mounted === type && folder !== undefined ? [folder] : []));
}

async function removeTree(folder: string): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) await removeTree(join(folder, entry.name));
    }
    await rmdir(folder);
}
