/** What the stack says of a node, on the lab's Debian: the files that `up` brings, the disks that fstab names. */
import { createHash } from "node:crypto";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../components/fleet";
import { parseFstab } from "../../model/fstab";
import { isOnDevice, isSwap, canonicalTarget } from "../../model/fstab/entry";
import type { FstabEntry } from "../../model/fstab";
import type { FileSetArgs } from "../../model/contract/fileSet";
import { logicalVolumeOf, tagOf } from "../../model/fstab/source";
import { vmImageFiles } from "../../vm/baseImage";
import { bootEntries, CannotTell, isRequired, kernelNameOf } from "./blueprint";
import type { Blueprint, Content, Disk, Partition, VolumeGroup } from "./blueprint";
import type { Addition, Tree } from "./images";
import { networkOf } from "./way";

/** @throws Error where the stack says too little of the node to boot anything, CannotTell where it cannot be made */
export function blueprintOf(machine: Machine, sets: readonly FileSetArgs[]): Blueprint {
    const { name, address } = machine.identity;
    const contentOf = (path: string) =>
        sets.map(({ files }) => files[path]?.content).find((each) => each !== undefined);
    const fstab = contentOf("/etc/fstab");
    const interfaces = contentOf("/etc/network/interfaces");
    if (fstab === undefined || interfaces === undefined)
        throw new Error(
            `${name}: the stack declares no ${fstab === undefined ? "fstab" : "interfaces"} for it, so what it boots with is known on the node alone: add --live`,
        );
    const { cards, way } = networkOf([interfaces], address);
    if (!way) throw new Error(`${name}: no stanza of its interfaces brings up ${address}: nobody could ask it for SSH`);
    const isRoot = ({ target }: FstabEntry) => canonicalTarget(target) === "/";
    const root = parseFstab(fstab).find(({ entry }) => entry && isOnDevice(entry) && isRoot(entry))?.entry;
    if (!root) throw new Error(`${name}: its fstab has no entry for /: declare it, or add --live`);
    const others = bootEntries(fstab).filter((entry) => !isRoot(entry));
    const { disks, groups, notes } = storageOf(name, [root, ...others]);
    return {
        node: name,
        disks,
        groups,
        cards: cards.map((card, index) => ({ name: card, mac: macOf(name, card, index) })),
        way: { ...way, port: 22 },
        kernelArguments: [`root=${root.source}`, "ro"],
        fstab,
        drivers: ["ahci"],
        notes: [
            "the base system is the lab's Debian, with its kernel, and not the node's own",
            "one disk for each source of fstab; the cards' MAC addresses are made up",
            ...notes,
        ],
    };
}

/** What lies on one disk, by what names it. */
interface Named {
    /** Today's letter, where the file says it. */
    readonly letter?: string;
    readonly ids?: readonly string[];
    readonly group?: string;
    readonly parts: { readonly entry: FstabEntry; readonly number?: number }[];
}

/**
 * One disk per source, the root's first, and one per volume group; `/dev/sdc1` says which letter and number the node
 * has today. A source that is named otherwise takes the next letter that is free.
 * @param entries the root's first @throws CannotTell where one that is required is on what nobody has named
 */
function storageOf(
    node: string,
    entries: readonly FstabEntry[],
): { disks: Disk[]; groups: VolumeGroup[]; notes: string[] } {
    const notes: string[] = [];
    const all = new Map<string, Named>();
    for (const entry of entries) {
        const named = nameOf(entry);
        if (named) {
            const { key, number, ...more } = named;
            const known = all.get(key) ?? { ...more, parts: [] };
            known.parts.push({ entry, ...(number !== undefined && { number }) });
            all.set(key, known);
        } else if (entry === entries[0] || isRequired(entry))
            throw new CannotTell(
                node,
                `fstab needs ${entry.source} at ${entry.target}, and the stack does not say what it lies on: add --live`,
            );
        else
            notes.push(
                `${entry.source} (${entry.target}) is absent in every case: the stack does not say what it lies on`,
            );
    }
    const letters = Array.from({ length: 26 }, (_, index) => `sd${String.fromCharCode(97 + index)}`);
    const taken = new Set([...all.values()].flatMap(({ letter }) => letter ?? []));
    const groups: VolumeGroup[] = [];
    const disks = [...all.values()].map((named) => {
        const name = named.letter ?? letters.find((letter) => !taken.has(letter));
        if (name === undefined) throw new Error("fstab has more sources than there are letters of disks");
        taken.add(name);
        if (named.group !== undefined) groups.push(groupOf(named.group, name, named.parts));
        return diskOf(name, named);
    });
    // The kernel finds them in the order of their letters; a letter that no file names is an empty disk.
    const order = (name: string) => (letters.includes(name) ? letters.indexOf(name) : letters.length);
    const last = Math.max(...disks.map(({ name }) => order(name)).filter((each) => each < letters.length), -1);
    const gaps = letters.slice(0, last + 1).filter((name) => !taken.has(name));
    const whole = [...disks, ...gaps.map((name): Disk => ({ name, ids: [] }))];
    return { disks: whole.sort((a, b) => order(a.name) - order(b.name) || (a.name < b.name ? -1 : 1)), groups, notes };
}

/** Undefined where its name says nothing of what it lies on, or no disk of the machine could bear it. */
function nameOf({ source }: FstabEntry): (Omit<Named, "parts"> & { key: string; number?: number }) | undefined {
    const kernel = kernelNameOf(source);
    if (kernel) {
        const { disk, number } = kernel;
        return /^(?:sd|nvme)/.test(disk)
            ? { key: disk, letter: disk, ...(number !== undefined && { number }) }
            : undefined;
    }
    const [group] = logicalVolumeOf(source) ?? [];
    if (group !== undefined) return { key: `group ${group}`, group };
    const [by, value] = tagOf(source) ?? [];
    if (by === undefined) return undefined;
    if (by !== "ID") return { key: `${by}=${value}`, ...(by.startsWith("PART") && { number: 1 }) };
    const [, id, number] = /^(.+?)(?:-part(\d+))?$/.exec(value!)!;
    return { key: `ID=${id}`, ids: [id!], ...(number !== undefined && { number: Number(number) }) };
}

function groupOf(group: string, disk: string, parts: Named["parts"]): VolumeGroup {
    const volumes = new Map(
        parts.map(({ entry }) => {
            const name = logicalVolumeOf(entry.source)![1];
            return [name, { group, name, disks: [disk], content: contentOf(entry) }] as const;
        }),
    );
    return { name: group, members: [{ disk }], volumes: [...volumes.values()] };
}

function diskOf(name: string, { ids = [], group, parts }: Named): Disk {
    if (group !== undefined) return { name, ids, content: { fstype: "LVM2_member" } };
    const [{ entry, number } = parts[0]!] = parts;
    if (parts.every((part) => part.number === undefined)) return { name, ids, content: contentOf(entry) };
    const partitions = new Map(
        parts.map(({ entry: each, number: own = number ?? 1 }): [number, Partition] => {
            const [by, value] = tagOf(each.source) ?? [];
            return [
                own,
                {
                    number: own,
                    ...(by === "PARTUUID" && { uuid: value }),
                    ...(by === "PARTLABEL" && { label: value }),
                    content: contentOf(each),
                },
            ];
        }),
    );
    return { name, ids, table: { kind: "gpt", partitions: [...partitions.values()] } };
}

function contentOf(entry: FstabEntry): Content {
    const [by, value] = tagOf(entry.source) ?? [];
    const fstype = isSwap(entry) ? "swap" : entry.fstype === "auto" ? "ext4" : entry.fstype;
    return { fstype, ...(by === "UUID" && { uuid: value }), ...(by === "LABEL" && { label: value }) };
}

/** `enx…` has its card's; the others get one of their own that stays. */
function macOf(node: string, card: string, index: number): string {
    const digits =
        /^enx([0-9a-f]{12})$/.exec(card)?.[1] ??
        `525400${createHash("sha256").update(`${node} ${index}`).digest("hex").slice(0, 6)}`;
    return digits.match(/../g)!.join(":");
}

/** @param folder of the lab's image */
export async function treeOf(
    folder: string,
    sets: readonly FileSetArgs[],
    secret: ReadonlySet<string>,
): Promise<{ tree: Tree; notes: string[] }> {
    const lower = vmImageFiles(folder).tree;
    const stands = (path: string) =>
        lstat(join(lower, path)).then(
            () => true,
            () => false,
        );
    const planned = sets.flatMap(({ files }) => Object.entries(files));
    const additions: Record<string, Addition> = {};
    const absent: string[] = [];
    const notes: string[] = [];
    const owners = await ownersOf(lower);
    for (const [path, file] of planned) {
        if (file.when !== undefined && !(await stands(file.when)) && !planned.some(([other]) => other === file.when))
            continue;
        if (file.yields && (await stands(path))) continue;
        if (secret.has(path)) notes.push(`${path} is left out: it may hold a secret`);
        else if (file.absent) absent.push(path);
        else
            additions[path] = {
                content: file.content ?? "",
                mode: Number.parseInt(file.mode ?? "0644", 8),
                uid: owners.users.get(file.owner ?? "root") ?? 0,
                gid: owners.groups.get(file.group ?? "root") ?? 0,
            };
    }
    const units: Record<string, boolean> = {};
    for (const [unit, { enabled }] of sets.flatMap(({ units = {} }) => Object.entries(units))) {
        if (enabled === undefined) continue;
        const places = ["/etc/systemd/system", "/usr/lib/systemd/system"].map((place) => `${place}/${unit}`);
        const isThere =
            places.some((path) => path in additions) || (await Promise.all(places.map(stands))).some(Boolean);
        if (isThere) units[unit] = enabled;
        else if (enabled) notes.push(`${unit} is not in the base system`);
    }
    return { tree: { lower, additions, absent, units }, notes };
}

async function ownersOf(lower: string): Promise<{ users: Map<string, number>; groups: Map<string, number> }> {
    const ids = async (file: string) =>
        new Map(
            (await readFile(join(lower, file), "utf8")).split("\n").map((line): [string, number] => {
                const [name = "", , id] = line.split(":");
                return [name, Number(id)];
            }),
        );
    return { users: await ids("etc/passwd"), groups: await ids("etc/group") };
}
