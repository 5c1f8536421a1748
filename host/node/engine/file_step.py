"""A file of the node's: staged beside its target, exchanged for it by a rename, put back by another.

Undoing needs no free space: before a target is replaced it gets a second name on its own file system
(`.NAME.holdfast-ID-previous`, a hard link), and undoing is renaming that back. The journal also holds a copy of the previous
content, for the case that somebody tidied the second name away.

A file on a mount of its own (/var, /usr/local) cannot be put back before that is mounted: its journal stays open, and the
boot's recovery runs once more when the local file systems are there.
"""

from __future__ import annotations

import os
import stat
from typing import Any

from engine import durable, mounts, safe
from engine.journal import Record
from engine.step import Step, Work
from engine.verdict import Verdict, bad, ok, waits


class FileStep(Step):
    """{path, was: identity, old: sha256 or None, new: sha256 or None, mode, uid, gid, attributes (of the old file), folders:
    [made by us], mount: where its file system is mounted, copy: the journal's file with the old content}."""

    kind = "file"
    lasting = True

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.path: str = record["path"]

    def __str__(self) -> str:
        return self.path

    @classmethod
    def plan(cls, path: str, file: dict[str, Any], folders: list[str], points: set[str], copy: str) -> FileStep:
        new = None if file.get("absent") else durable.digest(file["content"].encode())
        record: Record = {"kind": cls.kind, "path": path, "was": file["was"], "old": file["was"][1], "new": new, "folders": folders, "copy": copy}
        record["mount"] = mounts.mount_of(path, points)
        if record["old"] is not None:
            status = os.lstat(path)
            record.update(mode=stat.S_IMODE(status.st_mode), uid=status.st_uid, gid=status.st_gid, attributes=safe.attributes_of(path))
        return cls(record)

    def stage(self, work: Work, content: str, mode: int, uid: int, gid: int) -> None:
        for folder in self.record["folders"]:
            if not os.path.isdir(folder):  # another file may be in it too
                with safe.parent(folder) as (held, name):
                    os.mkdir(name, 0o755, dir_fd=held)
        with safe.parent(self.path) as (held, name):
            staged = staged_name(name, work.identifier)
            remove_at(held, staged)
            safe.write_at(held, staged, content.encode(), mode, uid, gid, self.record.get("attributes"))

    def keep(self, work: Work) -> None:
        """The old content twice: as the journal's copy, and under a second name."""
        if self.record["old"] is None:
            return
        with safe.parent(self.path) as (held, name):
            give_second_name(held, name, previous_name(name, work.identifier))
            data = safe.read_at(held, name)
        if data is not None:
            durable.write_new(os.path.join(work.journal.drafted, self.record["copy"]), data)

    def do(self, work: Work) -> None:
        from engine import files  # not for the recovery at boot

        files.exchange(self, work)

    def undo(self, work: Work) -> list[Verdict]:
        if not work.is_mounted(self.record["mount"]):
            return [waits(f"{self.path}: waits for {self.record['mount']} to be mounted", self.path)]
        try:
            with safe.parent(self.path) as (held, name):
                return [self.put_back(held, name, work)]
        except FileNotFoundError:
            if os.path.isdir(os.path.dirname(self.path)):
                raise
            if self.record["old"] is None:
                return [ok("unchanged", f"{self.path}: unchanged", self.path)]
            return [bad("edited-since", f"{self.path}: left alone: edited since", self.path)]

    def put_back(self, held: int, name: str, work: Work) -> Verdict:
        previous = previous_name(name, work.identifier)
        remove_at(held, staged_name(name, work.identifier))
        live = digest_at(held, name)
        if live == self.record["old"] and (live is None or self.has_old_meta(held, name)):
            remove_at(held, previous)
            return ok("unchanged", f"{self.path}: unchanged", self.path)
        if self.number in work.kept:
            remove_at(held, previous)
            return ok("edit-kept", f"{self.path}: somebody's edit, made meanwhile, was kept", self.path)
        if live != self.record["new"]:
            remove_at(held, previous)
            return bad("edited-since", f"{self.path}: left alone: edited since", self.path)
        if self.record["old"] is None:
            remove_at(held, name)
            return ok("removed", f"{self.path}: removed", self.path)
        if digest_at(held, previous) != self.record["old"] or not self.has_old_meta(held, previous):
            remove_at(held, previous)
            copy = work.journal.copy(self.record["copy"])
            if copy is None:
                raise OSError(f"both copies of the previous {self.path} are gone")
            safe.write_at(held, previous, copy, self.record["mode"], self.record["uid"], self.record["gid"], self.record["attributes"])
        os.rename(previous, name, src_dir_fd=held, dst_dir_fd=held)
        return ok("restored", f"{self.path}: restored", self.path)

    def has_old_meta(self, held: int, name: str) -> bool:
        status = os.stat(name, dir_fd=held, follow_symlinks=False)
        return (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (self.record["mode"], self.record["uid"], self.record["gid"])

    def unstage(self, work: Work) -> bool:
        try:
            with safe.parent(self.path) as (held, name):
                remove_at(held, previous_name(name, work.identifier))
                remove_at(held, staged_name(name, work.identifier))
        except FileNotFoundError:
            pass  # its folder was never made, or is gone
        remove_empty(self.record["folders"])
        return work.is_mounted(self.record["mount"])


class FoldersStep(Step):
    """{made: [folders that are made for the files], synced: [those that names change in]}. They are made in stage; as they are
    taken away after the files have gone, and synced, this comes before the files."""

    kind = "folders"
    lasting = True

    def undo(self, work: Work) -> list[Verdict]:
        sync(self.record["synced"])
        remove_empty(self.record["made"])
        return []


class SyncStep(Step):
    """{synced: [folders]}: after the files."""

    kind = "sync"

    def do(self, work: Work) -> None:
        for folder in self.record["synced"]:
            durable.sync_folder(folder)


def sync(folders: list[str]) -> None:
    for folder in folders:
        if os.path.isdir(folder):
            durable.sync_folder(folder)


def staged_name(name: str, identifier: str) -> str:
    """Of a name or a path."""
    return os.path.join(os.path.dirname(name), f".{os.path.basename(name)}.holdfast-{identifier}")


def previous_name(name: str, identifier: str) -> str:
    return staged_name(name, identifier) + "-previous"


def remove_at(held: int, name: str) -> None:
    """What is not there, or cannot be (too long, on a disk that is read-only by now), need not go."""
    try:
        os.stat(name, dir_fd=held, follow_symlinks=False)
    except OSError:
        return
    try:
        os.unlink(name, dir_fd=held)
    except FileNotFoundError:
        pass


def digest_at(held: int, name: str) -> str | None:
    """None where nothing is. Where by now anything may stand, a link or a folder is nobody's old or new content."""
    try:
        data = safe.read_at(held, name)
    except OSError as error:
        return f"strange: {error}"
    return None if data is None else durable.digest(data)


def give_second_name(held: int, name: str, second: str) -> None:
    """It survives the file's replacement, its content flushed to the disk."""
    remove_at(held, second)
    try:
        os.link(name, second, src_dir_fd=held, dst_dir_fd=held, follow_symlinks=False)
    except OSError:
        status = os.stat(name, dir_fd=held, follow_symlinks=False)  # no hard links here (vfat): a copy does, while there is space
        data = safe.read_at(held, name)
        safe.write_at(held, second, data or b"", stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        return
    fd = os.open(second, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=held)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove_empty(folders: list[str]) -> None:
    """The innermost first."""
    for folder in sorted(folders, key=len, reverse=True):
        try:
            os.rmdir(folder)
        except OSError:
            continue  # the cut came before it was made, or it is in use by now
