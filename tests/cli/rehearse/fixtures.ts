/** A node in incident A's state: a required mount by letter, and an optional one. */
import type { Blueprint } from "../../../cli/rehearse/blueprint";

export const rootUuid = "0a1b0000-0000-4000-8000-000000000001";

export const fstab = `UUID=${rootUuid} / ext4 errors=remount-ro 0 1
/dev/sdb1 /srv/local ext4 defaults 0 2
LABEL=fast /srv/fast xfs defaults,nofail 0 2
/dev/disk/by-id/ata-OLD_123-part2 none swap sw,nofail 0 0
UUID=gone /srv/gone ext4 nofail 0 2
`;

export const blueprint: Blueprint = {
    node: "pve01",
    disks: [
        { name: "sda", ids: [], content: { fstype: "ext4", uuid: rootUuid } },
        {
            name: "sdb",
            ids: [],
            serial: "PERC-0123456789-0123456789",
            table: {
                kind: "gpt",
                id: "ABCD",
                partitions: [{ number: 1, uuid: "P1", label: "local", content: { fstype: "ext4" } }],
            },
        },
        { name: "sdc", ids: [], content: { fstype: "xfs", label: "fast" } },
        {
            name: "sdd",
            ids: ["ata-OLD_123"],
            table: { kind: "dos", id: "0x1234", partitions: [{ number: 2, type: "82", content: { fstype: "swap" } }] },
        },
    ],
    cards: [
        { name: "eno1", mac: "52:54:00:00:00:01" },
        { name: "enp3s0f0", mac: "52:54:00:00:00:02" },
    ],
    way: { address: "192.0.2.11", prefix: 24, port: 22, cards: ["eno1", "enp3s0f0"] },
    kernelArguments: ["BOOT_IMAGE=/vmlinuz", `root=UUID=${rootUuid}`, "ro", "quiet", "console=tty0", "intel_iommu=on"],
    fstab,
    drivers: ["ahci"],
    notes: [],
};
