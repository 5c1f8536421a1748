/** The checks on output that findmnt 2.38 and 2.41 and the fstab generator of systemd 257 were seen to give. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

const root = "UUID=0a1b0000-0000-4000-8000-000000000001 / ext4 errors=remount-ro 0 1\n";

describe("findmnt", () => {
    const verify = async (fstab: string, code: number, output: string, errors = "") => {
        await writeFile(join(folder, "fstab"), fstab);
        return python<string | null>(
            "from concerns.fstab.node import checks as fstab\nfrom engine import commands\ncommands.run = lambda *_: commands.Outcome(given['code'], given['output'], given['errors'])\nanswer = fstab.findmnt(5, given['staged']).complaint",
            { code, output, errors, staged: join(folder, "fstab") },
        );
    };

    test("passes what it passes", async () => {
        expect(await verify(root, 0, "")).toBeNull();
    });

    test("an absent disk or folder of a nofail entry is no reason to stop, with a space in its target neither", async () => {
        const fstab = `${root}UUID=9c8d /srv/with\\040space ext4 defaults,nofail 0 2\n`;
        const output =
            "/srv/with space\n   [E] unreachable on boot required target: No such file or directory\n   [E] unreachable on boot required source: UUID=9c8d\n\n0 parse errors, 2 errors, 0 warnings\n";
        expect(await verify(fstab, 1, output)).toBeNull();
        expect(await verify(fstab.replace(",nofail", ""), 1, output)).toBe(
            "/srv/with space: unreachable on boot required source: UUID=9c8d",
        );
    });

    test("a stick that is not in, and CephFS's newer way to name a source, are no reasons either", async () => {
        const stick = "/dev/disk/by-id/usb-A /media/usb auto rw,user,noauto 0 0\n";
        const absent = "/media/usb\n   [E] cannot detect on-disk filesystem type (No such file or directory)\n";
        expect(await verify(`${root}${stick}`, 1, absent)).toBeNull();
        expect(await verify(`${root}${stick.replace(",noauto", "")}`, 1, absent)).toMatch(/cannot detect/);
        const tag = "/mnt/pve/ceph\n   [E] unsupported source tag: admin@.cephfs=/\n";
        expect(await verify(`${root}admin@.cephfs=/ /mnt/pve/ceph ceph _netdev 0 0\n`, 1, tag)).toBeNull();
        expect(await verify(`${root}UUUID=1 /mnt/pve/ceph ext4 nofail 0 0\n`, 1, tag)).toMatch(
            /unsupported source tag/,
        );
    });

    test("any other error of a nofail entry counts", async () => {
        const output = "/srv/x\n   [E] unreachable on boot required source: UUID=9c8d\n   [E] invalid fs_passno: x\n";
        expect(await verify(`${root}UUID=9c8d /srv/x ext4 nofail 0 x\n`, 1, output)).toBe(
            "/srv/x: invalid fs_passno: x",
        );
    });

    test("a line that it cannot parse counts, also when it dies of it", async () => {
        expect(await verify(root, -11, "", "findmnt: /run/fstab: parse error at line 4 -- ignored\n")).toContain(
            "parse error at line 4",
        );
        expect(await verify(root, -11, "", "")).toBe("exit status -11");
        expect(
            await verify(
                `${root}UUID=9c8d /srv/x ext4 nofail 0 2\n`,
                -11,
                "/srv/x\n   [E] unreachable on boot required source: UUID=9c8d\n",
            ),
        ).toContain("exit status -11");
    });
});

describe("fstab-generator", () => {
    /** `where`: what the dry run finds under local-fs.target.requires. */
    const dryRun = (where: string[], essential: string[]) =>
        python<string | null>(
            `
from concerns.fstab.node import checks as fstab
from engine import commands
commands.run = lambda argv, timeout=30: commands.Outcome(0, "".join(f"Where={each}\\n" for each in given["where"]), "")
answer = fstab.fstab_generator(5, "/etc/fstab", *given["essential"]).complaint`,
            { where, essential },
        );

    test("a mount that the boot waits for has to be an essential one", async () => {
        expect(await dryRun(["/", "/var"], ["/", "/var"])).toBeNull();
        expect(await dryRun(["/", "/srv/local"], ["/"])).toContain(
            "/srv/local would stop the boot when its disk is missing",
        );
    });
});

test("a command is stopped with its children, and what is missing or hostile is said", async () => {
    await mkdir(join(folder, "sub"));
    const answer = await python<string[]>(
        `
from engine import commands
child = given + "/child"
answer = [commands.run(argv, timeout=1).explain() for argv in (
    ["sh", "-c", f"(sleep 1.5; touch {child}) & wait"], ["no-such-tool"], ["true", "a\\0b"], [given], ["sh", "-c", "echo no >&2; exit 4"])]`,
        folder,
    );
    expect(answer).toEqual([
        "no answer after 1 s, stopped",
        "no-such-tool is not installed",
        expect.stringContaining("null byte"),
        expect.stringContaining("Permission denied"),
        "exit status 4: no",
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await expect(readFile(join(folder, "child"))).rejects.toThrow("ENOENT");
});

describe("own-address", () => {
    const links = JSON.stringify([
        { ifname: "lo", addr_info: [{ local: "127.0.0.1", scope: "host" }] },
        {
            ifname: "vmbr0",
            addr_info: [
                { local: "192.0.2.11", scope: "global" },
                { local: "2001:db8::11", scope: "global" },
                { local: "fe80::1", scope: "link" },
            ],
        },
    ]);
    const ask = (address: string, code = 0) =>
        python<string | null>(
            "from concerns.hosts.node import checks as names\nfrom engine import commands\ncommands.run = lambda *_, **__: commands.Outcome(given['code'], given['links'], 'no ip here')\nnames.INTERFACES = (given['folder'] + '/*',)\nanswer = names.own_address(5, 'pve01', given['address']).complaint",
            { address, links, code, folder },
        );

    test.each(["192.0.2.11", "2001:db8::11", "2001:0db8:0::11"])(
        "passes %s, which an interface holds",
        async (address) => {
            expect(await ask(address)).toBeNull();
        },
    );

    test("refuses one that none holds, with those that it has and what to do", async () => {
        expect(await ask("192.0.2.111")).toMatch(
            /^no interface of this node holds 192\.0\.2\.111, which the stack gives pve01 \(it has 192\.0\.2\.11, 2001:db8::11\).*correct the node's `address`/,
        );
        expect(await ask("127.0.0.1")).toContain("no interface of this node holds 127.0.0.1");
    });

    test("passes one that the interfaces files give it at the next boot", async () => {
        await writeFile(join(folder, "interfaces"), "iface vmbr0 inet static\n\taddress 192.0.2.111/24\n");
        expect(await ask("192.0.2.111")).toBeNull();
    });

    test("refuses where it cannot tell", async () => {
        expect(await ask("192.0.2.11", 1)).toContain("cannot be told");
    });
});

describe("interfaces", () => {
    /** `busy`: how often another ifupdown2 holds the lock; then the file is refused, or not. */
    const ifup = (busy: number, said = "") =>
        python<[string, string, string]>(
            `
from concerns.interfaces.node import checks
from engine import commands
from network import ifupdown
checks.os.path.exists = lambda path: True
ifupdown.PAUSE = 0.01
left = [given["busy"]]
def run(argv, timeout, environment=None):
    left[0] -= 1
    said = "error: Another instance of this program is already running." if left[0] >= 0 else given["said"]
    return commands.Outcome(89 if said else 0, "", said)
commands.run = run
answer = checks.interfaces(0.2, "/x")[:3]`,
            { busy, said },
        );

    test("a lock that another ifupdown2 holds for a moment is waited for, and is no fault of the file", async () => {
        expect(await ifup(3)).toEqual(["ok", "passed", ""]);
        expect(await ifup(3, "error: vmbr0: two gateways")).toEqual([
            "bad",
            "interfaces-refused",
            "error: vmbr0: two gateways",
        ]);
    });
    test("nor is a reload refused for it: what comes after a transaction looks at the same time", async () => {
        const reload = (busy: number) =>
            python<[string | null, number]>(
                `
from engine import commands
from network import ifupdown, reload
ifupdown.PAUSE = 0.01
left = [given["busy"]]
def run(argv, timeout, environment=None):
    left[0] -= 1
    other = left[0] >= 0
    return commands.Outcome(89 if other else 0, "", "error: Another instance of this program is already running." if other else "")
commands.run = run
answer = [reload.complaint_of(0.2), left[0]]`,
                { busy },
            );
        expect(await reload(3)).toEqual([null, -1]);
        expect((await reload(1_000_000))[0]).toContain("Another instance");
    });
    test("one that is held throughout is unknown", async () => {
        expect(await ifup(1_000_000)).toEqual(["unknown", "ifup-silent", "another ifupdown2 was at work for 0.2 s"]);
    });
});

describe("the cluster, as a change of the network asks for it", () => {
    const links = (second: string) =>
        python<string | null>(
            `
from engine import commands
from network import checks
said = "Local node ID 1, transport knet\\nLINK ID 0 udp\\n\\taddr\\t= 192.0.2.11\\n\\tstatus:\\n\\t\\tnodeid:          1:\\tlocalhost\\n\\t\\tnodeid:          2:\\tconnected\\nLINK ID 1 udp\\n\\tstatus:\\n\\t\\tnodeid:          2:\\t" + given + "\\n"
commands.run = lambda argv, timeout: commands.Outcome(0, said, "") if list(argv) == ["corosync-cfgtool", "-s"] else commands.Outcome(1, "", "")
answer = checks.corosync_links()`,
            second,
        );

    test("a link that is lost is told, by link and node", async () => {
        expect(await links("connected")).toBeNull();
        expect(await links("disconnected")).toBe("link 1 to node 2");
    });
});
