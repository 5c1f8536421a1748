"""Would this node survive a reboot now? Each check is one file in checks/: `GROUP`, `CODES` and `check(machine) -> Verdict`.

A check says `bad` of a fault that a boot meets, `unknown` of what could not be looked at, `skipped` where there is nothing to
tell on this machine, with the reason. None writes, wakes a disk or asks anything outside of the node.
"""

from __future__ import annotations

import functools
import importlib
import os
import time

from engine import files
from look.verdict import Verdict, bad, skipped, unknown
from probes import for_one_look
from probes.last_run import last_run, seconds_since_boot

from .machine import Machine

# In the order in which people read them.
CHECKS = [
    "own_name",
    "address_at_boot",
    "hostname_file",
    "pve_cluster_masked",
    "cloud_init",
    "corosync_address",
    "fstab_sources",
    "fstab_optional",
    "fstab_generator",
    "commented_mounts",
    "device_names",
    "storage_mountpoint",
    "crypttab",
    "raid",
    "zpools",
    "zfs_hostid",
    "lvm",
    "pending_interfaces",
    "interfaces_stray",
    "interfaces_ifup",
    "ports_exist",
    "bridge_ports",
    "link_names",
    "waiting_hooks",
    "dhclient",
    "networking_enabled",
    "kernel_image",
    "kernel_running",
    "initramfs_age",
    "initramfs_modules",
    "dkms",
    "boot_partitions",
    "uefi_entry",
    "removable_loader",
    "grub_environment",
    "kernel_pins",
    "space",
    "clock",
    "emergency_shell",
    "disk_health",
    "unit_files",
    "unit_loops",
    "unit_limits",
    "unit_jobs",
    "quorum",
    "cluster_links",
    "ha_state",
    "proof",
]
PROGRAM = "/usr/local/lib/holdfast/boot-readiness"
STAMP = "/var/lib/holdfast/boot-readiness.json"  # what that leaves
HOUR = 3600  # seconds


def audit() -> dict[str, Verdict]:
    """{check: verdict} of this machine."""
    return audit_of(Machine())


def audit_of(machine: Machine) -> dict[str, Verdict]:
    return {module.replace("_", "-"): verdict_of(module, machine) for module in CHECKS}


def verdict_of(module: str, machine: Machine) -> Verdict:
    """One that breaks down must not keep the others from being heard, and is never taken for ok."""
    try:
        verdict: Verdict = importlib.import_module(f"{__package__}.checks.{module}").check(machine)
        return verdict
    except Exception as error:
        return unknown("boot-check-failed", f"{type(error).__name__}: {error}", "look at it by hand")


@functools.cache
def group_of(module: str) -> str:
    return str(importlib.import_module(f"{__package__}.checks.{module}").GROUP)


@for_one_look
def audit_for_look() -> dict[str, Verdict]:
    return audit()


def group(name: str) -> Verdict:
    """Of all checks of a group as one fact: `ok`, else what is bad, else what could not be told."""
    found = {module: audit_for_look()[module.replace("_", "-")] for module in CHECKS if group_of(module) == name}
    worst = [(module, each) for state in ("bad", "unknown") for module, each in found.items() if each.state == state]
    if not worst:
        if all(each.state == "skipped" for each in found.values()):
            return skipped("boot-nothing-to-check", "; ".join(dict.fromkeys(each.text for each in found.values())))
        return Verdict("ok", "seen", "ok")
    said = "; ".join(f"{module.replace('_', '-')}: {each.text}" for module, each in worst)
    if worst[0][1].state == "bad":
        return bad("boot-bad", said)
    return unknown("boot-untold", f"unknown: {said}")


def looked() -> str:
    """Whether the node has asked itself of late: two nights, since one may be missed while it is off."""
    try:
        is_new = time.time() - os.stat(PROGRAM).st_mtime < HOUR
    except FileNotFoundError:
        return "never"
    return "on time" if is_new else last_run(STAMP, str(48 * HOUR), str(HOUR))


def proof() -> str:
    return audit_for_look()["proof"].text


def booted_with(*paths: str) -> Verdict:
    """Whether this boot began with these files as they are now; a rollout that waits for a boot asks.

    No file of them is one that a boot itself writes, so unlike in the check of the same there is no grace: a push may come in
    the first seconds of a boot, and is not proven by that one. Of one that was taken away nothing is left that has a time.
    """
    booted = time.time() - seconds_since_boot()
    machine = Machine()
    changed = {path: machine.changed(path) for path in paths if machine.lies(path)}
    later = sorted((path for path in changed if changed[path] > booted), key=lambda path: -changed[path])
    later += [path for path in files.removed_since_boot() if path in paths and path not in changed]
    if later:
        more = f" and {len(later) - 1} more" if len(later) > 1 else ""
        return bad("not-booted-since", f"has not booted since {later[0]}{more} changed")
    return Verdict("ok", "seen", "booted")
