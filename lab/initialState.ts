/** The files a node starts with: as the incidents found them, or sound. */
import { gateway } from "./network";
import type { InitialState } from "./state";

export interface NodeIdentity {
    readonly name: string;
    /** IPv4, in 192.0.2.0/24. */
    readonly address: string;
    /** IPv6, in 2001:db8::/64. */
    readonly address6: string;
    readonly rootUuid: string;
    readonly dataUuid: string;
}

/** The same for a container and a virtual machine. @param index 1 to 89 */
export function identityOf(index: number): NodeIdentity {
    const number = String(index).padStart(2, "0");
    return {
        name: `pve${number}`,
        address: `192.0.2.${10 + index}`,
        address6: `2001:db8::${10 + index}`,
        rootUuid: `0a1b0000-0000-4000-8000-0000000000${number}`,
        dataUuid: `9c8d0000-0000-4000-8000-0000000000${number}`,
    };
}

export const domain = "example.test";

/** Incident B's line, as it was found at the end of /etc/network/interfaces. */
export const strayLine =
    "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast master ovs-system state UP group default qlen 1000";

/** Contents by absolute path. */
export function initialFiles(
    node: NodeIdentity,
    peers: readonly NodeIdentity[],
    state: InitialState,
): Record<string, string> {
    return {
        "/etc/hostname": `${node.name}\n`,
        "/etc/hosts": state === "sound" ? soundHosts([node, ...peers]) : incidentHosts(node),
        "/etc/fstab": fstab(node, state),
        "/etc/network/interfaces": interfaces(node) + (state === "sound" ? "" : `\n${strayLine}\n`),
        // Nothing listens there: a lookup fails at once instead of waiting.
        "/etc/resolv.conf": `search ${domain}\nnameserver ${gateway.address}\n`,
    };
}

function incidentHosts(node: NodeIdentity): string {
    return `127.0.0.1\tlocalhost\n127.0.1.1\t${node.name}.${domain} ${node.name}\n\n${hostsTail}`;
}

function soundHosts(nodes: readonly NodeIdentity[]): string {
    const lines = nodes.flatMap(({ name, address, address6 }) => [
        `${address} ${name}.${domain} ${name}`,
        `${address6} ${name}.${domain} ${name}`,
    ]);
    return `127.0.0.1 localhost\n${lines.join("\n")}\n\n${hostsTail}`;
}

const hostsTail = `# The following lines are desirable for IPv6 capable hosts
::1     ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;

function fstab(node: NodeIdentity, state: InitialState): string {
    const data =
        state === "sound"
            ? `UUID=${node.dataUuid} /srv/local ext4 defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2`
            : "/dev/sdb1 /srv/local ext4 defaults 0 2";
    return `# /etc/fstab: static file system information.
# <file system> <mount point> <type> <options> <dump> <pass>
UUID=${node.rootUuid} / ext4 errors=remount-ro 0 1
# PERC RAID-1 with the guests' images
${data}
`;
}

function interfaces(node: NodeIdentity): string {
    return `auto lo
iface lo inet loopback

auto enp1s0
iface enp1s0 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress ${node.address}/24
\tgateway ${gateway.address}
\tbridge-ports enp1s0
\tbridge-stp off
\tbridge-fd 0
# management

iface vmbr0 inet6 static
\taddress ${node.address6}/64
\tgateway ${gateway.address6}

source /etc/network/interfaces.d/*
`;
}
