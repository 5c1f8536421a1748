import fc from "fast-check";
import { showControls } from "../../model/lint/controls";
import { lintText, splitFields, splitLines, strayLine } from "../../model/lint/text";
import "../helpers/soak";

const rulesOf = (content: string, strict = true) =>
    lintText(content, { strict }).map(({ rule, severity, line, column }) => `${line}:${column} ${severity} ${rule}`);

describe("splitLines and splitFields", () => {
    it("keep every byte", () => {
        fc.assert(
            fc.property(fc.string({ unit: fc.constantFrom("a", " ", "\t", "\r", "\n", "\0", "é") }), (content) => {
                const lines = splitLines(content);
                expect(lines.map(({ text, ending }) => text + ending).join("")).toBe(content);
                const { tokens, tail } = splitFields(content, /[ \t]/);
                expect(tokens.map(({ gap, text }) => gap + text).join("") + tail).toBe(content);
                tokens.forEach(({ text, column }) =>
                    expect(content.slice(column - 1, column - 1 + text.length)).toBe(text),
                );
            }),
        );
    });
});

describe("showControls", () => {
    test.each([
        ["\x1b[2J\x07", "\\x1b[2J\\x07"],
        ["a\r\0\x7f", "a\\x0d\\x00\\x7f"],
        ["\x9b31m\x85", "\\x9b31m\\x85"],
        ["\u202a\u202e\u2066\u2069", "\\u202a\\u202e\\u2066\\u2069"],
    ])("shows %j as %s", (text, shown) => {
        expect(showControls(text)).toBe(shown);
    });

    it("leaves tabs, newlines and every script alone", () => {
        const text = "\taddress\n\u00a0é 漢 שלום 🙂\u2029\u202f\u2065\u206a\\x1b";
        expect(showControls(text)).toBe(text);
    });
});

describe("lintText", () => {
    test.each([
        ["", ["1:1 error empty-file"]],
        ["# only a comment\n\n  # and another\n", ["1:1 error empty-file"]],
        ["a\nb\0c\n", ["2:2 error nul-byte"]],
        ["a\nb\r\nc\r\n", ["2:2 warning crlf"]],
        ["a\nb", ["2:2 warning missing-final-newline"]],
        ["\uFEFFa\n", ["1:1 error byte-order-mark"]],
        ["a\nb {{ c }}\n", ["2:3 error unrendered-template"]],
        ["a\n# b {{ c }}\n", ["2:5 warning unrendered-template"]],
        ["a undefined\n", ["1:3 error undefined-value"]],
        ["UUID=undefined\n", ["1:6 error undefined-value"]],
        ["a [object Object]\n", ["1:3 error object-object"]],
        ["a Calling [toString] on an [Output<T>] is not supported\n", ["1:3 error unresolved-output"]],
    ])("finds in %j %j", (content, expected) => {
        expect(rulesOf(content)).toEqual(expected);
    });

    test.each([
        "a\n",
        "# comment\na 50% ${b} { c }\n",
        "a undefined_behaviour undefined-names\n",
        "a [object] Output\n",
    ])("says nothing about %j", (content) => {
        expect(rulesOf(content)).toEqual([]);
    });

    it("takes an empty file and a template's braces for ordinary where the format is not known", () => {
        expect(rulesOf("", false)).toEqual([]);
        expect(rulesOf("summary: '{{ $labels.instance }} is down'\n", false)).toEqual([
            "1:11 warning unrendered-template",
        ]);
    });

    it("calls a carriage return an error in a script, whose interpreter is then not found", () => {
        expect(rulesOf("#!/bin/sh\r\ntrue\r\n", false)).toEqual(["1:10 error crlf"]);
    });

    it("gives every finding a one-line message with a remedy", () => {
        for (const { message } of lintText(
            "\uFEFFa\r\n\0 {{b}} undefined [object Object] Calling [toString] on an [Output",
            { strict: true },
        ))
            expect(message).toMatch(/^[^\n]+[.:] [A-Z][^\n]*\.$/);
    });
});

describe("strayLine", () => {
    test.each([
        [
            "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast master ovs-system state UP group default qlen 1000",
            "output of `ip link`",
        ],
        ["5: bond0.10@bond0: <BROADCAST,MULTICAST> mtu 1500", "output of `ip link`"],
        ["    link/ether 60:a4:b7:58:ba:5b brd ff:ff:ff:ff:ff:ff", "output of `ip link`"],
        ["    inet 192.0.2.11/24 brd 192.0.2.255 scope global vmbr0", "output of `ip addr`"],
        ["    inet6 fe80::1/64 scope link", "output of `ip addr`"],
        ["       valid_lft forever preferred_lft forever", "output of `ip addr`"],
        ["    RX:  bytes packets errors dropped  missed   mcast", "output of `ip -s link`"],
        ["vmbr0            UP             192.0.2.11/24 fe80::1/64 ", "output of `ip -br`"],
        ["enp1s0           UP             60:a4:b7:58:ba:5b <BROADCAST,MULTICAST,UP,LOWER_UP> ", "output of `ip -br`"],
        ["enp2s0           DOWN           ", "output of `ip -br`"],
        ["default via 192.0.2.1 dev vmbr0 proto kernel onlink ", "output of `ip route`"],
        ["192.0.2.0/24 dev vmbr0 proto kernel scope link src 192.0.2.11", "output of `ip route`"],
        ["10.0.0.7 via 192.0.2.1 dev vmbr0", "output of `ip route`"],
        ["10.0.0.0/8 via 192.0.2.1 dev vmbr0 ", "output of `ip route`"],
        ["2001:db8:1::/48 via fe80::1 dev vmbr0", "output of `ip route`"],
        ["192.0.2.1 dev vmbr0 src 192.0.2.11 uid 0 ", "output of `ip route`"],
        ["192.0.2.0/24 dev vmbr0", "output of `ip route`"],
        ["Kernel IP routing table", "output of `route`"],
        ["Destination     Gateway         Genmask         Flags Metric Ref    Use Iface", "output of `route`"],
        ["0.0.0.0         192.0.2.1       0.0.0.0         UG    0      0        0 vmbr0", "output of `route`"],
        ["default         gw.example.test 0.0.0.0         UG    0      0        0 vmbr0", "output of `route`"],
        ["192.0.2.0 0.0.0.0 255.255.255.0 U 0 0 0 vmbr0", "output of `route`"],
        ["192.0.2.1 dev vmbr0 lladdr 60:a4:b7:58:ba:5b REACHABLE", "output of `ip neigh`"],
        ["bridge name\tbridge id\t\tSTP enabled\tinterfaces", "output of `brctl show`"],
        ["vmbr0\t\t8000.60a4b758ba5b\tno\t\tenp1s0", "output of `brctl show`"],
        ["    Bridge vmbr0", "output of `ovs-vsctl show`"],
        ["vmbr0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500", "output of `ifconfig`"],
        ['/dev/sda1: UUID="4C8E-0B1D" TYPE="vfat"', "output of `blkid`"],
        ["├─sda1               8:1    0  1007K  0 part", "output of `lsblk`"],
        ["/dev/mapper/pve-root on / type ext4 (rw,relatime)", "output of `mount`"],
        ["/dev/sda2        1022M   12M 1011M   2% /boot/efi", "output of `df`"],
        ["root@pve01:~# ip addr >> /etc/network/interfaces", "a shell prompt"],
        ["root@pve01:/etc/network#", "a shell prompt"],
        ["[root@pve01 ~]# ip a", "a shell prompt"],
        ["$ ip a", "a shell prompt"],
        ["-bash: ip: command not found", "a shell's error message"],
        ["Apr  4 10:11:12 pve01 kernel: bond0: link down", "a log line"],
        ["2025-04-04T10:11:12.123456+02:00 pve01 systemd[1]: Started.", "a log line"],
        ["[   12.345678] bond0: link down", "a log line"],
        ["<<<<<<< HEAD", "a merge conflict marker"],
        ["EOF", "the end marker of a here-document"],
    ])("knows %j as %s", (line, what) => {
        expect(strayLine(line)).toBe(what);
    });

    test.each([
        "",
        "   ",
        "# 27: eth0: <UP> in a comment",
        "127.0.0.1 localhost",
        "192.0.2.1 UP",
        "192.0.2.5        DOWN",
        "192.0.2.5 dev vmbr0",
        "192.0.2.5 via dev",
        "192.0.2.5 via gw dev vmbr0",
        "192.0.2.5 dev src uid",
        "::1 ip6-localhost",
        "fe00::0 ip6-localnet",
        "UUID=4C8E-0B1D /boot/efi vfat defaults 0 1",
        "root@nas:/srv/media# /mnt/media fuse.sshfs _netdev 0 0",
        "//nas/vm$ /mnt/vm cifs guest 0 0",
        "[2001:db8::60]:/export /mnt nfs defaults 0 0",
        "admin@.cephfs=/ /mnt ceph noatime 0 0",
        "tmpfs /tmp tmpfs size=50% 0 0",
        "none /dev/shm tmpfs defaults 0 0",
        "auto lo",
        "iface vmbr0 inet static",
        "    address 192.0.2.11/24",
        "    up ip route add default via 192.0.2.1 dev vmbr0",
        "    post-up echo 1 > /proc/sys/net/ipv4/ip_forward",
        "    local 192.0.2.1",
        "    broadcast 192.0.2.255",
        "    alias UP",
        "    hostname DOWN",
        "    hwaddress ether 60:a4:b7:58:ba:5b",
        "    bridge-ports enp1s0",
        "allow-vmbr0 bond0",
        "    ovs_bonds enp1s0 enp2s0",
        "mapping eth0",
        "    map HOME eth0-home",
        "    mtu 9000",
        "    inet-x 1",
    ])("leaves the valid line %j alone", (line) => {
        expect(strayLine(line)).toBeUndefined();
    });
});
