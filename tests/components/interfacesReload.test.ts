/** What is asked before a running network is changed: the costs that no revert gives back. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { planNetworkInterfaces } from "../../components/interfaces";
import { python } from "../host/node/python";

let root: string;
beforeEach(async () => (root = await mkdtemp(join(tmpdir(), "holdfast-reload-"))));
afterEach(() => rm(root, { recursive: true, force: true }));

const staged = "/etc/network/.interfaces.staged";
const bridge = (more = "") =>
    `auto vmbr0\niface vmbr0 inet manual\n\tovs_type OVSBridge\n\tovs_ports enp1s0 bond*\n${more}`;

/** `state code text` of the verdict. */
async function judged(
    files: Readonly<Record<string, string>>,
    ports = "enp1s0",
    isHaRunning = true,
    isSwitch = true,
): Promise<string> {
    for (const [path, content] of Object.entries({ [staged]: bridge(), ...files })) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), content);
    }
    return python<string>(
        `
from engine import commands
def run(argv, *rest, **options):
    if argv[-1] == "list-br":
        return commands.Outcome(0, "vmbr0\\n" if given["isSwitch"] else "", "")
    if argv[0] == "ovs-vsctl":
        return commands.Outcome(0, given["ports"].replace(" ", "\\n"), "")
    if argv[0] == "systemctl":
        return commands.Outcome(0 if given["isHaRunning"] else 3, "", "")
    done = open(argv[-1]).read() if argv[0] == "cat" else ""
    return commands.Outcome(0, done, "")
commands.run = run
from concerns.interfaces.node import reload
answer = " ".join(reload.reload(5, "${staged}", given["root"])[:3])`,
        { root, ports, isHaRunning, isSwitch },
    );
}

test("nothing is against it on a node without guests on Open vSwitch, without HA, without a waiting change", async () => {
    expect(await judged({})).toBe("ok passed ");
});

test("a change of the GUI that waits would replace what is confirmed", async () => {
    expect(await judged({ "/etc/network/interfaces.new": "" })).toMatch(/^bad reload-interfaces-pending /);
});

describe("a bridge that changes between Linux and Open vSwitch", () => {
    const linux = "auto vmbr0\niface vmbr0 inet manual\n\tbridge_ports enp1s0\n";
    const isLinux = { "/sys/class/net/vmbr0/bridge/stp_state": "0\n" };
    test("under its own name is refused, either way", async () => {
        expect(await judged(isLinux, "", true, false)).toMatch(/^bad reload-bridge-kind vmbr0 is a Linux bridge and /);
        expect(await judged({ [staged]: linux })).toMatch(/^bad reload-bridge-kind vmbr0 is Open vSwitch's and /);
    });
    test("under another one is not, nor is one that stays what it is", async () => {
        const other = { [staged]: bridge().replaceAll("vmbr0", "vmbr1") };
        expect(await judged({ ...isLinux, ...other }, "", true, false)).toBe("ok passed ");
        expect(await judged({ ...isLinux, [staged]: linux }, "", true, false)).toBe("ok passed ");
    });
});

describe("guests on an Open vSwitch bridge", () => {
    test("would lose their ports, which are named", async () => {
        expect(await judged({}, "enp1s0 bond0 tap100i0 veth101i0 spare")).toMatch(
            /^bad reload-guests .* deletes tap100i0, veth101i0 of vmbr0$/,
        );
    });
    test.each([
        ["condoned", bridge("\tovs_ports_condone_regex ^(tap|veth|fwln)\n")],
        ["listed", bridge().replace("bond*", "bond* tap100i0")],
        ["on a bridge that lists nothing, of which ifupdown2 takes nothing", bridge().replace(/\tovs_ports.*\n/, "")],
    ])("keep them where they are %s", async (_, content) => {
        expect(await judged({ [staged]: content }, "enp1s0 tap100i0")).toBe("ok passed ");
    });
    test("keep them under an ifupdown2 that spares taps by itself", async () => {
        const addon = { "/usr/share/ifupdown2/addons/openvswitch.py": 'if port.startswith("tap"):\n' };
        expect(await judged(addon, "enp1s0 tap100i0")).toBe("ok passed ");
    });
});

describe("HA", () => {
    const proxmox = (status: object, local: object) => ({
        "/usr/lib/systemd/system/pve-cluster.service": "",
        "/proc/self/mountinfo": "600 31 0:51 / /etc/pve rw - fuse /dev/fuse rw\n",
        "/etc/holdfast/boot-readiness.json": '{"name": "pve01", "addresses": "192.0.2.11"}',
        "/etc/pve/ha/manager_status": JSON.stringify(status),
        "/etc/pve/nodes/pve01/lrm_status": JSON.stringify(local),
    });
    const guest = (node: string, state: string) => ({ service_status: { "vm:100": { node, state } } });

    test("that looks after a guest here refuses it, and its maintenance is the way", async () => {
        expect(await judged(proxmox(guest("pve01", "started"), { state: "active" }))).toMatch(
            /^bad reload-ha HA looks after vm:100 here: /,
        );
    });
    test("whose watchdog still runs refuses it, though the guest has gone", async () => {
        expect(await judged(proxmox(guest("pve02", "started"), { state: "active" }))).toMatch(
            /^bad reload-ha HA's watchdog runs here/,
        );
    });
    test.each([
        ["in maintenance, its guests elsewhere", guest("pve02", "started"), { state: "maintenance" }],
        ["with a guest that HA lets rest", guest("pve01", "stopped"), { state: "wait_for_agent_lock" }],
        ["without guests of HA's", {}, {}],
    ])("is no hindrance: %s", async (_, status, local) => {
        expect(await judged(proxmox(status, local))).toBe("ok passed ");
    });
    test("that cannot be told is no yes, unless nobody here holds a watchdog", async () => {
        const { "/proc/self/mountinfo": _, ...down } = proxmox({}, {});
        expect(await judged(down)).toMatch(/^bad reload-ha-untold /);
        expect(await judged(down, "enp1s0", false)).toBe("ok passed ");
    });
});

test("is asked where the network is reloaded, before anything is written, and nowhere else", () => {
    const plan = (reload?: object) =>
        planNetworkInterfaces({
            host: { name: "pve01", address: "192.0.2.11" },
            node: { name: "pve01", address: "192.0.2.11" },
            settings: { file: { path: "x", content: "auto lo\n" }, ...(reload && { reload }) } as never,
        });
    const asked = ["holdfast", "reload", "{staged:/etc/network/interfaces}"];
    expect(plan({ window: 60, probes: [] }).validate).toContainEqual({ argv: asked });
    expect(plan({ window: 60, probes: [] }).facts).toHaveProperty("reload", { probe: "reload-now" });
    expect(plan().validate).not.toContainEqual({ argv: asked });
    expect(plan().facts).not.toHaveProperty("reload");
});
