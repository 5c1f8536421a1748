/**
 * The proofs that need a real boot: an fstab that stops a machine and one that does not, a disk that comes late, a power cut in the middle of a
 * transaction, a pmxcfs that starts. One virtual machine goes through all of it, so the tests build on one another.
 */
import { setTimeout as delay } from "node:timers/promises";
import { planFstab } from "../../components/fstab";
import { planHostsFile } from "../../components/hosts";
import { labDown, vmLabUp, type BootReport, type Lab, type VmNode } from "../../lab";
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(400_000);

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-vm`;
/** Shortens the wait for a disk that is not there, 90 s by default, where no disk that is there is needed. */
const impatient = "systemd.default_device_timeout_sec=15";
/** Of no use here. Open vSwitch is not among them: without it ifupdown2 brings nothing up. */
const lean = "systemd.mask=e2scrub_reap.service systemd.mask=lvm2-monitor.service";
const fastUuid = "77aa0000-0000-4000-8000-000000000001";

let lab: Lab<VmNode>;
let node: VmNode;
let host: HostArgs;

beforeAll(async () => {
    // Its console tells every step of a boot; the machine is off when the first test begins.
    lab = await vmLabUp({ id, nodes: 1, boot: false });
    node = lab.nodes[0]!;
    host = await hostOf(node);
});
afterAll(() => labDown(id));

const sh = async (script: string): Promise<string> => (await node.exec(["sh", "-ec", script])).stdout;

const root = () => ({
    source: `UUID=${node.rootUuid}`,
    target: "/",
    fstype: "ext4",
    options: ["errors=remount-ro"],
    passno: 1,
});
const data = () => ({
    source: `UUID=${node.dataUuid}`,
    target: "/srv/local",
    fstype: "ext4",
    options: ["defaults"],
    passno: 2,
});
const fast = () => ({
    source: `UUID=${fastUuid}`,
    target: "/srv/fast",
    fstype: "ext4",
    options: ["defaults"],
    passno: 2,
    essential: true,
});

function fstab(...entries: (ReturnType<typeof data> & { essential?: boolean })[]): FileSetArgs {
    return planFstab({ host, node: identity(), settings: { entries } });
}

function identity() {
    return { name: node.name, domain: "example.test", address: node.address, address6: node.address6 };
}

describe("incident A's machine, with the data disk gone", () => {
    test("ends in emergency mode, without even a shell", async () => {
        await node.unplugDisk("data");
        const boot = await node.start(undefined, `${lean} ${impatient}`);
        expect(boot.multiUser).toBe(false);
        expect(messages(boot)).toContain("Timed out waiting for device dev-sdb1.device - /dev/sdb1.");
        expect(messages(boot)).toContain("Dependency failed for local-fs.target - Local File Systems.");
        await expectConsole("Cannot open access to console, the root account is locked.");
    });

    test("boots with all its disks, but pmxcfs does not start", async () => {
        await node.kill();
        await node.plugDisk("data");
        expect(await node.start(undefined, lean)).toMatchObject({
            multiUser: true,
            failed: [
                { unit: "pve-cluster.service", message: expect.stringContaining("non-loopback IP address") as string },
            ],
        });
        expect(await sh("findmnt --noheadings --output SOURCE /srv/local")).toBe("/dev/sdb1");
    });

    test("hardened, boots without the disk; SSH and pmxcfs are there", async () => {
        await pushFileSet(lab, planHostsFile({ host, node: identity(), peers: [] }));
        await pushFileSet(lab, fstab(root(), data()));
        await node.unplugDisk("data");
        expect(await node.reboot(undefined, lean)).toMatchObject({ multiUser: true, failed: [] });
        expect(await sh("systemctl is-active pve-cluster.service")).toBe("active");
        expect(await isMounted("/srv/local")).toBe(false);
    });

    test("once the disk is there, long after the boot stopped waiting for it, it is mounted by itself", async () => {
        await waitFor(async () =>
            (await sh("journalctl --boot --output=cat _PID=1")).includes("Dependency failed for srv-local.mount"),
        );
        await sh("udevadm verify /etc/udev/rules.d/99-holdfast-fstab.rules");
        await node.plugDisk("data");
        await waitFor(() => isMounted("/srv/local"));
    });

    test.each([
        ["udevadm trigger", "udevadm trigger --action=change --settle"],
        ["a reload and every disk announced anew", "systemctl daemon-reload; udevadm trigger --action=add --settle"],
        // Closed after writing, the disk has its partitions read again: they go and come, as if plugged in.
        ["a tool that opens the whole disk", "dd if=/dev/null of=/dev/sdb conv=notrunc status=none; sleep 2"],
    ])("what an operator has unmounted stays so after %s", async (_, event) => {
        await sh(`! mountpoint --quiet /srv/local || umount /srv/local; ${event}; udevadm settle`);
        await delay(3000);
        expect(await isMounted("/srv/local")).toBe(false);
        expect(await sh(`readlink -f /dev/disk/by-uuid/${node.dataUuid}`)).toMatch(/^\/dev\/sd/);
    });
});

describe("power cut between commit and done", () => {
    /** A second essential disk is declared; while the transaction verifies, the power fails, and that disk with it. */
    async function cutPowerDuringTransaction(meanwhile = "true"): Promise<void> {
        await node.plugDisk("nvme");
        await sh(
            `until test -b /dev/nvme0n1; do sleep 0.2; done; blkid -U ${fastUuid} || mke2fs -q -t ext4 -U ${fastUuid} /dev/nvme0n1; mkdir -p /srv/fast; udevadm settle`,
        );
        const push = pushFileSet(lab, {
            ...fstab(root(), data(), fast()),
            verify: [{ argv: ["sleep", "300"], timeout: 300 }],
        });
        cuts.push(
            push.then(
                () => "no error",
                (error: unknown) => String(error),
            ),
        );
        await waitFor(async () => (await sh("cat /etc/fstab")).includes("/srv/fast"));
        await sh(meanwhile);
        await node.kill();
        await node.unplugDisk("nvme");
    }

    const cuts: Promise<string>[] = [];
    // A client goes on asking for two minutes; in emulation that may be over before the machine is back.
    afterAll(async () => expect(await Promise.all(cuts)).not.toContain("no error"));

    test("without the recovery unit, the next boot takes the half-applied fstab and ends in emergency mode", async () => {
        await cutPowerDuringTransaction();
        const boot = await node.start(
            undefined,
            `${lean} ${impatient} systemd.mask=holdfast-recover.service systemd.mask=holdfast-recover-late.service`,
        );
        expect(boot.multiUser).toBe(false);
        expect(messages(boot)).toContain("Dependency failed for srv-fast.mount - /srv/fast.");
    });

    test("with it, the old file is back before anything is mounted, the log says so, and the returned data disk is mounted", async () => {
        await node.kill();
        await node.plugDisk("data");
        expect(await node.start(undefined, lean)).toMatchObject({ multiUser: true, failed: [] });
        expect(await sh("cat /etc/fstab")).not.toContain("/srv/fast");
        expect(await sh("journalctl --boot --identifier=holdfast --output=cat")).toMatch(
            /recover: transaction \w+: \/etc\/fstab: /,
        );
        expect(await sh("ls /etc/holdfast/journal")).toBe("");
        // What a client that comes back is told.
        expect(await sh("cat /run/holdfast/*/result.json")).toContain("the node went down during the transaction");
        // Where emulation is slow, the disk may take longer than the 30 s that the boot waits for it; then it comes all the same.
        await waitFor(() => isMounted("/srv/local"));
        expect(await sh("journalctl --boot --output=cat _PID=1 | grep -ci 'ordering cycle' || true")).toBe("0");
    });

    test("a recovery that does not reload systemd restores the file and still ends in emergency mode", async () => {
        await cutPowerDuringTransaction(
            'sed -i \'s/"daemon-reload"/"--version"/\' /etc/holdfast/recover.py && grep -q \'"--version"\' /etc/holdfast/recover.py && sync /etc/holdfast/recover.py',
        );
        const boot = await node.start(undefined, `${lean} ${impatient}`);
        expect(boot.multiUser).toBe(false);
        expect(messages(boot)).toContain("Dependency failed for srv-fast.mount - /srv/fast.");
        await node.kill();
        expect(await node.start(undefined, lean)).toMatchObject({ multiUser: true, failed: [] });
        expect(await sh("cat /etc/fstab")).not.toContain("/srv/fast");
    });
});

async function isMounted(target: string): Promise<boolean> {
    return (await node.exec(["mountpoint", target], { reject: false })).exitCode === 0;
}

function messages(boot: BootReport): string[] {
    return boot.failed.map(({ message }) => message);
}

async function expectConsole(line: string): Promise<void> {
    await waitFor(async () => (await node.console()).includes(line));
}

/** @throws where it has not come true after a minute. */
async function waitFor(condition: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 60; attempt++) {
        if (await condition()) return;
        await delay(1000);
    }
    throw new Error("it has not come true within a minute");
}
