import { physicalPorts, planNetworkInterfaces } from "../../components/interfaces/plan";
import { formatFault, parseFleet, type Machine } from "../../components/fleet";
import { files, readFixture, threeNodes } from "../fixtures/fleet/threeNodes";

const node = { name: "pve01", address: "192.0.2.11" };
const host = { name: "pve01", address: "192.0.2.11" };
const stanzas = planNetworkInterfaces({
    host,
    node,
    settings: parseFleet(threeNodes(), readFixture).fleet!.nodes[0]!.interfaces!,
});

test("stanzas are written in Proxmox's own style", () => {
    expect(stanzas.files).toEqual({
        "/etc/network/interfaces": {
            content: `# Managed by Holdfast. An edit made here or in the Proxmox GUI is reported as drift: change interfaces of this node in holdfast:fleet, then run \`pulumi up\`.
# A change takes effect at the next reload or boot.

auto lo
iface lo inet loopback

auto enp1s0
iface enp1s0 inet manual

auto bond0
iface bond0 inet manual
\tovs_type OVSBond
\tovs_bridge vmbr0
\tovs_bonds enp1s0 enp2s0
\tovs_options bond_mode=balance-tcp lacp=active

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.11/24
\tgateway 192.0.2.1
\tovs_type OVSBridge
\tovs_ports bond0

source /etc/network/interfaces.d/*
`,
        },
    });
});

test("a file is taken over byte for byte", () => {
    const content = files["nodes/pve02/interfaces"]!;
    expect(
        planNetworkInterfaces({ host, node, settings: { file: { path: "nodes/pve02/interfaces", content } } }).files[
            "/etc/network/interfaces"
        ],
    ).toEqual({ content });
});

test("the node's own tool judges the staged file, and nothing is reloaded", () => {
    expect(stanzas.validate).toEqual([{ argv: ["holdfast", "interfaces", "{staged:/etc/network/interfaces}"] }]);
    expect(stanzas.activate).toBeUndefined();
});

test("apply: reload is confirmed, by what the node and its peers are", () => {
    const { nodes } = parseFleet(
        {
            ...threeNodes(),
            nodes: {
                pve01: {
                    address: "192.0.2.11",
                    address6: "2001:db8::11",
                    interfaces: {
                        stanzas: [{ name: "lo", method: "loopback" }],
                        apply: "reload",
                        confirmWindow: 60,
                        probes: [{ tcp: "[2001:db8::1]:53" }, { ping: "192.0.2.1" }, { resolve: "nas.example.test" }],
                    },
                },
                pve02: { address: "192.0.2.12" },
            },
            rollout: {},
        },
        readFixture,
    ).fleet!;
    const [one, two] = nodes as [Machine, Machine];
    const planned = planNetworkInterfaces({
        host,
        node: one.identity,
        settings: one.interfaces!,
        fleet: { machines: [one, two] },
    });
    expect(planned.confirm).toEqual({
        window: 60,
        addresses: ["192.0.2.11", "2001:db8::11"],
        peers: ["192.0.2.12"],
        probes: [{ tcp: "[2001:db8::1]:53" }, { ping: "192.0.2.1" }, { resolve: "nas.example.test" }],
    });
    expect(stanzas.confirm).toBeUndefined();
});

test.each([
    [{ confirmWindow: 19 }, "confirmWindow: expected seconds, a whole number from 20 to 1800, got 19"],
    [{ confirmWindow: 1801 }, "confirmWindow: expected seconds, a whole number from 20 to 1800, got 1801"],
    [{ probes: [{}] }, "probes[0].tcp: is missing: expected ADDRESS:PORT"],
    [{ probes: [{ tcp: "192.0.2.1" }] }, "probes[0]"],
    [{ probes: [{ tcp: "192.0.2.1:70000" }] }, "probes[0]"],
    [{ probes: [{ ping: "not an address" }] }, "probes[0]"],
    [{ apply: "now" }, "apply: expected boot or reload"],
])("%j is refused with its path", (given, fault) => {
    const interfaces = { stanzas: [{ name: "lo", method: "loopback" }], apply: "reload", ...given };
    const { faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", interfaces } } }, readFixture);
    expect(faults.map(formatFault).join("\n")).toContain(fault);
});

test("a pending file of the GUI is drift; the running network and its ports are reported", () => {
    expect(stanzas.facts).toEqual({
        "interfaces running": { probe: "interfaces-running" },
        "interfaces pending": { probe: "interfaces-pending", value: "none" },
        "sourced files": { probe: "sourced-files", args: ["/etc/network/interfaces.d/*"], value: "sound" },
        "link enp1s0": { probe: "link", args: ["enp1s0"] },
        "link enp2s0": { probe: "link", args: ["enp2s0"] },
    });
});

test("what it sources has to be sound too, where it sources anything", () => {
    const content = "auto lo\niface lo inet loopback\n\nsource interfaces.d/*\n";
    const { facts } = planNetworkInterfaces({ host, node, settings: { file: { path: "f", content } } });
    expect(facts!["sourced files"]).toEqual({
        probe: "sourced-files",
        args: ["/etc/network/interfaces.d/*"],
        value: "sound",
    });
});

describe("physical ports", () => {
    test.each([
        [
            "a Linux bond under a bridge",
            "iface eno1 inet manual\niface bond0 inet manual\n bond-slaves eno1 eno2\niface vmbr0 inet static\n bridge-ports bond0\n",
            ["eno1", "eno2"],
        ],
        [
            "a bridge port with bridge options of its own",
            "iface eno1 inet manual\n bridge-access 10\niface vmbr0 inet manual\n bridge-ports eno1\n",
            ["eno1"],
        ],
        ["a bridge without ports", "iface lo inet loopback\niface vmbr1 inet static\n bridge-ports none\n", []],
        [
            "VLANs of both spellings",
            "iface eno1.100 inet manual\niface vlan7 inet static\n vlan-raw-device eno2\n",
            ["eno1", "eno2"],
        ],
        ["ports by pattern", "iface vmbr0 inet manual\n bridge-ports glob en* eth1\n", []],
        [
            "OVS ports and internal ports",
            "iface eno1 inet manual\n ovs_type OVSPort\niface vlan50 inet static\n ovs_type OVSIntPort\niface vmbr0 inet manual\n ovs_type OVSBridge\n ovs_ports eno1 vlan50\n",
            ["eno1"],
        ],
    ])("%s", (_title, content, ports) => {
        expect(physicalPorts(content)).toEqual(ports);
    });
});
