"""/etc/pve as pmxcfs keeps it: the tree inside of config.db, read without a pmxcfs (pve-cluster,
src/pmxcfs/database.c)."""

import os
import re
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from typing import NamedTuple

DATABASE = "/var/lib/pve-cluster/config.db"
# Made by pmxcfs while somebody reads: in no database, and not to be written.
GENERATED = (".version", ".members", ".vmlist", ".rrd", ".clusterlog", ".debug")
OWN_LINKS = ("local", "qemu-server", "lxc", "openvz")
# HA's own state, which each node writes anew every few seconds, by way of a second name: no configuration, and never the same
# in two copies.
VOLATILE = re.compile(r"(?:ha/(?:manager_status|crm_commands)|nodes/[^/]+/lrm_status)(?:\.tmp\.\d+)?")
FOLDER_TYPE, FILE_TYPE = 4, 8  # of the column `type`: DT_DIR and DT_REG


class Entry(NamedTuple):
    """A row of the table `tree`."""

    parent: int
    kind: int
    name: str
    data: bytes


class BrokenTree(Exception):
    """The database is not one of pmxcfs', or damaged; says how."""


def copy_database(source: str, target: str) -> None:
    """Of a database that pmxcfs has open: a plain copy lacks what is still in its -wal. Raises BrokenTree."""
    try:
        live = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)
        try:
            copy = sqlite3.connect(target)
            try:
                live.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE").fetchall()  # whole by itself, without a -wal beside it
            finally:
                copy.close()
        finally:
            live.close()
    except sqlite3.Error as error:
        raise BrokenTree(f"{source}: {error}") from error
    os.chmod(target, 0o600)


def read_tree(database: str) -> dict[str, bytes]:
    """Every file: {path below /etc/pve: content}. Raises BrokenTree."""
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True, timeout=30)
        try:
            sound = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if sound != ("ok",):
                raise BrokenTree(f"{database}: integrity_check: {sound[0] if sound else 'no answer'}")
            rows = connection.execute("SELECT inode, parent, type, name, data FROM tree").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise BrokenTree(f"{database}: {error}") from error
    entries = {inode: Entry(parent, kind, name, bytes(data or b"")) for inode, parent, kind, name, data in rows}
    entries.pop(0, None)
    return {path_of(inode, entries): each.data for inode, each in entries.items() if each.kind == FILE_TYPE}


def lasting(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Without what HA writes all the time. `files` by their path below /etc/pve."""
    return {path: data for path, data in files.items() if not VOLATILE.fullmatch(path)}


def place_of(path: str) -> str:
    """On the node, of a path as a backup has it: pve/storage.cfg, etc/hosts."""
    return f"/etc/{path}" if path.startswith("pve/") else f"/{path}"


def path_of(inode: int, entries: Mapping[int, Entry]) -> str:
    names: list[str] = []
    while inode != 0:
        entry = entries.get(inode)
        if entry is None or len(names) > 64:
            raise BrokenTree(f"the row {inode} leads to no root")
        if entry.name in ("", ".", "..") or "/" in entry.name or "\0" in entry.name:
            raise BrokenTree(f"a row is named {entry.name!r}")
        names.append(entry.name)
        inode = entry.parent
    return "/".join(reversed(names))


def read_files(root: str) -> dict[str, bytes]:
    """Every regular file below a folder: {path below it: content}."""
    return {os.path.relpath(path, root): read_bytes(path) for path in walk(root)}


def walk(root: str) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def read_bytes(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def differences(first: Mapping[str, bytes], second: Mapping[str, bytes], names: tuple[str, str]) -> list[str]:
    """One line for each file that is not the same in both; `names` of the two."""
    missing = [f"{path} is not in {names[1]}" for path in sorted(first.keys() - second.keys())]
    extra = [f"{path} is not in {names[0]}" for path in sorted(second.keys() - first.keys())]
    both = sorted(first.keys() & second.keys())
    return missing + extra + [f"{path} differs between them" for path in both if first[path] != second[path]]
