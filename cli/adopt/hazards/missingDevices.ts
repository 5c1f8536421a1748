/**
 * Entries whose device name is not there now: which disk they mean is read from what is mounted, or left to a human.
 */
import { findDevice, isDeviceName, parseFstab } from "../../../model/fstab";
import { isMountedAtBoot } from "../../../model/fstab/entry";
import type { Hazard, KeptFile } from "../hazard";
import { stableSource } from "../keptFiles";
import type { Survey } from "../survey";

export function missingDevices({ target, live }: KeptFile, { facts }: Survey): Hazard[] {
    const lines = parseFstab(live);
    return lines.flatMap(({ number, fields, entry }) => {
        if (!entry || !isDeviceName(entry.source)) return [];
        const stable = stableSource(entry, lines, facts);
        if (stable?.by === "name") return [];
        const message = {
            mount: `${entry.source} is not what is mounted on ${entry.target}: that is ${stable?.device.path}, so ${stable?.source} is written. Compare it with 'blkid'.`,
            "only candidate": `${entry.source} does not exist now. ${stable?.source} is written, the only file system here (${stable?.device.path}) that can be meant: all others are mounted or in fstab. Look into it before 'pulumi up'.`,
            none: `${entry.source} does not exist now${findDevice(entry.source, facts) ? " with a UUID" : ""}, so which disk is meant cannot be told. Write its UUID into the kept file, or take the line out.`,
        }[stable?.by ?? "none"];
        return [
            {
                rule: "device-name-shifted",
                severity: stable || !isMountedAtBoot(entry) ? "warning" : "error",
                file: target,
                line: number,
                column: fields[0]!.column,
                message,
            },
        ];
    });
}
