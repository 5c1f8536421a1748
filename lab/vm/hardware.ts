/** A virtual machine's hardware as QEMU's arguments. Pure. */
import type { Accelerator } from "./accelerator";

/**
 * `root` and `data` are SCSI disks of one controller, named sda and sdb as long as nobody reorders them; both come
 * without SMART, like the volumes of a RAID controller. `ata` and `nvme` are empty and have SMART.
 */
export const diskNames = ["root", "data", "ata", "nvme"] as const;
export type DiskName = (typeof diskNames)[number];

/** What stays changed from boot to boot. */
export interface Hardware {
    readonly unplugged: readonly DiskName[];
    /** The data disk is found before the root disk, so that their letters swap. */
    readonly reordered: boolean;
}

export const soundHardware: Hardware = { unplugged: [], reordered: false };

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
    /** QEMU's monitor (QMP). */
    readonly monitor: string;
    /** qcow2 files. */
    readonly disks: Readonly<Record<DiskName, string>>;
}

/** @param append further kernel arguments, for this boot. */
export function qemuArguments(machine: Machine, hardware: Hardware, accelerator: Accelerator, append: string): string[] {
    const kernelArguments = `root=UUID=${machine.rootUuid} ro console=ttyS0 TERM=dumb loglevel=4 mitigations=off systemd.show_status=yes ${append}`.trim();
    return [
        "-name", machine.name, "-nodefaults", "-no-user-config", "-display", "none",
        "-machine", "q35", "-accel", accelerator.accel, "-cpu", accelerator.cpu, "-m", "1024", "-smp", "2",
        "-kernel", machine.kernel, "-initrd", machine.initrd, "-append", kernelArguments,
        "-chardev", `file,id=console,path=${machine.console},append=on`, "-serial", "chardev:console",
        "-qmp", `unix:${machine.monitor},server=on,wait=off`,
        // On the first bus and without a hotplug slot: so its name is enp1s0, as in the container nodes.
        "-device", "pcie-root-port,id=net-port,chassis=1,hotplug=off",
        "-netdev", `tap,id=net,ifname=${machine.tap},script=no,downscript=no`,
        "-device", `virtio-net-pci,netdev=net,mac=${machine.mac},bus=net-port`,
        "-device", "pcie-root-port,id=nvme-port,chassis=2",
        "-device", "virtio-scsi-pci,id=scsi",
        ...diskNames.flatMap((name) => ["-blockdev", JSON.stringify({ driver: "qcow2", "node-name": blockNode(name), file: { driver: "file", filename: machine.disks[name] } })]),
        ...diskNames.filter((name) => !hardware.unplugged.includes(name)).flatMap((name) => ["-device", JSON.stringify(diskDevice(name, hardware))]),
        "-device", "ipmi-bmc-sim,id=bmc", "-device", "isa-ipmi-kcs,bmc=bmc",
    ];
}

/** A disk as a device, on the command line as for QMP's `device_add`. */
export function diskDevice(name: DiskName, { reordered }: Hardware): Record<string, string | number> {
    const common = { id: name, drive: blockNode(name), serial: `HOLDFAST-${name.toUpperCase()}` };
    switch (name) {
        case "root": return { ...common, driver: "scsi-hd", bus: "scsi.0", "scsi-id": reordered ? 1 : 0 };
        case "data": return { ...common, driver: "scsi-hd", bus: "scsi.0", "scsi-id": reordered ? 0 : 1 };
        case "ata": return { ...common, driver: "ide-hd", bus: "ide.0" };
        case "nvme": return { ...common, driver: "nvme", bus: "nvme-port" };
    }
}

function blockNode(name: DiskName): string {
    return `${name}-file`;
}
