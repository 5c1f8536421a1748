import type { LintContext, NetworkLink } from "../../../model/lint/lintContext";
import { lintInterfaces } from "../../../model/interfaces";
import { validFiles } from "./fixtures";

const node = { name: "pve01", address: "192.0.2.11" };
const pve = validFiles.get("pve-default-install")!;
const dualStack = validFiles.get("dual-stack")!;
const alone = pve.replace(/^source .*\n/m, "");

function links(...names: string[]): NetworkLink[] {
    return names.map((name) => ({ name, state: "up" }));
}

function withFacts(...names: string[]): LintContext {
    return { node, sourced: {}, facts: { hostname: "pve01", blockDevices: [], mounts: [], links: links(...names) } };
}

function verdicts(content: string, context: LintContext, rule: string): [string, number][] {
    return lintInterfaces(content, context)
        .filter((finding) => finding.rule === rule)
        .map(({ severity, line }) => [severity, line]);
}

test("with everything known, a sound file has no finding at all", () => {
    expect(lintInterfaces(pve, withFacts("lo", "enp1s0"))).toEqual([]);
});

describe("management address", () => {
    test("offline the rule says once that it was not checked", () => {
        expect(verdicts(pve, {}, "management-address")).toEqual([["not checked", 1]]);
    });

    test("an address that no interface has is an error", () => {
        expect(verdicts(alone, { node: { ...node, address: "192.0.2.99" } }, "management-address")).toEqual([
            ["error", 1],
        ]);
    });

    test("an address that a sourced file may have is a warning, one that it has is fine", () => {
        const context = { node: { ...node, address: "198.51.100.7" } };
        expect(verdicts(pve, context, "management-address")).toEqual([["warning", 1]]);
        const sourced = {
            "/etc/network/interfaces.d/storage": "auto eno9\niface eno9 inet static\n\taddress 198.51.100.7/24\n",
        };
        expect(verdicts(pve, { ...context, sourced }, "management-address")).toEqual([]);
    });

    test("IPv6 spellings are one address, the second family is looked for too", () => {
        expect(verdicts(dualStack, { node: { ...node, address6: "2001:0db8:0::11" } }, "management-address")).toEqual(
            [],
        );
        expect(
            verdicts(dualStack, { node: { ...node, address6: "2001:db8::12" }, sourced: {} }, "management-address"),
        ).toEqual([["error", 1]]);
    });

    test("DHCP, and a command that sets the address, may bring it", () => {
        expect(verdicts(validFiles.get("debian-vlan-bridges")!, { node, sourced: {} }, "management-address")).toEqual(
            [],
        );
        expect(
            verdicts(
                `${alone}\tup ip addr add 198.51.100.7/32 dev vmbr0\n`,
                { node: { ...node, address: "198.51.100.7" } },
                "management-address",
            ),
        ).toEqual([]);
        expect(
            verdicts(
                `${alone}\tup ip -4 a a 198.51.100.7/32 dev vmbr0\n`,
                { node: { ...node, address: "198.51.100.7" } },
                "management-address",
            ),
        ).toEqual([]);
    });

    test("DHCP beside a static gateway, and a command that only names the address, are no proof: a warning", () => {
        const other = { node: { ...node, address: "198.51.100.7" } };
        expect(verdicts(`${alone}\nauto eno9\niface eno9 inet dhcp\n`, other, "management-address")).toEqual([
            ["warning", 1],
        ]);
        expect(
            verdicts(`${alone}\tup ip route add 203.0.113.0/24 via 198.51.100.7\n`, other, "management-address"),
        ).toEqual([["warning", 1]]);
    });

    test("with facts, an absent NIC that is to have it is an error; offline it passes", () => {
        const content =
            "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n\taddress 192.0.2.11/24\n\tgateway 192.0.2.1\n";
        expect(verdicts(content, withFacts("lo", "eno2"), "missing-nic")).toEqual([["error", 4]]);
        expect(verdicts(content, withFacts("lo", "eno1"), "missing-nic")).toEqual([]);
        expect(verdicts(content, { node }, "missing-nic")).toEqual([]);
        expect(verdicts(content.replaceAll("eno1", "eno2.10"), withFacts("lo", "eno2"), "missing-nic")).toEqual([]);
    });

    test("an address is held without the zone behind it", () => {
        expect(
            verdicts(
                alone.replace("192.0.2.11/24", "2001:db8::11%vmbr0_a/64"),
                { node: { ...node, address: "2001:db8::11" } },
                "management-address",
            ),
        ).toEqual([]);
    });

    test("an address that ifupdown2 loses to a no-break space or a wrong netmask is not held", () => {
        expect(verdicts(alone.replace("\taddress", "\u00a0address"), { node }, "management-address")).toEqual([
            ["error", 1],
        ]);
        expect(verdicts(alone.replace("11/24", "11\n\tnetmask 64"), { node }, "management-address")).toEqual([
            ["error", 1],
        ]);
    });

    test("a comment behind source does not make the address uncertain", () => {
        const content = `source /etc/network/interfaces.d/* # more\n${alone}`;
        expect(
            verdicts(content, { node: { ...node, address: "192.0.2.99" }, sourced: {} }, "management-address"),
        ).toEqual([["error", 1]]);
        expect(verdicts(content, { node, sourced: {} }, "source-words")).toEqual([]);
    });

    test("an interface that has it and is not brought up warns", () => {
        const content = alone.replace("auto vmbr0\n", "").replace("\tgateway 192.0.2.1\n", "");
        expect(verdicts(content, { node }, "not-up-at-boot")).toEqual([["warning", 6]]);
    });
});

describe("ports", () => {
    const noStanza = alone.replace("iface enp1s0 inet manual\n\n", "");

    test("a port without a stanza is fine where the link exists", () => {
        expect(verdicts(noStanza, withFacts("lo", "enp1s0"), "missing-port")).toEqual([]);
    });

    test("a port that is declared nowhere and exists nowhere is an error", () => {
        expect(verdicts(noStanza, withFacts("lo", "ens5"), "missing-port")).toEqual([["error", 8]]);
    });

    test("offline the rule says once that it was not checked", () => {
        expect(verdicts(noStanza.replace("enp1s0", "enp1s0 enp2s0"), {}, "missing-port")).toEqual([["not checked", 8]]);
    });

    test("a NIC's bare stanza makes no link: with facts, a renamed NIC is noticed; offline it passes", () => {
        expect(verdicts(alone, withFacts("lo", "enp2s0"), "missing-port")).toEqual([["error", 10]]);
        expect(verdicts(alone, { node }, "missing-port")).toEqual([]);
        expect(
            verdicts(
                alone.replace("inet manual\n", "inet manual\n\tpre-up /usr/local/sbin/make-link\n"),
                withFacts("lo"),
                "missing-port",
            ),
        ).toEqual([]);
    });

    test("one card of several that is not there only warns: it may be dead, and the others carry on", () => {
        const two = alone
            .replace("iface enp1s0 inet manual\n", "iface enp1s0 inet manual\n\niface enp2s0 inet manual\n")
            .replace("bridge-ports enp1s0", "bridge-ports enp1s0 enp2s0");
        expect(verdicts(two, withFacts("lo", "enp1s0"), "missing-port").map(([severity]) => severity)).toEqual([
            "warning",
        ]);
        expect(verdicts(two, withFacts("lo", "ens5"), "missing-port").map(([severity]) => severity)).toEqual([
            "error",
            "error",
        ]);
    });

    test("a link's alternative name is as good as its own", () => {
        const facts = {
            hostname: "pve01",
            blockDevices: [],
            mounts: [],
            links: [...links("lo"), { name: "eth0", altnames: ["enp1s0"], state: "up" }],
        };
        expect(verdicts(alone, { node, sourced: {}, facts }, "missing-port")).toEqual([]);
    });

    test("a name over 15 characters is right for an alternative one, and wrong where the node has no such link", () => {
        const content = noStanza.replace("bridge-ports enp1s0", "bridge-ports enp1s0f0np0v1234");
        const facts = {
            hostname: "pve01",
            blockDevices: [],
            mounts: [],
            links: [...links("lo"), { name: "eth0", altnames: ["enp1s0f0np0v1234"], state: "up" }],
        };
        expect(verdicts(content, { node, sourced: {}, facts }, "long-name")).toEqual([]);
        expect(verdicts(content, withFacts("lo", "eth0"), "long-name")).toEqual([["error", 8]]);
    });

    test("a VLAN id that the kernel refuses is no matter where a command makes the link", () => {
        const content =
            "auto lo\niface lo inet loopback\nauto eno1.5000\niface eno1.5000 inet manual\n\tpre-up ip link add link eno1 name eno1.5000 type vlan id 50\n";
        expect(verdicts(content, {}, "vlan-id")).toEqual([]);
    });

    test("a bond may get its ports in a sourced file", () => {
        const content = `${alone}\nauto bond0\niface bond0 inet manual\n\tbond-mode 802.3ad\n`;
        expect(verdicts(content, {}, "bond-without-ports")).toEqual([["error", 17]]);
        expect(verdicts(`${content}source /etc/network/more\n`, {}, "bond-without-ports")).toEqual([["warning", 17]]);
    });

    test("a VLAN of an existing link is made by ifupdown2, one of no link is missing", () => {
        const vlan = noStanza.replace("bridge-ports enp1s0", "bridge-ports enp1s0.100");
        expect(verdicts(vlan, withFacts("enp1s0"), "missing-port")).toEqual([]);
        expect(verdicts(vlan, withFacts("ens5"), "missing-port")).toEqual([["error", 8]]);
    });

    test("a VLAN's raw device has to exist", () => {
        const content =
            "auto lo\niface lo inet loopback\nauto vlan7\niface vlan7 inet manual\n\tvlan-raw-device eno7\nauto eno8.5\niface eno8.5 inet manual\n";
        expect(verdicts(content, withFacts("lo"), "missing-port")).toEqual([
            ["error", 5],
            ["error", 7],
        ]);
        expect(verdicts(content, withFacts("eno7", "eno8"), "missing-port")).toEqual([]);
    });

    test("a sourced file may make the port; one that is not known only warns", () => {
        const content = `${noStanza}\nsource /etc/network/interfaces.d/nics\n`;
        const facts = withFacts("lo").facts;
        expect(verdicts(content, { facts }, "missing-port")).toEqual([["warning", 8]]);
        expect(
            verdicts(
                content,
                {
                    facts,
                    sourced: { "/etc/network/interfaces.d/nics": "iface enp1s0 inet manual\n\tlink-type dummy\n" },
                },
                "missing-port",
            ),
        ).toEqual([]);
    });

    test.each(["none", "glob enp[1-4]s0", "regex en.*"])("bridge-ports %s is fine on any node", (value) => {
        expect(
            verdicts(noStanza.replace("bridge-ports enp1s0", `bridge-ports ${value}`), withFacts(), "missing-port"),
        ).toEqual([]);
    });

    test("a link that a command makes is declared, one that a command only sets up is not", () => {
        const tap = noStanza.replace("\tbridge-fd 0\n", "\tbridge-fd 0\n\tpre-up ip tuntap add dev enp1s0 mode tap\n");
        expect(verdicts(tap, withFacts(), "missing-port")).toEqual([]);
        expect(
            verdicts(
                tap.replace("tuntap add dev enp1s0 mode tap", "link set enp1s0 mtu 9000"),
                withFacts(),
                "missing-port",
            ),
        ).toEqual([["error", 8]]);
    });
});

describe("sourced files", () => {
    const sdn = { "/etc/network/interfaces.d/sdn": "auto vmbr0\niface vmbr0\n\tbridge_ports none\n" };

    test("a name in both is an error at this file's stanza", () => {
        expect(verdicts(pve, { sourced: sdn }, "declared-in-sourced-file")).toEqual([["error", 7]]);
    });

    test("other names are not", () => {
        expect(
            verdicts(
                pve,
                { sourced: { "/etc/network/interfaces.d/sdn": "auto vnet1\niface vnet1\n" } },
                "declared-in-sourced-file",
            ),
        ).toEqual([]);
    });

    test("unknown ones are named once, whatever their number", () => {
        const content = `${pve}source /etc/network/more\n`;
        expect(verdicts(content, {}, "sourced-file")).toEqual([["not checked", 14]]);
        expect(verdicts(content, { sourced: {} }, "sourced-file")).toEqual([["not checked", 15]]);
        expect(verdicts(content, { sourced: { "/etc/network/more": "" } }, "sourced-file")).toEqual([]);
    });

    test("a gateway in a sourced file counts: a second one here warns, none here is fine", () => {
        const gateway = {
            "/etc/network/interfaces.d/wan":
                "auto eno9\niface eno9 inet static\n\taddress 198.51.100.7/24\n\tgateway 198.51.100.1\n",
        };
        expect(verdicts(pve, { sourced: gateway }, "two-default-gateways")).toEqual([["warning", 9]]);
        expect(verdicts(pve.replace("\tgateway 192.0.2.1\n", ""), { sourced: gateway }, "missing-gateway")).toEqual([]);
    });

    test("a loopback in a sourced file counts", () => {
        const cloud = validFiles.get("cloud-image-source-only")!;
        expect(
            verdicts(
                cloud,
                { sourced: { "/etc/network/interfaces.d/50-cloud-init": "auto lo\niface lo inet loopback\n" } },
                "missing-loopback",
            ),
        ).toEqual([]);
        expect(verdicts(cloud, { sourced: {} }, "missing-loopback")).toEqual([["warning", 1]]);
    });
});

describe("Open vSwitch", () => {
    test("a bridge that no stanza declares is an error where the node has none either", () => {
        const content =
            "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet manual\n\tovs_type OVSPort\n\tovs_bridge br-ex\n";
        expect(verdicts(content, {}, "ovs-bridge")).toEqual([["warning", 6]]);
        expect(verdicts(content, withFacts("lo", "eno1"), "ovs-bridge")).toEqual([["error", 6]]);
        expect(verdicts(content, withFacts("lo", "eno1", "br-ex"), "ovs-bridge")).toEqual([["warning", 6]]);
    });

    test("allow-BRIDGE is the older way to list a port", () => {
        const content = validFiles
            .get("ovs-wiki-bond")!
            .replace("ovs_ports bond0 vlan50 vlan55", "ovs_ports vlan50 vlan55");
        expect(verdicts(content, {}, "ovs-port-unlisted")).toEqual([]);
        expect(verdicts(content.replace("allow-vmbr0 bond0", "auto bond0"), {}, "ovs-port-unlisted")).toEqual([
            ["warning", 7],
        ]);
    });
});

describe("what only the node can tell", () => {
    const known = { dhclient: true, mako: false };
    const units = {
        loaded: ["frr.service", "ssh.service", "early.service"],
        afterNetworking: ["frr.service", "ssh.service"],
    };
    const at = (facts: Partial<NonNullable<LintContext["facts"]>>): LintContext => {
        const base = withFacts("lo", "enp1s0");
        return { ...base, facts: { ...base.facts!, ...facts } };
    };
    const withLine = (line: string) => alone.replace("\tbridge-fd 0\n", `\tbridge-fd 0\n\t${line}\n`);

    test.each([
        ["frr.service", "error"],
        ["ssh", "error"],
        ["absent.service", "warning"],
    ])("restarting %s in the boot is judged by the unit's own ordering: %s", (unit, severity) => {
        expect(verdicts(withLine(`post-up systemctl restart ${unit}`), at({ units }), "waits-for-unit")).toEqual([
            [severity, 13],
        ]);
    });

    test("a unit that waits for no network may be restarted", () => {
        expect(verdicts(withLine("post-up systemctl restart early"), at({ units }), "waits-for-unit")).toEqual([]);
    });

    test.each([
        [undefined, [["not checked", 7]]],
        [{ ...known, dhclient: false }, [["error", 7]]],
        [known, []],
    ])("DHCP where dhclient is %j", (tools, expected) => {
        const content = alone.replace("vmbr0 inet static", "vmbr0 inet dhcp");
        expect(verdicts(content, at({ tools }), "missing-dhclient")).toEqual(expected);
        expect(verdicts(alone, at({ tools }), "missing-dhclient")).toEqual([]);
    });

    test.each([
        ["up date +%F >/run/day", false, "warning"],
        ["up date +%F >/run/day", true, "warning"],
        ["up echo 5% ${IFACE}", false, "warning"],
        ["up echo 5% ${IFACE}", true, "error"],
        ["# <% import os %>", false, "warning"],
        ["# <% import os %>", true, "error"],
    ])("%s where python3-mako is installed: %s", (line, mako, severity) => {
        expect(verdicts(withLine(line), at({ tools: { ...known, mako } }), "percent-sign")).toEqual([[severity, 13]]);
    });
});
