/** The node's own name, as pmxcfs asks for it at boot. */
import { ask, pairs, type Fixture } from "./machine";

const hosts = (output: string): Fixture => ({
    commands: { "getent -s files --no-addrconfig ahosts -- pve01": output },
});
const lan = "192.0.2.11 STREAM pve01\n192.0.2.11 DGRAM\n";

pairs("own-name", {
    "incident A's 127.0.1.1": {
        fault: hosts("127.0.1.1 STREAM pve01\n"),
        says: ["boot-name-loopback", /^pve01 resolves to 127\.0\.1\.1$/],
        twin: hosts(lan),
    },
    "a name that only DNS knows": {
        fault: { commands: { "getent -s files --no-addrconfig ahosts -- pve01": [2, ""] } },
        says: ["boot-name-not-in-hosts", /no line for pve01/],
        twin: hosts(lan),
    },
    "another address than the declared one": {
        fault: hosts("192.0.2.12 STREAM pve01\n"),
        says: ["boot-name-elsewhere", /to 192\.0\.2\.12, not to 192\.0\.2\.11/],
        twin: hosts(`${lan}198.51.100.11 STREAM pve01\n`),
    },
});

test("without getent it is not known, which is not taken for ok", async () => {
    expect(await ask("own-name")).toMatchObject({ state: "unknown", code: "boot-check-failed" });
});

const interfaces = (text: string): Fixture => ({ files: { "/etc/network/interfaces": text } });
const bridge = "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.11/24\n\tbridge-ports enp1s0\n";

pairs("address-at-boot", {
    "an address that no stanza has": {
        fault: interfaces(bridge.replace("192.0.2.11/24", "192.0.2.111/24")),
        says: ["boot-address-nowhere", /no interface gets 192\.0\.2\.11 at boot/],
        twin: interfaces(bridge),
    },
    "an interface that nobody brings up": {
        fault: interfaces(bridge.replace("auto vmbr0\n", "")),
        says: ["boot-address-not-auto", /vmbr0 has 192\.0\.2\.11 and is not brought up/],
        twin: interfaces(bridge.replace("auto vmbr0", "allow-hotplug vmbr0")),
    },
    "a stanza that lies in a file which is not sourced": {
        fault: { files: { "/etc/network/interfaces": "auto lo\n", "/etc/network/interfaces.d/lan": bridge } },
        says: ["boot-address-nowhere", /no interface/],
        twin: {
            files: {
                "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n",
                "/etc/network/interfaces.d/lan": bridge,
            },
        },
    },
});

test("where somebody else configures the network, or nothing is declared, that is said", async () => {
    expect(await ask("address-at-boot")).toMatchObject({ state: "unknown", code: "boot-no-ifupdown" });
    const declared = { name: "pve01" };
    expect(await ask("address-at-boot", { declared })).toMatchObject({
        state: "skipped",
        code: "boot-nothing-declared",
    });
    const dhcp = "auto vmbr0\niface vmbr0 inet dhcp\n";
    expect(await ask("address-at-boot", interfaces(dhcp))).toMatchObject({ state: "ok" });
});

pairs("hostname-file", {
    "another name in /etc/hostname": {
        fault: { files: { "/etc/hostname": "pve-old\n" } },
        says: ["boot-hostname-changes", /names this node pve-old, not pve01/],
        twin: { files: { "/etc/hostname": "# ours\npve01.example.test\n" } },
    },
});

const unit = { "/usr/lib/systemd/system/pve-cluster.service": "" };
pairs("pve-cluster-masked", {
    "the mask of the emergency boot": {
        fault: { files: unit, links: { "/etc/systemd/system/pve-cluster.service": "/dev/null" } },
        says: ["boot-pve-cluster-masked", /is masked/],
        twin: { files: unit, links: { "/run/systemd/system/pve-cluster.service": "/dev/null" } },
    },
});

test("a host without Proxmox has no pve-cluster", async () => {
    expect(await ask("pve-cluster-masked")).toMatchObject({ state: "skipped", code: "boot-no-proxmox" });
});

const cloud =
    "cloud_init_modules:\n  - seed_random\n  - update_etc_hosts\n  - ssh\n\ncloud_config_modules:\n  - runcmd\n";
const without = "cloud_init_modules:\n  # not update_etc_hosts\n  - ssh\n";
pairs("cloud-init", {
    "told in a file of its own": {
        fault: {
            files: { "/etc/cloud/cloud.cfg": cloud, "/etc/cloud/cloud.cfg.d/50-x.cfg": "manage_etc_hosts: true\n" },
        },
        says: ["boot-cloud-init-hosts", /rewrites \/etc\/hosts at each boot/],
        twin: {
            files: {
                "/etc/cloud/cloud.cfg": cloud,
                "/etc/cloud/cloud.cfg.d/50-x.cfg": "manage_etc_hosts: true\n",
                "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": without,
            },
        },
    },
    "told by user data": {
        fault: {
            files: {
                "/etc/cloud/cloud.cfg": cloud,
                "/var/lib/cloud/instance/user-data.txt": "#cloud-config\nmanage_etc_hosts: localhost\n",
            },
        },
        says: ["boot-cloud-init-hosts", /rewrites/],
        twin: { files: { "/etc/cloud/cloud.cfg": `${cloud}manage_etc_hosts: false\n` } },
    },
    "a cloud-init that is not switched off": {
        fault: { files: { "/etc/cloud/cloud.cfg": `${cloud}manage_etc_hosts: true\n` } },
        says: ["boot-cloud-init-hosts", /rewrites/],
        twin: {
            files: {
                "/etc/cloud/cloud.cfg": `${cloud}manage_etc_hosts: true\n`,
                "/etc/cloud/cloud-init.disabled": "",
            },
        },
        is: "skipped",
    },
});

const corosync = (address: string) =>
    `totem {\n  cluster_name: c\n}\nnodelist {\n  node {\n    name: pve01\n    nodeid: 1\n    ring0_addr: ${address}\n  }\n  node {\n    name: pve02\n    ring0_addr: 192.0.2.12\n  }\n}\n`;
const held = {
    "ip -j address show": JSON.stringify([{ ifname: "vmbr0", addr_info: [{ local: "192.0.2.11" }] }]),
    "getent -s files --no-addrconfig ahosts -- pve01-ring": "192.0.2.11 STREAM pve01-ring\n",
    "getent -s files --no-addrconfig ahosts -- pve01-old": "198.51.100.9 STREAM pve01-old\n",
};
const cluster = (address: string): Fixture => ({
    files: { "/etc/corosync/corosync.conf": corosync(address) },
    commands: held,
});
pairs("corosync-address", {
    "a link address of before the renumbering": {
        fault: cluster("198.51.100.11"),
        says: ["boot-corosync-address", /at 198\.51\.100\.11, which no interface holds/],
        twin: cluster("192.0.2.11"),
    },
    "a link name that leads elsewhere": {
        fault: cluster("pve01-old"),
        says: ["boot-corosync-address", /pve01-old/],
        twin: cluster("pve01-ring"),
    },
    "a cluster that does not know this node": {
        fault: { ...cluster("192.0.2.11"), declared: { name: "pve03", addresses: "" } },
        says: ["boot-corosync-stranger", /does not name pve03/],
        twin: {},
        is: "skipped",
    },
});

test("a link name that nobody could resolve is not taken for one that leads elsewhere", async () => {
    const { "getent -s files --no-addrconfig ahosts -- pve01-ring": _, ...others } = held;
    expect(await ask("corosync-address", { ...cluster("pve01-ring"), commands: others })).toMatchObject({
        state: "unknown",
        text: expect.stringContaining("getent is not installed"),
    });
});
