/**
 * What a revert does by hand, and for what of a network somebody waits: by values, without a network.
 */
import { python } from "./python";

interface Link {
    readonly up: boolean;
    readonly carrier: boolean;
    readonly master: string | null;
}
interface Snapshot {
    readonly links: Readonly<Record<string, Link>>;
    readonly addresses: Readonly<Record<string, readonly string[]>>;
    readonly routes: readonly string[];
}

const up: Link = { up: true, carrier: true, master: null };
const before: Snapshot = {
    links: { enp1s0: { ...up, master: "vmbr0" }, vmbr0: up, vmbr1: up },
    addresses: { enp1s0: [], vmbr0: ["192.0.2.11/24"], vmbr1: [] },
    routes: ["-4 default via 192.0.2.1 dev vmbr0", "-4 unreachable 198.51.100.0/24"],
};
/** The address has moved to the other bridge, which works. */
const moved: Snapshot = {
    links: { enp1s0: { ...up, master: "vmbr1" }, vmbr0: up, vmbr1: up },
    addresses: { enp1s0: [], vmbr0: [], vmbr1: ["192.0.2.11/24"] },
    routes: ["-4 default via 192.0.2.1 dev vmbr1"],
};

/** The command lines that are to take away what the change brought. */
const surplus = (now: Snapshot) =>
    python<string[]>(
        `from network import snapshot\nanswer = [" ".join(words) for words in snapshot.surplus(given["before"], given["now"])]`,
        { before, now },
    );

test("what a change brought is taken away", async () => {
    expect(await surplus({ ...moved, routes: [...moved.routes, "-6 2001:db8:7::/64 dev vmbr1"] })).toEqual([
        "ip -4 route del default via 192.0.2.1 dev vmbr1",
        "ip -6 route del 2001:db8:7::/64 dev vmbr1",
        "ip address del 192.0.2.11/24 dev vmbr1",
    ]);
});

test("the only way to the node stays where the link that had it before is gone", async () => {
    const { vmbr0: _, ...links } = moved.links;
    const { vmbr0: __, ...addresses } = moved.addresses;
    expect(await surplus({ ...moved, links, addresses })).toEqual([]);
});

test.each([
    ["own address 192.0.2.11", "own_address('192.0.2.11', empty)", "it is on no link", true],
    ["own address 192.0.2.11", "own_address('192.0.2.11', cable_out)", "vmbr0 has no carrier", false],
    ["link vmbr0", "is_up('vmbr0', empty)", "it is not there", true],
    ["port enp1s0 of vmbr0", "is_port('vmbr0', 'enp1s0', cable_out)", "it is a port of nothing", true],
    ["member enp1s0 of bond0", "is_member('bond0', 'enp1s0')", "it is no member", true],
    ["member enp1s0 of bond1", "is_member('bond1', 'enp1s0')", "its link is down", false],
    ["member enp1s0 of bond2", "is_member('bond2', 'enp1s0')", "it is disabled", false],
    ["member enp1s0 of bond3", "is_member('bond3', 'enp1s0')", "it is no member", true],
    ["LACP partner of bond1", "has_partner('bond1')", "no switch speaks LACP on it", false],
    ["gateway of IPv4", "gateway('IPv4')", "there is none", false],
])("%s by %s: %s; whether nobody waits for it: %s", async (name, asked, wrong, isSo) => {
    const script = `from engine import commands
from network import checks, snapshot
empty = {"links": {}, "addresses": {}}
card = {"up": True, "carrier": False, "master": None, "late": []}
cable_out = {"links": {"vmbr0": card, "enp1s0": card}, "addresses": {"vmbr0": ["192.0.2.11/24"], "enp1s0": []}}
files = {"bond0/bonding/slaves": "", "bond1/bonding/slaves": "enp1s0", "enp1s0/bonding_slave/mii_status": "down\\n", "bond1/bonding/ad_partner_mac": "00:00:00:00:00:00\\n"}
shown = {"bond2": "member enp1s0: disabled\\n", "bond3": "member enp2s0: enabled\\n"}
checks.slurp = lambda path: files.get(path.removeprefix("/sys/class/net/"))
commands.run = lambda argv, *_: commands.Outcome(0, shown.get(argv[-1], ""), "")
snapshot.ip = lambda *_: []
wrong = checks.${asked}
answer = [wrong, checks.comes_no_more(given, wrong)]`;
    expect(await python(script, name)).toEqual([wrong, isSo]);
});

test("an IPv6 address without a carrier is late, not gone", async () => {
    const shown = (tentative: boolean) => [
        {
            ifname: "vmbr0",
            flags: ["UP"],
            addr_info: [
                {
                    family: "inet6",
                    local: "2001:db8::11",
                    prefixlen: 64,
                    scope: "global",
                    ...(tentative && { tentative }),
                },
            ],
        },
    ];
    const asked = (tentative: boolean) =>
        python<(string | null)[]>(
            `from network import checks, snapshot
snapshot.ip = lambda *words: given if words == ("address", "show") else []
snapshot.ovs_bridges = lambda: None
now = snapshot.take()
wrong = [checks.own_address("2001:db8::11", now), checks.has_address("vmbr0", "2001:db8::11/64", now)]
answer = wrong + [checks.comes_no_more("own address 2001:db8::11", wrong[0])]`,
            shown(tentative),
        );
    const waits = expect.stringContaining("once there is a carrier");
    expect(await asked(true)).toEqual([waits, waits, false]);
    expect(await asked(false)).toEqual(["vmbr0 has no carrier", null, false]);
});
