"""What the concerns bring: `components/CONCERN/node` of the checkout, `concerns/CONCERN/node` of the program that is sent."""

import importlib

# By folder; whoever puts the program together fills it in.
FOLDERS: list[str] = []


def brings(table: str, name: str) -> str | None:
    """`module.function` of a probe or check that one of them brings; `table` is PROBES or CHECKS."""
    for folder in FOLDERS:
        found = getattr(importlib.import_module(f"concerns.{folder}.node"), table, {}).get(name)
        if found is not None:
            return str(found)
    return None


def names(table: str) -> list[str]:
    return [
        name for folder in FOLDERS for name in getattr(importlib.import_module(f"concerns.{folder}.node"), table, {})
    ]
