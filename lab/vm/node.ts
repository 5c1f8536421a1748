/** One virtual machine: its disks, its power switch, commands inside it, and its misfortunes. */
import { spawn } from "node:child_process";
import { access, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import execa from "execa";
import { domain, identityOf, type NodeIdentity } from "../initialState";
import { answersSsh, attachTap, bridgeNamespace, sshPort, startForward, stopForward } from "../network";
import { unmount, type BootReport, type ExecOptions } from "../node";
import { readHostKey, writeNodeFiles } from "../nodeFiles";
import { findMarked, killAndWait, markVariable, runBound, waitForExit } from "../processes";
import { makeOwnFolder } from "../ownFolder";
import { identityFile, labFolder, socketFolder, type LabRecord } from "../state";
import { chooseAccelerator } from "./accelerator";
import { hasGivenUp, hasTripped, readConsoleFailures } from "./console";
import { createDisks, diskFiles, dropOverlays, ensureOverlays } from "./disks";
import { diskDevice, isHotpluggable, qemuArguments, soundHardware, type DiskName, type Hardware } from "./hardware";
import { vmImageFiles } from "./image";
import { qmp } from "./qmp";

/** Seconds. In emulation, beside other work, a boot takes a minute. */
const bootTimeout = 300;

class EmulationError extends Error {
    override readonly name = "EmulationError";
}

/** A node in QEMU, on the same network and with the same files as a container node, with hardware that can fail. */
export class VmNode implements NodeIdentity {
    readonly name: string;
    readonly address: string;
    readonly address6: string;
    readonly rootUuid: string;
    readonly dataUuid: string;
    readonly #folder: string;
    readonly #mark: string;

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
    }

    /** The node's name with domain: `pve01.example.test`. */
    get fqdn(): string {
        return `${this.name}.${domain}`;
    }

    /** How the workstation reaches the node. */
    get ssh(): { host: string; port: number; user: string } {
        return { host: `127.77.${this.lab.slot}.${10 + this.index}`, port: sshPort, user: "root" };
    }

    /** `ssh-ed25519 AAAA…` */
    async hostKey(): Promise<string> {
        return (await readFile(this.#file("host_key"), "utf8")).trim();
    }

    /** Everything the node has said on its console since it was created. */
    async console(): Promise<string> {
        return readFile(this.#file("console.log"), "utf8");
    }

    /** QEMU's pid; undefined while the node is off. */
    async qemuPid(): Promise<number | undefined> {
        return (await findMarked(`${this.#mark} power`))[0];
    }

    /** Runs a command inside the node, as root, over SSH. */
    async exec(command: readonly string[], options: ExecOptions = {}): Promise<execa.ExecaReturnValue> {
        return execa(
            "ssh",
            [
                "-F",
                "none",
                "-i",
                identityFile(this.lab.id),
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "BatchMode=yes",
                "-o",
                "ConnectTimeout=15",
                "-o",
                "LogLevel=ERROR",
                "-o",
                `UserKnownHostsFile=${this.#file("known_hosts")}`,
                "-o",
                "StrictHostKeyChecking=yes",
                "-p",
                String(this.ssh.port),
                `${this.ssh.user}@${this.ssh.host}`,
                command.map(quote).join(" "),
            ],
            {
                ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
                timeout: Math.round((options.timeout ?? 60) * 1000),
                reject: options.reject ?? true,
                stripFinalNewline: options.strip ?? true,
            },
        );
    }

    /** Creates the node's disks where that has not been completed before. */
    async create(publicKey: string, peers: readonly NodeIdentity[]): Promise<void> {
        const done = this.#file("created");
        if (await isThere(done)) return;
        const [root, upper, work] = ["root", "upper", "work"].map((name) => this.#file(name)) as [
            string,
            string,
            string,
        ];
        await unmount(root);
        await rm(this.#folder, { recursive: true, force: true });
        for (const folder of [root, upper, work]) await mkdir(folder, { recursive: true });
        const { tree } = vmImageFiles(this.lab.image);
        await runBound("mount", [
            "-t",
            "overlay",
            `holdfast-${this.name}`,
            "-o",
            `lowerdir=${tree},upperdir=${upper},workdir=${work}`,
            root,
        ]);
        await writeNodeFiles(root, this, { publicKey, peers, state: this.lab.state });
        const hostKey = await readHostKey(root);
        await createDisks(this.#folder, root, { root: this.rootUuid, data: this.dataUuid });
        await unmount(root);
        for (const folder of [root, upper, work]) await rm(folder, { recursive: true });
        await writeFile(this.#file("host_key"), `${hostKey}\n`);
        await writeFile(this.#file("known_hosts"), `[${this.ssh.host}]:${this.ssh.port} ${hostKey}\n`);
        await writeFile(this.#file("console.log"), "");
        await writeFile(done, "");
    }

    /**
     * Power on, and wait until start-up has finished and sshd answers, or the machine has ended in emergency mode
     * (`multiUser: false`). A node that is on stays as it is.
     * @param append kernel arguments for this boot, as somebody at the boot loader would add them
     */
    async start(seconds = bootTimeout, append = ""): Promise<BootReport> {
        const started = Date.now();
        let from = await this.#bootedFrom();
        if ((await this.qemuPid()) === undefined) from = await this.#powerOn(append);
        await startForward(this.lab.slot, `${this.#mark} forward`, this.ssh, `${this.address}:22`);
        try {
            return await this.#waitUntilBooted(started, seconds, from);
        } catch (error) {
            if (!(error instanceof EmulationError)) throw error;
            console.warn(`${error.message} It is switched on once more.`);
            await this.kill();
            return this.#waitUntilBooted(Date.now(), seconds, await this.#powerOn(append));
        }
    }

    /** Clean shutdown, by the power button. @throws where the node does not go off: in emergency mode nobody heeds the button. */
    async stop(seconds = 120): Promise<void> {
        const pid = await this.qemuPid();
        if (pid === undefined) return;
        await this.#qmp("system_powerdown");
        await waitForExit([pid], seconds);
    }

    /** Waits until the node has gone off by itself. @throws where it is still on after that time. */
    async waitUntilOff(seconds: number): Promise<void> {
        const pid = await this.qemuPid();
        if (pid !== undefined) await waitForExit([pid], seconds);
    }

    /** Power cut: what the node had not yet written to its disks is lost. */
    async kill(): Promise<void> {
        await killAndWait(await findMarked(`${this.#mark} power`));
    }

    /** Orderly restart with the hardware as it is now; a node that hangs in emergency mode is power-cycled. */
    async reboot(seconds = bootTimeout, append = ""): Promise<BootReport> {
        const pid = await this.qemuPid();
        if (pid !== undefined) {
            // QEMU is started anew: only so are disks found in their new order.
            await this.#qmp("set-action", { reboot: "shutdown" });
            const asked = await this.exec(["systemctl", "reboot"], { reject: false, timeout: 15 });
            if (asked.exitCode === 0 || asked.stderr.includes("closed by remote host"))
                await waitForExit([pid], seconds);
            await this.kill();
        }
        return this.start(seconds, append);
    }

    /** Power cut, and the disks are as they were when the node was created. */
    async reset(): Promise<void> {
        await this.kill();
        await dropOverlays(this.#folder);
        await this.#setHardware(soundHardware);
    }

    /** The NVMe disk says that its health has failed (critical warning, bit 2), until the power is cut. QEMU's ATA disks cannot fail theirs. */
    async failDiskHealth(): Promise<void> {
        await this.#qmp("qom-set", { path: "/machine/peripheral/nvme", property: "smart_critical_warning", value: 4 });
    }

    /** At once, and at each boot from now on; an ATA disk from the next power-on. */
    async unplugDisk(name: DiskName): Promise<void> {
        const { unplugged } = await this.#hardware();
        await this.#setHardware({ unplugged: [...unplugged.filter((other) => other !== name), name] });
        if (!isHotpluggable(name) || (await this.qemuPid()) === undefined || !(await this.#hasDevice(name))) return;
        await this.#qmp("device_del", { id: name });
        const deadline = Date.now() + 30_000;
        while (await this.#hasDevice(name)) {
            if (Date.now() > deadline) throw new Error(`${this.name} does not let go of its ${name} disk`);
            await delay(100);
        }
    }

    /** At once, and at each boot from now on; an ATA disk from the next power-on. */
    async plugDisk(name: DiskName): Promise<void> {
        const { unplugged } = await this.#hardware();
        await this.#setHardware({ unplugged: unplugged.filter((other) => other !== name) });
        if (!isHotpluggable(name) || (await this.qemuPid()) === undefined || (await this.#hasDevice(name))) return;
        await this.#qmp("device_add", diskDevice(name));
    }

    /** From the next power-on or `reboot()` the data disk is sdc instead of sdb: another disk is found before it. Once more, and it is sdb again. */
    async reorderDisks(): Promise<void> {
        const { unplugged } = await this.#hardware();
        await (unplugged.includes("spare") ? this.plugDisk("spare") : this.unplugDisk("spare"));
    }

    /** The BMC notes in its event log (SEL) that a power supply has failed, or that a fan has passed its upper critical threshold. */
    async addSelEvent(event: SelEvent): Promise<void> {
        await this.exec(["modprobe", "--all", "ipmi_si", "ipmi_devintf"]);
        await this.exec(["ipmitool", "raw", "0x0a", "0x44", ...selRecords[event]]);
    }

    /** The same so often, by one process, with the driver loaded. Returns how often the BMC took it: it has place for 128 entries. */
    async addSelEvents(event: SelEvent, count: number): Promise<number> {
        const commands = `raw 0x0a 0x44 ${selRecords[event].join(" ")}\n`.repeat(count);
        // ipmitool answers each with a line, and ends at the first that is refused.
        const { stdout } = await this.exec(["sh", "-c", "cat >/run/sel-events; ipmitool exec /run/sel-events"], {
            input: commands,
            reject: false,
        });
        return stdout.split("\n").filter(Boolean).length;
    }

    /** Power cut, and nothing of the node is left: no process, mount or file. */
    async remove(): Promise<void> {
        await this.kill();
        await stopForward(`${this.#mark} forward`);
        await unmount(this.#file("root"));
        await rm(this.#folder, { recursive: true, force: true });
    }

    async #powerOn(append: string): Promise<number> {
        await ensureOverlays(this.#folder);
        await attachTap(this.lab.slot, this.name);
        await makeOwnFolder(socketFolder(this.lab.slot));
        const { kernel, initrd } = vmImageFiles(this.lab.image);
        const machine = {
            name: this.name,
            mac: `52:54:00:77:${hex(this.lab.slot)}:${hex(this.index)}`,
            tap: this.name,
            rootUuid: this.rootUuid,
            kernel,
            initrd,
            console: this.#file("console.log"),
            monitor: this.#monitor,
            disks: diskFiles(this.#folder),
        };
        const qemu = qemuArguments(machine, await this.#hardware(), await chooseAccelerator(kernel), append);
        const from = (await stat(machine.console)).size;
        await writeFile(this.#file("booted-from"), String(from));
        const errors = await open(this.#file("qemu.log"), "w");
        const started = spawn(
            "nsenter",
            [`--net=/run/netns/${bridgeNamespace(this.lab.slot)}`, "qemu-system-x86_64", ...qemu],
            {
                detached: true,
                stdio: ["ignore", errors.fd, errors.fd],
                env: { ...process.env, [markVariable]: `${this.#mark} power` },
            },
        );
        await new Promise<void>((spawned, failed) => started.once("spawn", spawned).once("error", failed));
        started.unref();
        await errors.close();
        return from;
    }

    /** @param from where in the console's log this boot begins. */
    async #waitUntilBooted(started: number, seconds: number, from: number): Promise<BootReport> {
        const deadline = started + seconds * 1000;
        const passed = (): number => (Date.now() - started) / 1000;
        while (Date.now() < deadline) {
            const said = (await readFile(this.#file("console.log"))).subarray(from).toString("utf8");
            if (hasGivenUp(said)) return { multiUser: false, failed: readConsoleFailures(said), seconds: passed() };
            if (hasTripped(said))
                throw new EmulationError(`${this.name}: QEMU's emulation has let the kernel trip while it boots.`);
            if (await answersSsh(this.ssh.host, this.ssh.port)) {
                const left = Math.max(1, (deadline - Date.now()) / 1000);
                const state = await this.exec(["systemctl", "is-system-running", "--wait"], {
                    reject: false,
                    timeout: left,
                });
                if (["running", "degraded"].includes(state.stdout)) return this.#report(passed());
            }
            if ((await this.qemuPid()) === undefined)
                throw new Error(
                    `${this.name} went off while booting: ${await readFile(this.#file("qemu.log"), "utf8")}${said.slice(-2000)}`,
                );
            await delay(250);
        }
        throw new Error(
            `${this.name} did not finish booting within ${seconds} s; the end of its console:\n${(await this.console()).slice(-2000)}`,
        );
    }

    /** One command for all of it: in emulation each connection takes a second. */
    async #report(seconds: number): Promise<BootReport> {
        const { stdout } = await this.exec([
            "sh",
            "-c",
            `
            systemctl is-active multi-user.target
            systemctl list-units --failed --plain --no-legend --no-pager | while read -r unit rest; do
                printf '%s ' "$unit"; journalctl --boot _SYSTEMD_UNIT="$unit" --output=cat --no-pager --lines=1 | tr '\\n' ' '; echo
            done`,
        ]);
        const [target, ...units] = stdout.split("\n").map((line) => line.trim());
        const failed = units.filter(Boolean).map((line) => {
            const [unit = "", ...message] = line.split(" ");
            return { unit, message: message.join(" ") };
        });
        return { multiUser: target === "active", failed, seconds };
    }

    async #bootedFrom(): Promise<number> {
        return Number(await readFile(this.#file("booted-from"), "utf8").catch(() => "0"));
    }

    async #hardware(): Promise<Hardware> {
        const file = this.#file("hardware.json");
        return (await isThere(file)) ? (JSON.parse(await readFile(file, "utf8")) as Hardware) : soundHardware;
    }

    async #setHardware(hardware: Hardware): Promise<void> {
        await writeFile(this.#file("hardware.json"), JSON.stringify(hardware));
    }

    async #hasDevice(id: string): Promise<boolean> {
        const devices = (await this.#qmp("qom-list", { path: "/machine/peripheral" })) as { name: string }[];
        return devices.some(({ name }) => name === id);
    }

    #qmp(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
        return qmp(this.#monitor, command, args);
    }

    get #monitor(): string {
        return join(socketFolder(this.lab.slot), `${this.name}.qmp`);
    }

    #file(name: string): string {
        return join(this.#folder, name);
    }
}

export type SelEvent = "power-supply-failed" | "fan-critical";

/** Records for IPMI's Add SEL Entry: id, type 2, time (the BMC's), generator, version 4, sensor type and number, event type and data. */
const selRecords: Readonly<Record<SelEvent, readonly string[]>> = {
    "power-supply-failed": [
        "0",
        "0",
        "2",
        "0",
        "0",
        "0",
        "0",
        "0x20",
        "0",
        "4",
        "8",
        "0x63",
        "0x6f",
        "1",
        "0xff",
        "0xff",
    ],
    "fan-critical": ["0", "0", "2", "0", "0", "0", "0", "0x20", "0", "4", "4", "0x31", "1", "9", "0xff", "0xff"],
};

/** For the login shell at the other end: sshd hands it one string. */
function quote(argument: string): string {
    return `'${argument.replaceAll("'", "'\\''")}'`;
}

async function isThere(path: string): Promise<boolean> {
    return access(path).then(
        () => true,
        () => false,
    );
}

function hex(byte: number): string {
    return byte.toString(16).padStart(2, "0");
}
