/** What every machine is to QEMU, whatever hangs on it. Pure. */
import type { Accelerator } from "./accelerator";

export interface BaseMachine {
    readonly name: string;
    readonly kernel: string;
    readonly initrd: string;
    /** The kernel's. */
    readonly commandLine: string;
    /** MiB. */
    readonly memory: number;
}

/** Without a screen, without devices that nobody asked for, without the workstation's own configuration of QEMU. */
export function baseArguments(
    { name, kernel, initrd, commandLine, memory }: BaseMachine,
    { accel, cpu }: Accelerator,
): string[] {
    return [
        ...["-name", name, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35"],
        ...["-accel", accel, "-cpu", cpu, "-m", String(memory), "-smp", "2"],
        ...["-kernel", kernel, "-initrd", initrd, "-append", commandLine],
    ];
}
