"""Verdicts about the programs that watch the hardware, from what they leave behind: no disk, sensor or BMC is touched."""

import glob
import json
import os
import re
import time

from engine import commands
from look import observe
from look.facts import read_word
from look.verdict import Verdict, skipped, unknown

SILENT_BMC = "not checked: the BMC does not say"  # the whole note that sel-fill leaves of such a BMC
STATES = "/var/lib/smartmontools/smartd.*.state"
# Postfix's queues, and for how many seconds a mail may be there: pickup empties maildrop at once where postfix runs at all, and
# a relay that is connected to and says nothing keeps a mail active for minutes.
QUEUES = {"maildrop": 10, "incoming": 60, "active": 60, "hold": 60, "deferred": 0}
MOST_QUEUED = 200  # mails whose header is looked at: a queue that a broken relay has filled says the same with all of them


def temperature() -> str | Verdict:
    """What the watchdog's last run made of what it read."""
    level = read_word("/run/holdfast/temperature/level")
    if level is None:
        return unknown("no-reading", "unknown")
    return "no trustworthy sensor" if level == "blind" else level


def last_run(path: str, seconds: str, grace: str | None = None) -> str | Verdict:
    """Whether a program that touches `path` at each run has run within `seconds`.

    For `grace` seconds after a boot (by default the same time) /run is empty by right, and timers are catching up.
    """
    limit, young = float(seconds), float(grace or seconds)
    uptime = seconds_since_boot()
    try:
        age = time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return "on time" if uptime < young else "never"
    is_of_this_boot = path.startswith("/run/")
    return "on time" if age < limit or (uptime < young and not is_of_this_boot) else "overdue"


def seconds_since_boot() -> float:
    """By the start of init: /proc/uptime is the workstation's in a container."""
    with open("/proc/1/stat", encoding="ascii", errors="replace") as stream:
        started = int(stream.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


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
    """Disks with a device behind them: no loop, zd, dm, md or ram, and nothing that a container merely sees of its host."""
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


def ipmievd() -> str | Verdict:
    if not has_bmc():
        return no_bmc()
    state = commands.run(["systemctl", "is-active", "ipmievd.service"]).output.strip()
    return "in syslog" if state == "active" else f"ipmievd is {state}"


def sel() -> str | Verdict:
    """From the hourly run's note, which is a word of `sel-fill`'s."""
    if not has_bmc():
        return no_bmc()
    note = read_word("/var/lib/holdfast/sel")
    if note == SILENT_BMC:
        return skipped("bmc-silent", "the BMC does not say")
    return note if note and note != "unknown" else unknown("no-reading", "unknown")


def no_bmc() -> Verdict:
    return skipped("no-bmc", "this node has no BMC, ipmievd is inactive")


def has_bmc() -> bool:
    return bool(glob.glob("/dev/ipmi[0-9]*"))


def mail(spool: str = "/var/spool/postfix", program: str = "/usr/local/lib/holdfast/mail") -> str | Verdict:
    """What became of the last mail; a local MTA accepts everything, so its queue has a say: on what Holdfast sent, nobody else."""
    if os.path.isdir(spool) and any(is_ours(identifier) for identifier in waiting()):
        return "undeliverable: mails of Holdfast wait in postfix's queue, see mailq"
    if "--fate" not in (read_word(program) or ""):
        return "not tried"  # not there, or an older one, which would send a mail of that name
    told = commands.run([program, "--fate"], timeout=20)
    return told.output.strip() or unknown("mail-does-not-say", f"unknown: {told.explain()}")


def waiting() -> list[str]:
    """The queue ids of mails that have been there for longer than their queue allows, at most MOST_QUEUED."""
    listed = commands.run(["postqueue", "-j"], timeout=10, limit=4_000_000)
    late = []
    for line in listed.output.splitlines():
        try:
            entry = json.loads(line)
            patience = QUEUES.get(entry["queue_name"])
            if patience is not None and time.time() - entry["arrival_time"] >= patience:
                late.append(str(entry["queue_id"]))
        except (ValueError, KeyError, TypeError):
            continue  # cut off at the limit
    return late[:MOST_QUEUED]


def is_ours(identifier: str) -> bool:
    """By the message-id in the header: the sender is another one where a command has sent it on, as Proxmox does with root's,
    and a bounce of ours has our header in its text."""
    header = commands.run(["postcat", "-qh", identifier], timeout=5).output  # nothing where it has left the queue
    return re.search(r"^message-id: <holdfast\.", header, re.IGNORECASE | re.MULTILINE) is not None


def mail_relay(msmtprc: str = "/etc/msmtprc", sendmail: str = "/usr/sbin/sendmail") -> str:
    """Whether mail leaves through the stack's relay: what the node had before has precedence."""
    target = os.path.realpath(sendmail)
    if os.path.exists(target) and os.path.basename(target) != "msmtp":
        return f"not used: this node has a sendmail of its own, {target}"
    if os.path.lexists(msmtprc) and not observe.is_ours(msmtprc):
        return f"not used: {msmtprc} is somebody else's and stays; move it away to use the relay"
    return "used"
