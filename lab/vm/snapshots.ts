/**
 * A running machine, kept and brought back: its memory and its disks, inside their overlays (QEMU's internal
 * snapshots). Back in seconds, where a boot takes a minute in emulation; what a boot has to prove still needs one.
 */
import execa from "execa";
import type { DiskBays } from "./diskBays";
import { diskFiles } from "./disks";
import type { Places } from "./places";
import type { QemuProcess } from "./qemuProcess";

/**
 * The machine goes on running afterwards. An NVMe disk cannot be kept (QEMU: non-migratable): it is out while that is
 * done.
 */
export async function keep(name: string, qemu: QemuProcess, bays: DiskBays): Promise<void> {
    const { unplugged } = await bays.hardware();
    const hasNvme = !unplugged.includes("nvme");
    if (hasNvme) await bays.unplug("nvme");
    const said = await qemu.ask("human-monitor-command", { "command-line": `savevm ${name}` });
    if (hasNvme) await bays.plug("nvme");
    // HMP says what is wrong in words, and nothing where all is well.
    if (said !== "") throw new Error(`QEMU does not keep the machine: ${String(said).trim()}`);
}

/** Whether every disk has it. The machine is off. */
export async function isKept(name: string, places: Places): Promise<boolean> {
    const lists = await Promise.all(
        Object.values(diskFiles(places.folder)).map((file) =>
            execa("qemu-img", ["snapshot", "--force-share", "-l", file], { reject: false }),
        ),
    );
    return lists.every(({ stdout }) => stdout.split("\n").some((line) => line.trim().split(/\s+/)[1] === name));
}
