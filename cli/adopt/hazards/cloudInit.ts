/** With `manage_etc_hosts` cloud-init writes 127.0.1.1 back into the hosts file at every boot. */
import { splitLines } from "../../../model/lint/text";
import type { Hazard, KeptFile } from "../hazard";
import type { Survey } from "../survey";

/** Holdfast's own drop-in takes the module that does it out of cloud-init's list. */
const dropIn = "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg";

const mainFile = "/etc/cloud/cloud.cfg";

export function cloudInitHazards({ further }: Survey, kept: readonly KeptFile[]): Hazard[] {
    if (dropIn in further) return [];
    const repaired = kept.some(({ format }) => format === "hosts");
    const rewriting = Object.entries(further)
        .filter(([file]) => /^\/(?:etc|var\/lib)\/cloud\//.test(file))
        .flatMap(([file, content]) =>
            splitLines(content).flatMap(({ text }, index) => {
                const match = /^(\s*)manage_etc_hosts:\s*["']?(true|template|localhost)\b/i.exec(text);
                if (!match) return [];
                const message = `cloud-init rewrites /etc/hosts at every boot (manage_etc_hosts: ${match[2]}). The first 'pulumi up' puts ${dropIn} beside it, which ends that.`;
                return [
                    {
                        rule: "cloud-init-hosts",
                        severity: "error" as const,
                        file,
                        line: index + 1,
                        column: match[1]!.length + 1,
                        message,
                        repaired,
                    },
                ];
            }),
        );
    if (rewriting.length > 0 || !(mainFile in further)) return rewriting;
    const message = `cloud-init is installed, and rewrites /etc/hosts at every boot as soon as its user data says so. The first 'pulumi up' puts ${dropIn} beside it, which prevents that.`;
    return [{ rule: "cloud-init-hosts", severity: "warning", file: mainFile, line: 1, column: 1, message, repaired }];
}
