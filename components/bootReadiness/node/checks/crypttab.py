"""A volume of crypttab asks for a passphrase or lacks its key, and the boot waits for it."""

from look.verdict import Verdict, bad, passed, skipped

from .. import fstab
from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-crypt-asks": "a volume without nofail asks for a passphrase at boot",
    "boot-crypt-key-missing": "the key file of a volume without nofail is not there",
    "boot-crypt-source-missing": "the device of a volume without nofail is not there",
    "boot-no-crypttab": "there is no crypttab",
}


def check(machine: Machine) -> Verdict:
    lines = [line.split() for line in machine.lines("/etc/crypttab") if len(line.split()) >= 2]
    if not lines:
        return skipped("boot-no-crypttab", "crypttab has no volumes")
    for name, source, *rest in lines:
        key, options = [*rest, "none", ""][:2] if len(rest) != 1 else (rest[0], "")
        words = options.split(",")
        if {"nofail", "noauto"} & set(words):
            continue
        if not fstab.is_present(machine, source):
            return bad("boot-crypt-source-missing", f"{source} of {name} is not there", "plug it in, or add nofail")
        # Clevis answers for one of the network (_netdev), which a Tang server unlocks.
        if key in ("none", "-") and not any(word.startswith(("tpm2-device", "fido2-device", "pkcs11-uri", "keyscript", "_netdev")) for word in words):
            return bad("boot-crypt-asks", f"{name} asks for a passphrase at boot", "give it a key, or add nofail")
        if key.startswith("/") and not key.startswith("/dev/") and not machine.exists(key):
            return bad("boot-crypt-key-missing", f"{key} of {name} is not there", "bring it back, or add nofail")
    return passed()
