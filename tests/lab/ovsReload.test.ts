/**
 * What a reload does to Open vSwitch: the real one, its database and ifupdown2's add-on; the lints say it beforehand.
 */
import { planNetworkInterfaces } from "../../components/interfaces";
import type { Lab, LabNode } from "../../lab";
import { lintInterfacesFragment } from "../../model/interfaces";
import { initialFiles } from "../../lab/initialState";
import { bridgeNamespace } from "../../lab/network";
import { runBound } from "../../vm/processes";
import { clientOf, push } from "../helpers/crashNode";
import { openTestNode, readNodeFile } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(200_000);

let lab: Lab;
let node: LabNode;
const path = "/etc/network/interfaces";
const file = "/etc/network/interfaces.d/ovs";
const shell = async (script: string) => (await node.exec(["sh", "-c", script], { reject: false })).stdout;

/** No kernel datapath in a container: the one in user space has the same database. */
const bridge = (options: string) =>
    `auto vmbr9\niface vmbr9 inet manual\n\tovs_type OVSBridge\n\tovs_ports port9\n${options}\nauto port9\niface port9 inet manual\n\tovs_type OVSIntPort\n\tovs_bridge vmbr9\n`;

/** The file is brought up as at a boot, a guest comes, and somebody reloads. */
async function afterReload(options: string, content = bridge(options)): Promise<{ failMode: string; ports: string[] }> {
    await shell(
        "ovs-vsctl --timeout=10 --if-exists del-br vmbr9; ovs-vsctl --timeout=10 add-br vmbr9 -- set bridge vmbr9 datapath_type=netdev",
    );
    await node.exec(["sh", "-c", 'cat >"$1"', "sh", file], { input: content });
    await shell(
        "ifup vmbr9 port9; ovs-vsctl --timeout=10 add-port vmbr9 tap101i0 -- set interface tap101i0 type=internal",
    );
    expect((await shell("ovs-vsctl --timeout=10 list-ports vmbr9")).split("\n")).toContain("tap101i0");
    await shell("ifreload -a");
    return {
        failMode: await shell("ovs-vsctl --timeout=10 get-fail-mode vmbr9"),
        ports: (await shell("ovs-vsctl --timeout=10 list-ports vmbr9")).split("\n").sort(),
    };
}

beforeAll(async () => {
    ({ lab, node } = await openTestNode(3));
    await shell("systemctl start openvswitch-switch");
    expect(await readNodeFile(node, "/etc/network/interfaces")).toContain("interfaces.d/*");
    await shell(`sed -i '/<BROADCAST/d' /etc/network/interfaces`);
});
afterAll(() =>
    shell(`rm -f ${file}; ovs-vsctl --timeout=10 --if-exists del-br vmbr9; systemctl stop openvswitch-switch`),
);

const rules = (options: string) => lintInterfacesFragment(bridge(options), {}).map(({ rule }) => rule);

test("ovs_options of a bridge are gone after a reload, and the lint says so; a guest's port that no file lists goes too", async () => {
    const options = "\tovs_options fail_mode=secure\n";
    expect(await afterReload(options)).toEqual({ failMode: "", ports: ["port9"] });
    expect(rules(options)).toContain("ovs-bridge-options");
});

test("what the lint proposes instead survives, and so does the guest's port that the bridge condones", async () => {
    const options = "\tovs_extra set bridge vmbr9 fail_mode=secure\n\tovs_ports_condone_regex ^tap\n";
    expect(await afterReload(options)).toEqual({ failMode: "secure", ports: ["port9", "tap101i0"] });
    expect(rules(options)).not.toContain("ovs-bridge-options");
});

test("the order of the stanzas is no matter to ifupdown2: a port before its bridge comes up, and stays", async () => {
    const [first = "", second = ""] = bridge("\tovs_ports_condone_regex ^tap").split(/(?=auto port9)/);
    expect(await afterReload("", second + first)).toEqual({ failMode: "", ports: ["port9", "tap101i0"] });
    expect(lintInterfacesFragment(second + first, {})).toEqual([]);
});

test("a reload that would take a guest's port is refused before anything is written, by the port's name", async () => {
    await afterReload("\tovs_ports_condone_regex ^tap\n");
    const written = await readNodeFile(node, "/etc/network/interfaces");
    const push = async () =>
        pushFileSet(
            lab,
            planNetworkInterfaces({
                host: await hostOf(node),
                node,
                settings: {
                    file: { path: "nodes/x", content: `${written}\n# once more\n` },
                    reload: { window: 60, probes: [] },
                },
            }),
        );
    await node.exec(["sh", "-c", 'cat >"$1"', "sh", file], { input: bridge("") });
    await expect(push()).rejects.toThrow(
        /guests would lose their network: .* deletes tap101i0 of vmbr9; write 'ovs_ports_condone_regex/,
    );
    expect(await readNodeFile(node, "/etc/network/interfaces")).toBe(written);
    expect(await shell("ovs-vsctl --timeout=10 list-ports vmbr9")).toContain("tap101i0");
    await node.exec(["sh", "-c", 'cat >"$1"', "sh", file], { input: bridge("\tovs_ports_condone_regex ^tap") });
    expect((await push()).observed.facts).toMatchObject({ reload: "possible" });
    expect(await shell("ovs-vsctl --timeout=10 list-ports vmbr9")).toContain("tap101i0");
});

describe("the bridge of the management address", () => {
    const linux = () => initialFiles(node, [], "sound")["/etc/network/interfaces"]!;
    const ovs = () =>
        linux()
            .replace("iface enp1s0 inet manual\n", "iface enp1s0 inet manual\n\tovs_type OVSPort\n\tovs_bridge vmbr0\n")
            .replace(
                /\tbridge-ports enp1s0\n\tbridge-stp off\n\tbridge-fd 0\n/,
                "\tovs_type OVSBridge\n\tovs_ports enp1s0\n\tovs_extra set bridge vmbr0 datapath_type=netdev\n",
            );
    const reloaded = async (content: string) =>
        pushFileSet(
            lab,
            planNetworkInterfaces({
                host: await hostOf(node),
                node,
                settings: { file: { path: "nodes/x", content }, reload: { window: 90, probes: [] } },
            }),
        );

    test("does not change to Open vSwitch under its own name, and says why", async () => {
        await shell(`rm -f ${file}; ovs-vsctl --timeout=10 --if-exists del-br vmbr9`);
        await reloaded(linux());
        await expect(reloaded(ovs())).rejects.toThrow(
            /vmbr0 is a Linux bridge and would be Open vSwitch's: .*give the new bridge another name/,
        );
        expect(await readNodeFile(node, "/etc/network/interfaces")).toBe(linux().replace(/\n$/, ""));
    });

    /**
     * A veth leaves TCP's checksums to a card that is not there, and Open vSwitch in user space passes them on as they
     * are: without that, a lab's bridge reaches nobody. No ethtool here, so its request is spoken (ETHTOOL_STXCSUM).
     */
    const wholeChecksums = async (isOn: boolean) =>
        runBound("nsenter", [
            `--net=/run/netns/${bridgeNamespace(Number(node.ssh.host.split(".")[2]))}`,
            "python3",
            "-c",
            `import array, fcntl, socket, struct
value = array.array("B", struct.pack("II", 0x17, ${isOn ? 0 : 1}))
fcntl.ioctl(socket.socket(), 0x8946, struct.pack("16sP8x", b"br0", value.buffer_info()[0]))`,
        ]);
    beforeAll(() => wholeChecksums(true));
    afterAll(() => wholeChecksums(false));

    test("becomes Open vSwitch's under another one, and a Linux bridge again", async () => {
        await reloaded(ovs().replaceAll("vmbr0", "vmbr1"));
        expect(
            await shell("ovs-vsctl --timeout=10 list-ports vmbr1; ip -o -4 address show vmbr1 | awk '{print $4}'"),
        ).toBe(`enp1s0\n${node.address}/24`);
        await reloaded(linux());
        expect(
            await shell(
                "ovs-vsctl --timeout=10 list-br; ls /sys/class/net/vmbr0/brif; ip -o -4 address show vmbr0 | awk '{print $4}'",
            ),
        ).toBe(`enp1s0\n${node.address}/24`);
    });

    test("is not begun where Open vSwitch's database cannot be kept: its name is told, and nothing is changed", async () => {
        const database = "/etc/openvswitch/conf.db";
        await shell(`mv ${database} ${database}.away; mkfifo ${database}`);
        const client = await clientOf(lab, node);
        const { result } = await push(client, {
            files: { [path]: ovs().replaceAll("vmbr0", "vmbr1") },
            confirm: { window: 60, addresses: [], peers: [], probes: [], token: "0".repeat(64) },
        }).finally(() => client.end());
        await shell(`mv ${database}.away ${database}`);
        expect(result).toMatchObject({
            outcome: "failed",
            message: expect.stringContaining(`${database}: is not a regular file`) as string,
            undone: { state: "nothing" },
        });
        expect(await readNodeFile(node, path)).toBe(linux().replace(/\n$/, ""));
        expect(await shell("ls -A /etc/holdfast/journal")).toBe("");
    });

    test("a power cut while that waits for its confirmation: the next boot has the Linux bridge, and no other in Open vSwitch", async () => {
        await shell("systemctl enable openvswitch-switch");
        const client = await clientOf(lab, node);
        try {
            let down: Promise<unknown> | undefined;
            let made = "";
            const { result } = await push(client, {
                files: { [path]: ovs().replaceAll("vmbr0", "vmbr1") },
                confirm: { window: 600, addresses: [], peers: [], probes: [], token: "0".repeat(64) },
                on: ({ phase, message }) => {
                    if (phase !== "confirm" || !message.startsWith("waiting")) return;
                    down ??= shell("ovs-vsctl --timeout=10 list-ports vmbr1").then(async (ports) => {
                        made = ports;
                        await node.kill();
                        await node.start();
                    });
                },
            });
            await down;
            expect(made).toBe("enp1s0");
            expect(result).toMatchObject({ outcome: "failed", change: { outcome: "reverted", code: "went-down" } });
            const asked =
                "systemctl is-active openvswitch-switch; ovs-vsctl --timeout=10 list-br; ls /sys/class/net/vmbr0/brif; ip -o -4 address show vmbr0 | awk '{print $4}'; ls -A /etc/holdfast/journal";
            expect(await shell(asked)).toBe(`active\nenp1s0\n${node.address}/24`);
        } finally {
            client.end();
            await shell("systemctl disable openvswitch-switch");
        }
    });
});
