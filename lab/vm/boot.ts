/** Waits for a virtual machine's boot to end, well or not. */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { readBootReport, type BootReport, type Exec } from "../bootReport";
import { answersSsh } from "../network";
import { hasGivenUp, hasTripped, readConsoleFailures } from "../../vm/console";
import { fileOf, type Places } from "./places";
import type { QemuProcess } from "./qemuProcess";

export class EmulationError extends Error {
    override readonly name = "EmulationError";
}

/** What the console has said since the machine was switched on. */
export async function saidSincePowerOn(places: Places): Promise<string> {
    const from = Number(await readFile(fileOf(places, "booted-from"), "utf8").catch(() => "0"));
    return (await readFile(fileOf(places, "console.log"))).subarray(from).toString("utf8");
}

/**
 * Until start-up has finished and sshd answers, or the machine has ended in emergency mode.
 * @param started when it was switched on (ms)
 * @throws EmulationError where QEMU itself has failed the kernel; Error where it goes off, or is not done in time
 */
export async function waitUntilBooted(
    places: Places,
    qemu: QemuProcess,
    exec: Exec,
    started: number,
    seconds: number,
): Promise<BootReport> {
    const deadline = started + seconds * 1000;
    const passed = (): number => (Date.now() - started) / 1000;
    while (Date.now() < deadline) {
        const said = await saidSincePowerOn(places);
        if (hasGivenUp(said)) return { multiUser: false, failed: readConsoleFailures(said), seconds: passed() };
        failWhereTripped(places.name, said);
        if (await answersSsh(places.ssh.host, places.ssh.port)) {
            // Asked again now and then: in emulation one that waits has been seen to miss the end.
            const timeout = Math.max(1, Math.min(30, (deadline - Date.now()) / 1000));
            const state = await exec(["systemctl", "is-system-running", "--wait"], { reject: false, timeout });
            if (["running", "degraded"].includes(state.stdout)) return readBootReport(exec, passed());
        }
        if ((await qemu.pid()) === undefined)
            throw new Error(`${places.name} went off while booting: ${await qemu.errors()}${said.slice(-2000)}`);
        await delay(250);
    }
    const end = (await saidSincePowerOn(places)).slice(-2000);
    throw new Error(`${places.name} did not finish booting within ${seconds} s; the end of its console:\n${end}`);
}

/** @throws EmulationError where QEMU itself has failed the kernel, as the console of this boot tells */
export function failWhereTripped(name: string, said: string): void {
    if (hasTripped(said)) throw new EmulationError(`${name}: QEMU's emulation has let the kernel trip while it boots.`);
}

/** Until sshd answers, whatever else the machine is still at. @throws where it goes off, or does not answer in time */
export async function waitForSsh(places: Places, qemu: QemuProcess, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await answersSsh(places.ssh.host, places.ssh.port))) {
        if ((await qemu.pid()) === undefined) throw new Error(`${places.name} went off: ${await qemu.errors()}`);
        if (Date.now() > deadline) throw new Error(`${places.name} does not answer over SSH within ${seconds} s`);
        await delay(250);
    }
}
