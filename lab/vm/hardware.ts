/** A virtual machine's hardware as QEMU's arguments. Pure. */
import type { Accelerator } from "../../vm/accelerator";
import { baseArguments } from "../../vm/baseArguments";

/**
 * `root` is an ATA disk with SMART, found in the initrd: sda. `data` hangs on a SCSI controller whose driver comes
 * later: sdb, without SMART, like the volume of a RAID controller. `nvme` is empty and has SMART. `spare`, an empty ATA
 * disk, is in the drawer at first; where it is plugged, the initrd finds it too, and the data disk becomes sdc.
 */
export const diskNames = ["root", "data", "nvme", "spare"] as const;
export type DiskName = (typeof diskNames)[number];

/** Disks that are not there, from boot to boot. */
export interface Hardware {
    readonly unplugged: readonly DiskName[];
}

export const soundHardware: Hardware = { unplugged: ["spare"] };

export interface Machine {
    readonly name: string;
    readonly mac: string;
    /** Name of the tap device, in the network namespace that QEMU is started in. */
    readonly tap: string;
    readonly rootUuid: string;
    readonly kernel: string;
    readonly initrd: string;
    /** The console's log, appended to. */
    readonly console: string;
    /** Socket: the console's other end, where somebody types. What it says is in the log with or without him. */
    readonly serial: string;
    /** QEMU's monitor (QMP). */
    readonly monitor: string;
    /** qcow2 files. */
    readonly disks: Readonly<Record<DiskName, string>>;
}

/**
 * The disks' driver is loaded by name: on a busy machine udev may come to it later than the mounts wait. There, the
 * emulated timer may not tick in time either: a kernel that checks it panics.
 * @param append further kernel arguments, for this boot
 */
export function qemuArguments(
    machine: Machine,
    hardware: Hardware,
    accelerator: Accelerator,
    append: string,
): string[] {
    const kernelArguments =
        `root=UUID=${machine.rootUuid} ro console=ttyS0 modules_load=virtio_scsi TERM=dumb loglevel=4 mitigations=off no_timer_check systemd.show_status=yes ${append}`.trim();
    return [
        ...baseArguments({ ...machine, memory: 1024, commandLine: kernelArguments }, accelerator),
        "-chardev",
        `socket,id=console,path=${machine.serial},server=on,wait=off,logfile=${machine.console},logappend=on`,
        "-serial",
        "chardev:console",
        "-qmp",
        `unix:${machine.monitor},server=on,wait=off`,
        // On the first bus and without a hotplug slot: so its name is enp1s0, as in the container nodes.
        "-device",
        "pcie-root-port,id=net-port,chassis=1,hotplug=off",
        "-netdev",
        `tap,id=net,ifname=${machine.tap},script=no,downscript=no`,
        "-device",
        `virtio-net-pci,netdev=net,mac=${machine.mac},bus=net-port`,
        "-device",
        "pcie-root-port,id=nvme-port,chassis=2",
        "-device",
        "virtio-scsi-pci,id=scsi",
        ...diskNames.flatMap((name) => [
            "-blockdev",
            JSON.stringify({
                driver: "qcow2",
                "node-name": blockNode(name),
                file: { driver: "file", filename: machine.disks[name] },
            }),
        ]),
        ...diskNames
            .filter((name) => !hardware.unplugged.includes(name))
            .flatMap((name) => ["-device", JSON.stringify(diskDevice(name))]),
        "-device",
        "ipmi-bmc-sim,id=bmc",
        "-device",
        "isa-ipmi-kcs,bmc=bmc",
    ];
}

/** A disk as a device, on the command line as for QMP's `device_add`. */
export function diskDevice(name: DiskName): Record<string, string> {
    const common = { id: name, drive: blockNode(name), serial: `HOLDFAST-${name.toUpperCase()}` };
    switch (name) {
        case "root":
            return { ...common, driver: "ide-hd", bus: "ide.0" };
        case "spare":
            return { ...common, driver: "ide-hd", bus: "ide.1" };
        case "data":
            return { ...common, driver: "scsi-hd", bus: "scsi.0" };
        case "nvme":
            return { ...common, driver: "nvme", bus: "nvme-port" };
    }
}

/** QEMU's AHCI controller has no hotplug. */
export function isHotpluggable(name: DiskName): boolean {
    return name === "data" || name === "nvme";
}

function blockNode(name: DiskName): string {
    return `${name}-file`;
}
