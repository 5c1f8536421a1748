import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import execa from "execa";
import { formatFault, parseFleet } from "../../components/fleet";
import { planNetworkGuard } from "../../components/networkGuard";
import { strayLine } from "../../lab/initialState";
import { readFixture, validFiles } from "../model/interfaces/fixtures";

const stanzas = [{ name: "lo", auto: true, method: "loopback" }];
const parse = (node: object, defaults: object = {}) =>
    parseFleet({ defaults, nodes: { pve01: { address: "192.0.2.11", ...node } } }, () => "");
const settingsOf = (node: object, defaults?: object) => parse(node, defaults).fleet?.nodes[0]?.networkGuard;
const plan = () =>
    planNetworkGuard({
        host: { name: "pve01", address: "192.0.2.11" },
        node: { name: "pve01", address: "192.0.2.11" },
        settings: { bootWindow: 300 },
    });

test("it is on where the interfaces file is managed, and elsewhere where it is asked for", () => {
    expect(settingsOf({})).toBeUndefined();
    expect(settingsOf({ networkGuard: true })).toEqual({ bootWindow: 300 });
    expect(settingsOf({ interfaces: { stanzas } })).toEqual({ bootWindow: 300 });
    expect(settingsOf({ interfaces: { stanzas }, networkGuard: false })).toBeUndefined();
    expect(settingsOf({ interfaces: { stanzas } }, { networkGuard: false })).toBeUndefined();
});

test("the boot window stands with the interfaces, under the node or under the defaults, from 20 s to half an hour", () => {
    expect(settingsOf({ interfaces: { stanzas, bootWindow: 60 } })).toEqual({ bootWindow: 60 });
    expect(settingsOf({ interfaces: { stanzas } }, { interfaces: { bootWindow: 90 } })).toEqual({ bootWindow: 90 });
    for (const bootWindow of [19, 1801, 30.5, "60"])
        expect(parse({ interfaces: { stanzas, bootWindow } }).faults.map(formatFault)[0]).toMatch(
            /^holdfast:fleet\.nodes\.pve01\.interfaces\.bootWindow: expected .*20.*1800/,
        );
});

test("its program knows the address that others look for, and is asked before anything is written", () => {
    const { files, validate, units } = plan();
    expect(files["/etc/holdfast/network-guard.conf"]?.content).toMatch(/^ADDRESS=192\.0\.2\.11\nBOOT_WINDOW=300\n/m);
    expect(validate?.[1]?.argv.slice(-2)).toEqual(["prove", "192.0.2.11"]);
    expect(units).toEqual({
        "holdfast-boot-watch.service": { enabled: true },
        "holdfast-network-guard.path": { enabled: true, active: true },
        "holdfast-network-guard.service": { enabled: true },
    });
});

test("a guard that fails keeps no network from starting, and every reload goes through it", () => {
    const dropIn = plan().files["/etc/systemd/system/networking.service.d/holdfast-guard.conf"]!.content;
    expect(dropIn).toContain(
        "\nExecStartPre=-/usr/bin/timeout 30 /etc/holdfast/network-guard start\nExecReload=\nExecReload=/etc/holdfast/network-guard reload\n",
    );
});

describe("the node's program, on files of a folder", () => {
    let root: string;
    const put = (path: string, text: string) => {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
    };
    const run = (...args: string[]) =>
        execa("python3", [join(root, "guard"), ...args], {
            env: {
                HOLDFAST_ROOT: root,
                HOLDFAST_STATE: root,
                HOLDFAST_METRICS: join(root, "metrics"),
                HOLDFAST_MAILER: "/none",
            },
            reject: false,
        });
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "holdfast-guard-"));
        writeFileSync(join(root, "guard"), plan().files["/etc/holdfast/network-guard"]!.content!);
    });
    afterEach(() => rmSync(root, { recursive: true }));

    test("a damaged file that another one sources is named with its line; an empty one does no harm", async () => {
        put("/etc/network/interfaces", `${validFiles.get("pve-default-install")!}source-directory more\n`);
        put("/etc/network/more/empty", "# nothing\n");
        expect((await run("check")).exitCode).toBe(0);
        put("/etc/network/more/z", `auto eno9\n${strayLine}\n`);
        expect(await run("check")).toMatchObject({
            exitCode: 1,
            stdout: "/etc/network/more/z:2:1: error: This is output of `ip link`, not configuration. Delete the line. [stray-line]",
        });
    });
    test("files that source each other are read once each", async () => {
        put("/etc/network/interfaces", "auto lo\niface lo inet loopback\nsource /etc/network/a\n");
        put("/etc/network/a", "source /etc/network/interfaces\nsource /etc/network/a\n");
        expect((await run("check")).exitCode).toBe(0);
    });
    test("a file that is gone is refused; a fifo or a folder in its place is none", async () => {
        for (const make of [() => undefined, () => execFileSync("mkfifo", [join(root, "/etc/network/interfaces")])]) {
            mkdirSync(join(root, "/etc/network"), { recursive: true });
            make();
            expect(await run("check")).toMatchObject({
                exitCode: 1,
                stdout: expect.stringContaining("[missing-file]"),
            });
        }
    });
    test("what a likely slip says is told and not refused", async () => {
        put("/etc/network/interfaces", "auto lo\niface lo inet loopback\n\tadress 192.0.2.11/24\n");
        expect(await run("check")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Write 'address'.") });
    });
    test("a file cannot move the cursor of whoever reads what is said about it", async () => {
        put("/etc/network/interfaces", "auto lo\niface lo \u001b[2Jx static\n");
        expect((await run("check")).stdout).toContain("'\\x1b[2Jx' is no");
    });
    test("before a start a damaged file is replaced by the proven one, and kept; without one the network starts as it is", async () => {
        const damaged = readFixture("broken/incident-b");
        put("/etc/network/interfaces", damaged);
        expect(await run("start")).toMatchObject({
            exitCode: 0,
            stderr: expect.stringContaining("no proven copy is there"),
        });
        expect(readFileSync(join(root, "/etc/network/interfaces"), "utf8")).toBe(damaged);
        const sound = validFiles.get("pve-default-install")!;
        put("/etc/network/interfaces", sound);
        put(
            "keep.py",
            `${readFileSync(join(root, "guard"), "utf8").replace(/\nif __name__[^]*$/, "")}\nkeep_proven(now_standing(), "boot")\n`,
        );
        await execa("python3", [join(root, "keep.py")], { env: { HOLDFAST_ROOT: root } });
        put("/etc/network/interfaces", damaged);
        expect(await run("start")).toMatchObject({
            exitCode: 0,
            stderr: expect.stringContaining("the guard put /etc/network/interfaces back as last proven"),
        });
        expect(readFileSync(join(root, "/etc/network/interfaces"), "utf8")).toBe(sound);
        const [aside] = /\/etc\/holdfast\/set-aside\/\w+/.exec((await run("status")).stdout)!;
        expect(readFileSync(join(root, aside, "/etc/network/interfaces"), "utf8")).toBe(damaged);
        expect((await run("start")).stderr).toBe(""); // sound now
        await run("clear");
        expect((await run("status")).stdout).toBe("nothing was put back");
    });
    test("asked for by hand, sound files too go back to the proven ones, hosts and fstab among them", async () => {
        const sound = validFiles.get("pve-default-install")!;
        expect(await run("restore")).toMatchObject({
            exitCode: 1,
            stderr: expect.stringContaining("no boot was proven yet"),
        });
        put("/etc/network/interfaces", sound);
        put("/etc/hosts", "192.0.2.11 pve01\n");
        put(
            "keep.py",
            `${readFileSync(join(root, "guard"), "utf8").replace(/\nif __name__[^]*$/, "")}\nkeep_proven(now_standing(), "boot")\n`,
        );
        await execa("python3", [join(root, "keep.py")], { env: { HOLDFAST_ROOT: root } });
        expect(await run("restore")).toMatchObject({
            exitCode: 0,
            stdout: expect.stringMatching(/^nothing differs from the files that were proven on \d/),
        });
        put("/etc/hosts", "127.0.1.1 pve01\n");
        put("/etc/network/interfaces", sound.replace("vmbr0", "vmbr1"));
        expect(await run("restore")).toMatchObject({
            exitCode: 0,
            stderr: expect.stringContaining("the operator put /etc/network/interfaces, /etc/hosts back as last proven"),
        });
        expect(readFileSync(join(root, "/etc/hosts"), "utf8")).toBe("192.0.2.11 pve01\n");
        expect(readFileSync(join(root, "/etc/network/interfaces"), "utf8")).toBe(sound);
        const [aside] = /\/etc\/holdfast\/set-aside\/\w+/.exec((await run("status")).stdout)!;
        expect(readFileSync(join(root, aside, "/etc/hosts"), "utf8")).toBe("127.0.1.1 pve01\n");
    });
    test("a proven copy that was damaged itself is none", async () => {
        const sound = validFiles.get("pve-default-install")!;
        put("/etc/network/interfaces", sound);
        put(
            "keep.py",
            `${readFileSync(join(root, "guard"), "utf8").replace(/\nif __name__[^]*$/, "")}\nkeep_proven(now_standing(), "boot")\n`,
        );
        await execa("python3", [join(root, "keep.py")], { env: { HOLDFAST_ROOT: root } });
        execFileSync("sh", [
            "-c",
            `for f in ${root}/etc/holdfast/proven/????????????????????????????????*; do echo x >>$f; done`,
        ]);
        put("/etc/network/interfaces", strayLine);
        expect((await run("start")).stderr).toContain("no proven copy is there");
    });
});

/** Below the address, of cards that this machine would have. */
const UNDER = `
import json, sys
import shared.reach as reach
reach.is_card = lambda name: name.startswith(("eno", "enp", "eth", "enx"))
print(json.dumps({name: sorted(reach.cards_under(address, {"f": text.encode()})) for name, (address, text) in json.load(sys.stdin).items()}))`;

test("the cards below the management address are found through bridges, bonds, VLANs and Open vSwitch", async () => {
    const given = {
        "pve-default-install": "192.0.2.11",
        "pve-vlan-on-bond": /address\s+(\S+)\//.exec(validFiles.get("pve-vlan-on-bond")!)![1]!,
        "ovs-wiki-bond": /address\s+(\S+)/.exec(validFiles.get("ovs-wiki-bond")!)![1]!.split("/")[0]!,
    };
    const { stdout } = await execa("python3", ["-Xutf8", "-c", UNDER], {
        cwd: join(__dirname, "../../programs"),
        env: { PYTHONPATH: join(__dirname, "../../host/node"), PYTHONDONTWRITEBYTECODE: "1" },
        input: JSON.stringify(
            Object.fromEntries(Object.entries(given).map(([name, address]) => [name, [address, validFiles.get(name)]])),
        ),
    });
    expect(JSON.parse(stdout)).toEqual({
        "pve-default-install": ["enp1s0"],
        "pve-vlan-on-bond": ["eno1", "eno2"],
        "ovs-wiki-bond": ["eth0", "eth1"],
    });
});
