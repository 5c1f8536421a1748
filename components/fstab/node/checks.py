"""systemd's and util-linux's own judgement of an fstab."""

from engine import commands
from look import facts
from look.verdict import Verdict, bad, passed, unknown

from . import generator


def findmnt(timeout: float, staged: str) -> Verdict:
    """`findmnt --verify`, which also fails what is merely absent: a disk or folder of a `nofail` entry is no reason to
    stop."""
    checked = commands.run(["findmnt", "--verify", "--tab-file", staged], timeout)
    if checked.ok:
        return passed()
    if checked.code is None:
        return unknown("findmnt-silent", checked.explain())
    entries = entries_of(staged)
    target = ""
    complaints: list[str] = []
    excused = False
    for line in (checked.output + checked.errors).splitlines():
        if "parse error" in line and "ignored" in line:
            complaints.append(line.strip())
        elif "[E]" in line and is_excused(line, *entries.get(target, ("", []))):
            excused = True
        elif "[E]" in line:
            complaints.append(f"{target}: {line.replace('[E]', '').strip()}")
        elif line and not line[0].isspace():
            target = line
    # It may die of a line that it cannot parse (2.41 does): only errors that are excused make it pass.
    if complaints or not excused or checked.code < 0:
        return bad("fstab-refused", "; ".join(complaints) or checked.explain())
    return passed()


def is_excused(line: str, fstype: str, options: list[str]) -> bool:
    if "required target: No such file" in line:
        return True  # systemd makes the folder that it mounts on
    if "unsupported source tag" in line:
        return fstype == "ceph"  # admin@.cephfs=/
    absences = (
        "unreachable",
        "non-existing",
        "cannot be found",
        "does not exist",
        "cannot detect on-disk filesystem type",
    )
    is_absence = any(word in line for word in absences)
    return is_absence and ("nofail" in options or "noauto" in options)


def entries_of(path: str) -> dict[str, tuple[str, list[str]]]:
    """{target: (type, options)}."""
    entries: dict[str, tuple[str, list[str]]] = {}
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            fields = line.split()
            if len(fields) >= 4 and not line.lstrip().startswith("#"):
                entries[facts.unescape(fields[1])] = (fields[2], fields[3].split(","))
    return entries


def fstab_generator(timeout: float, staged: str, *essential: str) -> Verdict:
    """Dry run of systemd's own generator: a mount under local-fs.target.requires stops the boot when its disk is
    missing."""
    ran = commands.run(generator.dry_run(staged), timeout)
    if not ran.ok:
        return unknown("generator-failed", f"systemd-fstab-generator: {ran.explain()}")
    blocking = sorted(generator.required(ran.output) - set(essential))
    if blocking:
        return bad(
            "mount-stops-boot",
            f"{', '.join(blocking)} would stop the boot when its disk is missing: add nofail, or declare it essential",
        )
    return passed()
