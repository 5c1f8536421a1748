"""A volume group misses a disk, or a thin pool has no room left for its metadata."""

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "mounts"
CODES = {
    "boot-lvm-incomplete": "a volume group misses a physical volume",
    "boot-thin-metadata-full": "at least 95 percent of a thin pool's metadata are used: full, it cannot be activated",
    "boot-no-lvm": "there is no volume group",
}
FULL = 95.0  # percent


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.has("vgs"):
        return skipped("boot-no-lvm", "no LVM here")
    groups = rows(machine, "vgs", "vg_name,vg_missing_pv_count")
    if not groups:
        return skipped("boot-no-lvm", "no volume group here")
    broken = [name for name, missing in groups if missing != "0"]
    if broken:
        return bad("boot-lvm-incomplete", f"{', '.join(broken)} misses a disk", f"pvs; vgreduce --removemissing {broken[0]} only once it is gone for good")
    full = [name for name, used in rows(machine, "lvs", "lv_full_name,metadata_percent") if used and float(used) >= FULL]
    if full:
        return bad("boot-thin-metadata-full", f"{', '.join(full)} has no room for its metadata", f"lvextend --poolmetadatasize +1G {full[0]}")
    return passed()


def rows(machine: Machine, command: str, columns: str) -> list[list[str]]:
    told = machine.run(command, "--noheadings", "--separator", "\t", "-o", columns)
    if not told.ok:
        raise OSError(told.explain())
    return [[field.strip() for field in line.split("\t")] for line in told.output.splitlines() if "\t" in line]
