import { cpSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diffLines } from "diff";
import { parse } from "yaml";
import { readStack } from "../../cli/adopt/existingStack";
import { keepFile } from "../../cli/adopt/keptFiles";
import { writeProject } from "../../cli/adopt/nodeFiles";
import { planAdoption } from "../../cli/adopt/plan";
import { renderHazards, renderNextSteps } from "../../cli/adopt/summary";
import { parseHostKey, parseTarget } from "../../cli/adopt/target";
import { nothingByDefault } from "../../components/table";
import { parseFleet } from "../../components/fleet";
import { lintContent } from "../../model/lint/formats";
import { parseFstab } from "../../model/fstab";
import type { SeenFile } from "../../host/observation";
import { fstab, hosts, interfaces, survey, uuid, type SurveyParts } from "../fixtures/adopt/survey";

function adoptOne(parts: SurveyParts = {}) {
    const adoption = planAdoption([survey(parts)]);
    const [node] = adoption.nodes;
    const content = (format: string) => node!.kept.find((file) => file.format === format)?.content;
    const hazards = node!.hazards.map(
        ({ file, line, rule, repaired = false }) => `${file}:${line} ${rule}${repaired ? " repaired" : ""}`,
    );
    const { config } = parse(adoption.stackConfig) as {
        config: { "holdfast:fleet": { domain?: string; nodes: Record<string, Record<string, unknown>> } };
    };
    return {
        adoption,
        node: node!,
        content,
        hazards,
        fleet: config["holdfast:fleet"],
        pve01: config["holdfast:fleet"].nodes["pve01"]!,
    };
}

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOz8jihKC3krhzNXbUbWK7mfkJD7Ud9GQB5ZjvL2IT0+";

describe("a backup job that runs already", () => {
    const proposed = (jobs: SurveyParts["jobs"]) => {
        const { stackConfig } = adoptOne({ jobs }).adoption;
        return /# configBackup: (.*)/.exec(stackConfig)?.[1];
    };
    const sftp = '{ target: "sftp:backup@nas.example.test:/srv/pve", hostKey: "ssh-ed25519 AAAA…" }';

    test.each([
        ["restic's repository", "0 2 * * * root restic -r sftp:backup@nas.example.test:/srv/pve backup /etc/pve", sftp],
        ["a place of rsync's", "0 2 * * * root rsync -a /etc/pve backup@nas.example.test:/srv/pve", sftp],
        ["a place of borg's", "0 2 * * * root borg create backup@nas.example.test:/srv/pve::{now} /etc/pve", sftp],
        [
            "a unit's environment",
            "[Service]\nEnvironment=RESTIC_REPOSITORY=rest:https://192.0.2.60:8000/pve\nExecStart=/usr/bin/restic backup /etc",
            '{ target: "rest:https://192.0.2.60:8000/pve" }',
        ],
    ])("%s becomes the target", (_, content, expected) => {
        expect(proposed({ "/etc/cron.d/backup": `# nightly\n${content}\n` })).toBe(expected);
    });
    test("a target with a login in it is not repeated, nor is what is commented out a job", () => {
        const { stackConfig } = adoptOne({
            jobs: {
                "/etc/cron.d/backup": "0 2 * * * root restic -r rest:https://me:hunter2@192.0.2.60/pve backup /etc\n",
            },
        }).adoption;
        expect(stackConfig).toContain("A backup job runs here already (/etc/cron.d/backup:1: restic)");
        expect(stackConfig).toContain('target: "sftp:backup@192.0.2.60:/srv/backup"');
        expect(stackConfig).not.toContain("hunter2");
        expect(proposed({ "/etc/cron.d/backup": "# 0 2 * * * root restic -r /srv backup /etc\n" })).toBeUndefined();
        expect(proposed({ "/etc/cron.d/a\nnodes: {}": "restic -r /srv backup /etc\n" })).toBeUndefined();
    });
});

describe("root's keys in pmxcfs", () => {
    const own = "/root/.ssh/authorized_keys";
    const link = { kind: "symlink", detail: "/etc/pve/priv/authorized_keys" } as SeenFile;
    const keysHazard = (files: SurveyParts["files"]) =>
        adoptOne({ files }).node.hazards.filter(({ rule }) => rule === "keys-in-pmxcfs");

    test("are told, with those of people proposed as rescue keys and those of nodes left out", () => {
        const shared = 'ssh-rsa AAAAnode root@pve01\n# old\nfrom="192.0.2.0/24" ssh-ed25519 AAAAperson ops@desk\n';
        const [hazard] = keysHazard({ [own]: link, "/etc/pve/priv/authorized_keys": shared });
        expect(hazard).toMatchObject({ file: own, severity: "warning" });
        const proposed = /ssh: (\{ rescueKeys: \[.*\] \})$/.exec(hazard!.message)?.[1];
        expect(parse(proposed!)).toEqual({ rescueKeys: ['from="192.0.2.0/24" ssh-ed25519 AAAAperson ops@desk'] });
    });

    test("what an earlier version put into authorized_keys2 is proposed too, and said to be declared by nobody", () => {
        const [hazard] = keysHazard({ [own]: link, "/root/.ssh/authorized_keys2": "ssh-ed25519 AAAAown holdfast\n" });
        expect(hazard!.message).toContain("only those in /root/.ssh/authorized_keys2 work, which nobody has declared");
        expect(hazard!.message).toContain('["ssh-ed25519 AAAAown holdfast"]');
    });

    test("a plain file of root's own is no hazard, and neither is a link elsewhere", () => {
        expect(keysHazard({ [own]: "ssh-ed25519 AAAA ops\n" })).toEqual([]);
        expect(keysHazard({ [own]: { ...link, detail: "/srv/keys" } })).toEqual([]);
        expect(keysHazard({})).toEqual([]);
    });
});

describe("the host that is typed", () => {
    test.each([
        ["pve01", { host: "pve01" }],
        ["root@192.0.2.11", { host: "192.0.2.11", user: "root" }],
        ["ops@pve01:2222", { host: "pve01", user: "ops", port: 2222 }],
        ["2001:db8::11", { host: "2001:db8::11" }],
        ["root@[2001:db8::11]:2222", { host: "2001:db8::11", user: "root", port: 2222 }],
    ])("%s", (text, expected) => {
        expect(parseTarget(text)).toEqual({ text, user: undefined, port: undefined, ...expected });
    });

    test("--port holds for hosts that name none", () => {
        expect([parseTarget("pve01", 2200).port, parseTarget("pve01:2222", 2200).port]).toEqual([2200, 2222]);
    });

    test.each([
        "",
        "-oProxyCommand=x",
        "root@-oProxyCommand=x",
        "pve01:ssh",
        "root@",
        "a b",
        "Root@pve01",
        "pve01:70000",
        "pve01:0",
        "root@192.0.2.300",
        "fe80::1%vmbr0",
    ])("'%s' is refused", (text) => {
        expect(() => parseTarget(text)).toThrow(/: expected .*; write \[USER@\]HOST\[:PORT\]/);
    });

    test.each([hostKey, `${hostKey} root@pve01`, `${hostKey}\n`])(
        "its host key %j is taken, without its comment",
        (key) => {
            expect(parseHostKey(key)).toBe(hostKey);
        },
    );

    test.each([
        "garbage",
        "ssh-ed25519",
        "ssh-ed25519 AAAA…",
        "ssh-ed25519 garbage",
        hostKey.replace("ssh-ed25519", "ssh-rsa"),
        hostKey.slice(0, -4),
        `pve01 ${hostKey}`,
        "SHA256:aGVsbG8",
    ])("its host key %j is refused, with how to get one", (key) => {
        expect(() => parseHostKey(key)).toThrow(/^--host-key: expected .*cat \/etc\/ssh\/ssh_host_ed25519_key\.pub/);
    });
});

describe("a node in both incidents' state", () => {
    test("its files are kept, comments and order included, with nothing but the hazards taken out", () => {
        const { content } = adoptOne();
        expect(content("hosts")).toBe(hosts.replace("127.0.1.1", "192.0.2.11"));
        expect(content("fstab")).toBe(
            fstab
                .replace("/dev/sdb1", `UUID=${uuid.data}`)
                .replace(
                    "defaults",
                    "defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service",
                ),
        );
        expect(content("interfaces")).toBe(interfaces.replace(/^27:.*\n/m, ""));
    });

    test("every hazard has its file and line, and says whether the first up repairs it", () => {
        expect(adoptOne({ cluster: "masked, inactive" }).hazards).toEqual([
            "/etc/hosts:1 missing-own-name repaired",
            "/etc/hosts:2 own-name-on-loopback repaired",
            "/etc/hosts:2 own-name-on-loopback repaired",
            "/etc/fstab:4 device-name repaired",
            "/etc/fstab:4 missing-nofail repaired",
            "/etc/network/interfaces:8 unpinned-name",
            "/etc/network/interfaces:10 stray-line repaired",
            "/etc/systemd/system/pve-cluster.service:1 pve-cluster-masked",
        ]);
    });

    test("the summary is compiler-style lines, what is left to do last", () => {
        const lines = renderHazards(adoptOne().node).split("\n");
        expect(lines[0]).toBe("pve01: 6 hazards repaired by the first `pulumi up`");
        expect(lines.find((line) => line.includes("[stray-line]"))).toBe(
            "  pve01:/etc/network/interfaces:10:1: error: This is output of `ip link`, not configuration. Delete the line. It is left out of nodes/pve01/interfaces. [stray-line]",
        );
        expect(lines[7]).toBe("pve01: 1 hazard left for you to decide");
    });

    test("the stack config passes the schema and says where the files are", () => {
        const { fleet, node } = adoptOne({ hostKey });
        expect(fleet).toEqual({
            domain: "example.test",
            defaults: nothingByDefault,
            nodes: {
                pve01: {
                    address: "192.0.2.11",
                    ssh: { hostKey },
                    hostsFile: { file: "nodes/pve01/hosts" },
                    fstab: { file: "nodes/pve01/fstab" },
                    interfaces: { file: "nodes/pve01/interfaces" },
                },
            },
        });
        const { faults } = parseFleet(
            fleet,
            (path) => node.kept.find(({ format }) => path === `nodes/pve01/${format}`)!.content,
        );
        expect(faults).toEqual([]);
    });

    test("the import file has the URNs of the program: a component's child, by NODE/CONCERN", () => {
        const { resources } = JSON.parse(adoptOne().adoption.importFile) as { resources: { name: string }[] };
        expect(resources.slice(0, 3)).toEqual([
            { type: "holdfast:components:HardenedNode", name: "pve01", component: true },
            {
                type: "holdfast:components:HostsFile",
                name: "pve01-hosts-component",
                logicalName: "pve01-hosts",
                component: true,
                parent: "pve01",
            },
            { type: "holdfast:host:FileSet", name: "pve01-hosts", id: "pve01/hosts", parent: "pve01-hosts-component" },
        ]);
        expect(new Set(resources.map(({ name }) => name)).size).toBe(resources.length);
    });
});

describe("a sound node", () => {
    const soundHosts = "127.0.0.1 localhost\n192.0.2.11 pve01.example.test pve01 pvelocalhost\n";
    const soundFstab = `UUID=${uuid.root} / ext4 errors=remount-ro 0 1\nUUID=${uuid.data} /srv/local ext4 defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service 0 2\n`;
    const soundInterfaces = interfaces.replace(/^27:.*\n/m, "");
    const further = {
        "/usr/local/lib/systemd/network/50-pve-nic0.link":
            "[Match]\nMACAddress=02:00:5e:10:00:01\n\n[Link]\nName=enp1s0\n",
    };
    const sound = {
        files: { "/etc/hosts": soundHosts, "/etc/fstab": soundFstab, "/etc/network/interfaces": soundInterfaces },
        further,
    };

    test("keeps every byte and has no hazard", () => {
        const { content, hazards } = adoptOne(sound);
        expect([content("hosts"), content("fstab"), content("interfaces"), hazards]).toEqual([
            soundHosts,
            soundFstab,
            soundInterfaces,
            [],
        ]);
        expect(renderHazards(adoptOne(sound).node)).toBe("pve01: no hazards\n");
    });

    test("without a full name in its hosts file gets no domain, and so no new name", () => {
        const short = "127.0.0.1 localhost\n192.0.2.11 pve01\n";
        const { content, fleet } = adoptOne({ ...sound, files: { ...sound.files, "/etc/hosts": short } });
        expect([content("hosts"), fleet.domain]).toEqual([short, undefined]);
    });

    test("a second family is taken over where the hosts file names it and an interface has it", () => {
        const dual = { ...sound.files, "/etc/hosts": `${soundHosts}2001:db8::11 pve01.example.test pve01\n` };
        const both = {
            ...dual,
            "/etc/network/interfaces": `${soundInterfaces}\niface vmbr0 inet6 static\n\taddress 2001:db8::11/64\n`,
        };
        expect(adoptOne({ ...sound, files: dual }).pve01.address6).toBeUndefined();
        expect(adoptOne({ ...sound, files: both }).pve01).toMatchObject({
            address: "192.0.2.11",
            address6: "2001:db8::11",
        });
    });
});

describe("the node's address", () => {
    test.each<[string, SurveyParts, string]>([
        ["is that of the interface with the gateway, where the hosts file has only loopback", {}, "192.0.2.11"],
        [
            "is not a stale one of the hosts file that no interface has",
            { files: { "/etc/hosts": "127.0.0.1 localhost\n192.0.2.99 pve01\n" } },
            "192.0.2.11",
        ],
        [
            "is the hosts file's with DHCP",
            {
                files: {
                    "/etc/hosts": "127.0.0.1 localhost\n192.0.2.77 pve01\n",
                    "/etc/network/interfaces": "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet dhcp\n",
                },
            },
            "192.0.2.77",
        ],
        [
            "is in a file that the interfaces file sources",
            {
                files: { "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n" },
                sourced: {
                    "/etc/network/interfaces.d/lan":
                        "auto eno1\niface eno1 inet static\n\taddress 192.0.2.31/24\n\tgateway 192.0.2.1\n",
                },
            },
            "192.0.2.31",
        ],
        [
            "is none that the stack's config would refuse",
            {
                target: "root@192.0.2.41",
                files: { "/etc/network/interfaces": "auto en05\niface en05 inet static\n\taddress 169.254.1.11/16\n" },
            },
            "192.0.2.41",
        ],
        [
            "is what was connected to, where nothing else tells",
            { target: "root@192.0.2.41", files: { "/etc/network/interfaces": undefined } },
            "192.0.2.41",
        ],
    ])("%s", (_, parts, address) => {
        expect(adoptOne(parts).pve01.address).toBe(address);
    });

    test("that cannot be found is an error that says what to do", () => {
        expect(() => adoptOne({ target: "root@pve01", files: { "/etc/network/interfaces": undefined } })).toThrow(
            "pve01: no LAN address found in its hosts and interfaces files; adopt it by address instead of by name",
        );
    });

    test("reached by another name or port keeps that way in", () => {
        expect(adoptOne({ target: "ops@jump-alias:2222" }).pve01.ssh).toEqual({
            host: "jump-alias",
            port: 2222,
            user: "ops",
        });
    });
});

describe("names on the 127.0.1.1 line", () => {
    const named = (...names: string[]) => `127.0.0.1 localhost\n127.0.1.1 ${names.join(" ")}\n`;
    const second = interfaces.replace("192.0.2.11", "192.0.2.12");

    function adoptTwo(hosts01: string, hosts02: string, options?: Parameters<typeof planAdoption>[1]) {
        const { nodes, stackConfig } = planAdoption(
            [
                survey({ files: { "/etc/hosts": hosts01 } }),
                survey({
                    name: "pve02",
                    target: "192.0.2.12",
                    files: { "/etc/hosts": hosts02, "/etc/network/interfaces": second },
                }),
            ],
            options,
        );
        const hosts = nodes.map(({ kept }) => kept.find(({ format }) => format === "hosts")!.content);
        return { stackConfig, hosts, said: nodes.map(renderHazards) };
    }

    test("move to the LAN address with it, if they are in the domain that every node names", () => {
        const { content, pve01 } = adoptOne({
            files: { "/etc/hosts": hosts.replace("pve01\n", "pve01 Mgmt.Example.test\n") },
        });
        expect(pve01.aliases).toEqual(["Mgmt.Example.test"]);
        expect(content("hosts")).toContain("192.0.2.11\tpve01.example.test pve01 Mgmt.Example.test\n");
    });

    test("are else left for the operator, who is shown them; no peer learns them", () => {
        const { stackConfig, hosts, said } = adoptTwo(
            named("pve01.example.test", "pve01", "updates.vendor.example", "backup"),
            named("pve02.example.test", "pve02"),
        );
        expect(stackConfig).toContain("domain: example.test");
        expect(stackConfig).not.toMatch(/vendor|backup/);
        expect(hosts[0]).toContain("127.0.1.1 updates.vendor.example backup\n");
        expect(hosts[0]).toContain("192.0.2.11 pve01.example.test pve01\n");
        expect(hosts[1]).not.toMatch(/vendor|backup/);
        const left = said[0]!.slice(said[0]!.indexOf("left for you to decide"));
        expect(left).toMatch(/hosts:2:36: warning: 'updates.vendor.example' .*\[undecided-name\]/);
        expect(left).toMatch(/hosts:2:59: warning: 'backup' .* add it to 'aliases' .*\[undecided-name\]/);
        expect(said[1]).not.toContain("undecided");
    });

    test("that several nodes have, or that are another node's, stay out of the fleet", () => {
        const { stackConfig, said } = adoptTwo(
            named("pve01.example.test", "pve01", "any.example.test", "PVE02.example.test"),
            named("pve02.example.test", "pve02", "any.example.test"),
        );
        expect(stackConfig).not.toContain("aliases");
        expect(said.join("").match(/undecided-name/g)).toHaveLength(3);
    });

    test.each([
        ["another", named("pve02.example.test", "pve02")],
        ["none", named("pve02")],
    ])("the first node's domain is nobody else's where the second names %s", (_, hosts02) => {
        const { stackConfig, hosts, said } = adoptTwo(named("pve01.vendor.example", "pve01"), hosts02);
        expect(stackConfig).not.toContain("domain:");
        expect(hosts.join("")).not.toContain("pve02.vendor.example");
        // Its own full name is its own affair, and goes with it to the LAN address.
        expect(hosts[0]).toContain("192.0.2.11 pve01.vendor.example pve01\n");
        expect(said[0]).toMatch(/hosts:2:11: warning: 'pve01.vendor.example' names a domain .*\[undecided-domain\]/);
    });

    test("of a stack that declares a domain, only names in that one are taken over", () => {
        const { stackConfig, hosts, said } = adoptTwo(
            named("pve01.vendor.example", "pve01", "mgmt.example.test"),
            named("pve02", "nas.vendor.example"),
            { fleet: { domain: "example.test" } },
        );
        expect(stackConfig).toMatch(/aliases:\s+(?:- )?\[? ?mgmt\.example\.test/);
        expect(stackConfig).not.toContain("vendor");
        expect(hosts[0]).toContain("192.0.2.11 pve01.example.test pve01 mgmt.example.test\n");
        expect(hosts[0]).toContain("127.0.1.1 pve01.vendor.example\n");
        expect(said[0]).toMatch(/'pve01.vendor.example' is not in the fleet's domain example.test,.*undecided-domain/);
        expect(said[1]).toMatch(/'nas.vendor.example' .*undecided-name/);
    });
});

describe("device names in fstab", () => {
    test("are what is mounted there, where the letters have shifted", () => {
        const facts = {
            blockDevices: [
                { path: "/dev/sdb1", uuid: uuid.spare, links: [] },
                { path: "/dev/sdc1", uuid: uuid.data, links: [] },
            ],
            mounts: [{ source: "/dev/sdc1", target: "/srv/local", fstype: "ext4" }],
        };
        const { content, hazards } = adoptOne({ facts });
        expect(content("fstab")).toContain(`UUID=${uuid.data} /srv/local`);
        expect(hazards).toContain("/etc/fstab:4 device-name-shifted");
    });

    test("are the only file system left, where the name is gone", () => {
        const facts = {
            blockDevices: [
                { path: "/dev/sda1", uuid: uuid.root, links: [] },
                { path: "/dev/sdc1", uuid: uuid.data, links: [] },
            ],
        };
        expect(adoptOne({ facts }).content("fstab")).toContain(`UUID=${uuid.data} /srv/local`);
        expect(renderHazards(adoptOne({ facts }).node)).toContain(
            "/etc/fstab:4:1: warning: /dev/sdb1 does not exist now. UUID=9c8d0000-0000-4000-8000-000000000001 is written, the only file system here (/dev/sdc1)",
        );
    });

    test("several that are gone are no guess, nor is one that the boot waits for", () => {
        const facts = {
            blockDevices: [
                { path: "/dev/sda1", uuid: uuid.root, links: [] },
                { path: "/dev/sdc1", uuid: uuid.data, links: [] },
            ],
        };
        const both = `${fstab}/dev/sdx1 /srv/other ext4 defaults 0 2\n`;
        expect(adoptOne({ facts, files: { "/etc/fstab": both } }).content("fstab")).not.toContain(uuid.data);
        const root = fstab.replace("/dev/sdb1 /srv/local", "/dev/sdx1 /var");
        expect(adoptOne({ facts, files: { "/etc/fstab": root } }).content("fstab")).toContain("/dev/sdx1 /var");
    });

    test.each<[string, SurveyParts["facts"]]>([
        [
            "two file systems could be meant",
            {
                blockDevices: [
                    { path: "/dev/sdc1", uuid: uuid.data, links: [] },
                    { path: "/dev/sdd1", uuid: uuid.spare, links: [] },
                ],
            },
        ],
        [
            "the only one left is of another type",
            { blockDevices: [{ path: "/dev/sdc1", uuid: uuid.data, fstype: "xfs", links: [] }] },
        ],
        [
            "the only one left is mounted elsewhere",
            {
                blockDevices: [{ path: "/dev/sdc1", uuid: uuid.data, links: [] }],
                mounts: [{ source: "/dev/sdc1", target: "/mnt", fstype: "ext4" }],
            },
        ],
    ])("stay for a human to decide where %s", (_, facts) => {
        const { content, hazards } = adoptOne({ facts });
        expect(content("fstab")).toContain("/dev/sdb1 /srv/local");
        expect(hazards.filter((hazard) => /device-name/.test(hazard))).toEqual(["/etc/fstab:4 device-name-shifted"]);
    });
});

describe("further hazards", () => {
    const only = (rule: string, parts: SurveyParts) =>
        adoptOne(parts)
            .node.hazards.filter((hazard) => hazard.rule === rule)
            .map(({ file, line, column, severity }) => `${file}:${line}:${column} ${severity}`);

    test("a commented-out mount whose disk is there", () => {
        const commented = fstab.replace("/dev/sdb1", `# UUID=${uuid.data}`);
        expect(only("commented-out-mount", { files: { "/etc/fstab": commented } })).toEqual(["/etc/fstab:4:3 warning"]);
    });

    test.each([
        ["whose disk is not there", `#UUID=${uuid.spare} /srv/old ext4 defaults 0 2\n`],
        ["that is there without the comment sign too", `#UUID=${uuid.data} /srv/local ext4 defaults 0 2\n`],
        ["that is prose", "# / was on /dev/sda1 during installation\n"],
    ])("no hazard in a comment %s", (_, comment) => {
        expect(only("commented-out-mount", { files: { "/etc/fstab": fstab + comment } })).toEqual([]);
    });

    test.each([
        ["masked, inactive", ["/etc/systemd/system/pve-cluster.service:1:1 error"]],
        ["disabled, inactive", ["/lib/systemd/system/pve-cluster.service:1:1 error"]],
        ["enabled, failed", []],
        ["not-found, inactive", []],
    ])("pve-cluster %s", (cluster, expected) => {
        expect(only("pve-cluster-masked", { cluster })).toEqual(expected);
    });

    test("a pending change of the GUI, at its first differing line", () => {
        expect(
            only("pending-interfaces", {
                files: { "/etc/network/interfaces.new": interfaces.replace("192.0.2.1\n", "192.0.2.254\n") },
            }),
        ).toEqual(["/etc/network/interfaces.new:7:1 error"]);
    });

    test.each([
        ["/etc/cloud/cloud.cfg", "users:\n - default\nmanage_etc_hosts: true\n", ["/etc/cloud/cloud.cfg:3:1 error"]],
        [
            "/var/lib/cloud/instance/user-data.txt",
            "#cloud-config\nmanage_etc_hosts: 'localhost'\n",
            ["/var/lib/cloud/instance/user-data.txt:2:1 error"],
        ],
        [
            "/etc/cloud/cloud.cfg",
            "manage_etc_hosts: false\n#manage_etc_hosts: true\n",
            ["/etc/cloud/cloud.cfg:1:1 warning"],
        ],
    ])("cloud-init that rewrites the hosts file: %s %j", (path, content, expected) => {
        expect(only("cloud-init-hosts", { further: { [path]: content } })).toEqual(expected);
    });

    test("cloud-init is no hazard where Holdfast's drop-in stands", () => {
        expect(
            only("cloud-init-hosts", {
                further: {
                    "/etc/cloud/cloud.cfg": "manage_etc_hosts: true\n",
                    "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": "",
                },
            }),
        ).toEqual([]);
    });

    test.each([
        [
            "a .link file for another name",
            "/etc/systemd/network/10-x.link",
            "[Match]\nMACAddress=02:00:5e:10:00:01\n[Link]\nName=lan0\n",
            1,
        ],
        [
            "a .link file with its MAC address and name",
            "/etc/systemd/network/10-x.link",
            "[Match]\nPermanentMACAddress=02:00:5E:10:00:01\n[Link]\nName=enp1s0\n",
            0,
        ],
        [
            "a udev rule",
            "/etc/udev/rules.d/70-persistent-net.rules",
            'SUBSYSTEM=="net", ATTR{address}=="02:00:5e:10:00:01", NAME="enp1s0"\n',
            0,
        ],
    ])("a card's name and %s", (_, path, content, count) => {
        expect(only("unpinned-name", { further: { [path]: content } })).toHaveLength(count);
    });

    test("a card that is named after its MAC address needs no pin", () => {
        const files = { "/etc/network/interfaces": interfaces.replaceAll("enp1s0", "enx02005e100001") };
        expect(
            only("unpinned-name", {
                files,
                facts: { links: [{ name: "enx02005e100001", mac: "02:00:5e:10:00:01", state: "up" }] },
            }),
        ).toEqual([]);
    });

    test("device names in backup, storage and crypttab files", () => {
        const files = {
            "/etc/vzdump.conf": "# dumpdir: /dev/sdz1\ntmpdir: /dev/sdb1\n",
            "/etc/crypttab": "data /dev/sdb1 none luks\n",
            "/etc/pve/storage.cfg": "dir: local\n\tpath /var/lib/vz\n",
        };
        expect(only("device-name", { files }).slice(1)).toEqual([
            "/etc/crypttab:1:6 warning",
            "/etc/vzdump.conf:2:9 warning",
        ]);
        expect(renderHazards(adoptOne({ files }).node)).toContain(`Write UUID=${uuid.data} instead`);
    });
});

describe("files that /etc/network/interfaces sources", () => {
    test("are not owned, so what is wrong in them is left for a human", () => {
        const sourced = {
            "/etc/network/interfaces.d/lan": "auto ens9\niface ens9 inet manual\n27: junk: <UP> mtu 1500\n",
        };
        const links = [
            { name: "enp1s0", mac: "02:00:5e:10:00:01", state: "up" as const },
            { name: "ens9", mac: "02:00:5e:10:00:09", state: "up" as const },
        ];
        const { hazards } = adoptOne({ sourced, facts: { links } });
        expect(hazards).toEqual(
            expect.arrayContaining([
                "/etc/network/interfaces.d/lan:3 stray-line",
                "/etc/network/interfaces.d/lan:2 unpinned-name",
            ]),
        );
    });
});

describe("files that cannot be taken over", () => {
    test.each<[string, SeenFile]>([
        ["bytes that are no UTF-8", { kind: "file", content: "127.0.0.1 localhost # caf\uFFFD\n", binary: true }],
        ["a symlink", { kind: "symlink", detail: "/etc/pve/hosts" }],
        ["unreadable", { kind: "unreadable", detail: "2000000 bytes, more than 1048576" }],
    ])("a hosts file that is %s ends it: it is always managed, and its other lines would be lost", (_, seen) => {
        expect(() => adoptOne({ files: { "/etc/hosts": seen } })).toThrow(
            /^pve01: \/etc\/hosts is .*The first `up` would replace it.*then adopt again$/,
        );
    });

    test("a byte order mark goes, and nothing else", () => {
        const { content } = adoptOne({ files: { "/etc/hosts": `\uFEFF${hosts}` } });
        expect(content("hosts")).toBe(adoptOne().content("hosts"));
    });

    test.each<[string, SurveyParts["files"], string]>([
        [
            "a symlink",
            { "/etc/network/interfaces": { kind: "symlink", detail: "/etc/pve/interfaces" } },
            "It is a symlink to /etc/pve/interfaces",
        ],
        [
            "bytes that are no UTF-8",
            { "/etc/network/interfaces": { kind: "file", content: "auto lo\n\uFFFD", binary: true } },
            "It is not UTF-8 text",
        ],
        ["an absent file", { "/etc/network/interfaces": undefined }, "There is no such file"],
        ["comments only", { "/etc/network/interfaces": "# nothing\n" }, "It holds no entry"],
    ])("%s is said, and is not in the stack config", (_, files, message) => {
        const { node, pve01 } = adoptOne({ files });
        expect(node.hazards.find(({ rule }) => rule === "not-taken-over")?.message).toContain(message);
        expect(Object.keys(pve01)).not.toContain("interfaces");
    });

    test("a stray line joined to its neighbour by a backslash stays", () => {
        const joined = interfaces.replace("# management\n", "\tpost-up echo \\\n");
        const { content, hazards } = adoptOne({ files: { "/etc/network/interfaces": joined } });
        expect(content("interfaces")).toBe(joined);
        expect(hazards).toContain("/etc/network/interfaces:10 stray-line");
    });
});

describe("files from public documentation", () => {
    const fixtures = (folder: string) =>
        readdirSync(join(__dirname, "../fixtures", folder)).map(
            (name) => [name, readFileSync(join(__dirname, "../fixtures", folder, name), "utf8")] as const,
        );

    test.each(fixtures("interfaces/valid"))("interfaces: %s stays as it is, byte for byte", (_, content) => {
        expect(keepFile("interfaces", content, {})).toBe(content);
    });

    test.each(fixtures("fstab/valid"))("fstab: %s stays as it is but for options, and gets no error", (_, content) => {
        const kept = keepFile("fstab", content, {});
        const withoutOptions = (text: string) =>
            parseFstab(text).map(({ fields, tail }) => [
                ...fields.filter((_field, index) => index !== 3).map((field) => field.text),
                tail,
            ]);
        expect(withoutOptions(kept)).toEqual(withoutOptions(content));
        expect(lintContent("fstab", kept).filter(({ severity }) => severity === "error")).toEqual([]);
    });

    test.each(fixtures("hosts/valid"))("hosts: %s keeps every line that does not name the node", (_, content) => {
        const kept = keepFile("hosts", content, { node: { name: "adopted", address: "192.0.2.11" } });
        expect(kept.split("\n").filter((line) => !line.includes("192.0.2.11"))).toEqual(
            expect.arrayContaining(content.split("\n").filter((line) => !/192\.0\.2\.11|localhost/.test(line))),
        );
        expect(
            lintContent("hosts", kept, { node: { name: "adopted", address: "192.0.2.11" } }).filter(
                ({ severity }) => severity === "error",
            ),
        ).toEqual([]);
    });
});

describe("several nodes", () => {
    const second = {
        name: "pve02",
        target: "192.0.2.12",
        files: {
            "/etc/hosts": hosts.replaceAll("pve01", "pve02"),
            "/etc/network/interfaces": interfaces.replace("192.0.2.11", "192.0.2.12"),
        },
    };

    test("know each other in their hosts files", () => {
        const [first, other] = planAdoption([survey(), survey(second)]).nodes;
        expect(first!.kept[0]!.content).toContain("192.0.2.12 pve02.example.test pve02\n");
        expect(other!.kept[0]!.content).toContain("192.0.2.11 pve01.example.test pve01\n");
    });

    test("that are one node are refused", () => {
        expect(() => planAdoption([survey(), survey({ target: "pve01" })])).toThrow(
            "root@192.0.2.11 and pve01 both call themselves pve01",
        );
    });

    test("with one address for two names are refused with the fault's path", () => {
        expect(() =>
            planAdoption([
                survey(),
                survey({ ...second, files: { ...second.files, "/etc/network/interfaces": interfaces } }),
            ]),
        ).toThrow(
            /does not make a sound fleet:\n {2}holdfast:fleet\.nodes\.pve02\.address: address 192\.0\.2\.11 is already taken/,
        );
    });
});

describe("what is written into the project", () => {
    let root: string;
    beforeEach(async () => (root = await mkdtemp(join(tmpdir(), "adopt-"))));
    afterEach(() => rm(root, { recursive: true, force: true }));
    const adoption = planAdoption([survey()]);
    const nodeFiles = ["nodes/pve01/hosts", "nodes/pve01/fstab", "nodes/pve01/interfaces"];
    const write = (places: Partial<Parameters<typeof writeProject>[1]> = {}) =>
        writeProject(adoption, { out: root, force: false, ...places }, (text) => (said += text));
    let said: string;
    beforeEach(() => (said = ""));
    const read = (path: string) => readFile(join(root, path), "utf8");

    test("the kept files, the stack and the import file; the same again is no conflict", async () => {
        const places = { stack: "paris", import: join(root, "import.json") };
        const written = [...nodeFiles, "Pulumi.paris.yaml", places.import];
        expect(await write(places)).toEqual({ files: written, same: [] });
        expect(await write(places)).toEqual({ files: [places.import], same: written.slice(0, -1) });
        expect(await read("nodes/pve01/hosts")).toBe(adoption.nodes[0]!.kept[0]!.content);
        expect([await read("Pulumi.paris.yaml"), await read("import.json")]).toEqual([
            adoption.stackConfig,
            adoption.importFile,
        ]);
    });

    test("never replaces another content, unless forced; then nothing else is written either", async () => {
        await write();
        await writeFile(join(root, "nodes/pve01/fstab"), "# mine\n");
        await rm(join(root, "nodes/pve01/hosts"));
        await expect(write({ import: join(root, "import.json") })).rejects.toThrow(
            "nodes/pve01/fstab: there already, and would change as shown above",
        );
        expect(said).toContain(
            `nodes/pve01/fstab:\n  @@ -1,1 +1,4 @@\n  -# mine\n  +# static file system information\n`,
        );
        expect([readdirSync(root), readdirSync(join(root, "nodes/pve01")).sort()]).toEqual([
            ["nodes"],
            ["fstab", "interfaces"],
        ]);
        await write({ force: true });
        expect(await read("nodes/pve01/fstab")).toContain(uuid.data);
    });

    test("an import file into a folder that is not there is refused before anything is written", async () => {
        await expect(write({ import: join(root, "absent/import.json") })).rejects.toThrow(
            /there is no folder .*absent; make it/,
        );
        expect(readdirSync(root)).toEqual([]);
    });

    test("the next steps name the stack, the import only where there is one, and what has to be mended first", () => {
        const bare = renderNextSteps({ files: ["nodes/pve01/hosts"], same: [] }, { isRefused: false });
        expect(bare).toMatch(/create STACK\n {2}pulumi preview --diff {3}# whole files/);
        const whole = renderNextSteps(
            { files: ["nodes/pve01/hosts"], same: [] },
            { stack: "paris", import: "import.json", isRefused: true },
        );
        expect(whole).toMatch(
            /Next, once the errors left for you are mended:\n.*create paris\n.*import -f import\.json --generate-code=false.*\n.*only the repairs/,
        );
    });
});

describe("a stack that exists", () => {
    let root: string;
    beforeEach(async () => {
        root = await mkdtemp(join(tmpdir(), "adopt-"));
        cpSync("nodes", join(root, "nodes"), { recursive: true });
    });
    afterEach(() => rm(root, { recursive: true, force: true }));
    const example = readFileSync("Pulumi.prod.yaml", "utf8");
    const read = () => readFile(join(root, "Pulumi.prod.yaml"), "utf8");
    const pve04: SurveyParts = {
        name: "pve04",
        target: "root@192.0.2.14",
        hostKey,
        files: {
            "/etc/hosts": hosts.replaceAll("pve01", "pve04"),
            "/etc/network/interfaces": interfaces.replace("192.0.2.11", "192.0.2.14"),
        },
    };

    /** As the command does it, after the look. */
    async function adoptInto(text: string, parts: readonly SurveyParts[], force = false): Promise<string> {
        await writeFile(join(root, "Pulumi.prod.yaml"), text);
        const adoption = planAdoption(parts.map(survey), await readStack(root, "prod"));
        let said = "";
        await writeProject(adoption, { out: root, stack: "prod", force }, (more) => (said += more));
        return said;
    }

    /** Lines that went, and lines that came. */
    function changed(before: string, after: string): { gone: string[]; come: string[] } {
        const parts = diffLines(before, after);
        const lines = (which: "added" | "removed") =>
            parts.filter((part) => part[which]).flatMap(({ value }) => value.trimEnd().split("\n"));
        return { gone: lines("removed"), come: lines("added") };
    }

    test("gets the node added: no line of it goes, comments and blanks included", async () => {
        await adoptInto(example, [pve04], true);
        const { gone, come } = changed(example, await read());
        expect(gone).toEqual([]);
        expect(come.join("\n")).toMatch(/^ {6}pve04:\n[^]*address: 192\.0\.2\.14\n[^]*smartd: false\n/);
        const { config } = parse(await read());
        expect(config["holdfast:fleet"]).toMatchObject({
            rollout: { canary: ["pve01"] },
            mail: { to: "ops@example.test" },
            nodes: { pve01: {}, pve02: {}, pve03: {}, pve04: { fstab: { file: "nodes/pve04/fstab" } } },
        });
        // Its peers are in its hosts file, and the fleet's own defaults are nobody else's to change.
        expect(readFileSync(join(root, "nodes/pve04/hosts"), "utf8")).toContain("192.0.2.12 pve02.example.test pve02");
        expect(config["holdfast:fleet"].defaults).toEqual(parse(example).config["holdfast:fleet"].defaults);
    });

    test("is not changed without --force: the difference is shown, and nothing is written", async () => {
        const refused = adoptInto(example, [pve04]);
        await expect(refused).rejects.toThrow(/^Pulumi\.prod\.yaml: there already, and would change as shown above/);
        expect(await read()).toBe(example);
        expect(readdirSync(join(root, "nodes"))).toEqual(["example"]);
    });

    test("that has the node already stays as it is, byte for byte, however often", async () => {
        await adoptInto(example, [pve04], true);
        const once = await read();
        expect(await adoptInto(once, [pve04])).toBe("");
        expect(await read()).toBe(once);
    });

    test("keeps what it says of a node that is adopted again, and shows what it has another word for", async () => {
        const parts: SurveyParts = { target: "ops@192.0.2.11:2200", hostKey };
        const said = await adoptInto(example, [parts], true);
        const { gone, come } = changed(example, await read());
        expect([gone, come]).toEqual([[], ["          port: 2200", "          user: ops"]]);
        expect(said).toMatch(/^Pulumi\.prod\.yaml:\n[^]*\+ {10}port: 2200\n/);
        // Declared in the stack's own words, so that no file of the project holds them.
        expect(readdirSync(join(root, "nodes"))).toEqual(["example"]);
    });

    test("keeps a node's own file, where `up` makes of it what stands on the node", async () => {
        await adoptInto(example, [pve04], true);
        const kept = readFileSync(join(root, "nodes/pve04/hosts"), "utf8");
        await writeFile(join(root, "nodes/pve04/hosts"), kept.replace(/^.*pve03.*\n/m, ""));
        expect(await adoptInto(await read(), [{ ...pve04, files: { ...pve04.files, "/etc/hosts": kept } }])).toBe("");
        await writeFile(join(root, "nodes/pve04/hosts"), `${kept}# mine\n`);
        await expect(adoptInto(await read(), [pve04])).rejects.toThrow(/^nodes\/pve04\/hosts: there already/);
    });

    test("keeps the further names of a node whose 127.0.1.1 line is long gone", async () => {
        const repaired = hosts.replace(/^127\.0\.1\.1.*$/m, "192.0.2.11 pve01.example.test pve01 pve01-mgmt");
        await adoptInto(example, [{ hostKey, files: { "/etc/hosts": repaired } }]);
        expect(await read()).toBe(example);
    });

    test("has the last word on the domain: a node that names another one does not take it along", async () => {
        const text =
            "config:\n  holdfast:fleet:\n    domain: example.test\n    nodes:\n      pve02: { address: 192.0.2.12 }\n";
        const vendor = hosts.replaceAll("example.test", "vendor.example");
        await adoptInto(text, [{ files: { "/etc/hosts": vendor, "/etc/network/interfaces": interfaces } }], true);
        const { domain, nodes } = parse(await read()).config["holdfast:fleet"];
        expect([domain, Object.keys(nodes as object), nodes.pve01.aliases]).toEqual([
            "example.test",
            ["pve02", "pve01"],
            undefined,
        ]);
        expect(readFileSync(join(root, "nodes/pve01/hosts"), "utf8")).toMatch(
            /^192\.0\.2\.11\s+pve01\.example\.test pve01/m,
        );
    });

    test("may say where a node's file is kept, and that a file is left alone", async () => {
        const text =
            "config:\n  holdfast:fleet:\n    nodes:\n      pve01: { address: 192.0.2.11, hostsFile: { file: hosts/one }, fstab: false }\n";
        await adoptInto(text, [{}], true);
        expect(readFileSync(join(root, "hosts/one"), "utf8")).toContain("192.0.2.11\tpve01");
        expect(readdirSync(join(root, "nodes/pve01"))).toEqual(["interfaces"]);
        expect(parse(await read()).config["holdfast:fleet"].nodes.pve01.fstab).toBe(false);
    });

    test("without a fleet, or without nodes, keeps its salt, secrets, comments and settings", async () => {
        for (const fleet of ["", "  holdfast:fleet: { rollout: { batch: 2 } } # ours\n"]) {
            const text = `encryptionsalt: v1:abc\nconfig:\n  # of the drift run\n  holdfast:privateKey: { secure: xyz }\n${fleet}`;
            await adoptInto(text, [{}], true);
            const after = await read();
            expect(after).toContain("encryptionsalt: v1:abc\n");
            expect(after).toContain("  # of the drift run\n  holdfast:privateKey: { secure: xyz }\n");
            expect(parse(after).config["holdfast:fleet"]).toMatchObject({
                domain: "example.test",
                nodes: { pve01: {} },
            });
            expect(after.includes("batch: 2")).toBe(fleet !== "");
            expect(after.includes("# ours")).toBe(fleet !== "");
            await rm(join(root, "nodes/pve01"), { recursive: true });
        }
    });

    test.each([
        ["config: [", /^Pulumi\.prod\.yaml: .*; mend it first$/],
        ["config:\n  holdfast:fleet: { secure: v1:abc }\n", /no plain YAML there/],
        ["config:\n  holdfast:fleet: '{}'\n", /no plain YAML there/],
        [
            "config:\n  holdfast:fleet: { nodes: { pve02: { adress: 192.0.2.12 } } }\n",
            /has to be mended first:[^]*adress/,
        ],
        ["config:\n  holdfast:fleet: { nodes: { pve09: { address: 192.0.2.14 } } }\n", /already taken/],
    ])("that nothing can be added to is an error: %j", async (text, message) => {
        await expect(adoptInto(text, [pve04], true)).rejects.toThrow(message);
        expect(await read()).toBe(text);
    });

    test("where an alias stands for the node, what to write by hand is said", async () => {
        const text = "base: &base { address: 192.0.2.11 }\nconfig:\n  holdfast:fleet: { nodes: { pve01: *base } }\n";
        await expect(adoptInto(text, [{}], true)).rejects.toThrow(/written by an alias .* set it by hand to \{"file"/);
    });

    test("in another manner of YAML changes in the lines of the new node alone, or is written anew and sound", async () => {
        const wide =
            "config:\n    holdfast:fleet:\n        nodes:\n            pve02:   {address: 192.0.2.12}\n    other:key:    [1,2]   # odd\n";
        await adoptInto(wide, [pve04], true);
        expect(changed(wide, await read()).gone).toEqual([]);
        expect(await read()).toContain("\n            pve04:\n");
        const folded =
            "config:\n  holdfast:fleet:   {domain: example.test,\n       nodes: {pve02: {address: 192.0.2.12}}}\n  other:key: [1,2] # odd\n";
        await adoptInto(folded, [pve04], true);
        expect(parse(await read()).config).toMatchObject({
            "holdfast:fleet": { domain: "example.test", nodes: { pve02: {}, pve04: {} } },
            "other:key": [1, 2],
        });
        expect(await read()).toContain("# odd");
    });
});
