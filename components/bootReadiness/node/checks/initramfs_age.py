"""The initramfs is older than what it carries: the next boot goes by module options or a hostid of before."""

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..kernels import coming
from ..machine import Machine

GROUP = "kernel"
CODES = {"boot-initramfs-stale": "a file that the initramfs carries was written after it"}
CARRIED = ("/etc/modprobe.d/*.conf", "/etc/hostid", "/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/modules", "/etc/initramfs-tools/conf.d/*", "/etc/crypttab", "/etc/mdadm/mdadm.conf")


def check(machine: Machine) -> Verdict:
    if machine.is_container:
        return skipped("boot-host-kernel", "a container boots with the kernel of its host")
    version = coming(machine)
    image = f"/boot/initrd.img-{version}"
    if version is None or not machine.exists(image):
        return unknown("boot-no-kernel", "there is no kernel with an initramfs", "see the check kernel-image")
    made = machine.written(image)
    later = [path for pattern in CARRIED for path in machine.find(pattern) if machine.written(path) > made]
    if later:
        return bad("boot-initramfs-stale", f"{', '.join(later)} was written after {image}", f"update-initramfs -u -k {version}")
    return passed()
