/** One container node: its files, its power switch, and commands inside it. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { readBootReport, type BootReport, type ExecOptions } from "./bootReport";
import { cgroupOf, processorTimeOf, removeCgroups } from "./cgroups";
import { attachDisks, detachDisks, type DiskSpec } from "./disks";
import { domain, identityOf, type NodeIdentity } from "./initialState";
import { isThere } from "../vm/isThere";
import { unmount } from "../vm/mounts";
import { answersSsh, nodeNamespace, sshPort, startForward, stopForward } from "./network";
import { readHostKey, writeNodeFile, writeNodeFiles } from "./nodeFiles";
import { cutPower, findInit, powerOff, powerOn, type Container } from "./nspawn";
import { runBound, waitForExit } from "../vm/processes";
import { labFolder, type LabRecord } from "./state";

/**
 * A node in systemd-nspawn. What such a node cannot show: the effect of fstab on the boot (its generator ignores
 * devices in a container), SMART, a BMC, and the loss of unwritten data by a power cut (the page cache survives
 * `kill`). Virtual machines show those.
 */
export class LabNode implements NodeIdentity {
    readonly name: string;
    readonly address: string;
    readonly address6: string;
    readonly rootUuid: string;
    readonly dataUuid: string;
    /** The root file system as the node sees it; may be read and written while the node is off. */
    readonly root: string;
    readonly #folder: string;
    readonly #mark: string;
    readonly #container: Container;

    constructor(
        private readonly lab: LabRecord,
        private readonly index: number,
    ) {
        ({
            name: this.name,
            address: this.address,
            address6: this.address6,
            rootUuid: this.rootUuid,
            dataUuid: this.dataUuid,
        } = identityOf(index));
        this.#folder = join(labFolder(lab.id), "nodes", this.name);
        this.#mark = `${labFolder(lab.id)} ${this.name}`;
        this.root = join(this.#folder, "root");
        this.#container = {
            name: this.name,
            slot: lab.slot,
            mark: this.#mark,
            mac: `52:54:00:77:${hex(lab.slot)}:${hex(index)}`,
            root: this.root,
            console: join(this.#folder, "console.log"),
        };
    }

    /** How the workstation reaches the node. */
    get ssh(): { host: string; port: number; user: string } {
        return { host: `127.77.${this.lab.slot}.${10 + this.index}`, port: sshPort, user: "root" };
    }

    /** `ssh-ed25519 AAAA…` */
    async hostKey(): Promise<string> {
        return readHostKey(this.root);
    }

    /** Everything the node has said on its console since it was created. */
    async console(): Promise<string> {
        return readFile(join(this.#folder, "console.log"), "utf8");
    }

    /** The pid of the node's init, as the workstation sees it; undefined while the node is off. */
    async initPid(): Promise<number | undefined> {
        return findInit(this.#container);
    }

    /** What its processes have taken since it was switched on, in seconds. */
    async processorTime(): Promise<number> {
        return processorTimeOf(await cgroupOf(nodeNamespace(this.lab.slot, this.name)));
    }

    /** Runs a command inside the node, as root, beside its sshd: works whatever state its network is in. */
    readonly exec = async (command: readonly string[], options: ExecOptions = {}): Promise<execa.ExecaReturnValue> => {
        const pid = await this.initPid();
        if (pid === undefined) throw new Error(`${this.name} is off: ${command.join(" ")} cannot run there`);
        return execa("nsenter", ["--target", String(pid), "--all", "--", ...command], {
            // An empty input would be written all the same, and fail where the command has ended by then.
            ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
            timeout: (options.timeout ?? 60) * 1000,
            reject: options.reject ?? true,
            stripFinalNewline: options.strip ?? true,
            extendEnv: false,
            env: {
                PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                HOME: "/root",
                LANG: "C.UTF-8",
            },
        });
    };

    /** Creates the node's files where that has not been completed before. */
    async create(publicKey: string, peers: readonly NodeIdentity[]): Promise<void> {
        await this.#mount();
        const done = join(this.#folder, "created");
        if (await isThere(done)) return;
        await writeNodeFiles(this.root, this, { publicKey, peers, state: this.lab.state });
        await writeFile(done, "");
    }

    /** Power on, and wait until start-up has finished and sshd answers. A node that is on stays as it is. */
    async start(seconds = 120): Promise<BootReport> {
        if ((await this.initPid()) === undefined) {
            await this.kill();
            await this.#mount();
            await this.#powerOn();
        }
        await startForward(this.lab.slot, `${this.#mark} forward`, this.ssh, `${this.address}:22`);
        return this.waitUntilBooted(seconds);
    }

    /** Clean shutdown. */
    async stop(seconds = 60): Promise<void> {
        await powerOff(this.#container, seconds);
    }

    /** Power cut: every process of the node dies at once. */
    async kill(): Promise<void> {
        await cutPower(this.#container);
    }

    /** Orderly restart; the node's own `reboot` does the same. */
    async reboot(seconds = 120): Promise<BootReport> {
        const before = await this.initPid();
        if (before === undefined) return this.start(seconds);
        await this.exec(["systemctl", "reboot"]);
        await waitForExit([before], seconds);
        return this.waitUntilBooted(seconds);
    }

    /** @param seconds how long the boot may take. */
    async waitUntilBooted(seconds = 120): Promise<BootReport> {
        const started = Date.now();
        const deadline = started + seconds * 1000;
        while (Date.now() < deadline) {
            const left = Math.max(1, (deadline - Date.now()) / 1000);
            const state = await this.exec(["systemctl", "is-system-running", "--wait"], {
                reject: false,
                timeout: left,
            }).catch(() => undefined);
            if (
                state !== undefined &&
                ["running", "degraded"].includes(state.stdout) &&
                (await answersSsh(this.ssh.host, this.ssh.port))
            ) {
                return readBootReport(this.exec, (Date.now() - started) / 1000);
            }
            await delay(100);
        }
        throw new Error(
            `${this.name} did not finish booting within ${seconds} s; the end of its console:\n${(await this.console()).slice(-2000)}`,
        );
    }

    /** Power cut, and nothing of the node is left: no process, mount, loop device or file. */
    async remove(): Promise<void> {
        await this.kill();
        await stopForward(`${this.#mark} forward`);
        await removeCgroups(nodeNamespace(this.lab.slot, this.name));
        await unmount(this.root);
        await detachDisks(this.#folder);
        await rm(this.#folder, { recursive: true, force: true });
    }

    async #powerOn(): Promise<void> {
        const loops = await attachDisks(this.#folder, this.#disks());
        // No udev in a container: its names for disks are made by systemd-tmpfiles.
        const links = [this.rootUuid, this.dataUuid].map(
            (uuid, disk) => `L /dev/disk/by-uuid/${uuid} - - - - ../../${loops[disk]?.slice(5)}`,
        );
        await writeNodeFile(this.root, "/etc/tmpfiles.d/lab-disks.conf", `d /dev/disk/by-uuid\n${links.join("\n")}\n`);
        await powerOn(this.#container, loops);
    }

    #disks(): DiskSpec[] {
        return [
            { name: "root", uuid: this.rootUuid, label: "root", size: 8 },
            { name: "data", uuid: this.dataUuid, label: "local", size: 64 },
        ];
    }

    async #mount(): Promise<void> {
        const [upper, work] = [join(this.#folder, "upper"), join(this.#folder, "work")];
        for (const folder of [upper, work, this.root]) await mkdir(folder, { recursive: true });
        if ((await execa("mountpoint", ["-q", this.root], { reject: false })).exitCode === 0) return;
        await runBound("mount", [
            "-t",
            "overlay",
            `holdfast-${this.name}`,
            "-o",
            `lowerdir=${this.lab.image},upperdir=${upper},workdir=${work}`,
            this.root,
        ]);
    }

    /** The node's name with domain: `pve01.example.test`. */
    get fqdn(): string {
        return `${this.name}.${domain}`;
    }
}

function hex(byte: number): string {
    return byte.toString(16).padStart(2, "0");
}
