/**
 * The Proxmox GUI keeps changes in interfaces.new; the next boot, or Apply, puts that file in place of the pushed one.
 */
import { splitLines } from "../../../model/lint/text";
import type { Hazard } from "../hazard";
import type { Survey } from "../survey";

export function pendingInterfaces({ files }: Survey): Hazard[] {
    const pending = files["/etc/network/interfaces.new"];
    if (!pending || pending.kind === "absent") return [];
    const [live, next] = [files["/etc/network/interfaces"]?.content ?? "", pending.content ?? ""].map((content) =>
        splitLines(content).map(({ text }) => text),
    );
    const differing = next!.findIndex((text, index) => text !== live![index]);
    const message =
        "A change made in the Proxmox GUI waits here and replaces the interfaces file at the next boot. Apply it in the GUI and adopt again, or revert it there.";
    return [
        {
            rule: "pending-interfaces",
            severity: "error",
            file: "/etc/network/interfaces.new",
            line: Math.max(differing, 0) + 1,
            column: 1,
            message,
        },
    ];
}
