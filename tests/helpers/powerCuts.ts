/** Power cuts at random moments of transactions on a real machine: what was not written is lost, as on any other. */
import { randomInt } from "node:crypto";
import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Lab, VmNode } from "../../lab";
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { pushFileSet } from "./pushFileSet";

/** What became of one transaction. */
export interface Cut {
    /** Milliseconds from the node's first word of the transaction to the cut. */
    readonly after: number;
    /** Which version all files have after the next boot. */
    readonly found: "old" | "new";
    /** Whether the recovery at that boot had something to undo. */
    readonly undone: boolean;
    /** What the client was told in the end. */
    readonly told: string;
    /** All of it: the transaction, the boot, the look. */
    readonly seconds: number;
}

const folder = "/etc/lab-cuts";
const count = 24;

/** Kernel arguments: what has no part in a transaction costs most of an emulated boot. */
export const bare = "cloud-init=disabled systemd.mask=prometheus-node-exporter.service";

/** Nothing that a transaction, its recovery, or a look at the node over SSH goes through. */
const idle = [
    ...["networking.service", "openvswitch-switch.service", "ovsdb-server.service", "ovs-vswitchd.service"],
    ...["ovs-record-hostname.service", "pve-cluster.service", "cron.service", "blk-availability.service"],
    ...["systemd-logind.service", "systemd-user-sessions.service", "getty.target", "systemd-binfmt.service"],
    ...["systemd-pstore.service", "modprobe@configfs.service", "modprobe@drm.service", "modprobe@efi_pstore.service"],
    ...["modprobe@fuse.service", "dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount"],
    ...["sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "srv-local.mount"],
    ...["systemd-random-seed.service", "systemd-udev-load-credentials.service", "nvmefc-boot-connections.service"],
    ...["dm-event.socket", "lvm2-lvmpolld.socket", "uuidd.socket", "systemd-hostnamed.socket", "fstrim.timer"],
    ...["systemd-sysext.socket", "systemd-creds.socket", "sshd-keygen.service", "system-xfs_scrub.slice"],
    ...["systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket"],
    ...["systemd-udev-trigger.service", "systemd-modules-load.service", "systemd-sysctl.service", "tmp.mount"],
    ...["run-lock.mount", "kmod-static-nodes.service", "systemd-tmpfiles-setup-dev.service", "dbus.service"],
    ...["systemd-tmpfiles-setup-dev-early.service", "dbus.socket", "sshd-unix-local.socket", "systemd-initctl.socket"],
];

/**
 * For cuts by the hundred: of its boots only the kernel, its initramfs, systemd, the journal, the recovery and sshd are
 * left, and a few commands instead of udev, ifupdown2 and Open vSwitch. Until its next `reset`.
 * @returns kernel arguments for its boots from now on
 */
export async function strip(node: VmNode): Promise<string> {
    const script = `
address=$(ip -4 -oneline address show to ${node.address} | awk '{print $4}')
cat >/etc/systemd/system/lab-network.service <<EOF
[Unit]
DefaultDependencies=no
After=systemd-remount-fs.service
Before=ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set lo up; modprobe virtio_net; ip link set eth0 name enp1s0; ip link set enp1s0 up; ip address add $address dev enp1s0'
[Install]
WantedBy=multi-user.target
EOF
systemctl enable lab-network.service
mkdir -p /etc/systemd/system-generators
for generator in cloud-init getty gpt-auto hibernate-resume rc-local run ssh system-update sysv tpm2; do
    for name in "systemd-$generator-generator" "$generator-generator"; do ln -sf /dev/null "/etc/systemd/system-generators/$name"; done
done
# By hand: systemctl does not mask a unit whose own file is there.
for unit in ${idle.join(" ")}; do ln -sf /dev/null "/etc/systemd/system/$unit"; done
sync`;
    await node.exec(["sh", "-ec", script]);
    return `${bare} fsck.mode=skip`;
}

/** Many files in two folders, each of several blocks, so that a cut meets all phases. */
function fileSet(host: HostArgs, version: string): FileSetArgs {
    const paths = Array.from({ length: count }, (_, index) => `${folder}/${index % 2 === 0 ? "a" : "b"}/${index}.conf`);
    const content = (path: string) => `# ${version}\n${`${path} ${version}\n`.repeat(400)}`;
    const files = Object.fromEntries(paths.map((path) => [path, { content: content(path) }]));
    const commands = [{ argv: ["sleep", "1"] }];
    return { host, concern: "lab-cuts", files, validate: commands, activate: commands, verify: commands };
}

/**
 * One that nobody cuts; afterwards the files have that version.
 * @returns how long the node is at it, in milliseconds: from the first phase that it tells
 */
export async function uncut(lab: Lab<VmNode>, host: HostArgs, version: string): Promise<number> {
    let began = 0;
    await pushFileSet(lab, fileSet(host, version), (phase) => {
        if (began === 0 && phase.startsWith(firstPhase)) began = performance.now();
    });
    return performance.now() - began;
}

/** What the node says first of a transaction; the client has connected and looked by then. */
const firstPhase = "stage";

/**
 * @param longest milliseconds: the cut comes at a random moment before
 * @throws where a file is neither old nor new as a whole, the versions are mixed, a journal is open, or record and
 *   files disagree
 */
export async function cut(
    lab: Lab<VmNode>,
    host: HostArgs,
    versions: { old: string; new: string },
    longest: number,
    append: string,
): Promise<Cut> {
    const node = lab.nodes[0]!;
    const started = performance.now();
    const after = randomInt(Math.ceil(longest));
    let push: Promise<string> | undefined;
    const begun = new Promise<void>((resolve) => {
        push = pushFileSet(lab, fileSet(host, versions.new), (phase) => {
            if (phase.startsWith(firstPhase)) resolve();
        }).then(
            () => "applied",
            (error: unknown) => String(error),
        );
        // One that fails before it begins would be waited for in vain.
        void push.then(() => resolve());
    });
    await begun;
    await delay(after);
    await node.kill();
    const boot = await node.start(undefined, append);
    // A client that had not begun yet, or was not answered, comes back as soon as the node does: looked at before it is
    // done, the files would be those of a transaction under way.
    const told = await push!;
    if (!boot.multiUser) throw new Error(`cut after ${after} ms, it does not boot: ${JSON.stringify(boot.failed)}`);
    const found = await wholeVersion(node, versions, after);
    const log = (await node.exec(["journalctl", "--boot", "--identifier=holdfast", "--output=cat", "--no-pager"]))
        .stdout;
    const undone = log.includes("recover: transaction");
    const where = `cut after ${after} ms: files are ${found}, told "${told}", log:\n${log}`;
    if (told === "applied" && found === "old") throw new Error(`${where}\na transaction that was told applied is gone`);
    if (undone && found === "new" && told !== "applied") throw new Error(`${where}\nwhat was undone is there`);
    return { after, found, undone, told, seconds: Math.round((performance.now() - started) / 1000) };
}

/** What all cuts so far have come to: whoever stops the run reads it in the file, a line for each cut. */
export class Tally {
    readonly #cuts: Cut[] = [];

    /** @param file of one run; undefined: kept to itself */
    constructor(
        private readonly times: number,
        private readonly file?: string,
    ) {}

    async add(cut: Cut): Promise<void> {
        this.#cuts.push(cut);
        await this.#note(`${this.summary} (after ${cut.after} ms: ${cut.found}, in ${cut.seconds} s)`);
    }

    /** @throws what has gone wrong, once it is noted */
    async fail(error: unknown): Promise<never> {
        await this.#note(`${this.summary}; the next failed: ${String(error)}`);
        throw error;
    }

    /** A cut that did not leave all of it in order is none of these: `cut` throws. */
    get summary(): string {
        const { length } = this.#cuts;
        const count = (is: (cut: Cut) => boolean): number => this.#cuts.filter(is).length;
        const old = count(({ found }) => found === "old");
        const undone = count((cut) => cut.undone);
        return `cut ${length} of ${this.times}: old ${old} (${undone} undone at boot), new ${length - old}; journal agrees ${length}, reachable ${length}`;
    }

    async #note(line: string): Promise<void> {
        if (this.file === undefined) return;
        await mkdir(dirname(this.file), { recursive: true });
        await appendFile(this.file, `${new Date().toISOString()} ${line}\n`);
    }
}

/** @throws where the files are not whole, all of one version, and nothing else beside them */
async function wholeVersion(
    node: VmNode,
    versions: { old: string; new: string },
    after: number,
): Promise<"old" | "new"> {
    // One process for all files: in emulation each takes a tenth of a second.
    const script = `ls -A /etc/holdfast/journal | sed 's/^/journal: /'; find ${folder} -type f -exec awk '
        FNR == 1 { version[FILENAME] = substr($0, 3) }
        { lines[FILENAME]++; if (!seen[FILENAME, $0]++) kinds[FILENAME]++ }
        END { for (path in lines) print path, version[path], kinds[path], lines[path] }' {} +`;
    const lines = (await node.exec(["sh", "-c", script])).stdout.split("\n").sort();
    const expected = (version: string) =>
        Object.keys(fileSet({} as HostArgs, version).files)
            .map((path) => `${path} ${version} 2 401`)
            .sort();
    for (const key of ["old", "new"] as const)
        if (JSON.stringify(lines) === JSON.stringify(expected(versions[key]))) return key;
    throw new Error(
        `cut after ${after} ms: neither all old nor all new, or something is left over:\n${lines.join("\n")}`,
    );
}
