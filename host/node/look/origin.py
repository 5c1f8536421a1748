"""Where a file that stands here comes from: a package, the installer, Holdfast itself. What comes from none of them is somebody's.

A first push replaces the former and stops at the latter. Reads dpkg's own records, which is quick, and starts nothing.
"""

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator

from engine import durable, files
from look.observe import is_ours

DPKG_STATUS = "/var/lib/dpkg/status"
DPKG_SUMS = "/var/lib/dpkg/info/*.md5sums"
UCF_HASHES = "/var/lib/ucf/hashfile"
# Holdfast's own by name; where an earlier version kept no record of what it wrote, that is enough.
OWN_FOLDERS = ("/etc/holdfast/", "/usr/local/lib/holdfast/")
# Versions before `ssh.rescueKeys` wrote the key of whoever ran them there, one line each, with this comment.
RESCUE_KEYS, OWN_COMMENT = "/root/.ssh/authorized_keys2", "holdfast"
STOCK_NAMES = {"localhost", "localhost.localdomain", "localhost4", "localhost6", "pvelocalhost"}


def origins(paths: list[str]) -> dict[str, str]:
    """{path: "holdfast" | "package" | "installer"}; a file that is none of these, or no plain file, is missing."""
    written = files.written()
    shipped = shipped_sums(paths)
    found = {path: origin(path, written, shipped) for path in paths}
    return {path: word for path, word in found.items() if word}


def origin(path: str, written: dict[str, str], shipped: dict[str, set[str]]) -> str | None:
    data = durable.read_regular(path) if os.path.isfile(path) and not os.path.islink(path) else None
    if data is None:
        return None
    if path in written:
        if written[path] == durable.digest(data):
            return "holdfast"
    elif is_ours(path) and (path.startswith(OWN_FOLDERS) or "holdfast" in os.path.basename(path)):
        return "holdfast"
    if path == RESCUE_KEYS and all(line.split()[-1] == OWN_COMMENT for line in data.decode("utf-8", "replace").splitlines() if line.strip()):
        return "holdfast"
    if hashlib.md5(data, usedforsecurity=False).hexdigest() in shipped.get(path, ()):
        return "package"
    return "installer" if is_stock(path, data.decode("utf-8", "replace"), os.uname().nodename) else None


def shipped_sums(paths: Iterable[str]) -> dict[str, set[str]]:
    """{path: {md5}} as dpkg and ucf have noted what a package brought."""
    wanted = set(paths)
    sums: dict[str, set[str]] = {}
    for line in lines_of(DPKG_STATUS):
        fields = line.split()
        if line.startswith(" /") and len(fields) >= 2 and fields[0] in wanted:  # Conffiles: " PATH MD5 [obsolete]"
            sums.setdefault(fields[0], set()).add(fields[1])
    for line in lines_of(UCF_HASHES):
        fields = line.split()
        if len(fields) == 2 and fields[1] in wanted:
            sums.setdefault(fields[1], set()).add(fields[0])
    if any(not path.startswith("/etc/") for path in wanted):
        for name in glob.glob(DPKG_SUMS):
            for line in lines_of(name):
                md5, _, path = line.rstrip("\n").partition("  ")
                if f"/{path}" in wanted:
                    sums.setdefault(f"/{path}", set()).add(md5)
    return sums


def lines_of(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            yield from stream
    except OSError:
        return


def is_stock(path: str, text: str, hostname: str) -> bool:
    """What the installers of Debian and Proxmox VE and an image begin with, and nobody has added to.

    An fstab with an entry and interfaces with a port name this machine's own disks and wires: they are the operator's to see.
    """
    lines = [words for words in (line.split("#", 1)[0].split() for line in text.splitlines()) if words]
    if path == "/etc/hosts":
        name = hostname.partition(".")[0]
        return all(is_stock_name_line(words, name) for words in lines)
    if path == "/etc/fstab":
        return not lines
    if path == "/etc/network/interfaces":
        return all(words[0] in ("source", "source-directory") or words in (["auto", "lo"], ["iface", "lo", "inet", "loopback"]) for words in lines)
    return False


def is_stock_name_line(words: list[str], hostname: str) -> bool:
    """`127.0.1.1 pve01.example.test pve01`, `192.0.2.11 pve01.example.test pve01`, `ff02::1 ip6-allnodes`."""
    own = ("ip6-", f"{hostname}.")
    return all(name in STOCK_NAMES or name == hostname or name.startswith(own) for name in words[1:])
