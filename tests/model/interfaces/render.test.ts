import fc from "fast-check";
import {
    interfacesOf,
    lintInterfaces,
    parseInterfaces,
    renderInterfaces,
    sourcedPatterns,
    type InterfacesConfig,
} from "../../../model/interfaces";
import { hasErrors } from "../../../model/lint/finding";
import { runs } from "../../helpers/soak";

/** The example of CONTRACT.md. */
const contract: InterfacesConfig = {
    source: ["/etc/network/interfaces.d/*"],
    stanzas: [
        { name: "lo", auto: true, method: "loopback" },
        { name: "enp1s0", auto: true, method: "manual" },
        { name: "enp2s0", auto: true, method: "manual", comments: ["Uplink to switch B"] },
        {
            name: "bond0",
            auto: true,
            method: "manual",
            options: {
                ovs_type: "OVSBond",
                ovs_bridge: "vmbr0",
                ovs_bonds: ["enp1s0", "enp2s0"],
                ovs_options: "bond_mode=balance-tcp lacp=active",
            },
        },
        {
            name: "vmbr0",
            auto: true,
            method: "static",
            options: { address: "192.0.2.11/24", gateway: "192.0.2.1", ovs_type: "OVSBridge", ovs_ports: ["bond0"] },
        },
    ],
};

test("stanzas are written in Proxmox's own style", () => {
    expect(renderInterfaces(contract)).toBe(`auto lo
iface lo inet loopback

auto enp1s0
iface enp1s0 inet manual

auto enp2s0
iface enp2s0 inet manual
#Uplink to switch B

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
`);
});

test("a list becomes one line each where the option repeats, one line where it lists", () => {
    const options = {
        address: ["192.0.2.11/24", "2001:db8::11/64"],
        "bridge-ports": ["eno1", "eno2"],
        "bridge-vlan-aware": true,
        mtu: 9000,
        "post-up": ["a", "b"],
    };
    expect(renderInterfaces({ stanzas: [{ name: "vmbr0", options }] })).toBe(
        "iface vmbr0\n\taddress 192.0.2.11/24\n\taddress 2001:db8::11/64\n\tbridge-ports eno1 eno2\n\tbridge-vlan-aware yes\n\tmtu 9000\n\tpost-up a\n\tpost-up b\n",
    );
});

test("allow classes and the family are written", () => {
    expect(renderInterfaces({ stanzas: [{ name: "vmbr0", allow: ["ovs"], family: "inet6", method: "auto" }] })).toBe(
        "allow-ovs vmbr0\niface vmbr0 inet6 auto\n",
    );
});

test.each([
    [{ name: "vmbr0\nauto evil" }, /name/],
    [{ name: "vmbr0", method: "static evil" }, /method of vmbr0/],
    [{ name: "vmbr0", options: { address: "192.0.2.1/24\n\tup evil" } }, /option address of vmbr0/],
    [{ name: "vmbr0", options: { "up evil\n": "x" } }, /option up evil/],
    [{ name: "vmbr0", options: { up: "true \\" } }, /option up of vmbr0/],
    [{ name: "vmbr0", options: { "bridge-ports": [] } }, /leave it out/],
    [{ name: "vmbr0", comments: ["a\nauto evil"] }, /comment of vmbr0/],
])("a value that would break out of its line is refused: %j", (stanza, message) => {
    expect(() => renderInterfaces({ stanzas: [stanza] })).toThrow(message);
});

test("what is rendered parses to the same stanzas and has no error", () => {
    expect(
        hasErrors(lintInterfaces(renderInterfaces(contract), { node: { name: "pve01", address: "192.0.2.11" } })),
    ).toBe(false);

    const nic = fc.integer({ min: 1, max: 250 });
    const bridges = fc.uniqueArray(
        fc.record({
            host: nic,
            vlanAware: fc.boolean(),
            mtu: fc.integer({ min: 1280, max: 9216 }),
            commands: fc.array(fc.stringMatching(/^[a-z][a-z0-9 $&|'-]{0,20}[a-z]$/), { maxLength: 3 }),
        }),
        { selector: ({ host }) => host, maxLength: 8 },
    );
    fc.assert(
        fc.property(bridges, (entries) => {
            const stanzas = entries.map(({ host, vlanAware, mtu, commands }) => ({
                name: `vmbr${host}`,
                auto: true,
                method: "static",
                options: {
                    address: `192.0.2.${host}/24`,
                    "bridge-ports": [`eno${host}`],
                    "bridge-vlan-aware": vlanAware,
                    mtu,
                    "post-up": commands,
                },
            }));
            const content = renderInterfaces({
                source: ["/etc/network/interfaces.d/*"],
                stanzas: [{ name: "lo", auto: true, method: "loopback" }, ...stanzas],
            });
            const document = parseInterfaces(content);
            expect(sourcedPatterns(document)).toEqual(["/etc/network/interfaces.d/*"]);
            expect(
                interfacesOf(document)
                    .slice(1)
                    .map(({ name, auto, options }) => ({
                        name,
                        auto,
                        options: options.map((option) => [option.name, option.value]),
                    })),
            ).toEqual(
                entries.map(({ host, vlanAware, mtu, commands }) => ({
                    name: `vmbr${host}`,
                    auto: true,
                    options: [
                        ["address", `192.0.2.${host}/24`],
                        ["bridge-ports", `eno${host}`],
                        ["bridge-vlan-aware", vlanAware ? "yes" : "no"],
                        ["mtu", String(mtu)],
                        ...commands.map((command) => ["post-up", command]),
                    ],
                })),
            );
            expect(lintInterfaces(content, {}).filter(({ severity }) => severity === "error")).toEqual([]);
        }),
        { numRuns: runs(100) },
    );
});
