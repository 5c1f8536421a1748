"""pve-cluster is masked, as the emergency boot of the postmortem leaves it: /etc/pve stays empty, no guest starts."""

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "name"
CODES = {
    "boot-pve-cluster-masked": "a mask of pve-cluster outlives the next boot",
    "boot-no-proxmox": "Proxmox VE is not installed here",
}


def check(machine: Machine) -> Verdict:
    mask = machine.target("/etc/systemd/system/pve-cluster.service")
    if mask == "/dev/null":  # one in /run is gone after a boot
        return bad("boot-pve-cluster-masked", "pve-cluster is masked", "once the hosts file is right: systemctl unmask pve-cluster")
    if not machine.has_proxmox:
        return skipped("boot-no-proxmox", "Proxmox VE is not installed")
    return passed()
