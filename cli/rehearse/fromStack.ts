/** What the stack says of a node, on the lab's Debian: the files that `up` brings, the disks that fstab names. */
import { createHash } from "node:crypto";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../components/fleet";
import { isFileSet, type ConcernDefinition, type FleetView, type PlanArgs } from "../../components/concern";
import { concernNames, concerns } from "../../components/table";
import { parseFstab } from "../../model/fstab";
import { isMountedAtBoot, isOnDevice, isSwap, canonicalTarget } from "../../model/fstab/entry";
import type { FstabEntry } from "../../model/fstab";
import type { FileSetArgs } from "../../model/contract/fileSet";
import { vmImageFiles } from "../../vm/baseImage";
import { isRequired, type Blueprint, type Content, type Disk, type Partition } from "./blueprint";
import type { Addition, Tree } from "./images";
import { networkOf } from "./way";

/** Its FileSets, in the order of the table. Nothing in them is made of a secret. */
export function plannedOf(machine: Machine, fleet: FleetView): { sets: FileSetArgs[]; secret: ReadonlySet<string> } {
    const { identity: node, host, onDelete, takeOver } = machine;
    const secret = new Set<string>();
    const sets = concernNames.flatMap((name) => {
        const definition: ConcernDefinition = concerns[name];
        const settings: unknown = machine[concerns[name].setting];
        if (!settings) return [];
        for (const [path, file] of Object.entries(definition.files)) if (file.secret) secret.add(path);
        const args: PlanArgs<unknown> = { host, node, maintenance: false, onDelete, takeOver, settings, fleet };
        return [definition.plan(args as never)].flat().filter((one) => isFileSet<FileSetArgs>(one));
    });
    return { sets, secret };
}

/** @throws Error where the stack says too little of the node to boot anything */
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
    const entries = parseFstab(fstab).flatMap(({ entry }) => (entry && isOnDevice(entry) ? [entry] : []));
    const root = entries.find(({ target }) => canonicalTarget(target) === "/");
    if (!root) throw new Error(`${name}: its fstab has no entry for /: declare it, or add --live`);
    const { disks, notes } = disksOf(entries, root);
    return {
        node: name,
        disks,
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

/**
 * One disk per source, the root's first; `/dev/sdc1` says which letter and number the node has today. A source that is
 * named otherwise takes the next letter that is free.
 */
function disksOf(entries: readonly FstabEntry[], root: FstabEntry): { disks: Disk[]; notes: string[] } {
    const notes: string[] = [];
    const named = new Map<string, { entry: FstabEntry; number?: number }[]>();
    const unnamed: FstabEntry[] = [];
    for (const entry of [root, ...entries.filter((each) => each !== root && isMountedAtBoot(each))]) {
        const [, disk, part] = /^\/dev\/((?:sd|vd|hd)[a-z]+|nvme\d+n\d+(?=p|$))p?(\d+)?$/.exec(entry.source) ?? [];
        if (disk !== undefined)
            named.set(disk, [...(named.get(disk) ?? []), { entry, ...(part && { number: Number(part) }) }]);
        else if (/^(?:(?:PART)?(?:UUID|LABEL)=|\/dev\/disk\/by-)/.test(entry.source)) unnamed.push(entry);
        else if (entry === root || isRequired(entry))
            throw new Error(
                `fstab needs ${entry.source} at ${entry.target}, and the stack does not say what it lies on: add --live`,
            );
        else
            notes.push(
                `${entry.source} (${entry.target}) is absent in every case: the stack does not say what it lies on`,
            );
    }
    const letters = Array.from({ length: 26 }, (_, index) => `sd${String.fromCharCode(97 + index)}`);
    for (const entry of unnamed) {
        const free = letters.find((letter) => !named.has(letter));
        if (free === undefined) throw new Error("fstab has more sources than there are letters of disks");
        named.set(free, [{ entry }]);
    }
    const disks = [...named].map(([name, parts]) => diskOf(name, parts));
    // The kernel finds them in the order of their letters; a letter that no file names is an empty disk.
    const order = (name: string) => (letters.includes(name) ? letters.indexOf(name) : letters.length);
    const last = Math.max(...disks.map(({ name }) => order(name)).filter((each) => each < letters.length), -1);
    const gaps = letters.slice(0, last + 1).filter((name) => !named.has(name));
    const all = [...disks, ...gaps.map((name): Disk => ({ name, ids: [] }))];
    return { disks: all.sort((a, b) => order(a.name) - order(b.name) || (a.name < b.name ? -1 : 1)), notes };
}

function diskOf(name: string, parts: readonly { entry: FstabEntry; number?: number }[]): Disk {
    const [first] = parts;
    const id = /^\/dev\/disk\/by-id\/(.+?)(?:-part(\d+))?$/.exec(first!.entry.source);
    const ids = id ? [id[1]!] : [];
    const isWhole =
        parts.length === 1 && first!.number === undefined && id?.[2] === undefined && !isByPartition(first!.entry);
    if (isWhole) return { name, ids, content: contentOf(first!.entry) };
    const partitions = parts.map(({ entry, number = Number(id?.[2] ?? 1) }): Partition => {
        const [, kind, value] = /(PARTUUID|PARTLABEL)=(.+)|by-(partuuid|partlabel)\//.exec(entry.source) ?? [];
        const tag = kind ?? undefined;
        return {
            number,
            ...(tag === "PARTUUID" && { uuid: value }),
            ...(tag === "PARTLABEL" && { label: value }),
            content: contentOf(entry),
        };
    });
    return { name, ids, table: { kind: "gpt", partitions } };
}

function isByPartition({ source }: FstabEntry): boolean {
    return /^PART(?:UUID|LABEL)=/.test(source);
}

function contentOf(entry: FstabEntry): Content {
    const [, kind, value] = /^(UUID|LABEL)="?([^"]+)"?$/.exec(entry.source) ?? [];
    const [, by, link] = /^\/dev\/disk\/by-(uuid|label)\/(.+)$/.exec(entry.source) ?? [];
    const fstype = isSwap(entry) ? "swap" : entry.fstype === "auto" ? "ext4" : entry.fstype;
    return {
        fstype,
        ...((kind === "UUID" || by === "uuid") && { uuid: value ?? link }),
        ...((kind === "LABEL" || by === "label") && { label: value ?? link }),
    };
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
