#!/usr/bin/env python3
"""Writes keywordTable.json, the table of every option that may stand in an iface stanza.

    python3 model/interfaces/keywords.py SHARE... > model/interfaces/keywordTable.json

SHARE is the /usr/share/ifupdown2 of an installed or unpacked ifupdown2; several are merged. What `ifquery --syntax-help`
prints comes from the addons' _modinfo, but it leaves out the addons whose tools are not installed (Open vSwitch, mstpd,
ethtool), so the addons are read directly. The last run read Debian's 3.0.0-1.1 (bookworm) and 3.0.0-1.3 (trixie).
"""
import importlib
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

# What other packages' hooks and classic ifupdown read; ifupdown2 passes every option of a stanza to the hooks as IF_*.
OTHER = {
    "interfaces(5) of ifupdown": """
        accept-ra address autoconf broadcast client client-id clientid dad-attempts dad-interval endpoint gateway
        berr bitrate dhcp dstaddr hostname hw-mac-address hwaddress listenonly loopback media network oneshot samplepoint triple ipv6-disable leasehours leasetime local metric mode mtu netmask netnum peer
        pointopoint preferred-lifetime privext provider request-prefix script scope server ttl tunnel-physdev unit up down
        pre-up post-up pre-down post-down vendor bootfile hwaddr key remote tos ll-attempts ll-interval options description
        label valid-lifetime request-timeout ra-timeout""",
    "bridge-utils-interfaces(5)": """
        bridge-ports bridge-ageing bridge-bridgeprio bridge-fd bridge-gcint bridge-hello bridge-hw bridge-maxage
        bridge-maxwait bridge-pathcost bridge-portprio bridge-stp bridge-waitport bridge-vlan-aware bridge-vids
        bridge-pvid bridge-access bridge-disabled""",
    "vlan-interfaces(5)": "vlan-raw-device ip-proxy-arp ip-rp-filter vlan-id vlan-protocol vlan-flags",
    "ifenslave README.Debian": """
        bond-active-slave bond-ad-select bond-ad-user-port-key bond-all-slaves-active bond-arp-all-targets
        bond-arp-interval bond-arp-ip-target bond-arp-validate bond-downdelay bond-fail-over-mac bond-give-a-chance
        bond-lacp-rate bond-lacp-active bond-master bond-miimon bond-min-links bond-mode bond-num-grat-arp
        bond-num-unsol-na bond-packets-per-slave bond-peer-notif-delay bond-primary bond-primary-reselect bond-queue-id
        bond-resend-igmp bond-slaves bond-tlb-dynamic-lb bond-updelay bond-use-carrier bond-xmit-hash-policy slaves""",
    "openvswitch-switch README.Debian": """
        ovs-type ovs-ports ovs-bridge ovs-bonds ovs-patch-peer ovs-tunnel-type ovs-tunnel-options ovs-options ovs-extra
        ovs-mtu""",
    "wpasupplicant README.Debian": """
        wpa-action-script wpa-ap-scan wpa-auth-alg wpa-bgscan wpa-bridge wpa-bssid wpa-conf wpa-debug-level wpa-driver
        wpa-eap wpa-eapol-version wpa-ctrl-interface wpa-group wpa-iface wpa-ieee80211w wpa-key-mgmt wpa-logfile
        wpa-maint-debug wpa-mapping-script wpa-mapping-script-priority wpa-mode wpa-pairwise wpa-password wpa-phase1
        wpa-phase2 wpa-proto wpa-psk wpa-roam wpa-roam-default-iface wpa-roaming wpa-scan-ssid wpa-ssid wpa-verbosity
        wpa-wep-key0 wpa-wep-key1 wpa-wep-key2 wpa-wep-key3 wpa-wep-tx-keyidx wpa-identity wpa-anonymous-identity
        wpa-ca-cert wpa-client-cert wpa-private-key wpa-private-key-passwd wpa-country wpa-freq wpa-frequency
        wpa-priority wpa-disabled wpa-id-str wpa-proactive-key-caching wpa-psk-file wpa-sae-password wpa-dir""",
    "wireless-tools README.Debian": """
        wireless-ap wireless-channel wireless-commit wireless-enc wireless-essid wireless-frag wireless-freq
        wireless-key wireless-key1 wireless-key2 wireless-key3 wireless-key4 wireless-mode wireless-nick wireless-nwid
        wireless-power wireless-rate wireless-retry wireless-rts wireless-sens wireless-txpower wireless-defaultkey""",
    "resolvconf(8)": "dns-domain dns-nameserver dns-nameservers dns-options dns-search dns-sortlist dns-priority",
    "ethtool README.Debian": """
        ethernet-autoneg ethernet-pause-autoneg ethernet-pause-rx ethernet-pause-tx ethernet-port ethernet-wol
        driver-message-level hardware-dma-ring-rx hardware-dma-ring-rx-jumbo hardware-dma-ring-rx-mini
        hardware-dma-ring-tx hardware-irq-coalesce-adaptive-rx hardware-irq-coalesce-adaptive-tx
        hardware-irq-coalesce-rx-frames hardware-irq-coalesce-rx-usecs hardware-irq-coalesce-tx-frames
        hardware-irq-coalesce-tx-usecs link-autoneg link-duplex link-speed offload-gro offload-gso offload-lro offload-rx
        offload-rxvlan offload-sg offload-tso offload-tx offload-txvlan offload-ufo""",
    "Proxmox VE's INotify.pm": "uplink-id vxlan-remoteip vxlan-svcnodeip bridge-arp-nd-suppress ovs-tag",
    "Proxmox VE's pve-network.adoc": "bridge-disable-mac-learning",
    "isc-dhcp-client and hostapd hooks": "dhclient-timeout hostapd",
    "ifmetric, wireguard and udev hooks": "ifmetric wireguard-config-path udev-rename",
}


def load(share: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The _modinfo of every addon below `share`."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("addons", "ifupdown", "ifupdownaddons", "lib", "nlmanager")]:
        del sys.modules[name]
    sys.path.insert(0, share)
    try:
        for path in sorted(pathlib.Path(share, "addons").glob("[a-z]*.py")):
            module = importlib.import_module("addons." + path.stem)
            yield path.stem, getattr(getattr(module, path.stem), "_modinfo", {})
    finally:
        sys.path.remove(share)


def entry(addon: str, info: dict[str, Any]) -> dict[str, Any]:
    values = [value for value in info.get("validvals", []) if len(value) > 1 or value.isdigit()]
    kept: dict[str, Any] = {"sources": ["ifupdown2: " + addon], "types": [v for v in values if v.startswith("<")], "values": [v for v in values if not v.startswith("<")]}
    if len(info.get("validrange", [])) == 2 and not kept["types"]:
        kept["range"] = [int(bound) for bound in info["validrange"]]
    for flag in ("multiline", "deprecated"):
        if info.get(flag):
            kept[flag] = True
    return kept


def merge(table: dict[str, dict[str, Any]], name: str, new: dict[str, Any]) -> None:
    old = table.setdefault(name.replace("_", "-"), {"sources": []})
    for key, value in new.items():
        old[key] = sorted(set(old.get(key, []) + value)) if isinstance(value, list) and key != "range" else value


def main() -> None:
    table: dict[str, dict[str, Any]] = {}
    for share in sys.argv[1:]:
        for addon, modinfo in load(share):
            for name, info in modinfo.get("attrs", {}).items():
                merge(table, name, entry(addon, info))
                for alias in info.get("aliases", []):
                    merge(table, alias, entry(addon, info))
    for source, names in OTHER.items():
        for name in names.split():
            merge(table, name, {"sources": [source]})
    lines = [f"  {json.dumps(name)}: {json.dumps({k: v for k, v in table[name].items() if v not in ([], False)})}" for name in sorted(table)]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
