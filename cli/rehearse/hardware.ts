/** A case as QEMU's arguments. Pure. */
import type { Blueprint, Card } from "./blueprint";
import type { Case } from "./cases";
import { slotsOf, type Slot } from "./plan";

/** A card that is nobody's on the node. */
const added: Card = { name: "added", mac: "52:54:00:5e:ad:01" };

/** The cards of a case, as they sit: the tap of each is `tap0`, `tap1`, … */
export function cardsOf({ cards }: Pick<Blueprint, "cards">, { absentCard, addedCard }: Case): (Card | undefined)[] {
    // The place of an absent one stays empty: its neighbours are called as before.
    const own = cards.map((card) => (card.name === absentCard ? undefined : card));
    if (addedCard === "first") return [added, ...own];
    return addedCard === "last" ? [...own, added] : own;
}

/** @param files disk images by the disks' names */
export function deviceArguments(
    blueprint: Blueprint,
    oneCase: Case,
    files: Readonly<Record<string, string>>,
    consoleLog: string,
): string[] {
    const slots = slotsOf(blueprint, oneCase);
    return [
        ...["-no-reboot", "-serial", `file:${consoleLog}`],
        ...cardsOf(blueprint, oneCase).flatMap((card, index) => [
            "-device",
            `pcie-root-port,id=net-port${index},chassis=${index + 1},hotplug=off`,
            ...(card
                ? [
                      ...["-netdev", `tap,id=net${index},ifname=tap${index},script=no,downscript=no`],
                      ...["-device", `virtio-net-pci,netdev=net${index},mac=${card.mac},bus=net-port${index}`],
                  ]
                : []),
        ]),
        ...["-device", "virtio-scsi-pci,id=scsi", "-device", "virtio-rng-pci"],
        ...slots.flatMap((slot) => {
            const drive = `file-${slot.name}`;
            const serial = blueprint.disks.find(({ name }) => name === slot.name)?.serial;
            return [
                "-blockdev",
                JSON.stringify({
                    driver: "qcow2",
                    "node-name": drive,
                    file: { driver: "file", filename: files[slot.name] },
                }),
                "-device",
                JSON.stringify({ ...device(slot), drive, ...(serial !== undefined && { serial: fitting(serial) }) }),
            ];
        }),
    ];
}

/** QEMU takes 20 characters of an ATA disk's and an NVMe's. */
function fitting(serial: string): string {
    return serial.trim().slice(0, 20);
}

function device({ name, bus, position }: Slot): Record<string, string | number> {
    switch (bus) {
        case "ahci":
            return { driver: "ide-hd", id: `disk-${name}`, bus: `ide.${position}` };
        case "virtio_scsi":
            return { driver: "scsi-hd", id: `disk-${name}`, bus: "scsi.0", "scsi-id": position };
        case "nvme":
            return { driver: "nvme", id: `disk-${name}`, serial: `rehearsal-${position}` };
    }
}

/** Words of the node's own command line that steer its real console, or what it says there. */
const dropped = /^(?:console=|quiet$|splash$|loglevel=|systemd\.show_status=|BOOT_IMAGE=|initrd=)/;

/**
 * The node's own, and what makes a console tell everything: systemd falls silent there once a login prompt stands on
 * it. Disks are looked for one after the other, and early: in emulation the default time limit of a mount is short.
 */
export function commandLine(kernelArguments: readonly string[]): string {
    const own = kernelArguments.filter((word) => !dropped.test(word));
    const ours = [
        "console=ttyS0",
        "TERM=dumb",
        "loglevel=6",
        "mitigations=off",
        "no_timer_check",
        "systemd.show_status=yes",
    ];
    const silent = [
        "systemd.getty_auto=no",
        "systemd.mask=serial-getty@ttyS0.service",
        "systemd.mask=console-getty.service",
    ];
    return [...own, ...ours, ...silent, "scsi_mod.scan=sync", "modules_load=virtio_scsi"].join(" ");
}

/**
 * Names that the cards have on the node by their slot or by firmware, and would not have in QEMU's slots. A .link file
 * of the node's own comes before these; a card that is pinned by none is called after its slot here as there.
 */
export function nameFiles({ cards }: Pick<Blueprint, "cards">): Record<string, string> {
    return Object.fromEntries(
        cards.flatMap(({ name, mac }, index) => {
            const bus = index + 1;
            const isNatural = name === `enp${bus}s0` || name.startsWith("enx") || /^eth\d+$/.test(name);
            if (isNatural) return [];
            const bySlot = /^en[ps]\d/.test(name);
            const hex = bus.toString(16).padStart(2, "0");
            const match = bySlot ? `Path=pci-0000:${hex}:00.0` : `MACAddress=${mac}`;
            return [
                [
                    `/etc/systemd/network/98-holdfast-rehearsal-${index}.link`,
                    `# Of the rehearsal: the card's slot in QEMU.\n[Match]\n${match}\n\n[Link]\nName=${name}\n`,
                ],
            ];
        }),
    );
}

/**
 * The disks' names below /dev/disk/by-id, which their models make. @param sizes bytes by disk, no two the same: that is
 * how udev tells them apart
 */
export function idRules({ disks }: Pick<Blueprint, "disks">, sizes: Readonly<Record<string, number>>): string {
    const lines = disks.flatMap(({ name, ids }) =>
        ids.flatMap((id) => {
            const size = (sizes[name] ?? 0) / 512;
            const disk = `SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", ATTR{size}=="${size}", SYMLINK+="disk/by-id/${id}"`;
            return [
                disk,
                `SUBSYSTEM=="block", ENV{DEVTYPE}=="partition", ATTRS{size}=="${size}", SYMLINK+="disk/by-id/${id}-part%n"`,
            ];
        }),
    );
    return ["# Of the rehearsal: names that the node's own models have.", ...lines, ""].join("\n");
}
