/**
 * The node's own page at the console of a machine that does not come up: its kernel arguments and its commands, taken
 * from the page as it stands on the node, typed one by one in the emergency shell, root being locked. Then the same
 * machine loses its power in the middle of a backup and of a restore.
 */
import { setTimeout as delay } from "node:timers/promises";
import { planConfigBackup } from "../../components/configBackup";
import { resolveConfigBackup } from "../../components/configBackup/settings";
import { labDown, vmLabUp, type Lab, type VmNode } from "../../lab";
import { installHangingPmxcfs } from "../../scripts/replay/pmxcfs";
import { lean, patient } from "../../scripts/replay/stage";
import { fill } from "../helpers/backupLab";
import { pushRunbook, walkByPage, type Walk } from "../helpers/emergencyShell";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";
import { kernelArguments } from "../helpers/runbook";
import { soak } from "../helpers/soak";

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

describe("a power cut", () => {
    const times = soak > 1 ? 10 : 1;
    const programs = "/usr/local/lib/holdfast";
    const pve = () => sh("cd /etc/pve && find . -type f ! -name '.*' -exec sha256sum {} + | sort -k2");
    const isOpen = async () => (await sh("ls /var/lib/holdfast/restored")).includes("open.json");
    let whole: string;

    /** The machine's power goes at `part` of the time that the command takes otherwise. */
    async function cutDuring(command: string, seconds: number, part: number): Promise<void> {
        await sh(`sync; systemd-run --quiet --collect sh -c '${command}'`);
        await delay(seconds * part * 1000);
        await node.kill();
        const { multiUser, failed } = await node.start(600, `${lean} ${patient}`);
        expect({ multiUser, failed }).toEqual({ multiUser: true, failed: [] });
    }
    async function timed(command: string): Promise<number> {
        const started = Date.now();
        await sh(command);
        return (Date.now() - started) / 1000;
    }

    beforeAll(async () => {
        await fill(node);
        const plan = planConfigBackup({
            host: await hostOf(node),
            node: { name: node.name, address: node.address },
            settings: resolveConfigBackup({ target: "/srv/backups" }),
            secrets: { backupPassword: "of the test" },
        });
        await pushFileSet(lab, plan);
        whole = await pve();
    });

    test(
        "during a backup: the last good one stays, and the next run finds no lock in its way",
        async () => {
            const restic = `restic --quiet --no-cache --password-file /etc/holdfast/backup.password -r /srv/backups/${node.name}`;
            const good = async () =>
                (await sh(`${restic} snapshots --no-lock --json`)).match(/"of=[0-9a-f]+"/g)!.map(String);
            const longest = await timed(`${programs}/config-backup`);
            for (let round = 1; round <= times; round++) {
                const before = (await good()).at(-1);
                await cutDuring(`${programs}/config-backup`, longest, round / (times + 1));
                expect(await good()).toContain(before);
                const locks = (await sh(`${restic} list locks --no-lock`)).split("\n").filter(Boolean);
                await sh(`${programs}/config-backup; ${restic} check --read-data`);
                expect(await sh(`${programs}/config-backup --state; ${restic} list locks --no-lock`)).toBe("good");
                console.log(
                    `cut ${round} of ${times} during a backup of ${longest} s: ${locks.length} locks were left`,
                );
            }
        },
        times * 900_000,
    );

    test(
        "during a restore: it is finished, or taken back by the next boot",
        async () => {
            const lose = "cd /etc/pve; echo lost >qemu-server/100.conf; rm storage.cfg; echo mine >priv/authkey.key";
            for (const way of ["", "--database "]) {
                const command = `${programs}/config-restore --last ${way}--yes`;
                await sh(lose);
                const longest = await timed(command);
                expect(await pve()).toBe(whole);
                for (let round = 1; round <= times; round++) {
                    await sh(lose);
                    const lost = await pve();
                    await cutDuring(`exec ${command}`, longest, round / (times + 1));
                    const found = await pve();
                    expect([await isOpen(), [lost, whole].includes(found)]).toEqual([false, true]);
                    const told = await sh("journalctl --no-pager --boot -o cat -t holdfast -g 'restore:' || true");
                    console.log(
                        `cut ${round} of ${times} during config-restore ${way}of ${longest} s: ${found === whole ? "finished" : "not done, or taken back"} ${told}`,
                    );
                    await sh(command);
                    expect(await pve()).toBe(whole);
                }
            }
        },
        times * 1_800_000,
    );
});
