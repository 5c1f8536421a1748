import { planHostsFile } from "../../components/hosts";

const pve01 = { name: "pve01", domain: "example.test", address: "192.0.2.11", aliases: ["pve01-mgmt"] };
const pve02 = { name: "pve02", domain: "example.test", address: "192.0.2.12", address6: "2001:db8::12" };
const host = { name: "pve01", address: "192.0.2.11" };

test("the node's own name stands on its LAN address, and every peer is there", () => {
    const settings = { extra: [{ address: "192.0.2.60", names: ["nas.example.test", "nas"] }] };
    expect(planHostsFile({ host, node: pve01, peers: [pve02], settings }).files["/etc/hosts"]).toEqual({
        content: `# Managed by Holdfast. An edit made here is reported as drift: change holdfast:fleet in the stack config, then run \`pulumi up\`.
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters

# This node, by the address its peers know it by. Never a loopback one: pmxcfs does not start with that.
192.0.2.11 pve01.example.test pve01 pve01-mgmt

# The other nodes of the cluster
192.0.2.12 pve02.example.test pve02
2001:db8::12 pve02.example.test pve02

# Further names that the stack declares
192.0.2.60 nas.example.test nas
`,
    });
});

test("a lone node without domain gets no empty sections", () => {
    const { content } = planHostsFile({ host, node: { name: "pve01", address: "192.0.2.11" }, peers: [] }).files[
        "/etc/hosts"
    ]!;
    expect(content?.split("\n").slice(-3)).toEqual([
        "# This node, by the address its peers know it by. Never a loopback one: pmxcfs does not start with that.",
        "192.0.2.11 pve01",
        "",
    ]);
});

test("a file of the project keeps its comments, and loses 127.0.1.1", () => {
    const file = {
        path: "nodes/pve01/hosts",
        content:
            "127.0.0.1 localhost\n127.0.1.1 pve01.example.test pve01 # set by the installer\n# printers\n192.0.2.80 lp\n",
    };
    expect(
        planHostsFile({ host, node: { ...pve01, aliases: [] }, peers: [], settings: { file, extra: [] } }).files[
            "/etc/hosts"
        ]?.content,
    ).toBe(
        "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01 # set by the installer\n# printers\n192.0.2.80 lp\n",
    );
});

test("cloud-init loses the module that rewrites /etc/hosts, where cloud-init is installed", () => {
    expect(
        planHostsFile({ host, node: pve01, peers: [] }).files["/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg"],
    ).toEqual({
        when: "/etc/cloud/cloud.cfg",
        content: `# Managed by Holdfast: /etc/hosts belongs to Holdfast, so cloud-init must not rewrite it.
# User-data wins over manage_etc_hosts here, so the module itself is left out too:
# this is Debian's own list (cloud-init 25.1 in trixie, 22.4 in bookworm) without update_etc_hosts.
manage_etc_hosts: false
cloud_init_modules:
 - seed_random
 - bootcmd
 - write-files
 - growpart
 - resizefs
 - disk_setup
 - mounts
 - set_hostname
 - update_hostname
 - ca-certs
 - rsyslog
 - users-groups
 - ssh
`,
    });
});

test("the resolver's answer is verified after the change, and observed from then on", () => {
    const { verify, facts } = planHostsFile({ host, node: pve01, peers: [] });
    expect(verify).toEqual([{ argv: ["holdfast", "resolver", "pve01", "192.0.2.11"] }]);
    expect(facts).toEqual({ "resolves pve01": { probe: "resolver", args: ["pve01"], value: "192.0.2.11" } });
});

test("with two families each is asked for by itself, since the resolver may hand out either one first", () => {
    const { verify, facts } = planHostsFile({ host, node: pve02, peers: [] });
    expect(verify).toEqual([
        { argv: ["holdfast", "resolver", "pve02", "192.0.2.12"] },
        { argv: ["holdfast", "resolver", "pve02", "2001:db8::12"] },
    ]);
    expect(facts).toEqual({
        "resolves pve02": { probe: "resolver", args: ["pve02", "4"], value: "192.0.2.12" },
        "resolves pve02 (IPv6)": { probe: "resolver", args: ["pve02", "6"], value: "2001:db8::12" },
    });
});

test("each declared address is looked for on the node before anything is written", () => {
    const asked = (node: { name: string; address: string; address6?: string }) =>
        planHostsFile({ host, node, peers: [] }).validate;
    const pve09 = { name: "pve09", address: "192.0.2.19" };
    expect(asked(pve09)).toEqual([{ argv: ["holdfast", "own-address", "pve09", "192.0.2.19"] }]);
    expect(asked({ ...pve09, address6: "2001:db8::19" })).toContainEqual({
        argv: ["holdfast", "own-address", "pve09", "2001:db8::19"],
    });
});
