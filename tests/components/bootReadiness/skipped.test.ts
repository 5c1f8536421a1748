/** Where there is nothing to tell, each check says so by its code, and never `ok`; what is said and no fault, too. */
import { ask, proxmox, type Fixture } from "./machine";

const network = "/etc/network/interfaces";
const kernel = { "/boot/vmlinuz-6.8.12-10-pve": "x", "/boot/initrd.img-6.8.12-10-pve": "x" };
/** 1,024 bytes. */
const grubOnce = `# GRUB Environment Block\nnext_entry=0\n`.padEnd(1024, "#");

const nothing: [string, string, Fixture][] = [
    ["cloud-init", "boot-no-cloud-init", {}],
    ["storage-mountpoint", "boot-no-storage", {}],
    ["storage-mountpoint", "boot-no-storage", { files: proxmox }],
    ["crypttab", "boot-no-crypttab", { files: { "/etc/crypttab": "# none\n" } }],
    ["raid", "boot-no-raid", {}],
    ["zpools", "boot-no-zfs", {}],
    ["zfs-hostid", "boot-no-zfs", {}],
    ["lvm", "boot-no-lvm", {}],
    ["interfaces-stray", "boot-no-interfaces", {}],
    ["interfaces-ifup", "boot-no-interfaces", {}],
    ["ports-exist", "boot-no-interfaces", {}],
    ["bridge-ports", "boot-no-interfaces", {}],
    ["waiting-hooks", "boot-no-interfaces", {}],
    ["networking-enabled", "boot-no-interfaces", {}],
    ["link-names", "boot-no-cards", { files: { [network]: "auto lo\niface lo inet loopback\n" } }],
    ["dhclient", "boot-no-dhcp", { files: { [network]: "auto eno1\niface eno1 inet manual\n" } }],
    ["dkms", "boot-no-dkms", {}],
    ["boot-partitions", "boot-no-boot-tool", {}],
    ["uefi-entry", "boot-no-uefi", {}],
    ["grub-environment", "boot-no-grub", {}],
    [
        "grub-environment",
        "boot-grub-once",
        { files: { "/boot/grub/grubenv": grubOnce, "/boot/grub/grub.cfg": "menuentry 'Proxmox VE' --class x {\n}\n" } },
    ],
    ["kernel-pins", "boot-no-pin", {}],
    ["kernel-pins", "boot-pin-once", { files: { ...kernel, "/etc/kernel/next-boot-pin": "6.8.12-10-pve\n" } }],
    ["clock", "boot-host-clock", { files: { "/run/systemd/container": "systemd-nspawn" } }],
    [
        "unit-jobs",
        "boot-young",
        {
            pretend:
                "from concerns.bootReadiness.node.checks import unit_jobs\nunit_jobs.seconds_since_boot = lambda: 60",
        },
    ],
];

test.each(nothing)("%s: %s", async (check, code, fixture) => {
    expect(await ask(check, fixture)).toMatchObject({ state: "skipped", code, text: expect.stringMatching(/./) });
});

test("a hostname that is written nowhere cannot be told", async () => {
    const empty: Fixture["files"][] = [{}, { "/etc/hostname": "\n" }];
    for (const files of empty)
        expect(await ask("hostname-file", { files })).toMatchObject({
            state: "unknown",
            code: "boot-hostname-missing",
            remedy: "write pve01 into it",
        });
});
