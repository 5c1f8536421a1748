/**
 * The proofs that need a real boot: an fstab that stops a machine and one that does not, a disk that comes late, a
 * power cut in the middle of a transaction, a pmxcfs that starts. One virtual machine goes through all of it, so the
 * tests build on one another.
 */
import { setTimeout as delay } from "node:timers/promises";
import { planFstab } from "../../components/fstab";
import { labDown, vmLabUp, type BootReport, type Lab, type VmNode } from "../../lab";
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { differences, scenes, type Scene } from "../../scripts/replay/scenes";
import { impatient, lean, patient, type Seen } from "../../scripts/replay/stage";
import { bare, cut, strip, Tally, uncut } from "../helpers/powerCuts";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";
import { soak } from "../helpers/soak";

jest.setTimeout(900_000);

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-vm`;
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

describe("both incidents, as `npm run replay` prints them", () => {
    const seen: [Scene["machine"], string, Pick<Seen, "multiUser" | "ssh">, RegExp[]][] = [
        [
            "untouched",
            "the data disk is sdc, not sdb",
            { multiUser: false, ssh: false },
            [
                /^Timed out waiting for device dev-sdb1\.device - \/dev\/sdb1\.$/,
                /^Dependency failed for local-fs\.target - Local File Systems\.$/,
                /^Cannot open access to console, the root account is locked\.$/,
            ],
        ],
        [
            "untouched",
            "127.0.1.1 in /etc/hosts",
            { multiUser: true, ssh: true },
            [/^pve-cluster\.service: .*Unable to resolve node name 'pve01' to a non-loopback IP address/],
        ],
        [
            "untouched",
            "127.0.1.1, and a pmxcfs that hangs on it",
            { multiUser: false, ssh: true },
            [/^pve-cluster\.service is starting, for infinity; all that is left to start waits for it$/],
        ],
        [
            "by hand",
            "the same, by the postmortem's emergency boot",
            { multiUser: true, ssh: true },
            // The postmortem's second kernel argument does nothing: what masks it is `systemctl mask`.
            [/^in the emergency shell pve-cluster is enabled$/, /^after exit it is masked$/, /it is active$/],
        ],
        [
            "hardened",
            "all of it at once: the disk is sdc, and pmxcfs would hang on 127.0.1.1",
            { multiUser: true, ssh: true },
            [/^pve-cluster\.service is active, \/srv\/local is \/dev\/sdc1$/],
        ],
        ["hardened", "the data disk is gone", { multiUser: true, ssh: true }, [/^\/srv\/local is not mounted$/]],
        [
            "hardened",
            "the disk comes late, when the boot has stopped waiting for it",
            { multiUser: true, ssh: true },
            [/^\/srv\/local is mounted$/],
        ],
    ];

    test("every scene is here, in the order in which they are played", () => {
        expect(scenes.map(({ machine, fault }) => [machine, fault])).toEqual(
            seen.map(([machine, fault]) => [machine, fault]),
        );
    });

    test.each(seen)("%s: %s", async (_, fault, expected, lines) => {
        const scene = scenes.find((each) => each.fault === fault)!;
        const result = await scene.play({ lab, node });
        expect(result).toMatchObject(expected);
        for (const line of lines) expect(result.says).toContainEqual(expect.stringMatching(line));
        // A hardened machine has nothing to say but that.
        if (scene.machine === "hardened") expect(result.says).toHaveLength(lines.length);
        expect(differences(scene, result)).toEqual([]);
    });

    test("udev takes the rules that mount a late disk", async () => {
        await sh("udevadm verify /etc/udev/rules.d/99-holdfast-fstab.rules");
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
        // Where emulation is slow, the disk may take longer than the 30 s that the boot waits for it; then it comes all
        // the same.
        await waitFor(() => isMounted("/srv/local"));
        expect(await sh("journalctl --boot --output=cat | grep -ci 'ordering cycle' || true")).toBe("0");
    });

    // Of the tests themselves: two boots that show that the one above can fail.
    if (soak > 1)
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

describe("power cuts at random moments of a transaction", () => {
    // A soak may be given less time than a hundred take, and counts what there was of it.
    const times = soak > 1 ? Number(process.env["HOLDFAST_CUTS"] ?? 100) : 3;
    const tally = new Tally(times, soak > 1 ? ".holdfast/power-cuts.log" : undefined);
    let append = `${lean} ${bare}`;
    let longest: number;
    let version = 0;

    beforeAll(async () => {
        // Alone, in a soak, it has to be booted first, and its data disk may come late beside other machines.
        await node.start(undefined, `${append} ${patient}`);
        await pushFileSet(lab, fstab(root(), data()));
        if (soak > 1) {
            append = `${lean} ${await strip(node)}`;
            await node.reboot(undefined, append);
        }
        await uncut(lab, host, `version ${version}`);
        longest = await uncut(lab, host, `version ${++version}`);
    }, 1_800_000);

    test(
        `${times} times: files old or new as a whole, no journal open, the record agrees, the node reachable`,
        async () => {
            for (let round = 1; round <= times; round++) {
                const versions = { old: `version ${version}`, new: `version ${version + 1}` };
                const result = await cut(lab, host, versions, longest, append).catch((error: unknown) =>
                    tally.fail(error),
                );
                if (result.found === "new") version++;
                await tally.add(result);
            }
            if (soak > 1) console.log(tally.summary);
            expect(tally.summary).toMatch(
                new RegExp(`^cut ${times} of ${times}: .*; journal agrees ${times}, reachable ${times}$`),
            );
        },
        times * 400_000,
    );
});

async function isMounted(target: string): Promise<boolean> {
    return (await node.exec(["mountpoint", target], { reject: false })).exitCode === 0;
}

function messages(boot: BootReport): string[] {
    return boot.failed.map(({ message }) => message);
}

/** @throws where it has not come true after a minute. */
async function waitFor(condition: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 60; attempt++) {
        if (await condition()) return;
        await delay(1000);
    }
    throw new Error("it has not come true within a minute");
}
