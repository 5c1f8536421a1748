"""Checks that need more than one native command. Called as data: argv ["holdfast", NAME, …]. Each returns None or a complaint.

A check is a function `(timeout in seconds, *words) -> None or complaint` in any module of the program, and a line here:
its module is loaded where a plan asks for it, so that a node need not have what it never uses.
"""

import importlib
from collections.abc import Callable, Sequence

CHECKS = {
    "resolver": "checks.names.resolver",
    "own-address": "checks.names.own_address",
    "findmnt": "checks.fstab.findmnt",
    "fstab-generator": "checks.fstab.fstab_generator",
    "interfaces": "checks.interfaces.interfaces",
    "smartd": "checks.smartd.smartd",
    "exporter": "probes.exporter.complaint",
    "ip-filter": "probes.exporter.filter_complaint",
}


def check(name: str, arguments: Sequence[str], timeout: float) -> str | None:
    if name not in CHECKS:
        return f"the node's program has no check `{name}`"
    module, function = CHECKS[name].rsplit(".", 1)
    found: Callable[..., str | None] = getattr(importlib.import_module(module), function)
    return found(timeout, *arguments)
