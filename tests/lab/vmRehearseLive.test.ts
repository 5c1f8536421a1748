/**
 * `holdfast rehearse --live` from end to end: a real machine's own system, kernel and initramfs, fetched over SSH and
 * booted again, with its disks and cards; before that, what the audit of the next boot says of them. A matter of the
 * soak: two more machines are booted.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { fetchNode } from "../../cli/rehearse/fromNode";
import { Commands } from "../../cli/rehearse/interrupt";
import { bootPrepared } from "../../cli/rehearse/run";
import { planBootReadiness } from "../../components/bootReadiness";
import { parseFleet } from "../../components/fleet";
import type { Checked } from "../../host/checked";
import { labDown, vmLabUp, type Lab, type VmNode } from "../../lab";
import { lean, patient } from "../../scripts/replay/stage";
import { hostOf, pushFileSet } from "../helpers/pushFileSet";

jest.setTimeout(3_000_000);

const id = `${process.env.HOLDFAST_LAB ?? `test-${process.pid}`}-live`;

let lab: Lab<VmNode>;
let node: VmNode;
let folder: string;

beforeAll(async () => {
    lab = await vmLabUp({ id, nodes: 1, boot: false, state: "sound" });
    node = lab.nodes[0]!;
    await node.start(undefined, `${lean} ${patient} cloud-init=disabled`);
    folder = await mkdtemp("/var/tmp/holdfast-test-");
});
afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await labDown(id);
});

const sh = async (script: string): Promise<string> => (await node.exec(["sh", "-ec", script], { timeout: 600 })).stdout;

describe("the next boot of a real kernel", () => {
    /** State and code of the checks. */
    async function audited(...names: string[]): Promise<string[]> {
        await sh("systemctl start holdfast-boot-readiness.service");
        const { verdicts } = JSON.parse(await sh("cat /var/lib/holdfast/boot-readiness.json")) as Checked;
        const told = (check: string) => verdicts.find((each) => each.check === check);
        return names.map((name) => `${name}: ${told(name)?.state} ${told(name)?.code}`);
    }
    const initrd = "$(ls /boot/initrd.img-*)";

    beforeAll(async () => {
        const identity = { name: node.name, domain: "example.test", address: node.address };
        await pushFileSet(lab, planBootReadiness({ host: await hostOf(node), node: identity }));
        await sh(`cp -p ${initrd} /root/initrd; touch -d '1 hour ago' /etc/initramfs-tools/conf.d/* /etc/modprobe.d/*`);
    });

    test("as it is", async () => {
        expect(
            await audited("kernel-image", "initramfs-modules", "initramfs-age", "fstab-sources", "fstab-generator"),
        ).toEqual([
            expect.stringMatching("kernel-image: ok"),
            expect.stringMatching("initramfs-modules: ok"),
            expect.stringMatching(/initramfs-age: \w+/),
            expect.stringMatching("fstab-sources: ok"),
            expect.stringMatching("fstab-generator: ok"),
        ]);
        const { verdicts } = JSON.parse(await sh("cat /var/lib/holdfast/boot-readiness.json")) as Checked;
        const used = await sh("systemctl show --value --property=CPUUsageNSec holdfast-boot-readiness.service");
        console.log(`${(Number(used) / 1e9).toFixed(1)} s of emulated CPU`);
        console.log(verdicts.map(({ check, state, code, text }) => `${check} ${state} ${code} ${text}`).join("\n"));
    });

    test.each([
        [
            "one that was cut short",
            `head -c 100000 /root/initrd >${initrd}`,
            "kernel-image: bad boot-initramfs-damaged",
        ],
        [
            "one without the driver of its root disk",
            `cd /run; head -c 3M /dev/urandom >nothing; echo nothing | cpio --quiet -o -H newc >${initrd}`,
            "initramfs-modules: bad boot-module-not-in-initramfs",
        ],
        [
            "one that module options are newer than",
            "echo 'options ahci x=1' >/etc/modprobe.d/lab-newer.conf",
            "initramfs-age: bad boot-initramfs-stale",
        ],
    ])("an initramfs: %s", async (_, fault, found) => {
        await sh(fault);
        try {
            expect(await audited(found.split(":")[0]!)).toEqual([found]);
        } finally {
            await sh(`cp -p /root/initrd ${initrd}; rm -f /etc/modprobe.d/lab-newer.conf`);
        }
    });
});

interface Named {
    readonly name: string;
    readonly uuid: string | null;
    readonly partuuid: string | null;
    readonly children?: readonly Named[];
}

test("the same system with the same disks and cards boots, as it is and without the disk that it can do without", async () => {
    const { nodes } = parseFleet({ nodes: { [node.name]: { address: node.address } } }, () => "").fleet!;
    const machine = { ...nodes[0]!, host: await hostOf(node) };
    const connect = {
        credentials: { privateKey: await readFile(lab.identityFile, "utf8") },
        allowUnknownHostKey: false,
        timeout: 60,
    };
    const said = async (...words: string[]) => (await node.exec(words)).stdout;
    const { blockdevices } = JSON.parse(await said("lsblk", "--json", "--output", "NAME,UUID,PARTUUID")) as {
        blockdevices: Named[];
    };
    const mac = (await said("cat", "/sys/class/net/enp1s0/address")).trim();
    const commands = new Commands();
    const lines: string[] = [];
    const say = (line: string) => {
        lines.push(line);
        console.log(line);
    };
    const { cases } = await commands.during(async () => {
        const fetched = await fetchNode(commands, machine, { connect, folder, most: 6 * 2 ** 30, say });
        const { blueprint, tree, kernel, initrd, additions } = fetched;
        // What is not needed any more is not waited for either: two machines at once take more than twice as long.
        await node.kill();
        expect(blueprint.cards).toEqual([{ name: "enp1s0", mac }]);
        expect(blueprint.way).toMatchObject({ address: node.address, prefix: 24, cards: ["enp1s0"] });
        expect(kernel).toMatch(/\/boot\/vmlinuz-\d/);
        const prepared = { blueprint, tree: { lower: tree, additions, absent: [], units: {} }, kernel, initrd };
        const options = {
            ...{ live: true, json: true, dryRun: false, case: ["as-is", "without-sdb"] },
            ...{ timeout: 1200, memory: 1024 },
        };
        const result = await bootPrepared(commands, { ...prepared, notes: [] }, { options, folder, say });
        for (const disk of blueprint.disks) {
            const there = blockdevices.find(({ name }) => name === disk.name)!;
            expect(await namesOf(join(folder, `${disk.name}.raw`))).toEqual([
                there.uuid,
                ...(there.children ?? []).flatMap(({ uuid, partuuid }) => [partuuid, uuid]),
            ]);
        }
        return result;
    });
    expect(cases.map(({ state, text, console: last, ...each }) => [each.case, state, text, last])).toEqual([
        ["as-is", "reached", "", []],
        ["without-sdb", "reached", "", []],
    ]);
    expect(lines[0]).toMatch(new RegExp(`^${node.name}: \\d+ MB of its system are fetched`));
});

/** UUID of the whole, or of each partition's table entry and content, as the image has them. */
async function namesOf(image: string): Promise<(string | null)[]> {
    const probe = async (...words: string[]) =>
        (
            await execa("blkid", ["--probe", "--match-tag", "UUID", "--output", "value", ...words, image], {
                reject: false,
            })
        ).stdout || null;
    const table = await execa("sfdisk", ["--json", image], { reject: false });
    if (table.exitCode !== 0) return [await probe()];
    const { partitions } = (JSON.parse(table.stdout) as Table).partitiontable;
    const found = await Promise.all(
        partitions.map(async ({ start, uuid }) => [
            uuid?.toLowerCase() ?? null,
            await probe("--offset", String(start * 512)),
        ]),
    );
    return [null, ...found.flat()];
}

interface Table {
    readonly partitiontable: { readonly partitions: readonly { readonly start: number; readonly uuid?: string }[] };
}
