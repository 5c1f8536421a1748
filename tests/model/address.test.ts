import { execFileSync } from "node:child_process";
import fc from "fast-check";
import {
    canonicalAddress,
    familyOf,
    isInSubnet,
    isLinkLocal,
    isLoopback,
    isReachable,
    isUnspecified,
    withoutZone,
} from "../../model/values/address";
import { parseAddress } from "../../model/interfaces/addresses";
import { runs } from "../helpers/soak";

describe("what is an address", () => {
    // The second column is glibc's answer to the same word in /etc/hosts (2.36 and 2.41), the third ifupdown2's (3.0.0)
    // behind `address`.
    test.each([
        ["192.0.2.11", 4, 4],
        ["2001:db8::11", 6, 6],
        ["::ffff:192.0.2.11", 6, 6],
        ["::192.0.2.11", 6, 6],
        ["1:2:3:4:5:6:7::", 6, 6],
        ["fe80::11", 6, 6],
        ["fe80::11%vmbr0", undefined, 6],
        ["fe80::11%1", undefined, 6],
        ["fe80::11%vmbr0_a", undefined, 6],
        ["fe80::11%", undefined, undefined],
        ["fe80::11%a%b", undefined, undefined],
        ["192.0.2.11%vmbr0", undefined, undefined],
        ["127.1", undefined, undefined],
        ["1", undefined, undefined],
        ["0x7f.0.0.1", undefined, undefined],
        ["010.0.0.1", undefined, undefined],
        ["192.0.2.011", undefined, undefined],
        ["::ffff:01.2.3.4", undefined, undefined],
        ["1::2:3:4:5:6:7:8", undefined, undefined],
        ["::00001", undefined, undefined],
        ["192.0.2.256", undefined, undefined],
        ["[::1]", undefined, undefined],
        [" 192.0.2.11", undefined, undefined],
        ["", undefined, undefined],
    ] as const)("'%s': IPv%s to glibc, IPv%s to ifupdown2", (text, glibc, ifupdown2) => {
        expect([familyOf(text), parseAddress(text)?.family]).toEqual([glibc, ifupdown2]);
    });

    test("is what inet_pton says, and ipaddress where there is a zone, in inet_ntop's spelling", () => {
        const piece = fc.constantFrom(
            "0",
            "1",
            "00",
            "01",
            "255",
            "256",
            "127",
            "::",
            ":",
            ".",
            "ffff",
            "00ab",
            "12345",
            "g",
            "0x1",
            "%",
            "eth0",
            "/",
            " ",
            "1.2.3.4",
            "::ffff:",
            "fe80::1",
            "1:2:3:4:5:6:7",
        );
        const group = fc.constantFrom("0", "1", "ffff", "", "a", "00ab", "1.2.3.4");
        const text = fc.oneof(
            fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join("")),
            fc.array(group, { minLength: 2, maxLength: 9 }).map((groups) => groups.join(":")),
            fc.ipV4(),
            fc.ipV6(),
        );
        // A slash behind a zone never comes so far: `address` splits its prefix off first, and ipaddress alone refuses
        // it.
        const texts = fc.sample(text, runs(4000)).filter((each) => !/%.*\//.test(each));
        const ours = texts.map((each) => [
            familyOf(each) ?? 0,
            familyOf(each) === undefined ? "" : canonicalAddress(each),
            familyOf(withoutZone(each)) ?? 0,
        ]);
        expect(ours).toEqual(ask(texts));
    });
});

/** @returns of each text the family by inet_pton (0 for none), inet_ntop's spelling, and the family by ipaddress */
function ask(texts: readonly string[]): unknown {
    const script = `
import ipaddress, json, socket, sys
def pton(text):
    for family, number in ((socket.AF_INET, 4), (socket.AF_INET6, 6)):
        try:
            return [number, socket.inet_ntop(family, socket.inet_pton(family, text))]
        except (OSError, ValueError):
            pass
    return [0, ""]
def version(text):
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0
print(json.dumps([[*pton(text), version(text)] for text in json.load(sys.stdin)]))`;
    return JSON.parse(
        execFileSync("python3", ["-I", "-S", "-c", script], {
            input: JSON.stringify(texts),
            encoding: "utf8",
            maxBuffer: 1 << 26,
        }),
    );
}

test.each([
    ["2001:DB8:0::1", "2001:db8::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["::ffff:c000:20b", "::ffff:192.0.2.11"],
    ["::FFFF:192.0.2.11", "::ffff:192.0.2.11"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["192.0.2.11", "192.0.2.11"],
    ["fe80::1%Eth0", "fe80::1%Eth0"],
    ["PVE01", "PVE01"],
])("%s is written %s", (address, canonical) => {
    expect(canonicalAddress(address)).toBe(canonical);
});

test("a mapped address is the same one in the hosts file and on an interface", () => {
    expect(parseAddress("::ffff:c000:20b/120")?.address).toBe(canonicalAddress("::ffff:192.0.2.11"));
});

describe("kinds", () => {
    const kinds = { isLoopback, isUnspecified, isLinkLocal, isReachable };
    const kindsOf = (address: string) =>
        Object.entries(kinds)
            .filter(([, is]) => is(address))
            .map(([name]) => name);

    test.each<[string, string[]]>([
        ["127.0.0.1", ["isLoopback"]],
        ["127.0.1.1", ["isLoopback"]],
        ["::1", ["isLoopback"]],
        ["0::0:1", ["isLoopback"]],
        ["::ffff:127.0.0.1", ["isLoopback"]],
        ["::ffff:7f00:1", ["isLoopback"]],
        ["0.0.0.0", ["isUnspecified"]],
        ["::", ["isUnspecified"]],
        ["::ffff:0.0.0.0", ["isUnspecified"]],
        ["0.1.2.3", []],
        ["fe80::1", ["isLinkLocal"]],
        ["FEBF::1", ["isLinkLocal"]],
        ["fec0::1", ["isReachable"]],
        ["fe8::1", ["isReachable"]],
        ["169.254.0.1", []],
        ["224.0.0.1", []],
        ["239.255.255.255", []],
        ["240.0.0.1", ["isReachable"]],
        ["255.255.255.255", []],
        ["ff02::1", []],
        ["::ffff:192.0.2.11", []],
        ["192.0.2.11", ["isReachable"]],
        ["10.0.0.1", ["isReachable"]],
        ["2001:db8::11", ["isReachable"]],
        ["fd00::1", ["isReachable"]],
        ["::2", ["isReachable"]],
        ["127.1", []],
        ["pve01", []],
        ["fe80::1%vmbr0", []],
    ])("%s: %j", (address, expected) => {
        expect(kindsOf(address)).toEqual(expected);
    });
});

test.each([
    ["192.0.2.11", "192.0.2.1", 24, true],
    ["192.0.3.11", "192.0.2.1", 24, false],
    ["192.0.3.11", "192.0.2.1", 23, true],
    ["192.0.2.1", "192.0.2.1", 32, true],
    ["198.51.100.1", "192.0.2.1", 0, true],
    ["2001:db8::ffff", "2001:db8::1", 64, true],
    ["2001:db8:1::1", "2001:db8::1", 64, false],
] as const)("%s in the subnet of %s/%i: %s", (address, network, prefix, expected) => {
    expect(isInSubnet(address, network, prefix)).toBe(expected);
});
