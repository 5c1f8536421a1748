/** A virtual machine's QEMU process: its power switch and its monitor. */
import { spawn } from "node:child_process";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { attachTap, bridgeNamespace } from "../network";
import { makeOwnFolder } from "../../vm/ownFolder";
import { findMarked, killAndWait, markVariable, waitForExit } from "../../vm/processes";
import { socketFolder } from "../state";
import { fileOf, type Places } from "./places";
import { qmp } from "../../vm/qmp";

export class QemuProcess {
    constructor(private readonly places: Places) {}

    /** Undefined while the machine is off. */
    async pid(): Promise<number | undefined> {
        return (await findMarked(`${this.places.mark} power`))[0];
    }

    /** Power on. @param qemu its arguments; from now on `console.log` tells this boot. */
    async powerOn(qemu: readonly string[]): Promise<void> {
        const { name, slot, mark } = this.places;
        await attachTap(slot, name);
        await makeOwnFolder(socketFolder(slot));
        await writeFile(
            fileOf(this.places, "booted-from"),
            String((await stat(fileOf(this.places, "console.log"))).size),
        );
        const errors = await open(fileOf(this.places, "qemu.log"), "w");
        const started = spawn("nsenter", [`--net=/run/netns/${bridgeNamespace(slot)}`, "qemu-system-x86_64", ...qemu], {
            detached: true,
            stdio: ["ignore", errors.fd, errors.fd],
            env: { ...process.env, [markVariable]: `${mark} power` },
        });
        await new Promise<void>((spawned, failed) => started.once("spawn", spawned).once("error", failed));
        started.unref();
        await errors.close();
    }

    /** Power cut: what the machine had not yet written to its disks is lost. */
    async kill(): Promise<void> {
        await killAndWait(await findMarked(`${this.places.mark} power`));
    }

    /** @throws where it has not gone off by itself after that time. */
    async waitUntilOff(seconds: number): Promise<void> {
        const pid = await this.pid();
        if (pid !== undefined) await waitForExit([pid], seconds);
    }

    /** A command to QEMU's monitor. */
    ask(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
        return qmp(this.places.monitor, command, args);
    }

    /** What QEMU itself had to say: why it ended. */
    async errors(): Promise<string> {
        return readFile(fileOf(this.places, "qemu.log"), "utf8");
    }
}
