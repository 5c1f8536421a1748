/**
 * KVM where it really boots a guest: /dev/kvm alone promises little, nested virtualisation may fail on the first odd
 * instruction.
 */
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { constants } from "node:fs";
import { dirname } from "node:path";
import execa from "execa";
import { withLock } from "./lock";

export interface Accelerator {
    readonly accel: string;
    readonly cpu: string;
}

const kvm: Accelerator = { accel: "kvm", cpu: "host" };
const emulation: Accelerator = { accel: "tcg,thread=multi", cpu: "max" };

/** In /run: asked anew after each reboot of the workstation. */
const verdictFile = "/run/holdfast/kvm";
/** Seconds. With KVM the kernel speaks within one. */
const probeTimeout = 10;

/** @param kernel what the probe boots, up to its first words. */
export async function chooseAccelerator(kernel: string): Promise<Accelerator> {
    const usable = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
        () => true,
        () => false,
    );
    if (!usable) return emulation;
    return withLock(verdictFile, async () => {
        const known = await readFile(verdictFile, "utf8").catch(() => "");
        const verdict = known !== "" ? known.trim() : (await bootsWithKvm(kernel)) ? "boots" : "fails";
        await mkdir(dirname(verdictFile), { recursive: true });
        await writeFile(verdictFile, `${verdict}\n`);
        return verdict === "boots" ? kvm : emulation;
    });
}

async function bootsWithKvm(kernel: string): Promise<boolean> {
    const probe = execa(
        "qemu-system-x86_64",
        [
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-machine",
            "q35",
            "-accel",
            kvm.accel,
            "-cpu",
            kvm.cpu,
            "-m",
            "256",
            "-kernel",
            kernel,
            "-append",
            "console=ttyS0 panic=-1",
            "-no-reboot",
            "-serial",
            "stdio",
        ],
        { all: true, reject: false, stdin: "ignore", timeout: probeTimeout * 1000 },
    );
    let said = "";
    probe.all?.on("data", (data: Buffer) => {
        said += data.toString("latin1");
        if (/Run \/|Kernel panic|KVM internal error/.test(said)) probe.kill("SIGKILL");
    });
    await probe;
    return /Run \/|Kernel panic/.test(said);
}
