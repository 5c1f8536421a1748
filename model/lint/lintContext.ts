/**
 * What a lint may know besides the text itself. Every part is optional: a rule that misses its part says `not checked`.
 */

export interface NodeIdentity {
    /** The node's host name, without domain: `pve01`. */
    readonly name: string;
    readonly domain?: string;
    /** LAN address, IPv4 or IPv6, without prefix length: what the node's own name has to resolve to. */
    readonly address: string;
    /** Address of the second family, if there is one. */
    readonly address6?: string;
    readonly aliases?: readonly string[];
}

export interface BlockDevice {
    /** Kernel name: `/dev/sda1`. */
    readonly path: string;
    readonly uuid?: string;
    readonly label?: string;
    readonly partuuid?: string;
    readonly partlabel?: string;
    readonly fstype?: string;
    /** Other names of the same device: `/dev/disk/by-id/…`, `/dev/mapper/…`, `/dev/pve/root`. */
    readonly links: readonly string[];
}

export interface MountPoint {
    readonly source: string;
    readonly target: string;
    readonly fstype: string;
    /** UUID of the mounted file system, where it is a block device's. */
    readonly uuid?: string;
}

export interface NetworkLink {
    readonly name: string;
    /** Further names of the same link (`ip link property`), which ifupdown2 takes as well. */
    readonly altnames?: readonly string[];
    /** Lower-case MAC address. */
    readonly mac?: string;
    /** `bond`, `bridge`, `vlan`, `veth`, `openvswitch`, …; absent for a physical NIC. */
    readonly kind?: string;
    /** Operational state: `up`, `down`, `unknown`. */
    readonly state: string;
}

/** What was read from the live node. Shapes are those that `host/node` prints. */
export interface NodeFacts {
    readonly hostname: string;
    readonly blockDevices: readonly BlockDevice[];
    readonly mounts: readonly MountPoint[];
    readonly links: readonly NetworkLink[];
    /** Absent from an older look. */
    readonly tools?: {
        /** /sbin/dhclient, the one DHCP client that ifupdown2 runs. */
        readonly dhclient: boolean;
        /** python3-mako, with which ifupdown2 renders a file that holds a `%`. */
        readonly mako: boolean;
    };
    /**
     * Services that systemd has loaded, and those among them that wait for networking.service. Absent from an older
     * look.
     */
    readonly units?: { readonly loaded: readonly string[]; readonly afterNetworking: readonly string[] };
}

export interface LintContext {
    readonly node?: NodeIdentity;
    /** The other declared nodes of the fleet. */
    readonly peers?: readonly NodeIdentity[];
    readonly facts?: NodeFacts;
    /** Content of the files that the linted file sources, by absolute path. */
    readonly sourced?: Readonly<Record<string, string>>;
}
