"""Whether root may run what lies at a path: only where nobody could put something else there who is not root already."""

import grp
import os
from collections.abc import Collection

from engine.safe import members_of, stranger


def stranger_at(path: str, groups: Collection[str] = ()) -> str | None:
    """Who else could change what lies there, in words, by the file, the folders above it, and what links lead through; None where
    nobody could, or nothing is there. `groups`: whose members are as good as root."""
    trusted = {name for group in groups for name in named(group)}
    for each in [*steps(path), *steps(os.path.realpath(path))]:
        try:
            status = os.lstat(each)
        except OSError:
            return None
        found = stranger(each, status, trusted)
        if found:
            return f"{each} {WORDS_OF_STRANGERS[found.kind].format(found.names)}"
    return None


WORDS_OF_STRANGERS = {
    "owner": "belongs to {}",
    "everybody": "can be written by everybody",
    "list": "can be written by others, by an access control list (getfacl)",
    "group": "can be written by {}, as its group",
}


def steps(path: str) -> list[str]:
    names = [name for name in path.split("/") if name]
    return ["/", *("/" + "/".join(names[: count + 1]) for count in range(len(names)))]


def named(group: str) -> list[str]:
    try:
        return members_of(grp.getgrnam(group).gr_gid)
    except KeyError:
        return []
