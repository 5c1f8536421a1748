"""Installing Debian packages: what is missing, nothing removed, the lock waited for with a bound."""

import re

import commands
import units

LOCK_TIMEOUT = 120  # seconds that apt waits for another apt
APT = ["apt-get", "-y", "-q", "-o", "Acquire::Retries=0", "-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT}", "-o", "Dpkg::Options::=--force-confold"]


def install(names, held=()):
    """Returns None, or a complaint. A run that would remove a package (an MTA, say) is refused before it starts.

    `held`: units that the packages bring. Debian starts a service as soon as it is installed, that is before its files
    are in place: an exporter would be open to everyone. They are masked meanwhile, no longer than until a reboot, and
    disabled afterwards: the transaction switches them on, or fails and leaves them off.
    """
    if not held:
        return run(names)
    commands.run(["systemctl", "mask", "--runtime", "--", *held])
    try:
        return run(names)
    finally:
        commands.run(["systemctl", "unmask", "--runtime", "--", *held])
        for unit in held:  # each by itself: some of them come with the transaction's files, and are not there yet
            units.on_disk("disable", [unit])


def is_waiting(complaint):
    """Another apt has the lock: no other package fares better."""
    return "Could not get lock" in complaint


def run(names):
    rehearsed = commands.run([*APT, "-s", "install", "--no-install-recommends", "--", *names], timeout=LOCK_TIMEOUT + 60)
    if not rehearsed.ok:
        refreshed = commands.run([*APT, "update"], timeout=300)  # a failing enterprise repository alone is not fatal
        rehearsed = commands.run([*APT, "-s", "install", "--no-install-recommends", "--", *names], timeout=LOCK_TIMEOUT + 60)
        if not rehearsed.ok:
            return f"apt-get install {' '.join(names)}: {rehearsed.explain()}" + ("" if refreshed.ok else f" (apt-get update: {refreshed.explain()})")
    removed = re.findall(r"^Remv (\S+)", rehearsed.output, re.MULTILINE)
    if removed:
        return f"installing {' '.join(names)} would remove {', '.join(removed)}: install it by hand, knowing what goes"
    installed = commands.run([*APT, "install", "--no-install-recommends", "--", *names], timeout=900)
    if installed.ok:
        return None
    # apt's own last word is that dpkg failed; what failed stands further up, in either stream.
    reasons = [line for line in (installed.output + installed.errors).splitlines() if line][-8:]
    return f"apt-get install {' '.join(names)}: {installed.problem or f'exit status {installed.code}'}: {'; '.join(reasons)}"
