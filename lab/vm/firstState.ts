/** The disks that a virtual machine starts with, made from the image and the node's own files. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import type { NodeIdentity } from "../initialState";
import { unmount } from "../../vm/mounts";
import { readHostKey, writeNodeFiles, type NodeFilesOptions } from "../nodeFiles";
import { isThere } from "../../vm/isThere";
import { runBound } from "../../vm/processes";
import { createDisks } from "./disks";
import { vmImageFiles } from "../../vm/baseImage";
import { fileOf, type Places } from "./places";

/** Where that has not been completed before. */
export async function createFirstState(
    places: Places,
    identity: NodeIdentity,
    options: NodeFilesOptions,
): Promise<void> {
    const done = fileOf(places, "created");
    if (await isThere(done)) return;
    const [root, upper, work] = [fileOf(places, "root"), fileOf(places, "upper"), fileOf(places, "work")];
    await unmount(root);
    await rm(places.folder, { recursive: true, force: true });
    for (const folder of [root, upper, work]) await mkdir(folder, { recursive: true });
    const layers = `lowerdir=${vmImageFiles(places.image).tree},upperdir=${upper},workdir=${work}`;
    await runBound("mount", ["-t", "overlay", `holdfast-${places.name}`, "-o", layers, root]);
    await writeNodeFiles(root, identity, options);
    const hostKey = await readHostKey(root);
    await createDisks(places.folder, root, { root: identity.rootUuid, data: identity.dataUuid });
    await unmount(root);
    for (const folder of [root, upper, work]) await rm(folder, { recursive: true });
    const { host, port } = places.ssh;
    await writeFile(fileOf(places, "host_key"), `${hostKey}\n`);
    await writeFile(fileOf(places, "known_hosts"), `[${host}]:${port} ${hostKey}\n`);
    await writeFile(fileOf(places, "console.log"), "");
    await writeFile(done, "");
}
