/** Incident A's emergency procedure masks pve-cluster; left that way, /etc/pve stays empty at every boot. */
import type { Hazard } from "../hazard";
import type { Survey } from "../survey";

export function maskedCluster({ units }: Survey): Hazard[] {
    const [enabled = ""] = units["pve-cluster.service"]?.detail.split(", ") ?? [];
    const found = (file: string, message: string): Hazard[] => [
        { rule: "pve-cluster-masked", severity: "error", file, line: 1, column: 1, message },
    ];
    if (enabled === "masked")
        return found(
            "/etc/systemd/system/pve-cluster.service",
            "pve-cluster is masked, so /etc/pve is empty after the next boot. Once the hosts file is right: 'systemctl unmask pve-cluster'.",
        );
    if (enabled === "masked-runtime")
        return found(
            "/run/systemd/system/pve-cluster.service",
            "pve-cluster is masked until the next boot. 'systemctl unmask --runtime pve-cluster' undoes it now.",
        );
    if (enabled === "disabled")
        return found(
            "/lib/systemd/system/pve-cluster.service",
            "pve-cluster is not enabled, so /etc/pve is empty after the next boot. 'systemctl enable pve-cluster' undoes it.",
        );
    return [];
}
