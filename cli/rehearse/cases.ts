/** The boots that are rehearsed. Pure. */
import { isRequired, mountsOf, rootSource, targetOf, volumeOf, type Blueprint, type Mount } from "./blueprint";

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

/** @throws Error where the root file system is on none of the disks */
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

/** Disks that fstab uses, and whose every mount has `nofail`. The root disk is none. */
function optionalDisks(blueprint: Blueprint): { disk: string; targets: string[] }[] {
    const root = volumeOf(rootSource(blueprint.kernelArguments), blueprint.disks)?.disk;
    if (!root) throw new Error(`no disk of ${blueprint.node} holds ${rootSource(blueprint.kernelArguments)}`);
    const mounts = mountsOf(blueprint);
    return blueprint.disks.flatMap((disk) => {
        const own = mounts.filter(({ volume }) => volume?.disk === disk);
        if (disk === root || own.length === 0 || own.some(({ entry }) => isRequired(entry))) return [];
        return [{ disk: disk.name, targets: own.map(({ entry }) => targetOf(entry)) }];
    });
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
    const root = volumeOf(rootSource(blueprint.kernelArguments), blueprint.disks)?.disk;
    const blocks = ({ entry, volume }: Mount) => isRequired(entry) && volume !== undefined && volume.disk !== root;
    return mountsOf(blueprint)
        .filter(blocks)
        .map(
            ({ entry, volume }) =>
                `fstab requires ${targetOf(entry)}: without ${volume!.disk.name} no boot gets past it, so that case is not booted`,
        );
}
