/**
 * Proxmox VE 8's Debian: its Python, util-linux, systemd and ifupdown2 are older than those of the other lab tests'
 * nodes.
 */
import { planFstab } from "../../components/fstab";
import { planHostsFile } from "../../components/hosts";
import { planNetworkInterfaces } from "../../components/interfaces";
import { labDown, labUp, type Lab, type LabNode } from "../../lab";
import { initialFiles } from "../../lab/initialState";
import type { HostArgs } from "../../model/contract/fileSet";
import { readNodeFile } from "../helpers/lab";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(600_000); // the image may have to be built first

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-bookworm`;
let lab: Lab;
let node: LabNode;
let host: HostArgs;

beforeAll(async () => {
    lab = await labUp({ id, nodes: 1, release: "bookworm" });
    node = lab.nodes[0]!;
    host = await hostOf(node);
});
afterAll(() => labDown(id));

test("is Debian 12, in the incidents' state", async () => {
    expect(await readNodeFile(node, "/etc/os-release")).toContain("VERSION_CODENAME=bookworm");
    expect((await node.reboot()).failed.map(({ unit }) => unit)).toEqual(["pve-cluster.service"]);
});

test("takes all three concerns, a second push changes nothing, and it boots", async () => {
    const identity = { name: node.name, domain: "example.test", address: node.address, address6: node.address6 };
    const entries = [
        { source: `UUID=${node.rootUuid}`, target: "/", fstype: "ext4", options: ["errors=remount-ro"], passno: 1 },
        { source: `UUID=${node.dataUuid}`, target: "/srv/local", fstype: "ext4", options: ["defaults"], passno: 2 },
    ];
    const content = initialFiles(node, [], "sound")["/etc/network/interfaces"]!;
    const plans = [
        planHostsFile({ host, node: identity, peers: [] }),
        planFstab({ host, node: identity, settings: { entries } }),
        planNetworkInterfaces({ host, node: identity, settings: { file: { path: "interfaces", content } } }),
    ];
    for (const plan of plans) await pushFileSet(lab, plan);
    expect(await readNodeFile(node, "/etc/hosts")).toMatch(new RegExp(`^${node.address}\\s.*\\b${node.name}\\b`, "m"));
    expect(await readNodeFile(node, "/etc/fstab")).toContain("nofail,x-systemd.device-timeout=30s");
    const before = (await node.exec(["stat", "--format=%i %Z", "/etc/hosts", "/etc/fstab", "/etc/network/interfaces"]))
        .stdout;
    for (const plan of plans) await pushFileSet(lab, plan);
    expect(
        (await node.exec(["stat", "--format=%i %Z", "/etc/hosts", "/etc/fstab", "/etc/network/interfaces"])).stdout,
    ).toBe(before);
    expect(await node.reboot()).toMatchObject({ multiUser: true, failed: [] });
});

test("a power cut in the middle is undone by the next boot", async () => {
    const before = await readNodeFile(node, "/etc/hosts");
    const push = pushFileSet(lab, {
        host,
        node: { name: node.name, domain: "example.test", address: node.address },
        concern: "cut",
        files: { "/etc/hosts": { content: `${before}# new\n` } },
        verify: [{ argv: ["sleep", "60"], timeout: 90 }],
    });
    const told = push.then(
        () => "no error",
        (error: unknown) => String(error),
    );
    for (let attempt = 0; attempt < 100 && !(await readNodeFile(node, "/etc/hosts")).includes("# new"); attempt++);
    await node.kill();
    await node.start();
    expect(await readNodeFile(node, "/etc/hosts")).toBe(before);
    expect(await told).toContain("went down");
});
