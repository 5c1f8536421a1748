/** `--live`: what the node itself would boot with, fetched over SSH. */
import { mkdir, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../components/fleet";
import { openBootCopy, type Copied } from "../../host/bootCopy";
import type { ConnectOptions } from "../../host/connection";
import { canonicalAddress } from "../../model/values/address";
import { bootEntries, CannotTell, isRequired, rootSource, type Blueprint, type Way } from "./blueprint";
import type { Addition } from "./images";
import type { Commands } from "./interrupt";
import { disksOf, unmakeable, type Mapped } from "./layout";
import { networkOf } from "./way";

export interface Fetched {
    readonly blueprint: Blueprint;
    /** The system's files. */
    readonly tree: string;
    readonly kernel: string;
    readonly initrd: string;
    readonly additions: Readonly<Record<string, Addition>>;
}

export interface FetchOptions {
    readonly connect: ConnectOptions;
    readonly folder: string;
    /** Bytes. */
    readonly most: number;
    readonly say: (line: string) => void;
}

/**
 * @throws UnreachableError where the node cannot be asked, CannotTell where what it boots with cannot be rebuilt
 */
export async function fetchNode(commands: Commands, machine: Machine, options: FetchOptions): Promise<Fetched> {
    const { folder, most, say } = options;
    const copy = await openBootCopy(machine.host, options.connect);
    try {
        const { described } = copy;
        const { name } = machine.identity;
        checkWhatIsReadable(name, described);
        checkRoot(name, described);
        const { bytes, files, withheld } = described.fetch;
        say(
            `${name}: ${megabytes(bytes)} MB of its system are fetched (${files} files); ${withheld} files stay there: data, and what only root may read`,
        );
        if (bytes > most)
            throw new Error(
                `${name}: that is more than the ${megabytes(most)} MB of --max-fetch: raise it, or free /usr`,
            );
        const tree = join(folder, "tree");
        await mkdir(tree, { mode: 0o755 });
        const unpack = commands.run(
            "tar",
            ["--extract", "--numeric-owner", "--same-permissions", "--delay-directory-restore", "-C", tree],
            { stdin: "pipe" },
        );
        // Names and padding of tar's own: 1 KiB a file, and more for long names.
        const [sent] = await Promise.allSettled([
            copy.fetch(unpack.stdin!, bytes * 1.1 + files * 4096 + (64 << 20)),
            unpack,
        ]);
        if (sent.status === "rejected") throw sent.reason;
        await unpack;
        const blueprint = await blueprintOf(machine, described, tree);
        const passwd = await readIn(tree, "/etc/passwd");
        return {
            blueprint,
            tree,
            kernel: await pathIn(tree, `/boot/vmlinuz-${described.kernel}`),
            initrd: await pathIn(tree, `/boot/initrd.img-${described.kernel}`),
            additions: { "/etc/shadow": { content: lockedShadow(passwd), mode: 0o640 } },
        };
    } finally {
        copy.end();
    }
}

function checkWhatIsReadable(node: string, { kernel, readable, commandLine }: Copied): void {
    if (kernel === "")
        throw new Error(`${node}: there is no kernel in its /boot, so it is a container, or boots from elsewhere`);
    if (readable.length < 2)
        throw new Error(
            `${node}: /boot/vmlinuz-${kernel} and its initrd.img are not both readable for everybody, and an initramfs that is root's alone may carry keys, so it stays there. UMASK=0022 in /etc/initramfs-tools/initramfs.conf, then update-initramfs -u, where it carries none`,
        );
    rootSource(commandLine.split(/\s+/));
}

/** Before anything is fetched. */
function checkRoot(node: string, described: Copied): void {
    const source = rootSource(described.commandLine.split(/\s+/));
    if (/^ZFS=|^zfs[:=]/i.test(source))
        throw new CannotTell(
            node,
            `${source}, its root, is on ZFS: a pool can be made only by a kernel with ZFS's module, and this machine's need not have one`,
        );
    const { disks, groups, mapped } = disksOf(described);
    const on = unmakeable(source, { disks, groups }, mapped);
    if (on) throw new CannotTell(node, `${cannotMake(source, "/", on)}: it could tell nothing`);
}

function cannotMake(source: string, target: string, { type, name }: Mapped): string {
    return `${source} (${target}) is on ${kinds[type] ?? type} (${name}), which a rehearsal cannot make`;
}

const kinds: Readonly<Record<string, string>> = { crypt: "LUKS", lvm: "LVM of a kind that is not plain" };

async function blueprintOf(machine: Machine, described: Copied, tree: string): Promise<Blueprint> {
    const { name, address } = machine.identity;
    const { disks, groups, mapped } = disksOf(described);
    const kernelArguments = described.commandLine.split(/\s+/).filter(Boolean);
    const fstab = await readIn(tree, "/etc/fstab");
    const notes: string[] = [];
    for (const entry of bootEntries(fstab)) {
        const on = unmakeable(entry.source, { disks, groups }, mapped);
        if (!on) continue;
        const what = cannotMake(entry.source, entry.target, on);
        if (isRequired(entry)) throw new CannotTell(name, `${what}: it could tell nothing`);
        notes.push(`${what}: it is absent in every case`);
    }
    const cards = described.cards;
    if (cards.length === 0) throw new Error(`${name}: it has no network card of its own hardware`);
    return {
        node: name,
        disks,
        groups,
        cards,
        way: await wayOf(address, described, tree, name),
        kernelArguments,
        fstab,
        drivers: described.drivers,
        notes,
    };
}

async function wayOf(address: string, { addresses, port }: Copied, tree: string, name: string): Promise<Way> {
    const sourced = await readdir(join(tree, "etc/network/interfaces.d")).catch(() => []);
    const files = ["/etc/network/interfaces", ...sourced.sort().map((file) => `/etc/network/interfaces.d/${file}`)];
    const contents = await Promise.all(files.map((file) => readIn(tree, file).catch(() => "")));
    const { way } = networkOf(contents, address);
    if (way) return { ...way, port };
    const held = addresses.find((each) => canonicalAddress(each.address) === canonicalAddress(address));
    if (!held)
        throw new Error(`${name}: no link of it has ${address}, its address in the stack: nobody could ask it for SSH`);
    return { address: held.address, prefix: held.prefix, cards: [], port };
}

/** Nobody's password is fetched: nobody can log in by one. */
export function lockedShadow(passwd: string): string {
    const users = passwd.split("\n").flatMap((line) => (/^[^:#\s]+:/.test(line) ? [line.split(":")[0]!] : []));
    return users.map((user) => `${user}:*:20000:0:99999:7:::\n`).join("");
}

/** A node may send links: what leads out of its tree is nothing of it. */
async function pathIn(tree: string, path: string): Promise<string> {
    const [top, found] = await Promise.all([realpath(tree), realpath(join(tree, path))]);
    if (!found.startsWith(`${top}/`)) throw new Error(`${path} of the node leads out of its files`);
    return found;
}

async function readIn(tree: string, path: string): Promise<string> {
    return readFile(await pathIn(tree, path), "utf8");
}

function megabytes(bytes: number): number {
    return Math.ceil(bytes / 1024 / 1024);
}
