/** What the network of the next boot meets. */
import { programText } from "../../../programs";
import { ask, pairs, type Fixture } from "./machine";

const sound =
    "auto lo\niface lo inet loopback\n\niface enp1s0 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.11/24\n\tgateway 192.0.2.1\n\tbridge-ports enp1s0\n";
const links = { "/sys/class/net/lo/address": "", "/sys/class/net/enp1s0/device/": "" };
const network = (text: string, more: Readonly<Record<string, string>> = {}): Fixture => ({
    files: { ...links, "/etc/network/interfaces": text, ...more },
});

pairs("pending-interfaces", {
    "a change in the GUI that waits": {
        fault: network(sound, { "/etc/network/interfaces.new": sound }),
        says: ["boot-interfaces-pending", /interfaces\.new waits/],
        twin: network(sound, { "/etc/network/interfaces.new.bak": sound }),
    },
});

const stray = "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP\n";
const ownProgram = "/usr/local/lib/holdfast/boot-readiness";
/** The real program with the real grammar, on the fixture's files. */
const judged = (text: string, more: Readonly<Record<string, string>> = {}): Fixture => ({
    ...network(text, { [ownProgram]: programText(ownProgram), ...more }),
    pretend: `
real = commands.run
def judge(argv, *rest, **options):
    if argv[0] != "${ownProgram}":
        return real(argv, *rest, **options)
    done = subprocess.run(["python3", "-ISXutf8", given["root"] + argv[0], *argv[1:]], capture_output=True, text=True, env={"HOLDFAST_ROOT": given["root"]})
    return commands.Outcome(done.returncode, done.stdout, done.stderr)
commands.run = judge`,
});
const guard = (code: number, output: string): Fixture => ({
    ...network(sound, { "/etc/holdfast/network-guard": "", [ownProgram]: "" }),
    commands: { "/etc/holdfast/network-guard check": [code, output] },
});
pairs("interfaces-stray", {
    "incident B's line after the last stanza": {
        fault: judged(`${sound}\n${stray}`),
        says: ["boot-interfaces-stray", /^\/etc\/network\/interfaces:12:1: error: This is output of `ip link`/],
        twin: judged(`${sound}\n# ${stray}`),
    },
    "the same before any stanza, and in a file that is sourced": {
        fault: judged("source interfaces.d/*\n", { "/etc/network/interfaces.d/sdn": stray }),
        says: ["boot-interfaces-stray", /interfaces\.d\/sdn:1:/],
        twin: judged("auto lo\niface lo inet loopback\nsource interfaces.d/*.conf\n", {
            "/etc/network/interfaces.d/sdn": stray,
        }),
    },
    "what only the strict grammar knows: a line of code that a template engine would run as root": {
        fault: judged(`${sound}% import os\n`, { "/usr/lib/python3/dist-packages/mako/": "" }),
        says: ["boot-interfaces-stray", /^\/etc\/network\/interfaces:11:/],
        twin: judged(sound),
    },
    "what the network's guard refuses, where there is one": {
        fault: guard(1, "/etc/network/interfaces:3:1: error: no word of its language [unknown-keyword]\n"),
        says: ["boot-interfaces-stray", /:3:1: error: no word/],
        // A likely slip is told by the guard, and refused by nobody.
        twin: guard(0, "/etc/network/interfaces:3:1: warning: did you mean mtu? [misspelt-keyword]\n"),
    },
});

test("where nobody judges the interfaces file it is not taken for sound", async () => {
    for (const fixture of [network(sound), guard(1, ""), guard(2, "usage")])
        expect(await ask("interfaces-stray", fixture)).toMatchObject({ state: "unknown", code: "boot-grammar-silent" });
});

/** What the node's own ifup says; the check runs it in the concern of the interfaces file. */
const ifup = (verdict: string): Fixture => ({
    ...network(sound),
    pretend: `
from look import verdict
from concerns.interfaces.node import checks
checks.interfaces = lambda timeout, path: ${verdict}`,
});
pairs("interfaces-ifup", {
    "what ifup refuses": {
        fault: ifup("verdict.bad('interfaces-refused', 'error: vmbr0: two gateways')"),
        says: ["boot-interfaces-refused", /two gateways/],
        twin: ifup("verdict.passed()"),
    },
});

test("an ifup that does not answer is not taken for ok", async () => {
    const told = await ask("interfaces-ifup", ifup("verdict.unknown('ifup-silent', 'no answer after 15 s, stopped')"));
    expect(told).toMatchObject({ state: "unknown", code: "boot-ifup-silent" });
});

const altnames = (ifname: string, ...names: readonly string[]) => JSON.stringify([{ ifname, altnames: names }]);
pairs("ports-exist", {
    "a card whose name has changed": {
        fault: network(sound.replaceAll("enp1s0", "enp2s0")),
        says: ["boot-port-missing", /enp2s0 of vmbr0 is not there/],
        twin: network(sound),
    },
    "a bond's second port": {
        fault: network("auto bond0\niface bond0 inet manual\n\tbond-slaves enp1s0 enp9s0\n"),
        says: ["boot-port-missing", /enp9s0 of bond0/],
        twin: network(
            "auto bond0\niface bond0 inet manual\n\tbond-slaves enp1s0\nauto vmbr0\niface vmbr0 inet manual\n\tbridge-ports bond0\nauto vmbr1\niface vmbr1 inet manual\n\tbridge-ports none\nauto vmbr2\niface vmbr2 inet manual\n\tbridge-ports regex enp.*\n",
        ),
    },
});

const onEno2 = (stanza: string, port = "eno2"): Fixture =>
    network(`${stanza}\nauto vmbr0\niface vmbr0 inet manual\n\tbridge-ports ${port}\n`);
pairs("ports-exist", {
    "a card that is gone, and whose stanza says how it is to be set up": {
        fault: onEno2("iface eno2 inet manual\n\tmtu 9000\n\tpost-up ethtool -K eno2 tso off"),
        says: ["boot-port-missing", /^eno2 of vmbr0 is not there$/],
        twin: onEno2("iface eno2 inet manual\n\tpre-up ip link add eno2 type dummy"),
    },
    "a port of Open vSwitch that is gone": {
        fault: onEno2("iface eno2 inet manual\n\tovs_type OVSPort\n\tovs_bridge vmbr9"),
        says: ["boot-port-missing", /eno2/],
        twin: onEno2("iface eno2 inet manual\n\tovs_type OVSIntPort\n\tovs_bridge vmbr9"),
    },
    "a name that no card has, not even as its second one": {
        fault: { ...onEno2(""), commands: { "ip -details -json link show": altnames("enp1s0", "enp0s31f6") } },
        says: ["boot-port-missing", /eno2/],
        twin: { ...onEno2(""), commands: { "ip -details -json link show": altnames("enp1s0", "eno2") } },
    },
    "a card beside VLANs, which are made": {
        fault: onEno2("", "eno1.100 vmbr0v5 eno2"),
        says: ["boot-port-missing", /^eno2 of vmbr0 is not there$/],
        twin: onEno2("", "eno1.100 vmbr0v5"),
    },
    "one end of a pair that nobody makes": {
        fault: onEno2("iface veth0 inet manual\n\tlink-type veth\n\tveth-peer-name veth1"),
        says: ["boot-port-missing", /eno2/],
        twin: onEno2("iface veth0 inet manual\n\tlink-type veth\n\tveth-peer-name veth1", "veth1"),
    },
});

const bridge = { "/sys/class/net/vmbr0/bridge/": "" };
pairs("bridge-ports", {
    "a bridge whose port is gone": {
        fault: network(sound, { ...bridge, "/sys/class/net/vmbr0/brif/": "" }),
        says: ["boot-bridge-without-port", /vmbr0 has no port/],
        twin: network(sound, { ...bridge, "/sys/class/net/vmbr0/brif/enp1s0/": "" }),
    },
    "the same beside an inner bridge, which has none by right": {
        fault: network(sound, { ...bridge, "/sys/class/net/vmbr0/brif/": "" }),
        says: ["boot-bridge-without-port", /vmbr0/],
        twin: network(sound.replace("bridge-ports enp1s0", "bridge-ports none"), {
            ...bridge,
            "/sys/class/net/vmbr0/brif/": "",
        }),
    },
});

const card = { "/sys/class/net/enp1s0/device/": "", "/sys/class/net/enp1s0/address": "02:00:00:00:00:01\n" };
const pin = (name: string, mac = "02:00:00:00:00:01") => `[Match]\nMACAddress=${mac}\n[Link]\nName=${name}\n`;
pairs("link-names", {
    "a .link file that nobody has booted with": {
        fault: network(sound, { ...card, "/etc/systemd/network/10-lan.link": pin("lan0") }),
        says: [
            "boot-name-would-change",
            /enp1s0 becomes lan0 \(by \/etc\/systemd\/network\/10-lan.link\) at the next boot/,
        ],
        twin: network(sound, { ...card, "/etc/systemd/network/10-lan.link": pin("enp1s0") }),
    },
    "a name by the first of two .link files, which counts": {
        fault: network(sound, {
            ...card,
            "/etc/systemd/network/10-a.link": pin("lan0"),
            "/etc/systemd/network/20-b.link": pin("enp1s0"),
        }),
        says: ["boot-name-would-change", /lan0/],
        twin: network(sound, {
            ...card,
            "/etc/systemd/network/10-a.link": pin("enp1s0"),
            "/usr/lib/systemd/network/05-other.link": pin("lan0", "02:00:00:00:00:09"),
        }),
    },
});

test("a card that is not pinned is said, and no fault", async () => {
    expect(await ask("link-names", network(sound, card))).toMatchObject({
        state: "skipped",
        code: "boot-name-not-pinned",
        text: expect.stringContaining("enp1s0"),
    });
});

/** As udev of Debian 13 says it in the lab's virtual machine, of a card in slot 0x10 of the first bus. */
const asked = "udevadm test-builtin net_id /sys/class/net/enp0s16";
const netId = "ID_NET_NAMING_SCHEME=v257\nID_NET_NAME_MAC=enx52540077aa01\nID_NET_NAME_PATH=enp0s16\n";
const recorded = (said: string | readonly [number, string], more: Readonly<Record<string, string>> = {}): Fixture => ({
    ...network(sound.replaceAll("enp1s0", "enp0s16"), {
        "/sys/class/net/enp0s16/device/": "",
        "/sys/class/net/enp0s16/address": "52:54:00:77:aa:01\n",
        "/sys/class/net/enp0s16/ifindex": "3\n",
        "/sys/class/net/enp0s16/name_assign_type": "4\n",
        "/run/udev/control": "",
        "/run/udev/data/n3": "E:ID_NET_LINK_FILE=/usr/lib/systemd/network/99-default.link\nE:ID_NET_NAME=enp0s16\n",
        "/usr/lib/systemd/network/99-default.link":
            "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\nAlternativeNamesPolicy=database onboard slot path mac\nMACAddressPolicy=persistent\n",
        ...more,
    }),
    commands: { [asked]: said },
});
const own = { "/etc/systemd/network/10-holdfast-enp0s16.link": pin("enp0s16", "52:54:00:77:aa:01") };

pairs("link-names", {
    "a card that a newer systemd calls by its hotplug slot": {
        fault: recorded(`${netId}ID_NET_NAME_SLOT=ens16\n`),
        says: [
            "boot-name-would-change",
            /enp0s16 becomes ens16 \(by its slot, as udev tells it now\) at the next boot/,
        ],
        twin: recorded(netId),
        is: "skipped",
    },
    "the same, beside one that is pinned": {
        fault: recorded(`${netId}ID_NET_NAME_ONBOARD=eno1\n`),
        says: ["boot-name-would-change", /enp0s16 becomes eno1/],
        twin: recorded(`${netId}ID_NET_NAME_ONBOARD=eno1\n`, own),
    },
    "another policy in the place of Debian's": {
        fault: recorded(netId, {
            "/etc/systemd/network/99-default.link": "[Match]\nOriginalName=*\n[Link]\nNamePolicy=mac\n",
        }),
        says: ["boot-name-would-change", /enp0s16 becomes enx52540077aa01/],
        twin: recorded(`${netId}ID_NET_NAME_SLOT=ens16slot0123456789\n`), // too long for a name
        is: "skipped",
    },
    "a rule of udev's": {
        fault: recorded(netId, {
            "/etc/udev/rules.d/70-persistent-net.rules":
                'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:77:aa:01", NAME="lan0"\n',
        }),
        says: ["boot-name-would-change", /enp0s16 becomes lan0 \(by \/etc\/udev/],
        twin: recorded(netId, {
            "/etc/udev/rules.d/70-persistent-net.rules":
                'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:77:aa:01", NAME="enp0s16"\n',
        }),
    },
});

test("what udev is not asked for, or does not say: names of its own switched off, a file that goes by the driver, an error", async () => {
    const other = `${netId}ID_NET_NAME_SLOT=ens16\n`;
    expect(await ask("link-names", recorded(other, { "/proc/cmdline": "quiet net.ifnames=0\n" }))).toMatchObject({
        code: "boot-name-not-pinned",
    });
    const byDriver = "/etc/systemd/network/20-driver.link";
    expect(
        await ask(
            "link-names",
            recorded(other, {
                "/run/udev/data/n3": `E:ID_NET_LINK_FILE=${byDriver}\n`,
                [byDriver]: "[Match]\nDriver=virtio_net\n[Link]\nName=enp0s16\n",
            }),
        ),
    ).toMatchObject({ code: "boot-name-not-pinned" });
    expect(await ask("link-names", recorded([1, "Failed to open device"]))).toMatchObject({
        state: "unknown",
        code: "boot-name-untold",
    });
});

test("a bond's members are told apart by their own addresses, whatever the bond has given them", async () => {
    const bonded = network("auto bond0\niface bond0 inet manual\n\tbond-slaves enp1s0 enp2s0\n", {
        "/sys/class/net/enp2s0/device/": "",
        ...Object.fromEntries(
            ["enp1s0", "enp2s0"].map((name) => [`/sys/class/net/${name}/address`, "02:00:00:00:00:0b"]),
        ),
        "/etc/systemd/network/10-a.link": pin("enp1s0", "02:00:00:00:00:01"),
        "/etc/systemd/network/10-b.link": pin("enp2s0", "02:00:00:00:00:02"),
    });
    const told = JSON.stringify(
        ["enp1s0", "enp2s0"].map((ifname, index) => ({
            ifname,
            address: "02:00:00:00:00:0b",
            permaddr: `02:00:00:00:00:0${index + 1}`,
        })),
    );
    expect(await ask("link-names", { ...bonded, commands: { "ip -details -json link show": told } })).toMatchObject({
        state: "ok",
    });
});

const shown = "systemctl show --property=Id,After,ActiveState,UnitFileState --";
const unit = (id: string, after: string, active = "active", file = "enabled") =>
    `Id=${id}\nAfter=${after}\nActiveState=${active}\nUnitFileState=${file}\n`;
const hook = (command: string, after: string, others: Readonly<Record<string, string>> = {}): Fixture => ({
    ...network(`${sound}\tpost-up ${command}\n`),
    commands: {
        [`${shown} dnsmasq.service`]: unit("dnsmasq.service", after, "inactive", "disabled"),
        [`${shown} basic.target`]: unit("basic.target", ""),
        ...Object.fromEntries(Object.entries(others).map(([names, told]) => [`${shown} ${names}`, told])),
    },
});
pairs("waiting-hooks", {
    "a hook that restarts what waits for the network": {
        fault: hook("systemctl restart dnsmasq", "basic.target networking.service"),
        says: ["boot-hook-waits", /waits for dnsmasq\.service, which waits for the network/],
        twin: hook("systemctl restart --no-block dnsmasq", "basic.target networking.service"),
    },
    "one that is ordered after a target": {
        fault: hook("systemctl start dnsmasq.service || true", "network-online.target"),
        says: ["boot-hook-waits", /dnsmasq/],
        twin: hook("systemctl start dnsmasq.service", "basic.target"),
    },
    "one that waits for what waits for the network": {
        fault: hook("systemctl start dnsmasq", "remote-fs.target", {
            "remote-fs.target": unit("remote-fs.target", "mnt-nas.mount"),
            "mnt-nas.mount": unit("mnt-nas.mount", "network-online.target", "inactive"),
        }),
        says: ["boot-hook-waits", /dnsmasq\.service, which waits for the network/],
        // What no boot starts is waited for by nobody.
        twin: hook("systemctl start dnsmasq", "bind9.service", {
            "bind9.service": unit("bind9.service", "network.target", "inactive", "disabled"),
        }),
    },
});

const dhcp = "auto enp1s0\niface enp1s0 inet dhcp\n";
pairs("dhclient", {
    "DHCP without a client": {
        fault: network(dhcp, { "/usr/share/ifupdown2/": "" }),
        says: ["boot-dhclient-missing", /enp1s0 gets no address/],
        twin: network(dhcp, { "/usr/share/ifupdown2/": "", "/sbin/dhclient": "" }),
    },
    "a client that ifupdown2 does not start": {
        fault: network(dhcp, { "/usr/share/ifupdown2/": "", "/usr/sbin/dhcpcd": "" }),
        says: ["boot-dhclient-missing", /dhclient is not installed/],
        twin: network(dhcp, { "/usr/sbin/dhcpcd": "" }),
    },
});

const wanted = "/etc/systemd/system/multi-user.target.wants/networking.service";
pairs("networking-enabled", {
    "a service that no target wants": {
        fault: network(sound),
        says: ["boot-networking-disabled", /no target wants/],
        twin: { ...network(sound, { [wanted]: "" }) },
    },
    "one that is masked": {
        fault: {
            ...network(sound, { [wanted]: "" }),
            links: { "/etc/systemd/system/networking.service": "/dev/null" },
        },
        says: ["boot-networking-disabled", /masked/],
        twin: network(sound, { [wanted]: "" }),
    },
});
