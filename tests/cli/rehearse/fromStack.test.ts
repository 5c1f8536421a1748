/** What a stack says of a node's disks, as disks that the machine has. */
import { parseFleet } from "../../../components/fleet";
import { CannotTell, mountsOf, volumeOf, type Blueprint } from "../../../cli/rehearse/blueprint";
import { blueprintOf } from "../../../cli/rehearse/fromStack";

const { nodes } = parseFleet({ nodes: { pve01: { address: "192.0.2.11" } } }, () => "").fleet!;
const interfaces = "auto eno1\niface eno1 inet static\n  address 192.0.2.11/24\n";

function blueprintFor(fstab: string): Blueprint {
    const files = { "/etc/fstab": { content: fstab }, "/etc/network/interfaces": { content: interfaces } };
    return blueprintOf(nodes[0]!, [{ host: nodes[0]!.host, concern: "test", files }]);
}

test("whatever a source is named by, the machine has what bears that name", () => {
    const blueprint = blueprintFor(`UUID=r / ext4 defaults 0 1
/dev/disk/by-partuuid/p /srv/p ext4 nofail 0 2
PARTLABEL=q /srv/q ext4 nofail 0 2
/dev/disk/by-label/two\\x20words /srv/l xfs nofail 0 2
/dev/disk/by-id/ata-X-part2 /srv/i2 ext4 nofail 0 2
ID=ata-X-part1 /srv/i1 ext4 nofail 0 2
/dev/sdc1 /srv/c ext4 nofail 0 2
UUID=r /srv/again ext4 nofail 0 2
`);
    expect(mountsOf(blueprint).map(({ entry, volume }) => [entry.target, volume?.disks[0]!.name])).toEqual([
        ["/", "sda"],
        ["/srv/p", "sdb"],
        ["/srv/q", "sdd"],
        ["/srv/l", "sde"],
        ["/srv/i2", "sdf"],
        ["/srv/i1", "sdf"],
        ["/srv/c", "sdc"],
        ["/srv/again", "sda"],
    ]);
    const named = (source: string) => volumeOf(source, blueprint);
    expect(named("PARTUUID=p")?.partition).toMatchObject({ number: 1, uuid: "p" });
    expect(named("LABEL=two words")?.content).toEqual({ fstype: "xfs", label: "two words" });
    expect(named("ID=ata-X-part2")?.partition?.number).toBe(2);
    expect(blueprint.disks.map(({ name }) => name)).toEqual(["sda", "sdb", "sdc", "sdd", "sde", "sdf"]);
});

test("a root on LVM, as Proxmox's installer makes it: one disk is its volume group", () => {
    const blueprint = blueprintFor(
        "/dev/pve/root / ext4 errors=remount-ro 0 1\nUUID=d /srv ext4 nofail 0 2\n/dev/mapper/pve-swap none swap sw 0 0\n",
    );
    expect(blueprint.disks.map(({ name, content }) => [name, content?.fstype])).toEqual([
        ["sda", "LVM2_member"],
        ["sdb", "ext4"],
    ]);
    expect(blueprint.groups).toEqual([
        {
            name: "pve",
            members: [{ disk: "sda" }],
            volumes: [
                { group: "pve", name: "root", disks: ["sda"], content: { fstype: "ext4" } },
                { group: "pve", name: "swap", disks: ["sda"], content: { fstype: "swap" } },
            ],
        },
    ]);
    expect(blueprint.kernelArguments).toEqual(["root=/dev/pve/root", "ro"]);
});

test.each(["/dev/mapper/sda3_crypt", "/dev/disk/by-path/pci-0000:00:1f.2-ata-1", "/dev/vda1", "/dev/md0", "/dev/dm-1"])(
    "what %s lies on nobody has said: absent where it is optional, not to be told where it is required",
    (source) => {
        const root = "UUID=r / ext4 defaults 0 1\n";
        const { notes, disks } = blueprintFor(`${root}${source} /srv ext4 nofail 0 2\n`);
        expect(disks).toHaveLength(1);
        expect(notes).toContainEqual(expect.stringContaining(`${source} (/srv) is absent in every case`));
        expect(() => blueprintFor(`${root}${source} /srv ext4 defaults 0 2\n`)).toThrow(CannotTell);
        expect(() => blueprintFor(`${source} / ext4 nofail 0 1\n`)).toThrow(CannotTell);
    },
);
