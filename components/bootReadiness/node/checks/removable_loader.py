"""The loader at the removable path is one of before: a firmware that has lost its entries starts it, and it may not find its
modules."""

import hashlib

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-removable-stale": "EFI/BOOT/BOOTX64.EFI is another GRUB than the installed one",
    "boot-removable-unkept": "said, no fault: it is the installed one, and GRUB's package is not told to keep it so",
    "boot-no-removable": "there is no loader at the removable path, or none of GRUB's",
}
ESP = "/boot/efi/EFI"
REMOVABLE = f"{ESP}/BOOT/BOOTX64.EFI"
DEBCONF = "/var/cache/debconf/config.dat"
QUESTION = "grub2/force_efi_extra_removable"
MOST = 16 << 20  # bytes of one loader
REMEDY = f"echo 'grub-efi-amd64 {QUESTION} boolean true' | debconf-set-selections; apt install --reinstall grub-efi-amd64"


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists(REMOVABLE):
        return skipped("boot-no-removable", f"there is no {REMOVABLE}")
    installed = [path for name in ("shimx64.efi", "grubx64.efi") for path in machine.find(f"{ESP}/*/{name}") if not path.startswith(f"{ESP}/BOOT/")]
    own = machine.begin(REMOVABLE, MOST)
    # systemd-boot keeps its own copy there; its build has this mark.
    if not installed or b"#### LoaderInfo: systemd-boot" in own:
        return skipped("boot-no-removable", f"{REMOVABLE} is none of GRUB's")
    if digest(own) not in {digest(machine.begin(path, MOST)) for path in installed}:
        return bad("boot-removable-stale", f"{REMOVABLE} is another loader than {', '.join(installed)}", REMEDY)
    if not is_kept(machine.read(DEBCONF) or ""):
        return skipped("boot-removable-unkept", f"{REMOVABLE} is not brought up to date by GRUB's next update ({REMEDY})")
    return passed()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_kept(answers: str) -> bool:
    """Of debconf's stanzas the one with the question."""
    return any(f"Name: {QUESTION}\n" in f"{each}\n" and "\nValue: true" in each for each in answers.split("\n\n"))
