import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { formatFault, parseFleet, viewOf } from "../../components/fleet";
import { planRunbook } from "../../components/runbook";
import { byHand } from "../../components/runbook/network";
import { exampleRunbook, withExample } from "../../scripts/reference/runbook";
import { commandsOf, kernelArguments, onNode } from "../helpers/runbook";

const checkout = resolve(__dirname, "../..");
const read = (file: string) => readFileSync(join(checkout, file), "utf8");
const example = parse(read("Pulumi.prod.yaml")).config["holdfast:fleet"];

function plansOf(given: unknown) {
    const { fleet, faults } = parseFleet(given, read);
    if (!fleet) throw new Error(faults.map(formatFault).join("\n"));
    return Object.fromEntries(
        fleet.nodes.map(({ host, identity: node, runbook: settings }) => [
            node.name,
            planRunbook({ host, node, settings, fleet: viewOf(fleet) }),
        ]),
    );
}
const pageOf = (given: unknown, name = "pve01") => plansOf(given)[name]!.files["/etc/holdfast/runbook.md"]!.content!;

test("the page of docs/runbook.md is the one of the example stack", () => {
    const document = read("docs/runbook.md");
    expect(withExample(document, exampleRunbook(checkout))).toBe(document);
    expect(exampleRunbook(checkout)).toBe(pageOf(example));
});

describe("this node's own values", () => {
    const page = pageOf(example);
    test("console, SSH, whom to tell", () => {
        expect(page).toContain(
            "| console | BMC 192.0.2.111: https://192.0.2.111, or `ipmitool -I lanplus -H 192.0.2.111",
        );
        expect(page).toContain("| network | `ssh root@192.0.2.11` |");
        expect(page).toContain("| tell | ops@example.test; on call: extension 4711 |");
        expect(pageOf(example, "pve02")).toContain("| network | `ssh -p 2222 holdfast@192.0.2.12` |");
        expect(pageOf(example, "pve03")).toContain("| network | `ssh -J jump@198.51.100.5 root@192.0.2.13` |");
    });
    test("kernel arguments: what masks, and never what the postmortem took for it", () => {
        expect(kernelArguments(page)).toEqual([
            "systemd.unit=emergency.target systemd.setenv=SYSTEMD_SULOGIN_FORCE=1",
            "systemd.mask=pve-cluster.service",
        ]);
    });
    test("its own lines of /etc/hosts", () => {
        expect(commandsOf(page, "/etc/hosts").filter((line) => line.includes("echo"))).toEqual([
            "grep -qxF '192.0.2.11 pve01.example.test pve01 pve01-mgmt' /etc/hosts || echo '192.0.2.11 pve01.example.test pve01 pve01-mgmt' >>/etc/hosts",
            "grep -qxF '2001:db8::11 pve01.example.test pve01 pve01-mgmt' /etc/hosts || echo '2001:db8::11 pve01.example.test pve01 pve01-mgmt' >>/etc/hosts",
        ]);
    });
    test("disks by UUID, as the hardened fstab has them", () => {
        expect(commandsOf(page, "Mounts")).toEqual([
            "findfs UUID=0a1b2c3d-1111-4222-8333-444455556666 # /: the boot needs it",
            "findfs UUID=1A2B-3C4D # /boot/efi: the boot goes on without it",
            "findfs UUID=9c8d7e6f-1111-4222-8333-444455556666 # /srv/local: the boot goes on without it",
            "findfs UUID=77aa88bb-1111-4222-8333-444455556666 # /var/lib/vz: the boot needs it",
            "findfs /dev/pve/swap # swap: the boot goes on without it",
            "systemctl daemon-reload",
            "mountpoint -q /boot/efi || mount -t vfat UUID=1A2B-3C4D /boot/efi",
            "mountpoint -q /srv/local || mount -t ext4 UUID=9c8d7e6f-1111-4222-8333-444455556666 /srv/local",
            "mountpoint -q /var/lib/vz || mount -t xfs UUID=77aa88bb-1111-4222-8333-444455556666 /var/lib/vz",
            "findmnt --real",
        ]);
        expect(page).toContain(
            "\nUUID=9c8d7e6f-1111-4222-8333-444455556666 /srv/local ext4 defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2\n",
        );
    });
    test("the address on the card below the bridge, and away again before the boot goes on", () => {
        expect(commandsOf(page, "Network by hand")).toEqual([
            "ip link set enp1s0 up",
            "ip address replace 192.0.2.11/24 dev enp1s0",
            "ip address replace 2001:db8::11/64 dev enp1s0",
            "ip route replace default via 192.0.2.1 dev enp1s0",
            "ip route replace default via 2001:db8::1 dev enp1s0",
            "ip -brief address",
        ]);
        expect(commandsOf(page, "Go on with the boot")).toEqual(["ip address flush dev enp1s0", "exit"]);
    });
    test("the restore, here, from elsewhere, and for a new installation", () => {
        expect(commandsOf(page, "Restore")).toEqual([
            "/usr/local/lib/holdfast/config-restore --database",
            "/usr/local/lib/holdfast/config-restore --database --yes",
            "npx holdfast restore pve01 --host root@192.0.2.11 --database --yes",
            "npx holdfast restore pve01 --host root@192.0.2.11 --database --yes --repository sftp:backup@192.0.2.60:/srv/backup --password-file FILE --key-file FILE --known-hosts FILE",
        ]);
        expect(commandsOf(pageOf(example, "pve02"), "Restore")[2]).toBe(
            "npx holdfast restore pve02 --host ssh://holdfast@192.0.2.12:2222 --database --yes",
        );
        const rest = structuredClone(example);
        rest.defaults.configBackup = { target: "rest:https://192.0.2.60:8000/backup" };
        expect(commandsOf(pageOf(rest), "Restore")[3]).toMatch(/ --password-file FILE --login-file FILE$/);
    });
    test("storages and guests in their order, Docker hosts with what deploys them", () => {
        const more = structuredClone(example);
        more.hosts["vm-docker1"].ssh = { user: "ops", hostKey: more.nodes.pve01.ssh.hostKey };
        more.commands = { wiki: { remote: "vm-docker1", run: ["/opt/wiki/deploy", "all of it"] } };
        more.proxmox = {
            endpoint: "https://192.0.2.11:8006",
            ca: "system",
            storages: {
                backup: { path: "/srv/local/backup", content: ["backup"] },
                other: { path: "/srv/other", content: ["backup"], nodes: ["pve02"] },
            },
            guests: {
                "100": { onboot: true },
                "101": { onboot: true, order: 1, up: 30 },
                "102": { onboot: false, order: 0 },
            },
        };
        const page = pageOf(more);
        expect(page).toContain(
            "Every storage `active` before the first guest: backup (/srv/local/backup). Guests start in their own order: 101 (then 30 s), 100.\n",
        );
        expect(commandsOf(page, "Docker")).toEqual([
            "ssh ops@192.0.2.70 docker ps --all # vm-docker1",
            "ssh ops@192.0.2.70 /opt/wiki/deploy 'all of it' # wiki",
        ]);
    });
});

test("what the stack does not declare is said, with the command that shows it", () => {
    const page = pageOf({ nodes: { pve01: { address: "192.0.2.11", smartd: false } } });
    for (const part of [
        "the stack declares no `bmc` for it",
        "This node keeps none (`networkGuard` is off).",
        "The stack does not declare this node's fstab.",
        "The stack does not say by which card pve01 has its address.",
        "The stack declares no `configBackup` for this node.",
        "The stack declares no Docker host",
    ])
        expect(page).toContain(part);
    expect(commandsOf(page, "Go on with the boot")).toEqual(["exit"]);
    // Nothing about a cluster where there is none.
    expect(page).not.toMatch(/quorum|this node's alone/);
});

test("every value that changes changes the page: an older one on the node is drift", () => {
    const change = (edit: (fleet: typeof example) => void) => {
        const fleet = structuredClone(example);
        edit(fleet);
        return pageOf(fleet);
    };
    const pages = [
        pageOf(example),
        change((fleet) => (fleet.nodes.pve01.bmc = "idrac01.example.test")),
        change((fleet) => (fleet.mail.to = "others@example.test")),
        change((fleet) => (fleet.nodes.pve01.address = "192.0.2.21")),
        change((fleet) => (fleet.nodes.pve01.fstab.length -= 1)),
        change((fleet) => (fleet.nodes.pve01.interfaces.stanzas[2].options.ovs_ports = ["eno1"])),
        change((fleet) => (fleet.defaults.configBackup.target = "sftp:backup@192.0.2.61:/srv/backup")),
        change((fleet) => (fleet.defaults.networkGuard = false)),
    ];
    expect(new Set(pages).size).toBe(pages.length);
});

test("log-in and both shells name it; a greeting that fails keeps no shell away", () => {
    const { files } = plansOf(example)["pve01"]!;
    expect(files["/etc/holdfast/runbook.md"]!.mode).toBe("0600");
    expect(files["/etc/motd.d/holdfast-runbook"]!.content).toContain("/etc/holdfast/runbook.md");
    for (const mode of ["emergency", "rescue"])
        expect(files[`/etc/systemd/system/${mode}.service.d/holdfast-runbook.conf`]!.content).toMatch(
            /^\[Service\]\nExecStartPre=-\/bin\/echo "pve01: .* more \/etc\/holdfast\/runbook\.md"$/m,
        );
});

test("a shell takes every command, and nobody has to scroll for long", () => {
    for (const name of ["pve01", "pve02", "pve03"]) {
        const page = pageOf(example, name);
        const script = onNode(page).join("\n");
        expect(spawnSync("bash", ["-n"], { input: script })).toMatchObject({ status: 0 });
        expect(page.split("\n").length).toBeLessThan(220);
    }
});

test.each([
    ["bmc", { bmc: "not an address" }, "nodes.pve01.bmc: expected a host name"],
    ["tell", { runbook: { tell: ["a | b"] } }, "nodes.pve01.runbook.tell[0]: expected one line without |, `, < and >"],
    ["tell", { runbook: { tell: [] } }, "nodes.pve01.runbook.tell: expected at least one"],
])("a %s that would spoil the page is refused", (_, settings, message) => {
    const { faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", ...settings } } }, read);
    expect(faults.map(formatFault)).toEqual([expect.stringContaining(message)]);
});

describe("the management address by hand", () => {
    const node = { name: "pve01", address: "192.0.2.11", address6: "2001:db8::11" };
    const vlanOnBond = `auto bond0
iface bond0 inet manual
    bond-slaves eno1 eno2
iface bond0.50 inet static
    address 192.0.2.11
    netmask 255.255.255.0
    gateway 192.0.2.1
iface eno3 inet static
    address 198.51.100.11/24
`;
    const ovs = `auto vmbr0
iface vmbr0 inet manual
    ovs_type OVSBridge
    ovs_ports mgmt bond0
iface bond0 inet manual
    ovs_type OVSBond
    ovs_bridge vmbr0
    ovs_bonds eno1 eno2
iface mgmt inet static
    address 192.0.2.11/24
    ovs_type OVSIntPort
    ovs_bridge vmbr0
    ovs_options tag=7
iface mgmt inet6 static
    address 2001:DB8:0::11/64
    gateway 2001:db8::1
`;
    test.each([
        [
            "a VLAN on a bond, with a netmask",
            vlanOnBond,
            { card: "eno1", link: "eno1.50", vlan: "50", addresses: ["192.0.2.11/24"], gateways: ["192.0.2.1"] },
            "bond0.50, bond0",
        ],
        [
            "a tagged port of Open vSwitch, on a bond; both families",
            ovs,
            {
                card: "eno1",
                link: "eno1.7",
                vlan: "7",
                addresses: ["192.0.2.11/24", "2001:DB8:0::11/64"],
                gateways: ["2001:db8::1"],
            },
            "mgmt, vmbr0, bond0",
        ],
        [
            "a card without anything above it",
            "iface eno1 inet static\n    address 192.0.2.11/24\n",
            { card: "eno1", link: "eno1", vlan: false, addresses: ["192.0.2.11/24"], gateways: [] },
            "",
        ],
    ])("%s", (_, content, expected, above) => {
        expect(byHand(content, node)).toEqual({ ...expected, above });
    });
    test.each([
        ["DHCP says it", "iface vmbr0 inet dhcp\n    bridge-ports eno1\n"],
        ["the bridge has no port", "iface vmbr0 inet static\n    address 192.0.2.11/24\n    bridge-ports none\n"],
        [
            "ports go round in a circle",
            "iface a inet static\n    address 192.0.2.11/24\n    bridge-ports b\niface b inet manual\n    bridge-ports a\n",
        ],
    ])("none where %s", (_, content) => {
        expect(byHand(content, node)).toBeUndefined();
    });
});
