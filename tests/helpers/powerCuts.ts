/** Power cuts at random moments of transactions on a real machine: what was not written is lost, as on any other. */
import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Lab, VmNode } from "../../lab";
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { pushFileSet } from "./pushFileSet";

/** What became of one transaction. */
export interface Cut {
    /** Milliseconds from the client's first word to the cut. */
    readonly after: number;
    /** Which version all files have after the next boot. */
    readonly found: "old" | "new";
    /** Whether the recovery at that boot had something to undo. */
    readonly undone: boolean;
    /** What the client was told in the end. */
    readonly told: string;
}

const folder = "/etc/lab-cuts";
const count = 24;

/** Many files in two folders, each of several blocks, so that a cut meets all phases. */
function fileSet(host: HostArgs, version: string): FileSetArgs {
    const paths = Array.from({ length: count }, (_, index) => `${folder}/${index % 2 === 0 ? "a" : "b"}/${index}.conf`);
    const content = (path: string) => `# ${version}\n${`${path} ${version}\n`.repeat(400)}`;
    const files = Object.fromEntries(paths.map((path) => [path, { content: content(path) }]));
    const commands = [{ argv: ["sleep", "1"] }];
    return { host, concern: "lab-cuts", files, validate: commands, activate: commands, verify: commands };
}

/** How long one takes that nobody cuts, in milliseconds; afterwards the files have that version. */
export async function uncut(lab: Lab<VmNode>, host: HostArgs, version: string): Promise<number> {
    const started = performance.now();
    await pushFileSet(lab, fileSet(host, version));
    return performance.now() - started;
}

/**
 * @param longest milliseconds: the cut comes at a random moment before
 * @throws where a file is neither old nor new as a whole, the versions are mixed, a journal is open, or record and
 *   files disagree
 */
export async function cut(
    lab: Lab<VmNode>,
    host: HostArgs,
    versions: { old: string; new: string },
    longest: number,
    append: string,
): Promise<Cut> {
    const node = lab.nodes[0]!;
    const after = randomInt(Math.ceil(longest));
    const push = pushFileSet(lab, fileSet(host, versions.new)).then(
        () => "applied",
        (error: unknown) => String(error),
    );
    await delay(after);
    await node.kill();
    const boot = await node.start(undefined, append);
    // A client that had not begun yet, or was not answered, comes back as soon as the node does: looked at before it is
    // done, the files would be those of a transaction under way.
    const told = await push;
    if (!boot.multiUser) throw new Error(`cut after ${after} ms, it does not boot: ${JSON.stringify(boot.failed)}`);
    const found = await wholeVersion(node, versions, after);
    const log = (await node.exec(["journalctl", "--boot", "--identifier=holdfast", "--output=cat", "--no-pager"]))
        .stdout;
    const undone = log.includes("recover: transaction");
    const where = `cut after ${after} ms: files are ${found}, told "${told}", log:\n${log}`;
    if (told === "applied" && found === "old") throw new Error(`${where}\na transaction that was told applied is gone`);
    if (undone && found === "new" && told !== "applied") throw new Error(`${where}\nwhat was undone is there`);
    return { after, found, undone, told };
}

/** @throws where the files are not whole, all of one version, and nothing else beside them */
async function wholeVersion(
    node: VmNode,
    versions: { old: string; new: string },
    after: number,
): Promise<"old" | "new"> {
    const script = `ls -A /etc/holdfast/journal | sed 's/^/journal: /'; find ${folder} -type f | while read -r path; do printf '%s %s %s\\n' "$path" "$(sed -n '1s/# //p' "$path")" "$(sort -u "$path" | wc -l) $(wc -l <"$path")"; done`;
    const lines = (await node.exec(["sh", "-c", script])).stdout.split("\n").sort();
    const expected = (version: string) =>
        Object.keys(fileSet({} as HostArgs, version).files)
            .map((path) => `${path} ${version} 2 401`)
            .sort();
    for (const key of ["old", "new"] as const)
        if (JSON.stringify(lines) === JSON.stringify(expected(versions[key]))) return key;
    throw new Error(
        `cut after ${after} ms: neither all old nor all new, or something is left over:\n${lines.join("\n")}`,
    );
}
