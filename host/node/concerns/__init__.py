"""What the concerns bring: `components/CONCERN/node` of the checkout, `concerns/CONCERN/node` of the program that is
sent."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

# By folder; whoever puts the program together fills it in.
FOLDERS: list[str] = []


def brings(table: str, name: str) -> str | None:
    """`module.function` of a probe or check that one of them brings; `table` is PROBES or CHECKS."""
    return all_of(table).get(name)


@functools.cache
def all_of(table: str) -> dict[str, str]:
    return {name: path for folder in FOLDERS for name, path in getattr(brought_by(folder), table, {}).items()}


def wakes(name: str) -> bool:
    """Whether the check wakes disks or starts something: it belongs to a transaction, not to a timer."""
    return any(name in getattr(brought_by(folder), "WAKES", []) for folder in FOLDERS)


def names(table: str) -> list[str]:
    return list(all_of(table))


def brought_by(folder: str) -> ModuleType:
    return importlib.import_module(f"concerns.{folder}.node")
