import fc from "fast-check";
import { countSlips, nearest } from "../../model/lint/nearest";
import "../helpers/soak";

const words = ["ro", "bind", "move", "nofail", "hostsFile", "dhcp", "dhcp6"];

test.each([
    ["nofial", "nofail"],
    ["nfail", "nofail"],
    ["NOFAIL", "nofail"],
    ["noffaill", "nofail"],
    ["hostfile", "hostsFile"],
    ["bidn", "bind"],
    ["dhpc", "dhcp"],
    ["dhcpp6", "dhcp6"],
    ["dhcp7", "dhcp"],
])("%s was meant to be %s", (word, meant) => {
    expect(nearest(word, words)).toBe(meant);
});

// `mand` and `r` are words of their own, and two slips away from any word of two letters is every other one.
test.each(["mand", "r", "rw", "fail", "noffailles", "", "constructor"])("'%s' is near none of them", (word) => {
    expect(nearest(word, words)).toBeUndefined();
});

test("more slips are allowed for where the caller says so", () => {
    expect([nearest("dhcpv4", words), nearest("dhcpv4", ["dhcp"], 2)]).toEqual(["dhcp6", "dhcp"]);
});

describe("slips", () => {
    test.each([
        ["gatway", "gateway", 1],
        ["prots", "ports", 1],
        ["", "abc", 3],
        ["abc", "abc", 0],
        ["mtu", "mode", 3],
    ])("between %s and %s: %i", (from, to, slips) => {
        expect(countSlips(from, to)).toBe(slips);
    });

    test("are the same both ways, and 0 only for equal words", () => {
        fc.assert(
            fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
                expect(countSlips(a, b)).toBe(countSlips(b, a));
                expect(countSlips(a, b) === 0).toBe(a === b);
            }),
        );
    });
});
