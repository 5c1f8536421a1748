/** The BMC's event log (SEL): entries as the hardware would make them, through IPMI's Add SEL Entry. */
import type { Exec } from "../bootReport";

export type SelEvent = "power-supply-failed" | "fan-critical";

/** id, type 2, time (the BMC's), generator, version 4, sensor type and number, event type and data. */
const selRecords: Readonly<Record<SelEvent, string>> = {
    "power-supply-failed": "0 0 2 0 0 0 0 0x20 0 4 8 0x63 0x6f 1 0xff 0xff",
    "fan-critical": "0 0 2 0 0 0 0 0x20 0 4 4 0x31 1 9 0xff 0xff",
};

export async function addSelEvent(exec: Exec, event: SelEvent): Promise<void> {
    await exec(["modprobe", "--all", "ipmi_si", "ipmi_devintf"]);
    await exec(["ipmitool", "raw", "0x0a", "0x44", ...selRecords[event].split(" ")]);
}

/** By one process, with the driver loaded. @returns how often the BMC took it: it has place for 128 entries. */
export async function addSelEvents(exec: Exec, event: SelEvent, count: number): Promise<number> {
    const commands = `raw 0x0a 0x44 ${selRecords[event]}\n`.repeat(count);
    // ipmitool answers each with a line, and ends at the first that is refused.
    const { stdout } = await exec(["sh", "-c", "cat >/run/sel-events; ipmitool exec /run/sel-events"], {
        input: commands,
        reject: false,
    });
    return stdout.split("\n").filter(Boolean).length;
}
