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
    ["own address 192.0.2.11", "it is on no link", true],
    ["own address 192.0.2.11", "vmbr0 has no carrier", false],
    ["link vmbr0", "it is not there", true],
    ["port enp1s0 of vmbr0", "it is a port of nothing", true],
    ["member enp1s0 of bond0", "it is no member", true],
    ["member enp1s0 of bond0", "its link is down", false],
    ["member enp1s0 of bond0", "it is disabled", false],
    ["LACP partner of bond0", "no switch speaks LACP on it", false],
    ["own address 2001:db8::11", "IPv6 looks whether another one has it, which it does once there is a carrier", false],
    ["gateway of IPv4", "192.0.2.1 does not answer on vmbr0", false],
])("%s: %s; whether nobody waits for it: %s", async (name, wrong, isSo) => {
    expect(await python("from network import checks\nanswer = checks.comes_no_more(*given)", [name, wrong])).toBe(isSo);
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
