/** What pins a card's name, what is refused, and what the node says of it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatFault, parseFleet } from "../../components/fleet";
import { planNicNames } from "../../components/nicNames";
import { python } from "../host/node/python";

const node = { name: "pve01", address: "192.0.2.11" };
const host = { name: "pve01", address: "192.0.2.11" };
const macs = ["02:00:5e:10:00:01", "02:00:5e:10:00:02"] as const;

describe("the plan", () => {
    const { files, validate, facts, activate } = planNicNames({
        host,
        node,
        settings: { nics: { enp1s0: macs[0], old0: false } },
    });

    test("a file for each card, by its own address, and none where somebody else's has it", () => {
        expect(files).toEqual({
            "/etc/systemd/network/10-holdfast-enp1s0.link": {
                content: expect.stringMatching(
                    /^# Managed by Holdfast[^]*^\[Match\]$[^]*^PermanentMACAddress=02:00:5e:10:00:01$[^]*^\[Link\]\nName=enp1s0\n$/m,
                ) as string,
                yields: {
                    files: ["/usr/local/lib/systemd/network/*.link", "/etc/systemd/network/*.link"],
                    line: `MACAddress=${macs[0]}`,
                },
            },
            "/etc/systemd/network/10-holdfast-old0.link": { absent: true },
        });
    });
    test("the node judges it before anything is written, and its initramfs follows", () => {
        expect(validate).toEqual([{ argv: ["holdfast", "nic-names", `enp1s0=${macs[0]}`] }]);
        expect(activate).toEqual([{ argv: ["holdfast", "nic-initramfs"], timeout: 1800 }]);
        expect(facts).toEqual({
            "card enp1s0": { probe: "nic-name", args: ["enp1s0", macs[0]], value: "pinned" },
        });
    });
});

test.each([
    [{ eth0: macs[0] }, /^holdfast:fleet\.nodes\.pve01\.nics(\.eth0)?: .*neither the kernel counts/],
    [{ vmbr0: macs[0] }, /neither the kernel counts/],
    [{ "lan/0": macs[0] }, /expected a card's name/],
    [{ lan0: "02:00:5e:10:00" }, /nics\.lan0: .*MAC address/],
    [{ lan0: "03:00:5e:10:00:01" }, /nics\.lan0: .*MAC address/],
    [{ lan0: "00:00:00:00:00:00" }, /nics\.lan0: .*not zeros/],
    [{ lan0: macs[0].toUpperCase(), lan1: macs[0] }, /nics\.lan1: lan0 has this MAC address already/],
])("refused: %j", (nics, says) => {
    const { faults } = parseFleet({ nodes: { pve01: { ...node, name: undefined, nics } } }, () => "");
    expect(faults.map(formatFault).join("\n")).toMatch(says);
});

test("an address under defaults would be every node's", () => {
    const { faults } = parseFleet({ defaults: { nics: { lan0: macs[0] } }, nodes: { pve01: node } }, () => "");
    expect(faults.map(formatFault).join("\n")).toMatch(/defaults\.nics\.lan0: a MAC address belongs to one node/);
});

describe("on the node", () => {
    let root: string;
    beforeEach(async () => (root = await mkdtemp(join(tmpdir(), "holdfast-nics-"))));
    afterEach(() => rm(root, { recursive: true, force: true }));

    /** `links`: the address of each card by name, and what its bond gave it. */
    async function machine(links: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
        const all: Record<string, string> = { ...files };
        for (const name of Object.keys(links)) all[`/sys/class/net/${name}/device/vendor`] = "0x8086\n";
        for (const [path, content] of Object.entries(all)) {
            await mkdir(dirname(join(root, path)), { recursive: true });
            await writeFile(join(root, path), content);
        }
        // As iproute2 tells a bond's member: its own address beside the bond's.
        return Object.entries(links).map(([ifname, permaddr]) => ({
            ifname,
            address: "02:00:5e:ff:ff:ff",
            permaddr,
            linkinfo: {},
        }));
    }
    const asked = async (links: object[], code: string) =>
        python<string[] | string | boolean>(
            `
import json
from engine import commands
commands.run = lambda argv, *rest, **options: commands.Outcome(0, json.dumps(given["links"]), "")
from concerns.nicNames.node import checks, names
from look import observe
${code}`,
            { root, links },
        );
    const judged = async (links: object[], ...words: string[]) =>
        asked(links, `answer = " ".join(checks.nic_names(5, *${JSON.stringify(words)}, root=given["root"])[:3])`);
    const said = async (links: object[], mac: string) =>
        asked(links, `answer = names.nic_name("lan0", ${JSON.stringify(mac)}, given["root"])`);
    const pin = (name: string, mac: string, header = "") =>
        `${header}[Match]\nMACAddress=${mac}\nType=ether\n\n[Link]\nName=${name}\n`;

    test("members of a bond are told by their own addresses, not by the one that the bond gave them", async () => {
        const links = await machine({ enp1s0: macs[0], enp2s0: macs[1] });
        expect(await judged(links, `enp1s0=${macs[0]}`, `enp2s0=${macs[1]}`)).toBe("ok passed ");
    });
    test("an address that no card has is refused, with those that there are", async () => {
        const links = await machine({ enp1s0: macs[0] });
        expect(await judged(links, `lan0=${macs[1]}`)).toMatch(new RegExp(`^bad nic-absent .*enp1s0 has ${macs[0]}`));
    });
    test("a name that another card has is refused, though that one is to get another", async () => {
        const links = await machine({ enp1s0: macs[0], enp2s0: macs[1] });
        const taken = /^bad nic-name-taken .*enp2s0 is the name of the card/;
        expect(await judged(links, `enp2s0=${macs[0]}`)).toMatch(taken);
        expect(await judged(links, `enp2s0=${macs[0]}`, `enp1s0=${macs[1]}`)).toMatch(taken);
        expect(await judged(links, `lan0=${macs[0]}`, `lan1=${macs[1]}`)).toBe("ok passed ");
    });
    test("the initramfs learns a name that a card has, and none that it has not yet", async () => {
        const links = await machine({ enp1s0: macs[0], enp2s0: macs[1] });
        const renames = () => asked(links, `answer = checks.renames(checks.Machine(given["root"]))`);
        expect(await renames()).toBe(false);
        await machine({}, { "/etc/systemd/network/10-holdfast-enp1s0.link": pin("enp1s0", macs[0]) });
        expect(await renames()).toBe(false);
        await machine({}, { "/etc/systemd/network/10-holdfast-lan1.link": pin("lan1", macs[1]) });
        expect(await renames()).toBe(true);
    });
    test("what somebody else's file calls otherwise is refused by that file's name; ours is to be replaced", async () => {
        const file = "/usr/local/lib/systemd/network/50-pve-nic0.link";
        const links = await machine({ enp1s0: macs[0] }, { [file]: pin("nic0", macs[0]) });
        expect(await judged(links, `lan0=${macs[0]}`)).toMatch(new RegExp(`^bad nic-named-otherwise ${file} `));
        expect(await judged(links, `nic0=${macs[0]}`)).toBe("ok passed ");
        await rm(join(root, file));
        await machine({}, { "/etc/systemd/network/10-holdfast-x.link": pin("x", macs[0], "# Managed by Holdfast\n") });
        expect(await judged(links, `lan0=${macs[0]}`)).toBe("ok passed ");
    });
    test("drift is told in words: pinned by whom, otherwise, not at all, no card", async () => {
        const links = await machine({ enp1s0: macs[0] });
        expect(await said(links, macs[1])).toBe("no such card");
        expect(await said(links, macs[0])).toBe("not pinned");
        await machine({}, { "/usr/local/lib/systemd/network/50-pmx-lan0.link": pin("lan0", macs[0].toUpperCase()) });
        expect(await said(links, macs[0])).toBe("pinned");
        await machine({}, { "/etc/systemd/network/05-x.link": pin("x0", macs[0]) });
        expect(await said(links, macs[0])).toBe("pinned as x0 by /etc/systemd/network/05-x.link");
    });
    test("a file of ours is none where Proxmox's has the card, and stays ours where it stands", async () => {
        const look = async () =>
            asked(
                [],
                `
path = given["root"] + "/etc/systemd/network/10-holdfast-lan0.link"
yields = {"files": [given["root"] + "/usr/local/lib/systemd/network/*.link", given["root"] + "/etc/systemd/network/*.link"], "line": "MACAddress=${macs[0]}"}
seen = observe.observe_file(path, None, yields)
answer = [seen["kind"], seen.get("detail", "").replace(given["root"], "")]`,
            );
        await mkdir(join(root, "etc/systemd/network"), { recursive: true });
        expect(await look()).toEqual(["absent", ""]);
        const theirs = "/usr/local/lib/systemd/network/50-pve-lan0.link";
        await machine({}, { [theirs]: pin("lan0", macs[1]) });
        expect(await look()).toEqual(["absent", ""]);
        await machine({}, { [theirs]: pin("lan0", macs[0].toUpperCase()) });
        expect(await look()).toEqual(["not applicable", `${theirs} does its work`]);
        await machine({}, { "/etc/systemd/network/10-holdfast-lan0.link": "# Managed by Holdfast\n" });
        expect(await look()).toEqual(["file", ""]);
    });
});
