"""Checks that need more than one native command. Called as data: argv ["holdfast", NAME, …]. Each returns None or a complaint.

A check is a function `(timeout in seconds, *words) -> None or complaint` in any module of the program, and a line here
or in `node/` of its concern: its module is loaded where a plan asks for it, so that a node need not have what it never uses.
"""

import importlib
from collections.abc import Callable, Sequence

import concerns

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
    path = CHECKS.get(name) or concerns.brings("CHECKS", name)
    if path is None:
        return f"the node's program has no check `{name}`"
    module, function = path.rsplit(".", 1)
    found: Callable[..., str | None] = getattr(importlib.import_module(module), function)
    return found(timeout, *arguments)
