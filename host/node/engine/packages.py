"""Installing Debian packages: what is missing, nothing removed, the lock waited for with a bound."""

import contextlib
import re

from engine import commands, durable, units

LOCK_TIMEOUT = 120  # seconds that apt waits for another apt
APT = ["apt-get", "-y", "-q", "-o", "Acquire::Retries=0", "-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT}", "-o", "Dpkg::Options::=--force-confold"]
REHEARSAL = 1 << 22  # bytes: all of it has to be searched
LOCKED, UPDATE = "Could not get lock", " (apt-get update: "  # in complaints
HELD = f"{durable.RUN}/held-units"  # what is masked now: a killed run leaves it, and its masks


@contextlib.contextmanager
def held(names):
    """Debian starts a service as soon as it is installed, that is before its files are in place: an exporter would be open
    to everyone. They are masked meanwhile, no longer than until a reboot, and disabled afterwards: the transaction switches
    them on, or fails and leaves them off.
    """
    if not names:
        yield
        return
    durable.replace(HELD, "\n".join(names).encode())
    commands.run(["systemctl", "mask", "--runtime", "--", *names])
    try:
        yield
    finally:
        release(names)


def release(names):
    commands.run(["systemctl", "unmask", "--runtime", "--", *names])
    for unit in names:  # each by itself: some of them come with the transaction's files, and are not there yet
        units.on_disk("disable", [unit])
    durable.remove(HELD)


def release_leftovers():
    """Call it with the lock held."""
    left = durable.read_regular(HELD)
    if left:
        release(left.decode().split("\n"))


def is_waiting(complaint):
    """Another apt has the lock: no other package fares better."""
    return LOCKED in complaint.split(UPDATE)[0]


def install(names):
    """Returns None, or a complaint. A run that would remove a package (an MTA, say) is refused before it starts."""
    rehearsed = commands.run([*APT, "-s", "install", "--no-install-recommends", "--", *names], timeout=LOCK_TIMEOUT + 60, limit=REHEARSAL)
    if not rehearsed.ok:
        refreshed = commands.run([*APT, "update"], timeout=300)  # a failing enterprise repository alone is not fatal
        rehearsed = commands.run([*APT, "-s", "install", "--no-install-recommends", "--", *names], timeout=LOCK_TIMEOUT + 60, limit=REHEARSAL)
        if not rehearsed.ok:
            return f"apt-get install {' '.join(names)}: {rehearsed.explain()}" + ("" if refreshed.ok else f"{UPDATE}{refreshed.explain()})")
    removed = re.findall(r"^Remv (\S+)", rehearsed.output, re.MULTILINE)
    if removed:
        return f"installing {' '.join(names)} would remove {', '.join(removed)}: install it by hand, knowing what goes"
    installed = commands.run([*APT, "install", "--no-remove", "--no-install-recommends", "--", *names], timeout=900)
    if installed.ok:
        return None
    # apt's own last word is that dpkg failed; what failed stands further up, in either stream.
    reasons = [line for line in (installed.output + installed.errors).splitlines() if line][-8:]
    return f"apt-get install {' '.join(names)}: {installed.problem or f'exit status {installed.code}'}: {'; '.join(reasons)}"
