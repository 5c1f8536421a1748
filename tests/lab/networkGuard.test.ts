/**
 * The guard of the network's files, on nodes that really boot: incident B again, with both packages, unprotected and
 * protected.
 */
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { planNetworkGuard } from "../../components/networkGuard";
import type { Lab, LabNode } from "../../lab";
import { initialFiles, strayLine } from "../../lab/initialState";
import { bridgeNamespace } from "../../lab/network";
import { clientOf, push } from "../helpers/crashNode";
import { openTestLab, readNodeFile } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";
import { soak } from "../helpers/soak";

jest.setTimeout(400_000);

let lab: Lab;
let node: LabNode;
let neighbour: LabNode;
/** Its interfaces file as the lab made it, without the stray line. */
let sound: string;

const interfaces = "/etc/network/interfaces";
const shell = async (script: string, on = node) => (await on.exec(["sh", "-c", script], { reject: false })).stdout;
const write = (path: string, content: string) => node.exec(["sh", "-c", 'cat >"$1"', "sh", path], { input: content });
const identity = () => ({ name: node.name, domain: "example.test", address: node.address });

/** Whether others reach the node, as they would: through the wire. */
async function isReached(): Promise<boolean> {
    for (let attempt = 0; attempt < 4; attempt++) {
        const ping = await neighbour.exec(["ping", "-c1", "-W1", node.address], { reject: false });
        if (ping.exitCode === 0) return true;
    }
    return false;
}

/** Whether its network comes up or not. */
async function restart(): Promise<void> {
    const before = await node.initPid();
    await node.exec(["systemctl", "reboot"]);
    for (let attempt = 0; attempt < 600; attempt++) {
        const now = await node.initPid();
        if (now !== undefined && now !== before) {
            const state = await node.exec(["systemctl", "is-system-running"], { reject: false }).catch(() => undefined);
            if (state && /^(?:running|degraded|maintenance)$/.test(state.stdout)) return;
        }
        await delay(100);
    }
    throw new Error(`${node.name} has not booted within a minute`);
}

/** As a node of its own that has what the guard brought no longer. */
async function unprotect(): Promise<void> {
    await shell(
        "systemctl disable --now holdfast-network-guard.path holdfast-network-guard.service holdfast-boot-watch.service; rm -rf /etc/holdfast/network-guard* /etc/holdfast/proven /etc/holdfast/set-aside /etc/systemd/system/networking.service.d /etc/systemd/system/holdfast-network-guard.* /etc/systemd/system/holdfast-boot-watch.service /usr/share/ifupdown2/addons/vxrd.py /var/lib/holdfast/network-guard.told /run/motd.d/holdfast-network; systemctl daemon-reload",
    );
}

async function bringUp(): Promise<void> {
    await write(interfaces, sound);
    await shell("systemctl restart networking");
    expect(await isReached()).toBe(true);
}

async function protect(bootWindow = 20): Promise<void> {
    await pushFileSet(lab, planNetworkGuard({ host: await hostOf(node), node: identity(), settings: { bootWindow } }));
}

/** Seconds that it took. The bound is against what hangs: how long it takes is told, and belongs to the machine. */
async function until(condition: () => Promise<boolean>, seconds = 120): Promise<number> {
    const began = Date.now();
    while (Date.now() - began < seconds * 1000) {
        if (await condition()) return (Date.now() - began) / 1000;
        await delay(50);
    }
    throw new Error(`not within ${seconds} s`);
}

beforeAll(async () => {
    lab = await openTestLab();
    [node, neighbour] = [lab.nodes[0]!, lab.nodes[1]!];
    sound = initialFiles(node, [], "sound")[interfaces]!;
    await write("/etc/hosts", initialFiles(node, [], "sound")["/etc/hosts"]!);
    await bringUp();
});
afterAll(async () => {
    await unprotect();
    await shell("rm -f /usr/local/lib/holdfast/mail");
    await bringUp();
});

/** Where `>>`, an editor or a merge can put incident B's line. */
const places = {
    "after the last stanza": (file: string) => `${file}\n${strayLine}\n`,
    "in the bridge's stanza": (file: string) => file.replace("\tbridge-stp off\n", `\tbridge-stp off\n${strayLine}\n`),
    "outside any stanza": (file: string) => `${strayLine}\n${file}`,
};
type Place = keyof typeof places;

/**
 * Incident B: the line, a reload, a restart of the node. What the reload said, and whether the node was reached after
 * each.
 */
async function replay(place: Place): Promise<string> {
    await bringUp();
    await write(interfaces, places[place](sound));
    const reload = await node.exec(["systemctl", "reload", "networking"], { reject: false });
    const afterReload = await isReached();
    await restart();
    const reached = (is: boolean) => (is ? "reached" : "lost");
    return `reload ${reload.exitCode === 0 ? "done" : "refused"}, ${reached(afterReload)}; boot ${reached(await isReached())}`;
}

async function useClassic(): Promise<void> {
    await shell(
        "dpkg --purge --force-depends ifupdown2 && dpkg --force-confnew --install /usr/local/share/lab/packages/ifupdown_*.deb && systemctl enable networking",
    );
    expect(await shell("dpkg-query -W -f '${Status}' ifupdown")).toBe("install ok installed");
}

const journal = () => shell("journalctl -b -t holdfast -o cat");
const note = async () => JSON.parse(await readNodeFile(node, "/etc/holdfast/proven/put-back.json")) as object;
const metrics = () => shell("cat /var/lib/prometheus-holdfast/node-exporter/holdfast_network_guard.prom");
/** As `pulumi refresh` and the node's own check learn it. */
async function facts(): Promise<Record<string, string>> {
    const program = "/usr/bin/python3 -I -S -X utf8 /usr/local/lib/holdfast/current/main.py check network-guard";
    const { verdicts } = JSON.parse(await shell(program)) as { verdicts: { check: string; text: string }[] };
    return Object.fromEntries(verdicts.map(({ check, text }) => [check, text]));
}

describe("a node with ifupdown2", () => {
    test("unprotected: a reload takes the damaged file without a word, and so does a boot", async () => {
        expect(await replay("in the bridge's stanza")).toBe("reload done, reached; boot reached");
        expect(await readNodeFile(node, interfaces)).toContain(strayLine);
    });

    describe("protected", () => {
        beforeAll(async () => {
            await bringUp();
            await protect();
            await write("/usr/local/lib/holdfast/mail", '#!/bin/sh\n{ echo "$1"; cat; } >>/tmp/guard-mails\n');
            await shell("chmod 755 /usr/local/lib/holdfast/mail; rm -f /tmp/guard-mails");
        });
        afterEach(async () => {
            await write(interfaces, sound);
            await shell("rm -rf /etc/other /etc/network/interfaces.new; systemctl start holdfast-network-guard");
        });

        test("what runs when the guard comes is proven as far as it can be", async () => {
            expect(await facts()).toMatchObject({ "network files": "sound", "files put back": "none" });
            expect(await shell("stat -c '%a %U' /etc/holdfast/proven /etc/holdfast/proven/record.json")).toBe(
                "700 root\n600 root",
            );
        });
        test("output of `ip` that lands in the file is told: journal, mail, metric, motd, fact, with its line", async () => {
            await shell(`ip -o link show enp1s0 >>${interfaces}`);
            const line = sound.split("\n").length;
            const told = `${interfaces}:${line}:1: error: This is output of \`ip link\`, not configuration. Delete the line. [stray-line]`;
            const isTold = async () => (await shell("cat /tmp/guard-mails")).includes(told);
            console.log(`a stray line was told after ${(await until(isTold)).toFixed(1)} s`);
            expect(await shell("journalctl -b -t holdfast -p err -o cat")).toContain(`network guard: ${told}`);
            expect(await metrics()).toMatch(/^holdfast_interfaces_sound 0\n[^]*^holdfast_interfaces_errors 1$/m);
            expect(await readNodeFile(node, "/run/motd.d/holdfast-network")).toBe(`*** network guard: ${told}`);
            expect((await facts())["network files"]).toContain(told);
        });
        test("when it is mended that is told, too", async () => {
            await write(interfaces, places["in the bridge's stanza"](sound));
            await until(async () => (await metrics()).includes("holdfast_interfaces_sound 0"));
            await write(interfaces, sound);
            await until(async () => (await metrics()).includes("holdfast_interfaces_sound 1"));
            await until(async () => (await shell("cat /tmp/guard-mails")).includes("sound again"));
            expect(await shell("ls /run/motd.d/holdfast-network")).toBe("");
        });
        test("a file that is sourced from any folder is watched from then on", async () => {
            await shell("mkdir -p /etc/other");
            await write(interfaces, `${sound}source /etc/other/*.cfg\n`);
            await until(async () => (await shell("systemctl cat holdfast-network-guard.path")).includes("=/etc/other"));
            await until(async () => (await shell("systemctl is-active holdfast-network-guard.path")) === "active");
            await delay(500);
            await write("/etc/other/a.cfg", "auto dummy0\niface dummy0 inet manaul\n");
            await until(async () => (await metrics()).includes("holdfast_interfaces_sound 0"));
            expect((await facts())["network files"]).toContain("/etc/other/a.cfg:2:19: error: ");
        });
        test("ifreload by hand, and the GUI's Apply, are refused, and the network stays as it is", async () => {
            await write(`${interfaces}.new`, places["in the bridge's stanza"](sound));
            const applied = await node.exec(["sh", "-c", `mv ${interfaces}.new ${interfaces} && ifreload -a`], {
                reject: false,
            });
            expect(applied.exitCode).toBe(1);
            expect(applied.stderr).toContain("refused by Holdfast's network guard: the network stays as it is");
            expect((await node.exec(["ifquery", "-a"], { reject: false })).stdout).toContain("iface vmbr0");
            await write(interfaces, sound);
            expect((await node.exec(["ifreload", "-a"], { reject: false })).exitCode).toBe(0);
            expect(await isReached()).toBe(true);
        });
        test("a change that is taken back loads the damaged file that the node ran with, which nobody else may", async () => {
            await write(interfaces, places["in the bridge's stanza"](sound));
            const client = await clientOf(lab, node);
            const { result } = await push(client, {
                files: { [interfaces]: sound.replace(`${node.address}/24`, "192.0.2.99/24") },
                confirm: { window: 60, addresses: [node.address], peers: [], probes: [], token: "0".repeat(64) },
            }).finally(() => client.end());
            expect(result).toMatchObject({
                outcome: "failed",
                change: { outcome: "reverted", code: "checks-failed" },
            });
            expect(JSON.stringify(result)).not.toContain("refused by Holdfast's network guard");
            expect(await shell("journalctl --output=cat --boot | grep -c 'ifreload -a: .*network guard' || true")).toBe(
                "0",
            );
            expect(await isReached()).toBe(true);
            await write(interfaces, sound);
        });
        test("incident B: the reload is refused, the boot has the proven file, and the damaged one is kept", async () => {
            expect(await replay("in the bridge's stanza")).toBe("reload refused, reached; boot reached");
            expect(await readNodeFile(node, interfaces)).toBe(sound.trimEnd());
            expect(await note()).toMatchObject({
                by: "guard",
                files: [interfaces],
                why: expect.stringContaining(":13:1:"),
            });
            expect(await shell(`cat /etc/holdfast/set-aside/*${interfaces}`)).toContain(strayLine);
            await until(async () => (await shell("cat /tmp/guard-mails")).includes("network files were put back"));
            expect((await facts())["files put back"]).toContain("the guard put /etc/network/interfaces back");
            expect(await metrics()).toMatch(/^holdfast_network_put_back_timestamp_seconds\{by="guard"\} \d+$/m);
            await shell("/etc/holdfast/network-guard clear");
            expect((await facts())["files put back"]).toBe("none");
        });
    });

    describe("at a boot with files that are new", () => {
        beforeAll(async () => {
            await bringUp();
            await protect(8);
            await restart();
            await until(async () => (await shell("cat /etc/holdfast/proven/record.json")).includes('"boot"'));
        });
        afterAll(() => shell("rm -rf /etc/holdfast/proven/put-back.json"));
        const otherCard = () => sound.replace("bridge-ports enp1s0", "bridge-ports enp9s0");

        test("whose network card is not there: the proven ones come back, and it says so everywhere", async () => {
            await shell("rm -f /tmp/guard-mails");
            await write(interfaces, otherCard());
            await restart();
            // Before that it cannot be reached: `why` says so.
            await until(async () => (await readNodeFile(node, interfaces)) === sound.trimEnd());
            await until(isReached);
            const told = `the boot watch put ${interfaces} back as last proven, because: ${node.address} is on vmbr0, which has no carrier`;
            await until(async () => (await shell("cat /tmp/guard-mails")).includes(told));
            expect(await note()).toMatchObject({ by: "boot watch", outcome: "with them the node answers again" });
            expect(await journal()).toContain(told);
            expect(await readNodeFile(node, "/run/motd.d/holdfast-network")).toContain(told);
            expect(await metrics()).toContain('holdfast_network_put_back_timestamp_seconds{by="boot watch"}');
            expect((await facts())["files put back"]).toContain(told);
        });
        test("and that were put aside before: they stay, since somebody has written them again", async () => {
            await write(interfaces, otherCard());
            await restart();
            await until(async () =>
                (await journal()).includes("nothing is put back: these files were put aside once before"),
            );
            expect(await readNodeFile(node, interfaces)).toBe(otherCard().trimEnd());
            await bringUp();
        });
        test("with which pmxcfs finds no address of its own: the hosts file comes back, and pmxcfs starts", async () => {
            const hosts = await readNodeFile(node, "/etc/hosts");
            await write("/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${node.name}\n`);
            await restart();
            await until(async () => (await shell("systemctl is-active pve-cluster")) === "active");
            expect(await readNodeFile(node, "/etc/hosts")).toBe(hosts);
            expect(await note()).toMatchObject({
                files: ["/etc/hosts"],
                why: expect.stringContaining("127.0.1.1, with which pmxcfs"),
            });
        });
        test("and a cable that is out: nothing is put back, the files cannot help it", async () => {
            const changed = `${sound}# a new line\n`;
            await write(interfaces, changed);
            const unplug = setInterval(() => void setPort(node, "down"), 300);
            try {
                await restart();
                await until(
                    async () => (await journal()).includes("nothing is put back: no cable answers at enp1s0"),
                    60,
                );
            } finally {
                clearInterval(unplug);
                await delay(500);
                await setPort(node, "up");
            }
            expect(await readNodeFile(node, interfaces)).toBe(changed.trimEnd());
            await until(isReached);
        });
    });
});

/** The other end of the node's cable, in the namespace of the lab that the forward's address names. */
async function setPort({ name, ssh }: LabNode, state: "up" | "down"): Promise<void> {
    const slot = Number(ssh.host.split(".")[2]);
    await execa("ip", ["-n", bridgeNamespace(slot), "link", "set", name, state], { reject: false });
}

describe("a node with classic ifupdown", () => {
    beforeAll(async () => {
        await unprotect();
        await useClassic();
    });
    // All places in a soak: each costs a boot.
    test.each(soak > 1 ? (Object.keys(places) as Place[]) : (["after the last stanza"] as const))(
        "the line %s: unprotected the boot loses the network, protected it does not",
        async (place) => {
            await unprotect();
            const lost = place !== "in the bridge's stanza";
            expect(await replay(place)).toBe(`reload refused, reached; boot ${lost ? "lost" : "reached"}`);
            await bringUp();
            await protect();
            expect(await replay(place)).toBe("reload refused, reached; boot reached");
            expect(await readNodeFile(node, interfaces)).toBe(sound.trimEnd());
        },
    );
});
