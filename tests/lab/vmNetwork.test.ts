/**
 * What only a machine with a kernel of its own has: cards in slots, Open vSwitch's datapath, bonds and VLANs. One
 * machine goes through all of it; `npm run soak` does, CI has no minutes left for another machine.
 */
import { planNetworkInterfaces } from "../../components/interfaces/plan";
import { planNicNames } from "../../components/nicNames";
import { labDown, vmLabUp, type Lab, type VmNode } from "../../lab";
import { initialFiles } from "../../lab/initialState";
import type { HostArgs, ProbeArgs } from "../../model/contract/fileSet";
import type { FileSetState } from "../../provider/fileState";
import { lean } from "../../scripts/replay/stage";
import { clientOf, push } from "../helpers/crashNode";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(1_800_000);

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-vm`;
const path = "/etc/network/interfaces";
/** Seconds. In emulation a reload takes twenty. */
const window = 600;

let lab: Lab<VmNode>;
let node: VmNode;
let sound: string;

const sh = async (script: string): Promise<string> => (await node.exec(["sh", "-ec", script])).stdout;

/** Two cards more: one that is pinned, and its neighbour that is not. */
const cards = { pinned: "52:54:00:77:aa:01", loose: "52:54:00:77:aa:02" };
const cardsAt = (pinned: number, loose: number): string[] =>
    Object.entries({ pinned, loose }).flatMap(([name, slot]) => [
        "-netdev",
        `hubport,id=${name},hubid=${slot}`,
        "-device",
        `virtio-net-pci,netdev=${name},mac=${cards[name as keyof typeof cards]},addr=0x${slot.toString(16)}`,
    ]);

async function nameOf(mac: string): Promise<string> {
    return sh(`ip -json link show | python3 -c 'import json, sys
print(*(each["ifname"] for each in json.load(sys.stdin) if each["address"] == sys.argv[1]))' ${mac}`);
}

beforeAll(async () => {
    lab = await vmLabUp({ id, nodes: 1, boot: false, state: "sound" });
    node = lab.nodes[0]!;
    sound = initialFiles(node, [], "sound")[path]!;
    await node.powerOn(lean, cardsAt(0x10, 0x12));
    await node.start();
});
afterAll(() => labDown(id));

describe("a card that moves to another slot", () => {
    let before: Record<keyof typeof cards, string>;

    test("is called by its slot, as udev says beforehand", async () => {
        before = { pinned: await nameOf(cards.pinned), loose: await nameOf(cards.loose) };
        for (const name of Object.values(before)) {
            const said = await sh(`udevadm test-builtin net_id /sys/class/net/${name} 2>&1`);
            expect(said).toMatch(new RegExp(`^ID_NET_NAME_(?:SLOT|PATH)=${name}$`, "m"));
        }
    });

    test("is pinned by its own address, and the initramfs knows it", async () => {
        const pins = { ...(await placed()), settings: { nics: { [before.pinned]: cards.pinned } } };
        const { observed } = await pushFileSet(lab, planNicNames(pins));
        expect(observed.facts).toEqual({ [`card ${before.pinned}`]: "pinned" });
        expect(await sh("lsinitramfs /boot/initrd.img-$(uname -r) | grep holdfast")).toContain(
            `10-holdfast-${before.pinned}.link`,
        );
    });

    test("is given another name by the next boot, of which the initramfs learns nothing beforehand", async () => {
        const pins = { ...(await placed()), settings: { nics: { lan9: cards.loose } } };
        await pushFileSet(lab, planNicNames(pins));
        expect(await sh("lsinitramfs /boot/initrd.img-$(uname -r) | grep lan9 || true")).toBe("");
        expect(await nameOf(cards.loose)).toBe(before.loose);
        await node.stop();
        await node.powerOn(lean, cardsAt(0x10, 0x12));
        await node.start();
        expect(await nameOf(cards.loose)).toBe("lan9");
        await pushFileSet(lab, planNicNames({ ...pins, settings: { nics: { lan9: false } } }));
        await node.stop();
        await node.powerOn(lean, cardsAt(0x10, 0x12));
        await node.start();
        expect(await nameOf(cards.loose)).toBe(before.loose);
    });
});

/** Of the management address: the bridge's own stanza in another form, and what it stands on. */
const management = (bridge: string, before = "auto enp1s0\niface enp1s0 inet manual\n") =>
    sound.replace(/auto enp1s0[^]*?(?=# management)/, `${before}\nauto vmbr0\n${bridge}\n`);
const addressed = () => `iface vmbr0 inet static\n\taddress ${node.address}/24\n\tgateway 192.0.2.1\n`;

describe("the bridge of the management address", () => {
    const ovs = () =>
        management(
            `${addressed()}\tovs_type OVSBridge\n\tovs_ports enp1s0`,
            "auto enp1s0\niface enp1s0 inet manual\n\tovs_type OVSPort\n\tovs_bridge vmbr0\n",
        );
    test("from Linux bridge to Open vSwitch, and back", async () => {
        await timed("Linux bridge to Open vSwitch", reloaded(ovs().replaceAll("vmbr0", "vmbr1")));
        expect(await sh("ovs-vsctl list-ports vmbr1")).toBe("enp1s0");
        await timed("Open vSwitch to Linux bridge", reloaded(sound));
        expect(await sh("ls /sys/class/net/vmbr0/brif; ovs-vsctl list-br")).toBe("enp1s0");
    });

    test("the power cut while Open vSwitch's bridge waits for its confirmation: its card is the Linux bridge's again", async () => {
        const client = await clientOf(lab, node);
        try {
            let down: Promise<unknown> | undefined;
            const { result } = await push(client, {
                files: { [path]: ovs().replaceAll("vmbr0", "vmbr1") },
                confirm: { window, addresses: [], peers: [], probes: [], token: "0".repeat(64) },
                on: ({ phase, message }) => {
                    if (phase !== "confirm" || !message.startsWith("waiting")) return;
                    down ??= node.kill().then(async () => {
                        await node.powerOn(lean, cardsAt(0x10, 0x12));
                        await node.start();
                    });
                },
            });
            await down;
            expect(result).toMatchObject({ outcome: "failed", change: { outcome: "reverted", code: "went-down" } });
        } finally {
            client.end();
        }
        expect(await sh("ls /sys/class/net/vmbr0/brif; ovs-vsctl list-br")).toBe("enp1s0");
    });

    test("on a bond of its card, and back; another card without a cable reverts", async () => {
        await timed("bond below", reloaded(bonded("enp1s0")));
        expect(await sh("cat /sys/class/net/bond0/bonding/slaves /sys/class/net/bond0/bonding/mode")).toBe(
            "enp1s0\nactive-backup 1",
        );
        const loose = await nameOf(cards.loose);
        await expect(timed("bond on a dead card", reloaded(bonded(loose)))).rejects.toThrow(/is reverted/);
        expect(await sh("cat /sys/class/net/bond0/bonding/slaves")).toBe("enp1s0");
        await timed("bond taken away", reloaded(sound));
    });
    const bonded = (card: string) =>
        management(
            `${addressed()}\tbridge-ports bond0\n\tbridge-stp off\n\tbridge-fd 0`,
            `auto bond0\niface bond0 inet manual\n\tbond-slaves ${card}\n\tbond-mode active-backup\n\tbond-miimon 100\n`,
        );
});

describe("a bond with LACP and a VLAN on it", () => {
    /** @param vlan id */
    const lacp = (vlan: number, members = "port1 port2", mode = "802.3ad") =>
        `${sound}\nauto bond1\niface bond1 inet static\n\taddress 198.51.100.2/24\n\tbond-slaves ${members}\n\tbond-mode ${mode}\n\tbond-miimon 100\n\nauto vlan${vlan}\niface vlan${vlan} inet static\n\taddress 203.0.113.2/24\n\tvlan-raw-device bond1\n\tvlan-id ${vlan}\n`;
    const probes = [{ ping: "198.51.100.1" }, { ping: "203.0.113.1" }];

    beforeAll(async () => {
        // The switch: a bond in a network namespace of the machine's own.
        await sh(`ip netns add switch; ip -n switch link add bond0 type bond mode 802.3ad miimon 100
for n in 1 2; do
    ip link add port$n type veth peer name peer$n netns switch
    ip -n switch link set peer$n master bond0
done
ip -n switch link set bond0 up; ip -n switch address add 198.51.100.1/24 dev bond0
ip -n switch link add link bond0 name bond0.40 type vlan id 40
ip -n switch link set bond0.40 up; ip -n switch address add 203.0.113.1/24 dev bond0.40`);
    });

    test("a good change is confirmed with its partner", async () => {
        await timed("LACP bond and VLAN", reloaded(lacp(40)));
        await sh("for i in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 2 203.0.113.1 && exit; done; exit 1");
        expect(await sh("cat /sys/class/net/bond1/bonding/mode")).toBe("802.3ad 4");
        expect(await sh("cat /sys/class/net/bond1/bonding/ad_partner_mac")).not.toBe("00:00:00:00:00:00");
    });

    test.each([
        ["another VLAN", () => lacp(41), /203\.0\.113\.1/],
        ["a member that is not there", () => lacp(40, "port1 port3"), /port3/],
    ])("%s reverts, and bond and VLAN are as they were", async (what, content, says) => {
        await expect(timed(what, reloaded(content(), {}, node.address, probes))).rejects.toThrow(says);
        expect(await sh("cat /sys/class/net/bond1/bonding/mode /sys/class/net/bond1/bonding/slaves")).toBe(
            "802.3ad 4\nport1 port2",
        );
        await sh("for i in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 2 203.0.113.1 && exit; done; exit 1");
        expect(await sh(`cat ${path}`)).toBe(lacp(40).replace(/\n$/, ""));
    });
});

/** A switch between card and machine, in a network namespace of its own: VLAN 40 beside what has no tag. */
describe("a VLAN under the management address", () => {
    const onPort = (port: string) =>
        management(
            `${addressed()}\tbridge-ports ${port}\n\tbridge-stp off\n\tbridge-fd 0`,
            port.includes(".") ? `auto ${port}\niface ${port} inet manual\n` : "",
        );

    beforeAll(() =>
        rewired(`ip netns add uplink
ip link add mgmt type veth peer name port netns uplink
ip link set enp1s0 nomaster
ip link set enp1s0 netns uplink
ip -n uplink link add br0 type bridge
ip -n uplink link add link port name port.40 type vlan id 40
for port in enp1s0 port port.40; do ip -n uplink link set $port master br0; ip -n uplink link set $port up; done
ip -n uplink link set port type bridge_slave isolated on
ip -n uplink link set port.40 type bridge_slave isolated on
ip -n uplink link set br0 up
ip link set mgmt master vmbr0
ip link set mgmt up`),
    );
    afterAll(async () => {
        await rewired(`ip netns delete uplink
for try in 1 2 3 4 5 6 7 8 9; do test ! -e /sys/class/net/enp1s0 || break; sleep 1; done
ip link set enp1s0 master vmbr0
ip link set enp1s0 up`);
        await reloaded(sound);
    });

    test("is confirmed where the switch carries it, reverts where it does not, and goes again", async () => {
        await timed("port without a tag", reloaded(onPort("mgmt")));
        await timed("VLAN below", reloaded(onPort("mgmt.40")));
        expect(await sh("ls /sys/class/net/vmbr0/brif")).toBe("mgmt.40");
        await expect(timed("VLAN that nobody carries", reloaded(onPort("mgmt.41")))).rejects.toThrow(/is reverted/);
        expect(await sh("ls /sys/class/net/vmbr0/brif")).toBe("mgmt.40");
        expect(await sh(`cat ${path}`)).toContain("bridge-ports mgmt.40");
        await timed("VLAN taken away", reloaded(onPort("mgmt")));
    });

    /** All of it at once and by itself: the connection that asks for it goes through there. */
    async function rewired(script: string): Promise<void> {
        await sh(`systemd-run --quiet --unit=rewire --collect sh -exc '${script}'`);
        await sh(
            "! systemctl is-failed rewire; for n in 1 2 3 4 5 6 7 8 9; do systemctl is-active -q rewire || exit 0; sleep 1; done; exit 1",
        );
    }
});

describe("the next boot, with both cards in another slot", () => {
    test("calls the pinned one as before, and the other one by its new slot", async () => {
        const was = await nameOf(cards.loose);
        await node.stop();
        await node.powerOn(lean, cardsAt(0x11, 0x13));
        await node.start();
        expect({ pinned: await nameOf(cards.pinned), isLooseTheSame: (await nameOf(cards.loose)) === was }).toEqual({
            pinned: "enp0s16",
            isLooseTheSame: false,
        });
        expect(await sh(`journalctl -b -o cat -t systemd-udevd | grep -c 'Failed to rename' || true`)).toBe("0");
    });
});

async function placed(): Promise<{ host: HostArgs; node: VmNode }> {
    return { host: await hostOf(node), node };
}

/** @throws with the provider's own error where it is not confirmed */
async function reloaded(
    content: string,
    host: Partial<HostArgs> = {},
    address = node.address,
    probes: readonly ProbeArgs[] = [],
): Promise<FileSetState> {
    return pushFileSet(
        lab,
        planNetworkInterfaces({
            host: { ...(await hostOf(node)), ...host },
            node: { name: node.name, address },
            settings: { file: { path: "nodes/pve01/interfaces", content }, reload: { window, probes } },
        }),
    );
}

/** Seconds, for the table of the docs. */
async function timed<T>(what: string, doing: Promise<T>): Promise<T> {
    const start = performance.now();
    const tell = (outcome: string) =>
        console.log(`${what}: ${outcome} after ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return doing.then(
        (value) => (tell("confirmed"), value),
        (error: unknown) => {
            tell(String(error));
            throw error;
        },
    );
}
