import fc from "fast-check";
import type { Finding } from "../../../model/lint/finding";
import { lintInterfaces, lintInterfacesFragment } from "../../../model/interfaces";
import { strayLine } from "../../../model/lint/text";
import { readFixture, validFiles, validNames } from "./fixtures";
import { runs } from "../../helpers/soak";

const faults = (findings: readonly Finding[]) => findings.filter(({ severity }) => severity !== "not checked");

test("there are at least 45 files that work", () => {
    expect(validNames.length).toBeGreaterThanOrEqual(45);
});

/** What works with classic ifupdown, and with Debian 13's ifupdown2 does not. */
const warnings: Readonly<Record<string, readonly string[]>> = { "pve-default-netmask-underscore": ["broadcast"] };

test.each(validNames)("%s passes without an error, and without a warning that it does not deserve", (name) => {
    expect(
        faults(lintInterfaces(validFiles.get(name)!, {})).map(({ rule, severity }) => `${severity} ${rule}`),
    ).toEqual((warnings[name] ?? []).map((rule) => `warning ${rule}`));
});

/** Each was brought up by `ifup -a` of ifupdown2 3.0.0-1.3, exit 0, with address and default route. */
test.each([
    ["a metric of 0", "metric 0"],
    ["a preferred lifetime beyond ifupdown2's own range", "preferred-lifetime 70000"],
    ["a preferred lifetime without end", "preferred-lifetime forever"],
    ["a forward delay beyond ifupdown2's own range", "bridge-fd 300"],
    ["an ageing time beyond it", "bridge-ageing 70000"],
    ["a variable in a command", "up ip addr add 192.0.2.77/32 dev $IFACE"],
])("%s passes", (_, line) => {
    const content = validFiles.get("pve-default-install")!.replace(/\tbridge-fd 0\n/, `\t${line}\n`);
    expect(faults(lintInterfaces(content, {}))).toEqual([]);
});

test.each(["ovs_extra set bridge ${IFACE} a=b", "bridge-ports regex ^enp[0-9]+s0$"])(
    "%s has its dollar sign by right",
    (line) => {
        expect(
            lintInterfaces(
                validFiles.get("pve-default-install")!.replace("\tbridge-ports enp1s0\n", `\t${line}\n`),
                {},
            ).filter(({ rule }) => rule === "unrendered-variable"),
        ).toEqual([]);
    },
);

test("line ends that are carriage returns alone warn and do no more", () => {
    const found = faults(
        lintInterfaces(`# by hand\n${validFiles.get("pve-default-install")!}`.replaceAll("\n", "\r"), {}),
    );
    expect(found.map(({ rule, severity }) => [rule, severity])).toEqual([["crlf", "warning"]]);
});

test.each(validNames)("each rule says at most once in %s that it was not checked", (name) => {
    const unchecked = lintInterfaces(validFiles.get(name)!, {})
        .filter(({ severity }) => severity === "not checked")
        .map(({ rule }) => rule);
    expect(unchecked).toEqual([...new Set(unchecked)]);
});

test("a file of interfaces.d needs no loopback, management address or gateway", () => {
    const sdn =
        "#version:3\n\nauto vnet1\niface vnet1\n\tbridge_ports vxlan_vnet1\n\tbridge_stp off\n\tbridge_fd 0\n\tmtu 1450\n\nauto vxlan_vnet1\niface vxlan_vnet1\n\tvxlan-id 100\n\tvxlan_remoteip 192.0.2.12\n\tmtu 1450\n";
    expect(lintInterfacesFragment(sdn, { node: { name: "pve01", address: "192.0.2.11" } })).toEqual([]);
});

test("no text makes a rule throw", () => {
    const words = [
        "iface",
        "auto",
        "eth0",
        "inet",
        "static",
        "ovs_type",
        "constructor",
        "__proto__",
        "toString",
        "address",
        "netmask",
        "gateway",
        "192.0.2.1/24",
        "::/0",
        "%",
        "bridge-ports",
        "mtu",
        "source",
        "allow-x",
        "eth[1-99999]",
        "vlan-raw-device",
        "\\",
        "\n",
        "\n",
        " ",
        "\t",
    ];
    fc.assert(
        fc.property(
            fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary", maxLength: 4 })), {
                maxLength: 60,
            }),
            (parts) => {
                const content = parts.join(parts.length % 2 === 0 ? " " : "");
                for (const { line, column } of lintInterfaces(content, {
                    sourced: {},
                    node: { name: "constructor", address: "192.0.2.1" },
                })) {
                    expect(line).toBeGreaterThanOrEqual(1);
                    expect(column).toBeGreaterThanOrEqual(1);
                }
            },
        ),
        { numRuns: runs(500) },
    );
});

describe("incident B", () => {
    const expected = JSON.parse(readFixture("broken/expected.json")) as Record<
        string,
        { rule: string; line: number; column: number }
    >;

    test.each(Object.entries(expected))("%s is refused at the stray line", (name, place) => {
        const errors = lintInterfaces(readFixture(`broken/${name}`), {}).filter(({ severity }) => severity === "error");
        expect(errors).toMatchObject([place]);
    });

    test("without the stray line there is no error", () => {
        const repaired = readFixture("broken/incident-b").replace(/^27: .*\n/m, "");
        expect(lintInterfaces(repaired, {}).filter(({ severity }) => severity === "error")).toEqual([]);
    });
});

describe("stray lines", () => {
    const strays = [
        "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast master ovs-system state UP group default qlen 1000",
        "    link/ether 02:00:5e:00:53:01 brd ff:ff:ff:ff:ff:ff",
        "    inet 192.0.2.11/24 brd 192.0.2.255 scope global vmbr0",
        "       valid_lft forever preferred_lft forever",
        "enp1s0           UP             02:00:5e:00:53:01 <BROADCAST,MULTICAST,UP,LOWER_UP>",
        "bridge name\tbridge id\t\tSTP enabled\tinterfaces",
        "vmbr0\t\t8000.02005e005301\tno\t\tenp1s0",
        "root@pve01:~# ip a >> /etc/network/interfaces",
        "-bash: ifrelod: command not found",
        "Apr  4 10:11:12 pve01 kernel: bond0: link down",
        "2025-04-04T10:11:12+00:00 pve01 networking[812]: error: bond0",
        "[  812.345678] bond0: (slave enp1s0): link status definitely down",
        "<<<<<<< HEAD",
    ];
    const routes = [
        "blackhole 10.0.0.0/8",
        "unreachable default dev lo metric 4278198272 error -101 pref medium",
        "prohibit 2001:db8::/32",
    ];
    /** May also be the rest of a command that a backslash continues. */
    const ambiguous = ["default via 192.0.2.1 dev vmbr0 proto kernel onlink", "{", ...routes];

    test("the samples are strays to the text rules", () => {
        expect(strays.filter((stray) => strayLine(stray) === undefined)).toEqual([]);
    });

    test("one is caught at every line of every file that works, with its line number", () => {
        fc.assert(
            fc.property(
                fc.constantFrom(...validNames),
                fc.constantFrom(...strays, ...ambiguous),
                fc.nat(),
                (name, stray, position) => {
                    const lines = validFiles.get(name)!.split("\n");
                    const index = position % lines.length;
                    fc.pre(!(ambiguous.includes(stray) && lines[index - 1]?.endsWith("\\")));
                    const content = [...lines.slice(0, index), stray, ...lines.slice(index)].join("\n");
                    const found = lintInterfaces(content, {}).filter(({ rule }) => rule === "stray-line");
                    expect(found).toMatchObject([
                        { severity: "error", line: index + 1, column: stray.search(/\S/) + 1 },
                    ]);
                },
            ),
            { numRuns: runs(600) },
        );
    });

    test("in a comment one is harmless", () => {
        expect(
            lintInterfaces(`# ${strays[0]}\n${validFiles.get("pve-default-install")}`, {}).filter(
                ({ severity }) => severity === "error",
            ),
        ).toEqual([]);
    });

    test("a route that goes on after a backslash is none", () => {
        const content = "auto lo\niface lo inet loopback\n\tup ip route add \\\n\t\tdefault via 192.0.2.1 dev vmbr0\n";
        expect(lintInterfaces(content, {}).filter(({ rule }) => rule === "stray-line")).toEqual([]);
    });
});

/** Beside each fault its sound neighbour: what works is not warned about. */
test.each([
    [
        "DHCP in both families, first in the file",
        "iface vmbr1 inet dhcp\niface vmbr1 inet6 dhcp\nauto vmbr1\niface vmbr1\n",
    ],
    [
        "manual, then static",
        "auto vmbr1\niface vmbr1 inet manual\niface vmbr1 inet static\n\taddress 198.51.100.1/24\n",
    ],
    ["loopback, then a static address on it", "iface lo inet static\n\taddress 198.51.100.1/32\n"],
    ["a unit that is not waited for", "auto vmbr1\niface vmbr1\n\tup systemctl --no-block restart frr\n"],
    ["a unit restarted in the background", "auto vmbr1\niface vmbr1\n\tup systemctl restart frr &\n"],
    ["a unit restarted when the interface goes down", "auto vmbr1\niface vmbr1\n\tdown systemctl restart frr\n"],
    ["a unit restarted by an interface that no boot brings up", "iface vmbr1\n\tup systemctl restart frr\n"],
    ["a unit that is asked about", "auto vmbr1\niface vmbr1\n\tup systemctl is-active frr\n"],
    ["an option of Cumulus's clagd", "auto vmbr1\niface vmbr1\n\tclag-id 1\n"],
])("%s passes", (_, lines) => {
    const content = `${validFiles.get("pve-default-install")!.replace(/^source.*\n/m, "")}\n${lines}`;
    expect(faults(lintInterfaces(content, {}))).toEqual([]);
});

test("a suggestion keeps the meaning: no word becomes one that does something else", () => {
    const said = (line: string) =>
        faults(lintInterfaces(`auto vmbr1\niface vmbr1\n\t${line}\n`, {}))
            .map(({ message }) => message)
            .join("\n");
    expect(said("clog-id 7")).not.toContain("vlan-id");
    expect(said("brigde-ports eno1")).toContain("Write 'bridge-ports'");
});
