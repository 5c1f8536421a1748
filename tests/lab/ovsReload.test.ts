/**
 * What a reload does to Open vSwitch: the real one, its database and ifupdown2's add-on; the lints say it beforehand.
 */
import type { LabNode } from "../../lab";
import { lintInterfacesFragment } from "../../model/interfaces";
import { openTestNode, readNodeFile } from "../helpers/lab";

jest.setTimeout(200_000);

let node: LabNode;
const file = "/etc/network/interfaces.d/ovs";
const shell = async (script: string) => (await node.exec(["sh", "-c", script], { reject: false })).stdout;

/** No kernel datapath in a container: the one in user space has the same database. */
const bridge = (options: string) =>
    `auto vmbr9\niface vmbr9 inet manual\n\tovs_type OVSBridge\n\tovs_ports port9\n${options}\nauto port9\niface port9 inet manual\n\tovs_type OVSIntPort\n\tovs_bridge vmbr9\n`;

/** The file is brought up as at a boot, a guest comes, and somebody reloads. */
async function afterReload(options: string): Promise<{ failMode: string; ports: string[] }> {
    await shell(
        "ovs-vsctl --timeout=10 --if-exists del-br vmbr9; ovs-vsctl --timeout=10 add-br vmbr9 -- set bridge vmbr9 datapath_type=netdev",
    );
    await node.exec(["sh", "-c", 'cat >"$1"', "sh", file], { input: bridge(options) });
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
    ({ node } = await openTestNode(3));
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
