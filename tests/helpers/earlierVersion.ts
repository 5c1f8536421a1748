/**
 * What an earlier version has left: the state of a stack with every concern, and on each node the files. Recorded once
 * by that version (scripts/recordEarlierVersion.ts), and put back under today's lab, whose keys and addresses are
 * others.
 */
import { chmod, chown, lchown, lstat, mkdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Lab, LabNode } from "../../lab";

/** Where the concerns, and Holdfast itself, put what they install. */
const FOLDERS = ["/etc", "/usr/local", "/usr/sbin", "/var/lib/holdfast", "/var/lib/prometheus"];
const STAMP = "/run/before-holdfast";

export interface EarlierVersion {
    readonly commit: string;
    /** Of the stack, by keys without `holdfast:`; the mail password is not among them. */
    readonly config: Record<string, unknown>;
    /** As `pulumi stack export --show-secrets` prints it. */
    readonly state: unknown;
    /** By node and path. */
    readonly files: Readonly<Record<string, Readonly<Record<string, Recorded>>>>;
    /** By a number that files name. */
    readonly contents: readonly string[];
}

interface Recorded {
    /** Octal, type included. */
    readonly mode: string;
    readonly owner: readonly [number, number];
    /** Index in `contents`. */
    readonly content?: number;
    readonly link?: string;
}

/** What was there before counts as the node's own: the image's files, the lab's. */
export async function markUntouched(lab: Lab): Promise<void> {
    for (const node of lab.nodes) await node.exec(["touch", STAMP]);
}

export async function recordNodes(lab: Lab): Promise<Pick<EarlierVersion, "files" | "contents">> {
    const contents: string[] = [];
    const files: Record<string, Record<string, Recorded>> = {};
    for (const node of lab.nodes) {
        const recorded: Record<string, Recorded> = {};
        for (const path of await changedPaths(node)) recorded[path] = await recordFile(join(node.root, path), contents);
        files[node.name] = recorded;
    }
    return { files, contents };
}

async function changedPaths(node: LabNode): Promise<string[]> {
    const { stdout } = await node.exec([
        ...["find", ...FOLDERS, "-xdev", "-cnewer", STAMP, "!", "-path", "*/__pycache__*"],
        ...["!", "-path", "/etc/ssl/*", "!", "-path", "/etc/cloud/cloud-init.disabled", "!", "-path", "/etc/.pwd.lock"],
    ]);
    return stdout.split("\n").filter(Boolean).sort();
}

async function recordFile(file: string, contents: string[]): Promise<Recorded> {
    const stat = await lstat(file);
    const common = { mode: stat.mode.toString(8), owner: [stat.uid, stat.gid] as const };
    if (stat.isSymbolicLink()) return { ...common, link: await readlink(file) };
    if (stat.isDirectory()) return common;
    const content = (await readFile(file)).toString("latin1");
    if (!contents.includes(content)) contents.push(content);
    return { ...common, content: contents.indexOf(content) };
}

/** @param lab whose nodes are off */
export async function restoreNodes(lab: Lab, { files, contents }: EarlierVersion, names: Names): Promise<void> {
    for (const node of lab.nodes) {
        for (const [path, { mode, owner, content, link }] of Object.entries(files[node.name] ?? {})) {
            const file = join(node.root, path);
            if (content === undefined && link === undefined) await mkdir(file, { recursive: true });
            else {
                await mkdir(dirname(file), { recursive: true });
                await rm(file, { force: true });
                if (link !== undefined) await symlink(link, file);
                else await writeFile(file, fill(contents[content!] ?? "", names), "latin1");
            }
            await (link === undefined ? chown : lchown)(file, ...owner);
            if (link === undefined) await chmod(file, parseInt(mode, 8) & 0o7777);
        }
    }
}

/** What differs between two labs, by the name that stands for it in what was recorded. */
export type Names = Readonly<Record<string, string>>;

export async function namesOf(lab: Lab): Promise<Names> {
    const named = await Promise.all(
        lab.nodes.map(async (node) => [
            [`@{${node.name}.hostKey}`, await node.hostKey()],
            [`@{${node.name}.sshHost}`, node.ssh.host],
            [`@{${node.name}.machineId}`, (await readFile(join(node.root, "etc/machine-id"), "utf8")).trim()],
        ]),
    );
    return Object.fromEntries(named.flat()) as Names;
}

/** Puts the lab's own values where the names stand. */
export function fill(text: string, names: Names): string {
    return Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(name, value), text);
}

/** The opposite of `fill`. */
export function unfill(text: string, names: Names): string {
    return Object.entries(names).reduce((plain, [name, value]) => plain.replaceAll(value, name), text);
}
