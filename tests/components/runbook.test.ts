import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { formatFault, parseFleet, viewOf } from "../../components/fleet";
import { planRunbook } from "../../components/runbook";
import { byHand } from "../../components/runbook/network";
import { allBelow, chainBelow, vlanTagOf } from "../../model/interfaces/below";
import { interfacesOf } from "../../model/interfaces/network";
import { parseInterfaces } from "../../model/interfaces/parse";
import { exampleRunbook, withExample } from "../../scripts/reference/runbook";
import { commandsOf, kernelArguments, onNode } from "../helpers/runbook";

const checkout = resolve(__dirname, "../..");
const read = (file: string) => readFileSync(join(checkout, file), "utf8");
const example = parse(read("Pulumi.prod.yaml")).config["holdfast:fleet"];

function plansOf(given: unknown, readFile = read) {
    const { fleet, faults } = parseFleet(given, readFile);
    if (!fleet) throw new Error(faults.map(formatFault).join("\n"));
    return Object.fromEntries(
        fleet.nodes.map(({ host, identity: node, runbook: settings }) => [
            node.name,
            planRunbook({ host, node, settings, fleet: viewOf(fleet) }),
        ]),
    );
}
const pageOf = (given: unknown, name = "pve01", readFile = read) =>
    plansOf(given, readFile)[name]!.files["/etc/holdfast/runbook.md"]!.content!;

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
    test("a BMC with an IPv6 address: brackets in the URL alone", () => {
        const more = structuredClone(example);
        more.nodes.pve01.bmc = "2001:db8::111";
        expect(pageOf(more)).toContain(
            "| console | BMC 2001:db8::111: https://[2001:db8::111], or `ipmitool -I lanplus -H 2001:db8::111 -U",
        );
    });
    test("what stands in fstab is one word to a shell", () => {
        const file =
            "UUID=0a1b2c3d-1111-4222-8333-444455556666 / ext4 defaults 0 1\nLABEL=guests'\\040disk /srv/two\\040words ext4 nofail 0 2\n";
        const given = { nodes: { pve01: { address: "192.0.2.11", fstab: { file: "fstab" } } } };
        const commands = commandsOf(
            pageOf(given, "pve01", () => file),
            "Mounts",
        );
        expect(commands).toContain("findfs 'LABEL=guests'\\'' disk' # /srv/two words: the boot goes on without it");
        expect(commands).toContain(
            "mountpoint -q '/srv/two words' || mount -t ext4 'LABEL=guests'\\'' disk' '/srv/two words'",
        );
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
        const elsewhere = structuredClone(example);
        elsewhere.defaults.configBackup.port = 2222;
        expect(commandsOf(pageOf(elsewhere), "Restore")[3]).toMatch(/ --known-hosts FILE --repository-port 2222$/);
    });
    test("storages and guests in their order, Docker hosts with what deploys them", () => {
        const more = structuredClone(example);
        more.hosts["vm-docker1"].ssh = { user: "ops", hostKey: more.nodes.pve01.ssh.hostKey };
        const deploys = {
            wiki: { run: ["/opt/wiki/deploy", "all of it"], environment: { STAGE: "prod" } },
            chat: { run: ["/opt/chat/deploy", "-"], stdin: "it's\ntwo\n" },
            mail: { run: ["/opt/mail/deploy"], stdin: { secret: "mailToken" } },
        };
        more.commands = Object.fromEntries(
            Object.entries(deploys).map(([name, each]) => [name, { remote: "vm-docker1", ...each }]),
        );
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
            "ssh ops@192.0.2.70 sudo -n -- docker ps --all # vm-docker1",
            "printf '%s\\n' 'it'\\''s' two | ssh ops@192.0.2.70 sudo -n -- /opt/chat/deploy - # chat",
            "pulumi config get holdfast:mailToken | ssh ops@192.0.2.70 sudo -n -- /opt/mail/deploy # mail",
            "ssh ops@192.0.2.70 'sudo -n -- env STAGE=prod /opt/wiki/deploy '\\''all of it'\\''' # wiki",
            "npx holdfast redeploy vm-docker1 --host ops@192.0.2.70 # dns, wiki",
        ]);
        // What the host's own shell gets of it.
        const typed = commandsOf(page, "Docker").at(-2)!;
        const { stdout } = spawnSync("bash", ["-c", `ssh() { shift; printf '%s' "$*"; }; ${typed}`], {
            encoding: "utf8",
        });
        expect(stdout).toBe("sudo -n -- env STAGE=prod /opt/wiki/deploy 'all of it'");
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

describe("what an interface stands on", () => {
    const interfaces = interfacesOf(
        parseInterfaces(`iface vmbr0 inet manual
    ovs_type OVSBridge
    ovs_ports mgmt bond0 store
iface bond0 inet manual
    ovs_type OVSBond
    ovs_bridge vmbr0
    ovs_bonds eno1 eno2
iface mgmt inet manual
    ovs_type OVSIntPort
    ovs_bridge vmbr0
    ovs_options tag=7
iface store inet manual
    ovs_type OVSIntPort
    ovs_bridge vmbr0
iface eno3.50 inet manual
iface vlan60 inet manual
    vlan-raw-device eno3
iface up inet manual
    bridge-ports down eno4
iface down inet manual
    bridge-ports up
`),
    );
    test.each([
        ["mgmt", ["mgmt", "vmbr0", "bond0", "eno1"], ["bond0", "eno1", "eno2", "vmbr0"], 7],
        ["vmbr0", ["vmbr0", "bond0", "eno1"], ["bond0", "eno1", "eno2"], undefined],
        ["eno3.50", ["eno3.50", "eno3"], ["eno3"], 50],
        ["vlan60", ["vlan60", "eno3"], ["eno3"], 60],
        ["eno9.4", ["eno9.4", "eno9"], ["eno9"], 4],
        ["up", ["up", "down"], ["down", "eno4"], undefined],
    ])("%s", (name, chain, all, tag) => {
        expect(chainBelow(name, interfaces)).toEqual(chain);
        expect(allBelow(name, interfaces).sort()).toEqual(all);
        expect(vlanTagOf(name, interfaces)).toBe(tag);
    });
});

test("a tag that Open vSwitch takes off at the port below is none on the wire", () => {
    const tagged = "    ovs_options tag=7\n";
    const content = `auto vmbr0
iface vmbr0 inet manual
    ovs_type OVSBridge
    ovs_ports mgmt eno1
iface eno1 inet manual
    ovs_type OVSPort
    ovs_bridge vmbr0
${tagged}iface mgmt inet static
    address 192.0.2.11/24
    ovs_type OVSIntPort
    ovs_bridge vmbr0
${tagged}`;
    const node = { name: "pve01", address: "192.0.2.11" };
    expect(byHand(content, node)).toMatchObject({ link: "eno1", vlan: false });
    expect(byHand(content.replace(tagged, ""), node)).toMatchObject({ link: "eno1.7", vlan: 7 });
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
            { card: "eno1", link: "eno1.50", vlan: 50, addresses: ["192.0.2.11/24"], gateways: ["192.0.2.1"] },
            "bond0.50, bond0",
        ],
        [
            "a tagged port of Open vSwitch, on a bond; both families",
            ovs,
            {
                card: "eno1",
                link: "eno1.7",
                vlan: 7,
                addresses: ["192.0.2.11/24", "2001:db8::11/64"],
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
