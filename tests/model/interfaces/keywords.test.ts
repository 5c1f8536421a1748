import fc from "fast-check";
import table from "../../../model/interfaces/keywordTable.json";
import { findKeyword, isKnownKeyword, isRepeated, suggestKeyword } from "../../../model/interfaces/keywords";
import { countSlips } from "../../../model/lint/nearest";
import { runs } from "../../helpers/soak";

const names = Object.keys(table);

test.each([
    ["bridge-ports", "ifupdown2: bridge"],
    ["ovs-bonds", "ifupdown2: openvswitch_port"],
    ["ovs-type", "openvswitch-switch README.Debian"],
    ["vxlan-id", "ifupdown2: vxlan"],
    ["mstpctl-treeprio", "ifupdown2: mstpctl"],
    ["pointopoint", "interfaces(5) of ifupdown"],
    ["bridge-waitport", "bridge-utils-interfaces(5)"],
    ["vlan-raw-device", "vlan-interfaces(5)"],
    ["bond-tlb-dynamic-lb", "ifenslave README.Debian"],
    ["wpa-ssid", "wpasupplicant README.Debian"],
    ["dns-nameservers", "resolvconf(8)"],
    ["offload-tso", "ethtool README.Debian"],
    ["uplink-id", "Proxmox VE's INotify.pm"],
    ["link-speed", "ifupdown2: ethtool"],
])("the table has %s from %s", (name, source) => {
    expect(findKeyword(name)?.sources).toContain(source);
});

test("- and _ are interchangeable", () => {
    expect(isKnownKeyword("bridge_vlan-aware")).toBe(true);
    expect(findKeyword("vlan_raw_device")).toBe(findKeyword("vlan-raw-device"));
});

test("hooks that take any name are not guessed at", () => {
    expect(["wpa-anything", "wireless_anything", "clagd-anything"].map(isKnownKeyword)).toEqual([true, true, true]);
});

test("options repeat where ifupdown2 or a hook reads each line", () => {
    expect(["address", "gateway", "post-up", "ovs_extra", "vxlan_remoteip"].map(isRepeated)).toEqual([
        true,
        true,
        true,
        true,
        true,
    ]);
    expect(["bridge-ports", "bridge-vids", "mtu"].map(isRepeated)).toEqual([false, false, false]);
});

test("a suggestion keeps the writer's spelling", () => {
    expect(suggestKeyword("bridge_prots")).toBe("bridge_ports");
    expect(suggestKeyword("bridge-prots")).toBe("bridge-ports");
    expect(suggestKeyword("GATEWAY")).toBe("gateway");
});

test.each(["frobnicate", "ethernet", "x", "constructor"])("%s is like no keyword", (name) => {
    expect(suggestKeyword(name)).toBeUndefined();
});

test("a keyword with one fault has a suggestion within two steps", () => {
    fc.assert(
        fc.property(fc.constantFrom(...names.filter((name) => name.length > 3)), fc.nat(), (name, random) => {
            const at = 1 + (random % (name.length - 1));
            const faulty = name.slice(0, at) + name.slice(at + 1);
            if (isKnownKeyword(faulty)) return;
            expect(countSlips(faulty, suggestKeyword(faulty) ?? "")).toBe(1);
        }),
        { numRuns: runs(200) },
    );
});
