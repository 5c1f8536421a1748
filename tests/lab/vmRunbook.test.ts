/**
 * The node's own page at the console of a machine that does not come up: its kernel arguments and its commands, taken
 * from the page as it stands on the node, typed one by one in the emergency shell, root being locked.
 */
import { labDown, vmLabUp, type Lab, type VmNode } from "../../lab";
import { installHangingPmxcfs } from "../../scripts/replay/pmxcfs";
import { lean } from "../../scripts/replay/stage";
import { pushRunbook, walkByPage, type Walk } from "../helpers/emergencyShell";
import { kernelArguments } from "../helpers/runbook";

jest.setTimeout(900_000);

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-vm`;

let lab: Lab<VmNode>;
let node: VmNode;
let page: string;
let walk: Walk;

const sh = async (script: string): Promise<string> => (await node.exec(["sh", "-ec", script])).stdout;

beforeAll(async () => {
    lab = await vmLabUp({ id, nodes: 1, boot: false, state: "sound" });
    node = lab.nodes[0]!;
    await node.start(undefined, lean);
    await installHangingPmxcfs({ lab, node });
    await pushRunbook(lab);
    page = await sh("cat /etc/holdfast/runbook.md");
    // Incident A: the own name on 127.0.1.1, a device that is not there. With neither a boot ends.
    await sh(
        `passwd --quiet --lock root; sed -i '/ ${node.name}$/d' /etc/hosts; echo '127.0.1.1 ${node.name}' >>/etc/hosts
         sed -i 's|^UUID=${node.dataUuid}.*|/dev/sdb9 /srv/local ext4 defaults 0 2|' /etc/fstab; sync`,
    );
    await node.kill();
    walk = await walkByPage(node, page, {
        // What step 2 has mended is spoilt once more, for those who have no proven files.
        "/etc/hosts": `sed -i 's/^${node.address} .*/127.0.1.1 ${node.name}/; /^${node.address6} /d' /etc/hosts`,
    });
});
afterAll(() => labDown(id));

test("the emergency shell says where the page is, and is there though root is locked", () => {
    expect(walk.greeting).toContain(`${node.name}: what to do now, step by step: more /etc/holdfast/runbook.md`);
});

test("each step does what it says", () => {
    const { said } = walk;
    expect(said["last boot"]).toMatch(/the operator put .*\/etc\/hosts.* back as last proven/);
    expect(said["last boot"]).toContain("/etc/fstab");
    expect(said["/etc/hosts"]).toMatch(new RegExp(`^${node.address}\\s+STREAM`, "m"));
    expect(said["Mounts"]).toMatch(/^\/dev\/sda$/m);
    expect(said["Mounts"]).toMatch(/\/srv\/local +\/dev\/sdb1? +ext4 /);
    expect(said["Network by hand"]).toMatch(new RegExp(`^enp1s0 +UP +${node.address}/24 `, "m"));
    expect(said["pmxcfs"]).toContain("modprobe -q fuse; pmxcfs -l");
});

test("then the boot goes on, to the end: Proxmox's file system, the disk, the address on the bridge", async () => {
    expect(walk.boot).toMatchObject({ multiUser: true, failed: [] });
    expect(await sh("systemctl is-active pve-cluster; ls /etc/pve/nodes")).toBe(`active\n${node.name}`);
    expect(await sh("findmnt --noheadings --output UUID /srv/local")).toBe(node.dataUuid);
    const addresses = (link: string) => sh(`ip -brief -4 address show dev ${link}`);
    expect(await addresses("vmbr0")).toContain(`${node.address}/24`);
    expect(await addresses("enp1s0")).not.toContain(node.address);
    console.log(`to the shell ${walk.seconds.shell} s, from there to a started system ${walk.seconds.repair} s`);
});

test("the other kernel argument masks pve-cluster for one boot, and the one from the postmortem nothing", async () => {
    const masked = (words: string) =>
        sh(
            `rm -rf /tmp/units; mkdir -p /tmp/units/early; cd /tmp/units
             SYSTEMD_PROC_CMDLINE='${words}' /usr/lib/systemd/system-generators/systemd-debug-generator . early . >&2; find . -type l -printf '%p -> %l\\n'`,
        );
    expect(await masked(kernelArguments(page)[1]!)).toBe("./early/pve-cluster.service -> /dev/null");
    expect(await masked("pve-cluster.service=masked")).toBe("");
});
