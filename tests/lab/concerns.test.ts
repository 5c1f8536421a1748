/**
 * What each concern guarantees, seen by the real programs that read its files: the resolver, cloud-init, systemd,
 * ifupdown2.
 */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { planFstab } from "../../components/fstab";
import { planHostsFile } from "../../components/hosts";
import { planNetworkInterfaces } from "../../components/interfaces";
import { strayLine, type Lab, type LabNode } from "../../lab";
import type { HostArgs } from "../../model/contract/fileSet";
import type { NodeFacts, NodeIdentity } from "../../model/lint/lintContext";
import { openTestNode, toIncidentState } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(400_000);

let lab: Lab;
let node: LabNode;
let host: HostArgs;
let identity: NodeIdentity;

beforeAll(async () => {
    ({ lab, node } = await openTestNode(3));
    await toIncidentState(lab, node); // another test file may have put it right
    host = await hostOf(node);
    identity = { name: node.name, domain: "example.test", address: node.address, address6: node.address6 };
    await shell(
        "rm -rf /root/before && mkdir /root/before && cp --archive --parents -t /root/before /etc/hosts /etc/fstab /etc/network/interfaces",
    );
});
afterEach(() =>
    shell(
        "cp --archive -t / /root/before/etc && rm -rf /etc/cloud/cloud.cfg.d/9[89]* /var/lib/cloud /etc/network/interfaces.new && touch /etc/cloud/cloud-init.disabled && systemctl daemon-reload",
    ),
);

async function shell(script: string): Promise<string> {
    return (await node.exec(["sh", "-ec", script])).stdout;
}

describe("hosts", () => {
    const plan = () =>
        planHostsFile({
            host,
            node: identity,
            peers: [{ name: "pve09", domain: "example.test", address: "192.0.2.19" }],
        });

    it("gives the node's own name its LAN address, where the resolver gave 127.0.1.1 before", async () => {
        const resolve = `getent ahosts ${node.name} | awk '{print $1}' | sort -u`;
        expect(await shell(resolve)).toContain("127.0.1.1");
        const state = await pushFileSet(lab, plan());
        expect((await shell(resolve)).split("\n").sort()).toEqual([node.address, node.address6].sort());
        expect(await shell("getent ahostsv4 pve09 | head -n1")).toContain("192.0.2.19");
        expect(state.observed.facts).toEqual({
            [`resolves ${node.name}`]: node.address,
            [`resolves ${node.name} (IPv6)`]: node.address6,
        });
    });

    /** NoCloud user-data that demands the opposite, and nothing of cloud-init's that would disturb the lab. */
    const runCloudInit = `
        rm -rf /var/lib/cloud /etc/cloud/cloud-init.disabled && mkdir -p /var/lib/cloud/seed/nocloud
        echo "instance-id: i-test" > /var/lib/cloud/seed/nocloud/meta-data
        printf '#cloud-config\\nmanage_etc_hosts: true\\n' > /var/lib/cloud/seed/nocloud/user-data
        printf 'datasource_list: [NoCloud]\\nnetwork: {config: disabled}\\nssh_deletekeys: false\\nssh_genkeytypes: []\\nusers: []\\npreserve_hostname: true\\n' > /etc/cloud/cloud.cfg.d/98-test.cfg
        cloud-init init --local && cloud-init init`;

    it("keeps cloud-init from rewriting the file, whatever its user-data says", async () => {
        await pushFileSet(lab, plan());
        const pushed = await shell("cat /etc/hosts");
        await shell(runCloudInit);
        expect(await shell("cat /etc/hosts")).toBe(pushed);
        await shell("rm /etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg");
        await shell(runCloudInit);
        expect(await shell("cat /etc/hosts")).toContain("127.0.1.1");
    });

    it("is refused by the effect, not by the exit status: a name service that still says 127.0.1.1", async () => {
        await shell(
            "cp -a /etc/nsswitch.conf /root/before/ && sed -i 's/^hosts:.*/hosts: myhostname files/' /etc/nsswitch.conf && printf '127.0.0.1 localhost\\n' > /etc/hosts",
        );
        const other = { ...plan(), verify: [{ argv: ["holdfast", "resolver", node.name, "192.0.2.99"] }] };
        await expect(pushFileSet(lab, other)).rejects.toThrow(
            /verify failed: holdfast resolver .*not to 192\.0\.2\.99.*The node is as it was/,
        );
        expect(await shell("cat /etc/hosts")).toBe("127.0.0.1 localhost");
        await shell("cp -a /root/before/nsswitch.conf /etc/");
    });
});

describe("fstab", () => {
    const entry = (options: string[]) => ({
        source: `UUID=${node.dataUuid}`,
        target: "/srv/local",
        fstype: "ext4",
        options,
        passno: 2,
    });
    const root = () => ({
        source: `UUID=${node.rootUuid}`,
        target: "/",
        fstype: "ext4",
        options: ["errors=remount-ro"],
        passno: 1,
    });
    const requires = `d=$(mktemp -d) && SYSTEMD_FSTAB=/etc/fstab unshare -m sh -c 'mount -t tmpfs none /sys && /usr/lib/systemd/system-generators/systemd-fstab-generator "$0" "$0" "$0"' $d && ls $d/local-fs.target.requires; rm -rf $d`;

    it("leaves no optional mount that could stop a boot, where one could before", async () => {
        expect(await shell(requires)).toContain("srv-local.mount");
        await pushFileSet(
            lab,
            planFstab({ host, node: identity, settings: { entries: [root(), entry(["defaults"])] } }),
        );
        expect(await shell(requires)).not.toContain("srv-local.mount");
        expect(
            await shell("systemctl show -p Before --value srv-local.mount 2>/dev/null; grep srv/local /etc/fstab"),
        ).toContain("x-systemd.before=pve-guests.service");
    });

    it("mounts and unmounts nothing", async () => {
        const mounts = await shell("findmnt -rno TARGET,SOURCE");
        await pushFileSet(
            lab,
            planFstab({ host, node: identity, settings: { entries: [root(), entry(["defaults"])] } }),
        );
        expect(await shell("findmnt -rno TARGET,SOURCE")).toBe(mounts);
    });

    it("refuses an essential mount whose UUID the node does not have, before anything is staged", async () => {
        const absent = {
            source: "UUID=dead0000-0000-4000-8000-000000000000",
            target: "/var/lib/vz",
            fstype: "xfs",
            options: ["defaults"],
            essential: true,
        };
        const before = await shell("cat /etc/fstab");
        await expect(
            pushFileSet(lab, planFstab({ host, node: identity, settings: { entries: [root(), absent] } })),
        ).rejects.toThrow(/\/etc\/fstab:\d+:\d+: .*dead0000.*\[source-not-found\]/);
        expect(await shell("cat /etc/fstab")).toBe(before);
    });

    it("is validated by findmnt: what only the real tool knows stops the transaction", async () => {
        const args = planFstab({ host, node: identity, settings: { entries: [root()] } });
        const essential = { ...args, validate: [{ argv: ["holdfast", "fstab-generator", "{staged:/etc/fstab}"] }] };
        await expect(pushFileSet(lab, essential)).rejects.toThrow(
            /validate failed: holdfast fstab-generator .*\/ would stop the boot.*Nothing was changed/,
        );
    });
});

describe("interfaces", () => {
    const sound = () =>
        `auto lo\niface lo inet loopback\n\nauto enp1s0\niface enp1s0 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress ${node.address}/24\n\tgateway 192.0.2.1\n\tbridge-ports enp1s0\n\tbridge-stp off\n\tbridge-fd 0\n\niface vmbr0 inet6 static\n\taddress ${node.address6}/64\n`;
    const plan = (content: string) =>
        planNetworkInterfaces({ host, node: identity, settings: { file: { path: "nodes/x/interfaces", content } } });

    it("is written and pending, and the running network is left as it is", async () => {
        const links = await shell("ip -o addr");
        const state = await pushFileSet(lab, plan(sound()));
        expect(state.observed.facts).toMatchObject({
            "interfaces running": "pending activation",
            "interfaces pending": "none",
            "link enp1s0": "up",
        });
        expect(await shell("ip -o addr")).toBe(links);
        expect(await shell("ifquery --list -a")).toContain("vmbr0");
    });

    it("refuses incident B's line in Check, with its number", async () => {
        await expect(pushFileSet(lab, plan(`${sound()}${strayLine}\n`))).rejects.toThrow(
            /\/etc\/network\/interfaces:17:1: .*\[stray-line\]/,
        );
    });

    it("looks ports up on the node: one that is nowhere is refused", async () => {
        await expect(
            pushFileSet(
                lab,
                plan(sound().replaceAll("enp1s0", "enp9s9").replace("auto enp9s9\niface enp9s9 inet manual\n\n", "")),
            ),
        ).rejects.toThrow(/enp9s9/);
        expect(await shell("cat /etc/network/interfaces")).toContain("enp1s0");
    });

    it("sees incident B's line in a file that it only sources", async () => {
        const sourcing = plan(`${sound()}\nsource /etc/network/interfaces.d/*\n`);
        expect((await pushFileSet(lab, sourcing)).observed.facts["sourced files"]).toBe("sound");
        await node.exec(["tee", "/etc/network/interfaces.d/oops"], { input: `${strayLine}\n` });
        const state = await pushFileSet(lab, sourcing);
        await shell("rm /etc/network/interfaces.d/oops");
        expect(state.facts!["sourced files"]!.value).toMatch(
            /^\/etc\/network\/interfaces\.d\/oops:1: This is output of `ip link`, not configuration\. Delete the line\.$/,
        );
    });

    it("reports a change of the Proxmox GUI that the next boot would put in its place", async () => {
        await shell("echo pending > /etc/network/interfaces.new");
        const state = await pushFileSet(lab, plan(sound()));
        await shell("rm /etc/network/interfaces.new");
        expect(state.observed.facts["interfaces pending"]).toBe("pending");
    });

    it("passes the check on the node with every file that this project calls valid, but for what Debian's ifupdown2 really does not know", async () => {
        await pushFileSet(lab, plan(sound())); // the program is there
        const folder = join(__dirname, "../fixtures/interfaces/valid");
        const names = (await readdir(folder)).sort();
        await Promise.all(
            names.map(async (name) =>
                node.exec(["sh", "-c", 'mkdir -p /root/fixtures && cat >"/root/fixtures/$1"', "sh", name], {
                    input: await readFile(join(folder, name), "utf8"),
                }),
            ),
        );
        const script = `import glob, json, os, sys\nsys.path.insert(0, max(glob.glob("/usr/local/lib/holdfast/${"[0-9a-f]".repeat(16)}"), key=os.path.getmtime))\nimport checks\nprint(json.dumps({os.path.basename(path): checks.check("interfaces", [path], 60).complaint for path in glob.glob("/root/fixtures/*")}))`;
        const complaints = JSON.parse(
            (await node.exec(["python3", "-I", "-c", script], { timeout: 120 })).stdout,
        ) as Record<string, string | null>;
        await shell("rm -r /root/fixtures");
        expect(Object.keys(complaints).sort()).toEqual(names);
        const refused = Object.entries(complaints)
            .filter(([, complaint]) => complaint !== null)
            .sort();
        expect(refused).toEqual([
            ["debian-installer-hotplug", expect.stringContaining("unsupported address method 'auto'")],
            ["debian-router-ppp", expect.stringContaining("interface name too long")],
            ["debian-vlan-bridges", expect.stringContaining("unsupported address method 'auto'")],
            ["ipv6-slaac", expect.stringContaining("unsupported address method 'auto'")],
            ["source-directory", expect.stringContaining("error processing line 'source-directory interfaces.d'")],
        ]);
    });

    /**
     * `ifup -a` for real, in a network of its own with these NICs; what global addresses and default routes there are
     * then.
     */
    async function bringUp(content: string, nics: readonly string[]): Promise<string[]> {
        const script = `
            cat >/run/interfaces
            mount -t sysfs none /sys && mount --bind /run/interfaces /etc/network/interfaces && mount -t tmpfs none /etc/network/interfaces.d
            mount -t tmpfs none /run && mkdir /run/network && mount -t tmpfs none /var/tmp
            for nic in "$@"; do ip link add "$nic" type veth peer name "p$nic" && ip link set "p$nic" up; done
            ifup -a >&2 || true
            ip -o addr show scope global | awk '{print $2, $4}'
            { ip route show default; ip -6 route show default; } | awk '{print $5, "via", $3}'`;
        // A folder of its own for the file, since several are brought up at once.
        const wrapped = 'mount -t tmpfs none /run && exec sh -ec "$0" sh "$@"';
        const { stdout } = await node.exec(["unshare", "-n", "-m", "sh", "-ec", wrapped, script, ...nics], {
            input: content,
            timeout: 60,
        });
        return stdout.split("\n").filter((line) => line !== "");
    }
    const valid = (name: string) => readFile(join(__dirname, "../fixtures/interfaces/valid", name), "utf8");

    it.each([
        ["alias-interfaces", ["eno1"], ["vmbr0 192.0.2.11/24", "vmbr0 192.0.2.218/32", "vmbr0 via 192.0.2.1"]],
        ["bridge-regex-ports", ["eno1", "eth7"], ["br0 192.0.2.5/24", "br0 via 192.0.2.1"]],
        ["continuation-lines", ["eno1", "eno2", "eno3"], ["vmbr0 192.0.2.11/24", "vmbr0 via 192.0.2.1"]],
        [
            "dual-stack",
            ["eno1"],
            ["vmbr0 192.0.2.11/24", "vmbr0 2001:db8::11/64", "vmbr0 via 192.0.2.1", "vmbr0 via 2001:db8::1"],
        ],
        [
            "full-mesh-routed",
            ["eno1", "ens19", "ens20"],
            ["ens19 10.15.15.50/24", "ens20 10.15.15.50/24", "vmbr0 192.0.2.50/24", "vmbr0 via 192.0.2.1"],
        ],
        [
            "ifupdown2-typeless",
            ["eno1"],
            ["vmbr0 192.0.2.11/24", "vmbr0 2001:db8::11/64", "vmbr0 via 192.0.2.1", "vmbr0 via 2001:db8::1"],
        ],
        [
            "hetzner-routed-pointopoint",
            ["enp0s31f6"],
            [
                "enp0s31f6 198.51.100.10",
                "enp0s31f6 2001:db8:10::2/128",
                "vmbr0 198.51.100.10/32",
                "vmbr0 2001:db8:10::2/64",
                "enp0s31f6 via 198.51.100.1",
                "enp0s31f6 via fe80::1",
            ],
        ],
        [
            "hetzner-same-address-on-bridge",
            ["eth0"],
            [
                "eth0 198.51.100.162",
                "eth0 2001:db8:172::2/64",
                "vmbr0 198.51.100.162/26",
                "vmbr1 203.0.113.7/29",
                "eth0 via 198.51.100.129",
                "eth0 via fe80::1",
            ],
        ],
        [
            "ovh-gateway-off-subnet",
            ["eno1"],
            [
                "vmbr0 203.0.113.20/24",
                "vmbr0 2001:db8:100:1::1/128",
                "vmbr0 via 203.0.113.254",
                "vmbr0 via 2001:db8:100:1ff:ff:ff:ff:ff",
            ],
        ],
        ["pve-default-install", ["enp1s0"], ["vmbr0 192.0.2.11/24", "vmbr0 via 192.0.2.1"]],
        ["pve-mac-learning", ["ens18"], ["vmbr0 192.0.2.11/24", "vmbr0 via 192.0.2.1"]],
        ["pve-routed", ["eno0"], ["eno0 198.51.100.5/29", "vmbr0 203.0.113.17/28", "eno0 via 198.51.100.1"]],
        [
            "two-gateways-with-metric",
            ["eno1", "eno2"],
            ["eno1 192.0.2.11/24", "eno2 198.51.100.11/24", "eno1 via 192.0.2.1", "eno2 via 198.51.100.1"],
        ],
    ])("really brings up %s", async (name, nics, expected) => {
        expect((await bringUp(await valid(name), nics)).sort()).toEqual([...expected].sort());
    });

    const route = "vmbr0 via 192.0.2.1";
    const address = "vmbr0 192.0.2.11/24";

    it.each([
        ["allow-auto starts nothing", /^auto vmbr0/m, "allow-auto vmbr0", []],
        ["broadcast loses the address", "bridge-fd 0", "broadcast 192.0.2.255", [route]],
        ["a variable is no address", "192.0.2.11/24", "${address}/24", [route]],
        ["a metric that is no number loses the default route", "bridge-fd 0", "metric abc", [address]],
        ["a lifetime that is none loses the address", "bridge-fd 0", "preferred-lifetime foo", [route]],
        ["a bridge on its own VLAN brings up nothing", "bridge-ports enp1s0", "bridge-ports vmbr0.10", []],
        ["a mask of the host's part is a netmask", "192.0.2.11/24", "192.0.2.11/0.0.0.255", [address, route]],
        ["a carriage return ends a line", /\n/g, "\r", [address, route]],
        ["dhcp first loses the later static address", /^iface vmbr0/m, "iface vmbr0 inet dhcp\niface vmbr0", [route]],
        [
            "dhcp first loses that of the other family",
            /^iface vmbr0 inet static/m,
            "iface vmbr0 inet dhcp\niface vmbr0 inet6 static\n\taddress 2001:db8::11/64\niface vmbr0",
            [route],
        ],
        ["manual first keeps it", /^iface vmbr0/m, "iface vmbr0 inet manual\niface vmbr0", [address, route]],
        ["NAME=LOGICAL brings up nothing", /^auto vmbr0/m, "auto vmbr0=vmbr0", []],
        ["two words bring up nothing of what one would", /^auto vmbr0/m, "auto vmbr 0", []],
        ["a misspelt broadcast is better left alone", "bridge-fd 0", "boardcast 192.0.2.255", [address, route]],
        ["a % does nothing without python3-mako", "bridge-fd 0", "up date +%F >/dev/null", [address, route]],
    ])("tells the truth of Debian 13's ifupdown2: %s", async (_, find, replace, expected) => {
        expect(
            (
                await bringUp(
                    (await valid("pve-default-install")).replace(find, () => replace),
                    ["enp1s0"],
                )
            ).sort(),
        ).toEqual([...expected].sort());
    });

    it("is told by the node what it cannot know: its DHCP client, its template engine, and who waits for the network", async () => {
        await pushFileSet(lab, plan(sound())); // the program is there
        const script = `import glob, json, os, sys\nsys.path.insert(0, max(glob.glob("/usr/local/lib/holdfast/${"[0-9a-f]".repeat(16)}"), key=os.path.getmtime))\nfrom look import facts\nprint(json.dumps([facts.tools(), facts.units(), *(sorted(facts.gather([text])) for text in ("post-up ip link show", "post-up service late restart"))]))`;
        const ask = async () =>
            JSON.parse((await node.exec(["python3", "-I", "-c", script])).stdout) as [
                NonNullable<NodeFacts["tools"]>,
                NonNullable<NodeFacts["units"]>,
                string[],
                string[],
            ];
        await shell(
            `cd /etc/systemd/system
            printf '[Unit]\\nAfter=networking.service\\n[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=true\\n' >late.service
            printf '[Unit]\\nAfter=networking.service\\n' >late.target
            sed s/networking.service/late.target/ late.service >later.service
            sed s/networking.service/local-fs.target/ late.service >early.service
            systemctl daemon-reload; systemctl start late later early late.target`,
        );
        try {
            const [tools, units, plain, naming] = await ask();
            expect(naming.filter((fact) => !plain.includes(fact))).toEqual(["units"]);
            const waiting = sound().replace("bridge-fd 0", "bridge-fd 0\n\tpost-up systemctl restart late");
            await expect(pushFileSet(lab, plan(waiting))).rejects.toThrow("late.service, which is ordered after");
            expect(tools).toEqual({ dhclient: false, mako: false });
            expect(units.loaded).toEqual(expect.arrayContaining(["late.service", "later.service", "early.service"]));
            expect(units.afterNetworking).toEqual(expect.arrayContaining(["late.service", "later.service"]));
            expect(units.afterNetworking).not.toContain("early.service");
            await shell("ln -s /bin/true /sbin/dhclient");
            expect((await ask())[0]).toEqual({ dhclient: true, mako: false });
        } finally {
            await shell(
                `rm -f /sbin/dhclient; cd /etc/systemd/system; systemctl stop late later early late.target
                rm late.service later.service early.service late.target; systemctl daemon-reload`,
            );
        }
    });

    it("is asked of ifupdown2 itself before it is committed: a sourced file that is not there", async () => {
        await expect(pushFileSet(lab, plan(`${sound()}source /etc/network/absent\n`))).rejects.toThrow(
            /validate failed: holdfast interfaces .*cannot find source file.*Nothing was changed/,
        );
        expect(await shell("cat /etc/network/interfaces")).not.toContain("absent");
    });
});
