"""Root's keys: what sshd reads, and which of them nobody declared."""

import base64
import hashlib
import os

from engine import commands
from look.verdict import Verdict, bad, passed, unknown

OWN = "/root/.ssh/authorized_keys"
RESCUE = "/root/.ssh/authorized_keys2"
# A stranger's file may be long; a verdict is one line.
MOST = 5


def read_by_sshd() -> str | Verdict:
    asked = commands.run(["sshd", "-T"])
    if not asked.ok:
        return unknown("sshd-silent", "unknown: sshd -T says nothing")
    files = [line.split()[1:] for line in asked.output.splitlines() if line.startswith("authorizedkeysfile ")]
    names = [name.replace("%h", "/root") for line in files for name in line]
    return "read by sshd" if any(os.path.join("/root", name) == RESCUE for name in names) else "not read by sshd"


def root_keys() -> str:
    """Where root's authorized_keys is kept: on Proxmox it is a link into pmxcfs, which is gone when pmxcfs is."""
    path = OWN
    # The link alone: to follow it into a pmxcfs that hangs would hang the look.
    return "in pmxcfs" if os.path.islink(path) and os.readlink(path).startswith("/etc/pve/") else "on disk"


def complaint(timeout: float, staged: str) -> Verdict:
    """Whether sshd would take each line for a key, and whether it reads the file at all."""
    looked = commands.run(["ssh-keygen", "-l", "-f", staged], timeout)
    wanted = len(keys_of(text_of(staged)))
    if not looked.ok or len(looked.output.splitlines()) != wanted:
        return bad("keys-refused", f"ssh-keygen -l takes {len(looked.output.splitlines())} of {wanted} lines for keys: {looked.output[:200]}")
    if read_by_sshd() != "read by sshd":
        return bad(
            "keys-not-read",
            f"sshd does not read {RESCUE}: add .ssh/authorized_keys2 to AuthorizedKeysFile in sshd_config",
        )
    return passed()


def undeclared() -> str | Verdict:
    """Keys in root's own file that are not among the declared ones; on Proxmox each node's own key is among them."""
    declared = {blob for blob, _ in keys_of(text_of(RESCUE))}
    # On Proxmox a link into pmxcfs, and a read from one that hangs would hang the look: a program of its own has a time
    # limit.
    read = commands.run(["cat", "--", OWN], 5, limit=1 << 20) if os.path.lexists(OWN) else None
    if read is not None and not read.ok:
        return unknown("keys-unreadable", "unknown: root's authorized_keys cannot be read")
    own = keys_of(read.output) if read is not None else []
    others = [f"{comment or 'no comment'} ({fingerprint(blob)})" for blob, comment in own if blob not in declared]
    if not others:
        return "none"
    more = f" and {len(others) - MOST} more" if len(others) > MOST else ""
    return ", ".join(sorted(others)[:MOST]) + more


def text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(1 << 20)
    except FileNotFoundError:
        return ""


def keys_of(text: str) -> list[tuple[str, str]]:
    """[(base64, comment)] of each line that holds a key, whatever options stand before it."""
    found = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        words = line.split()
        at = next((place for place, word in enumerate(words) if word.startswith("AAAA")), None)
        if at is not None:
            found.append((words[at], " ".join(words[at + 1 :])))
    return found


def fingerprint(blob: str) -> str:
    """As ssh-keygen -l prints it."""
    try:
        digest = hashlib.sha256(base64.b64decode(blob + "=" * (-len(blob) % 4))).digest()
    except ValueError:
        return "no key"
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
