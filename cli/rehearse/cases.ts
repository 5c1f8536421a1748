/** The boots that are rehearsed. Pure. */
import { CannotTell, isRequired, kernelNameOf, mountsOf, rootSource, targetOf, volumeOf } from "./blueprint";
import type { Blueprint, Disk, Mount } from "./blueprint";

/** What is otherwise than on the node. */
export interface Case {
    /** What `--case` calls it. */
    readonly name: string;
    /** In words. */
    readonly what: string;
    readonly absentDisk?: string;
    /** A further disk is found before all others, so that each letter is the next disk's. */
    readonly otherOrder?: true;
    readonly absentCard?: string;
    /** Where a further card sits: behind the others, or before them, so that slots are counted anew. */
    readonly addedCard?: "last" | "first";
    /** Booted only where it is asked for. */
    readonly onRequest?: true;
    /** Without the card nothing leads to the node any more: it has to boot, and cannot be asked for SSH. */
    readonly noWayIn?: true;
}

/** @throws CannotTell where the root file system is on none of the disks */
export function casesOf(blueprint: Blueprint): Case[] {
    return [
        { name: "as-is", what: "as it is" },
        ...optionalDisks(blueprint).map(({ disk, targets }) => ({
            name: `without-${disk}`,
            what: `without ${disk} (${targets.join(", ")})`,
            absentDisk: disk,
        })),
        { name: "other-order", what: "disks in another order", otherOrder: true },
        ...absentCard(blueprint),
        { name: "nic-added", what: "a network card added", addedCard: "last" },
        {
            name: "nic-first",
            what: "a network card added in a slot before the others",
            addedCard: "first",
            onRequest: true,
        },
    ];
}

/** Disks that fstab uses, and whose every mount has `nofail`. A root disk is none. */
function optionalDisks(blueprint: Blueprint): { disk: string; targets: string[] }[] {
    const roots = rootDisks(blueprint);
    const mounts = mountsOf(blueprint);
    return blueprint.disks.flatMap((disk) => {
        const own = mounts.filter(({ volume }) => volume?.disks.includes(disk));
        if (roots.includes(disk) || own.length === 0 || own.some(({ entry }) => isRequired(entry))) return [];
        return [{ disk: disk.name, targets: own.map(({ entry }) => targetOf(entry)) }];
    });
}

/** @throws CannotTell where there is none */
function rootDisks(blueprint: Blueprint): readonly Disk[] {
    const source = rootSource(blueprint.kernelArguments);
    const root = volumeOf(source, blueprint);
    if (!root) throw new CannotTell(blueprint.node, `no disk of it holds ${source}, its root`);
    return root.disks;
}

/** The first of those that lead to the node's address; of several (a bond), the others have to carry it. */
function absentCard({ cards, way }: Blueprint): Case[] {
    const card = cards.find(({ name }) => way.cards.includes(name)) ?? cards[0];
    if (!card) return [];
    const noWayIn = way.cards.length > 0 ? way.cards.every((name) => name === card.name) : cards.length === 1;
    return [
        {
            name: "nic-absent",
            what: `without the network card ${card.name}`,
            absentCard: card.name,
            ...(noWayIn && { noWayIn }),
        },
    ];
}

/** @throws Error where a name is none of them */
export function chosenCases(cases: readonly Case[], names: readonly string[]): readonly Case[] {
    const stranger = names.find((name) => !cases.some((each) => each.name === name));
    if (stranger !== undefined)
        throw new Error(`--case ${stranger}: this node has ${cases.map(({ name }) => name).join(", ")}`);
    return cases.filter(({ name, onRequest }) => (names.length === 0 ? !onRequest : names.includes(name)));
}

/** What is known without a boot: a mount that the boot waits for. One line each. */
export function requiredBeyondRoot(blueprint: Blueprint): string[] {
    const roots = rootDisks(blueprint);
    const others = ({ volume }: Mount) => (volume?.disks ?? []).filter((disk) => !roots.includes(disk));
    return mountsOf(blueprint)
        .filter((mount) => isRequired(mount.entry) && others(mount).length > 0)
        .map(
            (mount) =>
                `fstab requires ${targetOf(mount.entry)}: without ${others(mount)
                    .map(({ name }) => name)
                    .join(" or ")} no boot gets past it, so that case is not booted`,
        );
}

/**
 * What a boot that is reached says nothing of: with other letters a mount by one may be another disk's, or none's. One
 * line each.
 */
export function mountedByLetter(blueprint: Blueprint): string[] {
    return mountsOf(blueprint)
        .filter(({ entry }) => /^sd/.test(kernelNameOf(entry.source)?.disk ?? ""))
        .map(
            ({ entry }) =>
                `fstab names ${targetOf(entry)} by ${entry.source}, which may be another disk at the next boot, also where that is reached: name it by UUID`,
        );
}
