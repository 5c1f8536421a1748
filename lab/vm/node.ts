/** One virtual machine: its disks, its power switch, commands inside it, and its misfortunes. */
import { readFile, rm } from "node:fs/promises";
import type execa from "execa";
import { readBootReport, type BootReport, type ExecOptions } from "../bootReport";
import { domain, identityOf, type NodeIdentity } from "../initialState";
import { unmount } from "../../vm/mounts";
import { startForward, stopForward } from "../network";
import type { LabRecord } from "../state";
import { chooseAccelerator } from "../../vm/accelerator";
import { addSelEvent, addSelEvents, type SelEvent } from "./bmc";
import { EmulationError, failWhereTripped, saidSincePowerOn, waitForSsh, waitUntilBooted } from "./boot";
import { DiskBays } from "./diskBays";
import { diskFiles, dropOverlays, ensureOverlays } from "./disks";
import { execOverSsh } from "./exec";
import { createFirstState } from "./firstState";
import { qemuArguments, soundHardware, type DiskName } from "./hardware";
import { vmImageFiles } from "../../vm/baseImage";
import { fileOf, placesOf, type Places } from "./places";
import { QemuProcess } from "./qemuProcess";
import { SerialConsole } from "../../vm/serial";
import { isKept, keep } from "./snapshots";

/** Seconds. In emulation a boot takes a minute, and three to four beside much other work. */
const bootTimeout = 600;

/** A node in QEMU, on the same network and with the same files as a container node, with hardware that can fail. */
export class VmNode implements NodeIdentity {
    readonly name: string;
    readonly address: string;
    readonly address6: string;
    readonly rootUuid: string;
    readonly dataUuid: string;
    readonly #places: Places;
    readonly #qemu: QemuProcess;
    readonly #bays: DiskBays;

    constructor(
        private readonly lab: LabRecord,
        index: number,
    ) {
        ({
            name: this.name,
            address: this.address,
            address6: this.address6,
            rootUuid: this.rootUuid,
            dataUuid: this.dataUuid,
        } = identityOf(index));
        this.#places = placesOf(lab, index);
        this.#qemu = new QemuProcess(this.#places);
        this.#bays = new DiskBays(this.#places, this.#qemu);
    }

    /** The node's name with domain: `pve01.example.test`. */
    get fqdn(): string {
        return `${this.name}.${domain}`;
    }

    /** How the workstation reaches the node. */
    get ssh(): { host: string; port: number; user: string } {
        return this.#places.ssh;
    }

    /** `ssh-ed25519 AAAA…` */
    async hostKey(): Promise<string> {
        return (await readFile(fileOf(this.#places, "host_key"), "utf8")).trim();
    }

    /** Everything the node has said on its console since it was created. */
    async console(): Promise<string> {
        return readFile(fileOf(this.#places, "console.log"), "utf8");
    }

    /** … and since it was switched on last. */
    async consoleOfThisBoot(): Promise<string> {
        return saidSincePowerOn(this.#places);
    }

    /** QEMU's pid; undefined while the node is off. */
    async qemuPid(): Promise<number | undefined> {
        return this.#qemu.pid();
    }

    /** Runs a command inside the node, as root, over SSH. */
    readonly exec = (command: readonly string[], options: ExecOptions = {}): Promise<execa.ExecaReturnValue> =>
        execOverSsh(this.#places, command, options);

    /** Creates the node's disks where that has not been completed before. */
    async create(publicKey: string, peers: readonly NodeIdentity[]): Promise<void> {
        await createFirstState(this.#places, this, { publicKey, peers, state: this.lab.state });
    }

    /**
     * Power on, and wait until start-up has finished and sshd answers, or the machine has ended in emergency mode
     * (`multiUser: false`). A node that is on stays as it is.
     * @param append kernel arguments for this boot, as somebody at the boot loader would add them
     */
    async start(seconds = bootTimeout, append = ""): Promise<BootReport> {
        return this.bootUntil(append, (started) =>
            waitUntilBooted(this.#places, this.#qemu, this.exec, started, seconds),
        );
    }

    /**
     * Power on where it is off, and wait for whatever the boot is to come to; once more where QEMU's emulation fails
     * the kernel.
     * @param wait is given when the wait began (ms), and throws EmulationError (`failWhereTripped`)
     */
    async bootUntil<T>(append: string, wait: (started: number) => Promise<T>): Promise<T> {
        const started = Date.now();
        if ((await this.#qemu.pid()) === undefined) await this.powerOn(append);
        try {
            return await wait(started);
        } catch (error) {
            if (!(error instanceof EmulationError)) throw error;
            console.warn(`${error.message} It is switched on once more.`);
            await this.kill();
            const again = Date.now();
            await this.powerOn(append);
            return wait(again);
        }
    }

    /** @throws EmulationError where QEMU's emulation has failed the kernel in this boot, for `bootUntil` */
    async failWhereTripped(): Promise<void> {
        failWhereTripped(this.name, await this.consoleOfThisBoot());
    }

    /** Power on, without waiting for anything. @param further arguments for QEMU */
    async powerOn(append = "", further: readonly string[] = []): Promise<void> {
        await ensureOverlays(this.#places.folder);
        const { kernel, initrd } = vmImageFiles(this.#places.image);
        const machine = {
            name: this.name,
            mac: this.#places.mac,
            tap: this.name,
            rootUuid: this.rootUuid,
            kernel,
            initrd,
            console: fileOf(this.#places, "console.log"),
            serial: this.#places.serial,
            monitor: this.#places.monitor,
            disks: diskFiles(this.#places.folder),
        };
        const accelerator = await chooseAccelerator(kernel);
        const hardware = await this.#bays.hardware();
        await this.#qemu.powerOn([...qemuArguments(machine, hardware, accelerator, append), ...further]);
        await startForward(this.#places.slot, `${this.#places.mark} forward`, this.ssh, `${this.address}:22`);
    }

    /**
     * Keeps the running machine as it is, under a name, for `bringBack`. Its disks' overlays hold it: `reset` forgets
     * it.
     */
    async keep(name: string): Promise<void> {
        await this.exec(["sync"]);
        await keep(name, this.#qemu, this.#bays);
    }

    /**
     * Power cut; then the kept machine runs on, with the hardware that it had, the disks' content included. @throws
     * where none of that name is kept.
     */
    async bringBack(name: string): Promise<void> {
        await this.kill();
        if (!(await isKept(name, this.#places))) throw new Error(`${this.name} keeps no machine "${name}"`);
        await this.#bays.set({ unplugged: ["spare", "nvme"] });
        await this.powerOn("", ["-loadvm", name]);
        await waitForSsh(this.#places, this.#qemu, 60);
        await this.plugDisk("nvme");
        // Its clock stood still, and its clients' keys and certificates do not.
        await this.exec(["date", "--set", `@${Math.round(Date.now() / 1000)}`]);
    }

    /** Somebody at the machine's console, from power-on on. Close it before the next. */
    async openConsole(): Promise<SerialConsole> {
        return SerialConsole.open(this.#places.serial);
    }

    /** Until start-up has finished, of a machine that somebody has brought on from its emergency shell. */
    async waitUntilUp(seconds: number): Promise<BootReport> {
        const started = Date.now();
        await waitForSsh(this.#places, this.#qemu, seconds);
        const passed = (): number => (Date.now() - started) / 1000;
        const timeout = Math.max(1, seconds - passed());
        await this.exec(["systemctl", "is-system-running", "--wait"], { reject: false, timeout });
        return readBootReport(this.exec, passed());
    }

    /**
     * Clean shutdown, by the power button. @throws where the node does not go off: in emergency mode nobody heeds the
     * button.
     */
    async stop(seconds = 120): Promise<void> {
        if ((await this.#qemu.pid()) === undefined) return;
        await this.#qemu.ask("system_powerdown");
        await this.#qemu.waitUntilOff(seconds);
    }

    /** Waits until the node has gone off by itself. @throws where it is still on after that time. */
    async waitUntilOff(seconds: number): Promise<void> {
        await this.#qemu.waitUntilOff(seconds);
    }

    /** Power cut: what the node had not yet written to its disks is lost. */
    async kill(): Promise<void> {
        await this.#qemu.kill();
    }

    /** Orderly restart with the hardware as it is now; a node that hangs in emergency mode is power-cycled. */
    async reboot(seconds = bootTimeout, append = ""): Promise<BootReport> {
        if ((await this.#qemu.pid()) !== undefined) {
            // QEMU is started anew: only so are disks found in their new order.
            await this.#qemu.ask("set-action", { reboot: "shutdown" });
            const asked = await this.exec(["systemctl", "reboot"], { reject: false, timeout: 15 });
            if (asked.exitCode === 0 || asked.stderr.includes("closed by remote host"))
                await this.#qemu.waitUntilOff(seconds);
            await this.kill();
        }
        return this.start(seconds, append);
    }

    /** Power cut, and the disks are as they were when the node was created. */
    async reset(): Promise<void> {
        await this.kill();
        await dropOverlays(this.#places.folder);
        await this.#bays.set(soundHardware);
    }

    /**
     * The NVMe disk says that its health has failed (critical warning, bit 2), until the power is cut. QEMU's ATA disks
     * cannot fail theirs.
     */
    async failDiskHealth(): Promise<void> {
        const path = "/machine/peripheral/nvme";
        await this.#qemu.ask("qom-set", { path, property: "smart_critical_warning", value: 4 });
    }

    /** At once, and at each boot from now on; an ATA disk from the next power-on. */
    async unplugDisk(name: DiskName): Promise<void> {
        await this.#bays.unplug(name);
    }

    /** At once, and at each boot from now on; an ATA disk from the next power-on. */
    async plugDisk(name: DiskName): Promise<void> {
        await this.#bays.plug(name);
    }

    /**
     * From the next power-on or `reboot()` the data disk is sdc instead of sdb: another disk is found before it. Once
     * more, and it is sdb again.
     */
    async reorderDisks(): Promise<void> {
        const { unplugged } = await this.#bays.hardware();
        await (unplugged.includes("spare") ? this.plugDisk("spare") : this.unplugDisk("spare"));
    }

    /**
     * The BMC notes in its event log (SEL) that a power supply has failed, or that a fan has passed its upper critical
     * threshold.
     */
    async addSelEvent(event: SelEvent): Promise<void> {
        await addSelEvent(this.exec, event);
    }

    /** The same so often. @returns how often the BMC took it. */
    async addSelEvents(event: SelEvent, count: number): Promise<number> {
        return addSelEvents(this.exec, event, count);
    }

    /** Power cut, and nothing of the node is left: no process, mount or file. */
    async remove(): Promise<void> {
        await this.kill();
        await stopForward(`${this.#places.mark} forward`);
        await unmount(fileOf(this.#places, "root"));
        await rm(this.#places.folder, { recursive: true, force: true });
    }
}
