"""Which disks smartd watches and tests, from what it leaves behind: no disk is touched."""

import glob
import os
import re
import time

from engine import commands
from look.facts import read_word
from look.verdict import Verdict, skipped

STATES = "/var/lib/smartmontools/smartd.*.state"


def smartd_coverage(unit: str, *declared: str) -> str:
    """`none`, or the disks that no line of smartd.conf names, and the declared ones that are gone. Without declared ones
    smartd looks for disks when it starts, so what has come since is not covered."""
    disks = physical_disks()
    gone = [f"{path} (declared, but gone)" for path in declared if path.startswith("/dev/disk/") and not os.path.exists(path)] if has_udev() else []
    if not disks and not gone:
        return "none"
    if declared:
        covered = {namespace_of(os.path.realpath(path)) for path in declared}
        missing = [disk for disk in disks if f"/dev/{disk}" not in covered and not is_virtual(disk)]
    else:
        started = start_of(unit)
        missing = [disk for disk in disks if seen_since_boot(disk) > started and not is_virtual(disk)] if started else disks
    return ", ".join([stable_name(disk) for disk in sorted(missing)] + gone) or "none"


def start_of(unit: str) -> int:
    """Microseconds after the boot; 0 where it has not started."""
    return int(commands.run(["systemctl", "show", "-p", "ExecMainStartTimestampMonotonic", "--value", "--", unit]).output.strip() or 0)


def has_udev() -> bool:
    return os.path.isdir("/run/udev/data")


def physical_disks() -> list[str]:
    """Disks with a device behind them: no loop, zd, dm, md or ram, and nothing that a container merely sees of its
    host."""
    if not has_udev():
        return []
    names = os.listdir("/sys/block") if os.path.isdir("/sys/block") else []
    return [name for name in names if re.fullmatch(r"sd[a-z]+|hd[a-z]+|nvme\d+n\d+", name) and os.path.exists(f"/sys/block/{name}/device")]


def is_virtual(disk: str) -> bool:
    """A RAID controller's logical volume: it has no SMART, its members are watched instead."""
    vendor = read_word(f"/sys/block/{disk}/device/vendor") or ""
    model = read_word(f"/sys/block/{disk}/device/model") or ""
    return bool(re.search(r"(?i)perc|megaraid|raid|logical volume|virtual", f"{vendor} {model}"))


def namespace_of(path: str) -> str:
    """smartd may be told the NVMe controller, /dev/nvme0."""
    return f"{path}n1" if re.fullmatch(r"/dev/nvme\d+", path) else path


def seen_since_boot(disk: str) -> int:
    """Microseconds after the boot at which udev met the disk."""
    number = read_word(f"/sys/block/{disk}/dev") or ""
    match = re.search(r"^I:(\d+)$", read_word(f"/run/udev/data/b{number}") or "", re.MULTILINE)
    return int(match.group(1)) if match else 0


def stable_name(disk: str) -> str:
    links = [link for link in sorted(glob.glob("/dev/disk/by-id/*")) if os.path.realpath(link) == f"/dev/{disk}"]
    return links[0] if links else f"/dev/{disk}"


def self_tests() -> str | Verdict:
    """From smartd's own notes: a test that was due two days ago and has not been started. smartd writes all of them after it
    has started, and when it ends: an older one is of a disk that is no longer there."""
    written = {path: modified(path) for path in glob.glob(STATES)}
    started = time.time() - time.monotonic() + start_of("smartmontools.service") / 1_000_000 if written else 0
    notes = [path for path, when in written.items() if when >= started]
    checks = [re.search(r"^scheduled-test-next-check = (\d+)$", read_word(path) or "", re.MULTILINE) for path in notes]
    due = [int(match.group(1)) for match in checks if match]
    if not due:
        return skipped("no-self-tests", "no disk whose self-tests smartd starts")
    return "on time" if min(due) > time.time() - 2 * 86_400 else "overdue"


def modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except FileNotFoundError:
        return 0
