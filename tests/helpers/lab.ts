/** The nodes that `tests/lab/setup.ts` has booted. */
import { readFile } from "node:fs/promises";
import { openLab, type Lab, type LabNode } from "../../lab";
import { initialFiles } from "../../lab/initialState";

/** Milliseconds that a hook may wait for what `npm test` builds meanwhile (toolchain/testModules.js). */
export const buildTimeout = 1_200_000;

/** The ids of the labs for so many workers of jest's. */
export function testLabs(workers: number): string[] {
    return Array.from({ length: workers }, (_, index) => labOf(index + 1));
}

function labOf(worker: number): string {
    const id = process.env.HOLDFAST_LAB ?? "jest";
    return worker === 1 ? id : `${id}-${worker}`;
}

/** This worker's. */
export async function openTestLab(): Promise<Lab> {
    return openLab(labOf(Number(process.env.JEST_WORKER_ID ?? 1)));
}

/** The lab and its node of that number, 1 to 3. */
export async function openTestNode(number: number): Promise<{ lab: Lab; node: LabNode }> {
    const lab = await openTestLab();
    const node = lab.nodes[number - 1];
    if (!node) throw new Error(`the test lab has ${lab.nodes.length} nodes, none is number ${number}`);
    return { lab, node };
}

/** As the incidents found it, beside the lab's other nodes, and as if Holdfast had never been there. */
export async function toIncidentState(lab: Lab, node: LabNode): Promise<void> {
    await node.exec([
        "rm",
        "-rf",
        "/var/lib/holdfast",
        "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg",
        "/etc/udev/rules.d/99-holdfast-fstab.rules",
        "/etc/network/interfaces.new",
    ]);
    const files = initialFiles(
        node,
        lab.nodes.filter((peer) => peer !== node),
        "incident",
    );
    for (const path of ["/etc/hosts", "/etc/fstab", "/etc/network/interfaces"])
        await node.exec(["sh", "-c", 'cat >"$1"; chmod 644 "$1"', "sh", path], { input: files[path]! });
}

/** A file of a running node, read from outside. */
export async function readNodeFile(node: LabNode, path: string): Promise<string> {
    return (await node.exec(["cat", path])).stdout;
}

/** What an OpenSSH client needs to reach the node, as its command line. */
export async function sshArguments(lab: Lab, node: LabNode, user = "root"): Promise<string[]> {
    await readFile(lab.identityFile);
    return [
        "-F",
        "none",
        "-i",
        lab.identityFile,
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "BatchMode=yes",
        "-o",
        `UserKnownHostsFile=${lab.knownHostsFile}`,
        "-o",
        "StrictHostKeyChecking=yes",
        "-p",
        String(node.ssh.port),
        `${user}@${node.ssh.host}`,
    ];
}
