import fc from "fast-check";
import type { Severity } from "../../../model/finding";
import { lintInterfaces } from "../../../model/interfaces";
import { validFiles, validNames } from "./fixtures";
import { runs } from "../../helpers/soak";

interface Fault {
    readonly title: string;
    readonly file: string;
    readonly find: string | RegExp;
    readonly replace: string;
    readonly rule: string;
    readonly line: number;
    readonly severity: Severity;
    readonly message?: RegExp;
}

const pve = "pve-default-install";
const bond = "pve-bond-bridge";
const ovs = "ovs-pve-gui";
const vlan = "vlan-raw-device";
const continued = "continuation-lines";

const faults: readonly Fault[] = [
    // Text
    { title: "a % in a command", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\n\tup date +%F\n", rule: "percent-sign", line: 13, severity: "error" },
    { title: "a template's loop", file: pve, find: "iface enp1s0", replace: "% for v in [1]:\niface enp1s0", rule: "percent-sign", line: 4, severity: "error" },
    { title: "a template's block in a comment", file: pve, find: "iface enp1s0", replace: "# <% import os %>\niface enp1s0", rule: "percent-sign", line: 4, severity: "error" },
    { title: "a byte order mark", file: pve, find: /^/, replace: "\uFEFF", rule: "byte-order-mark", line: 1, severity: "error" },
    { title: "a placeholder", file: pve, find: "192.0.2.11/24", replace: "{{address}}", rule: "unrendered-template", line: 8, severity: "error" },
    { title: "an undefined value", file: pve, find: "192.0.2.1\n", replace: "undefined\n", rule: "undefined-value", line: 9, severity: "error" },
    { title: "nothing but comments", file: pve, find: /^(?!#).*\n/gm, replace: "# $&", rule: "empty-file", line: 1, severity: "error" },
    { title: "a comment that swallows the next line", file: pve, find: "auto vmbr0", replace: "# management \\\nauto vmbr0", rule: "swallowed-line", line: 7, severity: "error" },
    { title: "a list that ends in a backslash", file: continued, find: "                 eno3\n    bridge-stp off\n", replace: "                 eno3 \\\n\nauto eno9\n    bridge-stp off\n", rule: "swallowed-line", line: 16, severity: "error" },
    { title: "a backslash alone on a line", file: pve, find: "auto vmbr0\n", replace: "\\\nauto vmbr0\n", rule: "swallowed-line", line: 7, severity: "error" },
    { title: "a backslash inside a line", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\n\tup printf 'a\\nb'\n", rule: "backslash", line: 13, severity: "warning" },
    { title: "a line that starts with no keyword", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\n}\n", rule: "stray-line", line: 13, severity: "error" },
    { title: "a stray line after a backslash", file: continued, find: "                 eno2 \\\n", replace: "27: eno1: <BROADCAST,UP> mtu 1500 state UP\n", rule: "stray-line", line: 13, severity: "error" },
    { title: "a no-break space before a keyword", file: pve, find: "\taddress", replace: "\t\u00a0address", rule: "invisible-blank", line: 8, severity: "error" },
    { title: "a no-break space before auto", file: pve, find: "auto vmbr0", replace: "\u00a0auto vmbr0", rule: "invisible-blank", line: 6, severity: "error" },
    { title: "a no-break space behind a gateway", file: pve, find: "gateway 192.0.2.1", replace: "gateway 192.0.2.1\u00a0", rule: "invisible-blank", line: 9, severity: "error" },
    { title: "a no-break space between words", file: pve, find: "address ", replace: "address\u00a0", rule: "invisible-blank", line: 8, severity: "warning" },
    { title: "ip -br with a peer", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\neno1  UP  192.0.2.11 peer 192.0.2.1/32\n", rule: "stray-line", line: 13, severity: "error" },
    { title: "a VLAN of ip -d", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\n    vlan protocol 802.1Q id 10 <REORDER_HDR>\n", rule: "stray-line", line: 13, severity: "error" },
    { title: "a lone word", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\nexit\n", rule: "missing-value", line: 13, severity: "error" },
    { title: "auto after its stanza", file: "pve-masquerading", find: /auto eno1\n([^]*?)\nauto vmbr0/, replace: "$1\nauto eno1\nauto vmbr0", rule: "not-up-at-boot", line: 9, severity: "warning", message: /Move the line above/ },
    { title: "a misspelt class", file: pve, find: "auto vmbr0", replace: "allow-hotplgu vmbr0", rule: "not-up-at-boot", line: 7, severity: "warning" },
    { title: "a class that is no bridge of the interface", file: pve, find: "auto vmbr0", replace: "allow-vmbr1 vmbr0", rule: "not-up-at-boot", line: 7, severity: "warning" },
    { title: "commas after auto", file: pve, find: "auto vmbr0", replace: "auto vmbr0, enp1s0", rule: "name-separator", line: 6, severity: "warning" },
    { title: "two files in one source line", file: pve, find: "source /etc/network/interfaces.d/*", replace: "source a b", rule: "source-words", line: 14, severity: "warning" },
    // Keywords and statements
    { title: "gatway", file: pve, find: "gateway", replace: "gatway", rule: "misspelt-keyword", line: 9, severity: "error", message: /Write 'gateway'/ },
    { title: "bridge_prots", file: "pve-default-netmask-underscore", find: "bridge_ports", replace: "bridge_prots", rule: "misspelt-keyword", line: 13, severity: "error", message: /Write 'bridge_ports'/ },
    { title: "an option in capitals", file: pve, find: "address", replace: "Address", rule: "misspelt-keyword", line: 8, severity: "error", message: /Write 'address'/ },
    { title: "a keyword unlike any known one", file: pve, find: "\tbridge-fd 0\n", replace: "\tbridge-fd 0\n\tfrobnicate yes\n", rule: "unknown-keyword", line: 13, severity: "warning" },
    { title: "an option without a value", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports", rule: "missing-value", line: 10, severity: "error" },
    { title: "a value that is none of the listed ones", file: bond, find: "bond-mode active-backup", replace: "bond-mode active-bakcup", rule: "invalid-value", line: 14, severity: "warning" },
    { title: "an unknown OVS type", file: ovs, find: "ovs_type OVSBridge", replace: "ovs_type OVSBrigde", rule: "invalid-value", line: 41, severity: "error" },
    { title: "ifcae", file: pve, find: "iface enp1s0", replace: "ifcae enp1s0", rule: "misspelt-keyword", line: 4, severity: "error" },
    { title: "atuo after a statement that holds no options", file: pve, find: "auto lo\n", replace: "auto lo\natuo vmbr0\n", rule: "unknown-statement", line: 2, severity: "error", message: /Write 'auto'/ },
    { title: "an option after auto", file: pve, find: "auto lo\n", replace: "auto lo\n\tmtu 9000\n", rule: "unknown-statement", line: 2, severity: "error", message: /Move it under its iface line/ },
    { title: "an iface without a name", file: pve, find: "iface enp1s0 inet manual", replace: "iface", rule: "missing-argument", line: 4, severity: "error" },
    { title: "an auto without a name", file: pve, find: "auto vmbr0", replace: "auto", rule: "missing-argument", line: 6, severity: "error" },
    { title: "an unknown family", file: pve, find: "enp1s0 inet manual", replace: "enp1s0 inet4 manual", rule: "unknown-family", line: 4, severity: "error" },
    { title: "a misspelt method", file: pve, find: "vmbr0 inet static", replace: "vmbr0 inet statc", rule: "unknown-method", line: 7, severity: "error", message: /Write 'static'/ },
    { title: "a method near two known ones", file: pve, find: "vmbr0 inet static", replace: "vmbr0 inet6 dhcpp6", rule: "unknown-method", line: 7, severity: "error", message: /Write 'dhcp6'/ },
    { title: "a statement in capitals", file: pve, find: "auto vmbr0", replace: "AUTO vmbr0", rule: "misspelt-keyword", line: 6, severity: "error", message: /Write 'auto'/ },
    { title: "a method unlike any known one", file: pve, find: "enp1s0 inet manual", replace: "enp1s0 inet carrierpigeon", rule: "unknown-method", line: 4, severity: "warning" },
    { title: "mapping", file: pve, find: "iface enp1s0", replace: "mapping enp1s0\n\tscript /x\niface enp1s0", rule: "unsupported-statement", line: 4, severity: "warning" },
    { title: "no-auto-down", file: pve, find: "iface enp1s0", replace: "no-auto-down enp1s0\niface enp1s0", rule: "unsupported-statement", line: 4, severity: "warning" },
    { title: "inherits", file: pve, find: "enp1s0 inet manual", replace: "enp1s0 inet manual inherits base", rule: "unsupported-statement", line: 4, severity: "warning" },
    // Addresses
    { title: "an octet over 255", file: pve, find: "192.0.2.11/24", replace: "192.0.2.311/24", rule: "bad-address", line: 8, severity: "error" },
    { title: "a prefix over 32", file: pve, find: "192.0.2.11/24", replace: "192.0.2.11/33", rule: "bad-address", line: 8, severity: "error" },
    { title: "a broken IPv6 address", file: "dual-stack", find: "2001:db8::11/64", replace: "2001:db8::11::1/64", rule: "bad-address", line: 15, severity: "error" },
    { title: "a netmask with a hole", file: "alias-interfaces", find: "255.255.255.0", replace: "255.0.255.0", rule: "bad-netmask", line: 9, severity: "error" },
    { title: "a netmask before its address", file: "alias-interfaces", find: "  address 192.0.2.11\n  netmask 255.255.255.0\n", replace: "  netmask 255.255.255.0\n  address 192.0.2.11\n", rule: "netmask-before-address", line: 8, severity: "warning" },
    { title: "a netmask without an address", file: "alias-interfaces", find: "  address 192.0.2.11\n", replace: "", rule: "netmask-before-address", line: 8, severity: "warning" },
    { title: "no prefix length", file: pve, find: "192.0.2.11/24", replace: "192.0.2.11", rule: "missing-prefix", line: 8, severity: "warning" },
    { title: "a gateway with a prefix", file: pve, find: "192.0.2.1\n", replace: "192.0.2.1/24\n", rule: "bad-gateway", line: 9, severity: "error" },
    { title: "an MTU with a unit", file: bond, find: "mtu 9000", replace: "mtu 9k", rule: "bad-mtu", line: 28, severity: "error" },
    { title: "an MTU of 20", file: bond, find: "mtu 9000", replace: "mtu 20", rule: "bad-mtu", line: 28, severity: "error" },
    { title: "a gateway off the subnet", file: pve, find: "gateway 192.0.2.1\n", replace: "gateway 192.0.3.1\n", rule: "gateway-off-subnet", line: 9, severity: "warning" },
    { title: "two gateways on one interface", file: pve, find: "\tgateway 192.0.2.1\n", replace: "\tgateway 192.0.2.1\n\tgateway 192.0.2.2\n", rule: "two-default-gateways", line: 10, severity: "warning" },
    { title: "gateways on two interfaces", file: bond, find: "198.51.100.2/24", replace: "198.51.100.2/24\n\tgateway 198.51.100.1", rule: "two-default-gateways", line: 28, severity: "warning" },
    { title: "one address on a bridge and its port", file: bond, find: "198.51.100.2/24", replace: "192.0.2.2/24", rule: "duplicate-address", line: 27, severity: "warning" },
    { title: "one IPv6 address in two spellings", file: "dual-stack", find: "2001:db8::11/64\n", replace: "2001:db8::11/64\n\taddress 2001:DB8:0::11/64\n", rule: "duplicate-address", line: 16, severity: "warning" },
    { title: "no gateway", file: pve, find: "\tgateway 192.0.2.1\n", replace: "", rule: "missing-gateway", line: 1, severity: "warning" },
    { title: "a netmask behind a space", file: pve, find: "192.0.2.11/24", replace: "192.0.2.11 255.255.255.0", rule: "bad-address", line: 8, severity: "error" },
    { title: "a comment behind an address", file: pve, find: "192.0.2.11/24", replace: "192.0.2.11/24 # LAN", rule: "trailing-comment", line: 8, severity: "error" },
    { title: "a comment behind a port list", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports enp1s0 # uplink", rule: "trailing-comment", line: 10, severity: "warning" },
    { title: "two gateways on one line", file: pve, find: "gateway 192.0.2.1", replace: "gateway 192.0.2.1 192.0.2.2", rule: "bad-gateway", line: 9, severity: "error" },
    { title: "a gateway that is the own address", file: pve, find: "gateway 192.0.2.1", replace: "gateway 192.0.2.11", rule: "bad-gateway", line: 9, severity: "error" },
    { title: "IPv6's netmask in hexadecimal", file: "alias-interfaces", find: "192.0.2.11\n  netmask 255.255.255.0", replace: "2001:db8::11\n  netmask ffff:ffff:ffff:ffff::", rule: "bad-netmask", line: 9, severity: "error" },
    { title: "IPv4's netmask on IPv6", file: "alias-interfaces", find: "address 192.0.2.11\n", replace: "address 2001:db8::11\n", rule: "bad-netmask", line: 9, severity: "error", message: /IPv6/ },
    { title: "a gateway with a zone", file: pve, find: "gateway 192.0.2.1\n", replace: "gateway fe80::1%vmbr0\n", rule: "bad-gateway", line: 9, severity: "error", message: /zone/ },
    { title: "IPv6's netmask on IPv4", file: "alias-interfaces", find: "255.255.255.0", replace: "64", rule: "bad-netmask", line: 9, severity: "error" },
    { title: "two MTUs", file: bond, find: "mtu 9000", replace: "mtu 1500 9000", rule: "bad-mtu", line: 28, severity: "error" },
    { title: "no hardware address", file: "ovh-gateway-off-subnet", find: "02:00:5e:00:53:10", replace: "zz:00", rule: "bad-hwaddress", line: 13, severity: "error" },
    // Values, tried with the real `ifup -a`
    { title: "allow-auto, a class that nothing starts", file: pve, find: "auto vmbr0", replace: "allow-auto vmbr0", rule: "not-up-at-boot", line: 7, severity: "warning" },
    { title: "a broadcast address", file: pve, find: "\tbridge-fd 0\n", replace: "\tbroadcast 192.0.2.255\n", rule: "broadcast", line: 12, severity: "warning", message: /Debian 13/ },
    { title: "a broadcast address to be worked out", file: pve, find: "\tbridge-fd 0\n", replace: "\tbroadcast +\n", rule: "broadcast", line: 12, severity: "warning" },
    { title: "a broadcast address that is none", file: pve, find: "\tbridge-fd 0\n", replace: "\tbroadcast 192.0.2.300\n", rule: "broadcast", line: 12, severity: "error" },
    { title: "a variable for an address", file: pve, find: "192.0.2.11/24", replace: "${address}/24", rule: "unrendered-variable", line: 8, severity: "error" },
    { title: "a variable for a netmask", file: "alias-interfaces", find: "255.255.255.0", replace: "${mask}", rule: "unrendered-variable", line: 9, severity: "error" },
    { title: "a variable for a gateway", file: pve, find: "192.0.2.1\n", replace: "${gateway}\n", rule: "unrendered-variable", line: 9, severity: "error" },
    { title: "a variable for a port", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports $NIC", rule: "unrendered-variable", line: 10, severity: "error" },
    { title: "a variable for a bond's port", file: bond, find: "bond-slaves eno1 eno2", replace: "bond-slaves eno1 ${port}", rule: "unrendered-variable", line: 12, severity: "error" },
    { title: "a variable for an MTU", file: bond, find: "mtu 9000", replace: "mtu ${mtu}", rule: "unrendered-variable", line: 28, severity: "error" },
    { title: "a variable for a hardware address", file: "ovh-gateway-off-subnet", find: "02:00:5e:00:53:10", replace: "ether $MAC", rule: "unrendered-variable", line: 13, severity: "error" },
    { title: "a variable for a listed value", file: bond, find: "bond-mode active-backup", replace: "bond-mode ${mode}", rule: "invalid-value", line: 14, severity: "warning" },
    { title: "a metric that is no number", file: pve, find: "\tbridge-fd 0\n", replace: "\tmetric abc\n", rule: "bad-metric", line: 12, severity: "error" },
    { title: "a metric of more than 32 bits", file: pve, find: "\tbridge-fd 0\n", replace: "\tmetric 5000000000\n", rule: "bad-metric", line: 12, severity: "error" },
    { title: "a metric without a gateway", file: pve, find: "enp1s0 inet manual\n", replace: "enp1s0 inet manual\n\tmetric abc\n", rule: "bad-metric", line: 5, severity: "warning" },
    { title: "a lifetime that is none", file: pve, find: "\tbridge-fd 0\n", replace: "\tpreferred-lifetime foo\n", rule: "bad-lifetime", line: 12, severity: "error" },
    { title: "a word for a number", file: pve, find: "bridge-fd 0", replace: "bridge-fd off", rule: "bad-number", line: 12, severity: "warning" },
    { title: "a VLAN of a port beyond the kernel's", file: pve, find: "bridge-fd 0", replace: "bridge-pvid 5000", rule: "bad-number", line: 12, severity: "warning" },
    { title: "a mask of the host's part behind a slash", file: pve, find: "192.0.2.11/24", replace: "192.0.2.11/0.0.0.255", rule: "host-mask", line: 8, severity: "warning", message: /24/ },
    { title: "a mask of the host's part for a netmask", file: "alias-interfaces", find: "255.255.255.0", replace: "0.0.0.255", rule: "host-mask", line: 9, severity: "warning", message: /24/ },
    { title: "a multicast hardware address", file: "ovh-gateway-off-subnet", find: "02:00:5e:00:53:10", replace: "01:00:5e:00:53:10", rule: "bad-hwaddress", line: 13, severity: "error", message: /multicast/ },
    { title: "a multicast hardware address after ether", file: "ovh-gateway-off-subnet", find: "02:00:5e:00:53:10", replace: "ether 0300.5e00.5310", rule: "bad-hwaddress", line: 13, severity: "error", message: /multicast/ },
    // VLANs and bonds
    { title: "a VLAN without an id", file: vlan, find: "\tvlan-id 20\n", replace: "", rule: "vlan-id", line: 16, severity: "error", message: /Add 'vlan-id N'/ },
    { title: "a VLAN whose name only ends in a number", file: vlan, find: /vlan10/g, replace: "eth10", rule: "vlan-id", line: 11, severity: "error" },
    { title: "a VLAN id that is a word", file: vlan, find: "vlan-id 20", replace: "vlan-id twenty", rule: "vlan-id", line: 16, severity: "error" },
    { title: "a vlan-id of 5000", file: vlan, find: "vlan-id 20", replace: "vlan-id 5000", rule: "vlan-id", line: 16, severity: "error" },
    { title: "vlan5000", file: vlan, find: /vlan10/g, replace: "vlan5000", rule: "vlan-id", line: 8, severity: "error" },
    { title: "a VLAN of id 4095", file: "qinq", find: /eno1\.100\.20/g, replace: "eno1.100.4095", rule: "vlan-id", line: 11, severity: "error" },
    { title: "a VLAN of id 10000", file: "qinq", find: /eno1\.100\.20/g, replace: "eno1.10000", rule: "vlan-id", line: 11, severity: "error" },
    { title: "a VLAN of id 0", file: "qinq", find: /eno1\.100\.20/g, replace: "eno1.0", rule: "vlan-id", line: 11, severity: "warning" },
    { title: "a port of id 5000 without a stanza", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports enp1s0.5000", rule: "vlan-id", line: 10, severity: "error" },
    { title: "two raw devices", file: vlan, find: "vlan_raw_device eno1", replace: "vlan_raw_device eno1 eno2", rule: "vlan-raw-device", line: 17, severity: "error" },
    { title: "a comment behind a raw device", file: vlan, find: "vlan_raw_device eno1", replace: "vlan_raw_device eno1 # storage", rule: "trailing-comment", line: 17, severity: "error" },
    { title: "a port's VLAN with a name of 19 characters", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports enx60a4b758ba5b.100", rule: "long-name", line: 10, severity: "error", message: /vlan-raw-device/ },
    { title: "a bond's port with a name of 16 characters", file: bond, find: "bond-slaves eno1", replace: "bond-slaves enp1s0f0np0v1234", rule: "long-name", line: 12, severity: "warning" },
    { title: "a raw device with a name of 16 characters", file: vlan, find: "vlan_raw_device eno1", replace: "vlan_raw_device enp1s0f0np0v1234", rule: "long-name", line: 17, severity: "warning" },
    { title: "a peer with a name of 21 characters", file: "dummy-and-veth", find: "veth-peer-name veth_b", replace: "veth-peer-name averyveryverylongpeer", rule: "long-name", line: 12, severity: "error" },
    { title: "a bond without a list of ports", file: bond, find: /^\s*bond-slaves eno1 eno2\n/m, replace: "", rule: "bond-without-ports", line: 12, severity: "error" },
    { title: "a bond whose ports name it and that does not list them", file: "bond-master-in-ports", find: "    bond-slaves none\n", replace: "", rule: "bond-without-ports", line: 15, severity: "warning" },
    { title: "a bond without ports that nothing names", file: bond, find: "bond-slaves eno1 eno2", replace: "bond-slaves none", rule: "bond-without-ports", line: 12, severity: "warning" },
    { title: "a bridge whose port is its own VLAN", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports vmbr0.10", rule: "dependency-cycle", line: 10, severity: "error" },
    // Ports and names
    { title: "a comma in bridge-ports", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports enp1s0,eno2", rule: "port-separator", line: 10, severity: "error" },
    { title: "a comma in bond-slaves", file: bond, find: "bond-slaves eno1 eno2", replace: "bond-slaves eno1, eno2", rule: "port-separator", line: 12, severity: "error" },
    { title: "quotes around ovs_ports", file: ovs, find: "ovs_ports bond0 vlan10", replace: 'ovs_ports "bond0 vlan10"', rule: "port-separator", line: 42, severity: "error" },
    { title: "wildcards without glob", file: "cumulus-glob-list", find: "glob swp[19-20]", replace: "swp[19-20]", rule: "port-pattern", line: 13, severity: "error" },
    { title: "a bridge that is its own port", file: pve, find: "bridge-ports enp1s0", replace: "bridge-ports vmbr0", rule: "dependency-cycle", line: 10, severity: "error" },
    { title: "a bridge and a bond that are each other's port", file: bond, find: "bond-slaves eno1 eno2", replace: "bond-slaves vmbr0 eno2", rule: "dependency-cycle", line: 12, severity: "error" },
    { title: "a port of two bridges", file: "policy-routing-post-up-gateways", find: "bridge-ports eno2", replace: "bridge-ports eno1", rule: "port-used-twice", line: 18, severity: "warning" },
    { title: "a primary that is no port", file: bond, find: "bond-primary eno1", replace: "bond-primary eno3", rule: "bond-primary", line: 15, severity: "warning" },
    { title: "a name of 16 characters", file: pve, find: /vmbr0/g, replace: "bridgemanagement", rule: "long-name", line: 7, severity: "error" },
    { title: "a name with a slash", file: pve, find: /enp1s0/g, replace: "enp/1", rule: "bad-name", line: 4, severity: "error" },
    { title: "no loopback", file: bond, find: "auto lo\niface lo inet loopback\n\n", replace: "", rule: "missing-loopback", line: 1, severity: "warning" },
    { title: "the gateway's bridge not brought up", file: pve, find: "auto vmbr0\n", replace: "", rule: "not-up-at-boot", line: 6, severity: "warning" },
    // Open vSwitch
    { title: "a bond that names an undeclared bridge", file: ovs, find: "\tovs_bridge vmbr0\n\tovs_mtu 9000", replace: "\tovs_bridge vmbr1\n\tovs_mtu 9000", rule: "ovs-bridge", line: 35, severity: "warning" },
    { title: "a bridge whose port names another", file: ovs, find: "\tovs_bridge vmbr0\n\tovs_mtu 9000", replace: "\tovs_bridge vmbr1\n\tovs_mtu 9000", rule: "ovs-port", line: 42, severity: "error" },
    { title: "a port that names no bridge", file: ovs, find: "\tovs_bridge vmbr0\n\tovs_mtu 9000", replace: "\tovs_mtu 9000", rule: "ovs-port", line: 41, severity: "warning" },
    { title: "a bond without its bridge", file: ovs, find: "\tovs_bridge vmbr0\n\tovs_mtu 9000", replace: "\tovs_mtu 9000", rule: "ovs-type", line: 34, severity: "error" },
    { title: "a bond without ports", file: ovs, find: "\tovs_bonds enp1s0 enp2s0\n", replace: "", rule: "ovs-type", line: 33, severity: "error" },
    { title: "a bridge without a type", file: ovs, find: "\tovs_type OVSBridge\n", replace: "", rule: "ovs-type", line: 41, severity: "error" },
    { title: "a port whose bridge is no OVS bridge", file: ovs, find: "\tovs_type OVSBridge\n", replace: "", rule: "ovs-bridge", line: 35, severity: "error" },
    { title: "a bridge that does not list its bond", file: ovs, find: "ovs_ports bond0 vlan10", replace: "ovs_ports vlan10", rule: "ovs-port-unlisted", line: 35, severity: "warning" },
    { title: "a listed port without a stanza", file: ovs, find: "ovs_ports bond0 vlan10", replace: "ovs_ports bond0 vlan10 vlan11", rule: "ovs-port", line: 42, severity: "warning", message: /vlan11/ },
];

function broken({ file, find, replace }: Pick<Fault, "file" | "find" | "replace">): string {
    const before = validFiles.get(file)!;
    const after = before.replace(find, replace);
    if (after === before) throw new Error(`${file} has no ${String(find)}`);
    return after;
}

test.each(faults)("$title: $rule at line $line, $severity", ({ rule, line, severity, message = /./, ...fault }) => {
    const found = lintInterfaces(broken(fault), {}).filter((finding) => finding.rule === rule);
    expect(found.map((finding) => [finding.severity, finding.line])).toContainEqual([severity, line]);
    expect(found.map((finding) => finding.message).join("\n")).toMatch(message);
});

test("every finding says what to do, in one line", () => {
    const messages = faults.flatMap((fault) => lintInterfaces(broken(fault), {})).map(({ message }) => message);
    expect(messages.filter((message) => !/^[^\n]+[.:?] ?[^\n]*\.$/.test(message))).toEqual([]);
});

describe("corruptions of any file that works are caught", () => {
    const optionLine = /^[ \t]+(address|gateway|netmask|bridge[-_]ports|bond-slaves|ovs_type|ovs_bridge|ovs_ports|vlan-raw-device) /;
    const options = validNames.flatMap((name) => validFiles.get(name)!.split("\n").flatMap((text, index) => (optionLine.test(text) ? [{ name, index }] : [])));

    /** The file with one line changed, and that line's number. */
    function withLine({ name, index }: { name: string; index: number }, change: (line: string) => string): { content: string; line: number } {
        const lines = validFiles.get(name)!.split("\n");
        lines[index] = change(lines[index]!);
        return { content: lines.join("\n"), line: index + 1 };
    }

    test("a keyword that lost or swapped a letter", () => {
        fc.assert(fc.property(fc.constantFrom(...options), fc.nat(), fc.boolean(), (place, random, swap) => {
            const { content, line } = withLine(place, (text) => {
                const start = text.search(/\S/);
                const length = text.slice(start).search(/\s/);
                // The first letter stays: what is left of it may look like another kind of line.
                const at = start + 1 + (random % (length - 2));
                const [a, b] = [text[at]!, text[at + 1]!];
                return text.slice(0, at) + (swap && a !== b ? b + a : b) + text.slice(at + 2);
            });
            const found = lintInterfaces(content, {}).filter((finding) => finding.line === line && finding.severity === "error");
            expect(found.map(({ rule }) => rule)).toEqual(["misspelt-keyword"]);
        }), { numRuns: runs(300) });
    });

    test("a no-break space before an option, and a comma for a blank in a port list", () => {
        fc.assert(fc.property(fc.constantFrom(...options), fc.constantFrom("\u00a0", "\u2007", "\u3000"), (place, blank) => {
            const { content, line } = withLine(place, (text) => text.replace(/\S/, `${blank}$&`));
            expect(lintInterfaces(content, {})).toContainEqual(expect.objectContaining({ rule: "invisible-blank", severity: "error", line }));
        }));
        const lists = options.filter(({ name, index }) => /^\s*(?:bridge[-_]ports|bond-slaves|ovs_ports) (?!.*(?:glob|regex))\S+ \w/.test(validFiles.get(name)!.split("\n")[index]!));
        fc.assert(fc.property(fc.constantFrom(...lists), fc.constantFrom(",", ", ", ";"), (place, separator) => {
            const { content, line } = withLine(place, (text) => text.replace(/(\S\s+\S+) /, `$1${separator}`));
            expect(lintInterfaces(content, {})).toContainEqual(expect.objectContaining({ rule: "port-separator", severity: "error", line }));
        }));
    });

    test("an interface with a gateway whose auto moved below it, or became a class that nothing starts", () => {
        const names = validNames.filter((name) => /^auto vmbr0\niface vmbr0 inet static\n(?:[ \t].*\n)*?[ \t]+gateway/m.test(validFiles.get(name)!) && !/allow-|ovs_/.test(validFiles.get(name)!));
        fc.assert(fc.property(fc.constantFrom(...names), fc.constantFrom("", "allow-hotplgu vmbr0\n", "allow-vmbr9 vmbr0\n"), (name, line) => {
            const content = `${validFiles.get(name)!.replace("auto vmbr0\n", line)}\n${line === "" ? "auto vmbr0\n" : ""}`;
            expect(lintInterfaces(content, {}).map(({ rule }) => rule)).toContain("not-up-at-boot");
        }));
    });

    test("a value that was cut off", () => {
        fc.assert(fc.property(fc.constantFrom(...options), (place) => {
            const { content, line } = withLine(place, (text) => text.replace(/(\S)\s.*/, "$1"));
            expect(lintInterfaces(content, {})).toContainEqual(expect.objectContaining({ rule: "missing-value", severity: "error", line }));
        }));
    });
});
