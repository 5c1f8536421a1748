"""Installing Debian packages: what is missing, nothing removed, the lock waited for with a bound."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from engine import commands, dpkg, durable, hold, units
from engine.journal import Journal
from engine.refusal import Refused, translated
from engine.step import Tell, Work, perform, reach

LOCK_TIMEOUT = 120  # seconds that apt waits for another apt
APT = ["apt-get", "-y", "-q", "-o", "Acquire::Retries=0", "-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT}", "-o", "Dpkg::Options::=--force-confold"]
REHEARSAL = 1 << 22  # bytes: all of it has to be searched
LOCKED = "Could not get lock"  # apt's own words
HELD = f"{durable.RUN}/held-units"  # what an earlier version's program has masked until the next boot


@contextlib.contextmanager
def held(names: list[str], wanted: list[str], identifiers: list[str], tell: Tell) -> Iterator[None]:
    """Holds the units while the packages are installed (hold.py), by a journal: killed or cut off, it is undone like
    the rest."""
    journal = Journal(f"packages-{identifiers[0]}")
    step = hold.HoldStep({"kind": hold.HoldStep.kind, "units": names, "packages": wanted})
    try:
        with translated("stage", durable.JOURNAL):
            journal.draft([step.record], **{"for": identifiers})
            journal.seal()
    except BaseException:
        journal.abandon()
        raise
    work = Work(journal, tell)
    work.begun = set()
    try:
        perform(step, work)
        yield
    finally:
        step.release()
        journal.close()


def release_leftovers() -> None:
    """Of an earlier version's program. Call it with the lock held."""
    left = durable.read_regular(HELD)
    if left:
        names = left.decode().split("\n")
        commands.run(["systemctl", "unmask", "--runtime", "--", *names])
        for unit in names:
            units.on_disk("disable", [unit])
        durable.remove(HELD)


def install(wanted: list[str]) -> Refused | None:
    """Returns None, or a complaint. A run that would remove a package (an MTA, say) is refused before it starts. Of
    `docker.io | docker-ce` the first is installed: whoever has another one has it already."""
    names = [dpkg.alternatives(name)[0] for name in wanted]
    reach(f"apt-get install {' '.join(names)}")
    rehearsed = rehearse(names)
    if not rehearsed.ok:
        if LOCKED in rehearsed.explain():  # another apt has it: no other package fares better, so nobody waits for it twice
            return complain(names, "package-locked", rehearsed.explain())
        refreshed = commands.run([*APT, "update"], timeout=300)  # a failing enterprise repository alone is not fatal
        rehearsed = rehearse(names)
        if not rehearsed.ok:
            stale = "" if refreshed.ok else f" (apt-get update: {refreshed.explain()})"
            return complain(names, "package-locked" if LOCKED in rehearsed.explain() else "package-failed", f"{rehearsed.explain()}{stale}")
    removed = re.findall(r"^Remv (\S+)", rehearsed.output, re.MULTILINE)
    if removed:
        said = f"installing {' '.join(names)} would remove {', '.join(removed)}: install it by hand, knowing what goes"
        return Refused("stage", said, "package-removes")
    installed = commands.run([*hold.IN_SCOPE, *APT, "install", "--no-remove", "--no-install-recommends", "--", *names], timeout=900)
    reach(f"apt-get install {' '.join(names)}, done")
    if installed.ok:
        return None
    # apt's own last word is that dpkg failed; what failed stands further up, in either stream.
    reasons = [line for line in (installed.output + installed.errors).splitlines() if line][-8:]
    said = f"{installed.problem or f'exit status {installed.code}'}: {'; '.join(reasons)}"
    return complain(names, "package-locked" if LOCKED in said else "package-failed", said)


def rehearse(names: list[str]) -> commands.Outcome:
    return commands.run([*APT, "-s", "install", "--no-install-recommends", "--", *names], timeout=LOCK_TIMEOUT + 60, limit=REHEARSAL)


def complain(names: list[str], code: str, said: str) -> Refused:
    return Refused("stage", f"apt-get install {' '.join(names)}: {said}", code)
