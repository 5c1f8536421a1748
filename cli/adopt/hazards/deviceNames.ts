/** Device names outside fstab: incident A's lesson holds for crypttab, backup and storage configuration too. */
import { findDevice, isDeviceName, stableSourceOf } from "../../../model/fstab";
import { splitLines } from "../../../model/lint/text";
import type { Hazard } from "../hazard";
import type { Survey } from "../survey";

const files = ["/etc/crypttab", "/etc/vzdump.conf", "/etc/pve/storage.cfg", "/etc/pve/jobs.cfg", "/etc/smartd.conf"];

export function deviceNames(survey: Survey): Hazard[] {
    return files.flatMap((file) =>
        splitLines(survey.files[file]?.content ?? "").flatMap(({ text }, index) =>
            [...text.replace(/^\s*#.*/, "").matchAll(/\/dev\/[a-z0-9-]+/g)]
                .filter(([name]) => isDeviceName(name))
                .map((match) => {
                    const device = findDevice(match[0], survey.facts);
                    const byId = device?.links.find((link) => link.startsWith("/dev/disk/by-id/"));
                    // smartd and vzdump take a path; crypttab takes a UUID as well.
                    const stable = (file === "/etc/crypttab" && device && stableSourceOf(device)) || byId;
                    const message = `${match[0]} is given out in the order of detection and may be another disk after the next boot. Write ${stable ?? "its /dev/disk/by-id/… path"} instead.`;
                    return {
                        rule: "device-name",
                        severity: "warning" as const,
                        file,
                        line: index + 1,
                        column: match.index + 1,
                        message,
                    };
                }),
        ),
    );
}
