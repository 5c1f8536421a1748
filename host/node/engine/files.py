"""The files of a transaction: what may be replaced, whether it is what was planned, what is kept of it."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import json
import os
import pwd
import struct
from collections.abc import Mapping
from typing import Any

from engine import durable, safe
from engine.file_step import FileStep, previous_name, staged_name
from engine.refusal import Refused
from engine.step import Work
from look import facts, observe

STATE = "/var/lib/holdfast"
ORIGINALS = f"{STATE}/originals.json"
WRITTEN = f"{STATE}/written.json"
REMOVED = f"{durable.RUN}/removed.json"
NAME_LIMIT = 255 - len(previous_name("", "0" * 16))
FS_IOC_GETFLAGS = 0x80086601
FS_IMMUTABLE_FL, FS_APPEND_FL = 0x10, 0x20  # linux/fs.h


def is_as_planned(seen: dict[str, Any], file: dict[str, Any]) -> bool:
    if file.get("absent"):
        return bool(seen["kind"] == "absent")
    owner, group = file["owner"], file["group"]
    names = [observe.user_name(int(owner)) if owner.isdigit() else owner, observe.group_name(int(group)) if group.isdigit() else group]
    return observe.identity(seen) == ["file", durable.digest(file["content"].encode()), file["mode"], *names, None]


def refuse_if_edited(phase: str, path: str, seen: dict[str, Any], file: dict[str, Any]) -> None:
    if observe.identity(seen) != file["was"]:
        raise edited(phase, path)


def edited(phase: str, path: str) -> Refused:
    return Refused(phase, f"{path} was edited while this transaction was under way; the edit was kept, look at it and run `up --refresh`", "edited-meanwhile")


def exchange(step: FileStep, work: Work) -> None:
    path, file = step.path, work.plan["files"][step.path]
    try:
        # An editor that renames its own new file into place is seen until the instant before ours.
        refuse_if_edited("commit", path, observe.observe_file(path), file)
        with safe.parent(path) as (held, name):
            staged, previous = staged_name(name, work.identifier), previous_name(name, work.identifier)
            if file.get("absent"):
                os.unlink(name, dir_fd=held)
            else:
                os.rename(staged, name, src_dir_fd=held, dst_dir_fd=held)
            # One that writes in place: the old file still has its second name, and the edit shows there.
            if file["was"][0] == "file" and observe.identity(observe.observe_file(previous_name(path, work.identifier))) != file["was"]:
                os.rename(previous, name, src_dir_fd=held, dst_dir_fd=held)
                raise edited("commit", path)
    except Refused:
        work.kept.add(step.number)
        with contextlib.suppress(OSError):
            work.journal.note(f"{step.number} kept")
        raise


def refuse_rewritten(work: Work) -> None:
    for path, file in work.plan["files"].items():
        if not is_as_planned(observe.observe_file(path), file):
            said = f"{path} is not what was written: something on the node rewrites it, find out what before the next try"
            raise Refused("verify", said, "rewritten")


def refuse_unwritable(path: str) -> None:
    """What a rename could not replace, or would replace wrongly, said before anything is staged."""
    if len(os.path.basename(path).encode()) > NAME_LIMIT:
        raise Refused("stage", f"{path}: a file name of more than {NAME_LIMIT} bytes leaves no room for the names of its copies; choose a shorter one", "name-too-long")
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise Refused("stage", f"{path}: {folder} is no folder; move it away first", "no-such-folder")
        folder = os.path.dirname(folder)
    why = safe.why_unsafe(path)
    if why:
        raise Refused("stage", f"{path}: {why}", "unsafe-folder")
    seen = observe.observe_file(path)
    if seen["kind"] == "symlink":
        raise Refused("stage", f"{path} is a symbolic link to {seen['detail']}; make it a plain file, or manage the target instead", "not-a-file")
    if seen["kind"] not in ("file", "absent"):
        raise Refused("stage", f"{path} is {seen['kind']} ({seen.get('detail', 'not a plain file')}); move it away first", "not-a-file")
    if facts.is_mount_point(path):
        raise Refused("stage", f"{path} is a bind mount; unmount it, or manage the file it shows", "mounted-over")
    if seen["kind"] == "file":
        flags = inode_flags(path)
        if flags & (FS_IMMUTABLE_FL | FS_APPEND_FL):
            raise Refused("stage", f"{path} is immutable or append-only; somebody meant that: ask, then chattr -ia {path}", "immutable")


def inode_flags(path: str) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return int(struct.unpack("l", fcntl.ioctl(fd, FS_IOC_GETFLAGS, struct.pack("l", 0)))[0])
    except OSError:
        return 0  # this file system has no flags
    finally:
        os.close(fd)


def missing_folders(path: str) -> list[str]:
    missing: list[str] = []
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        missing.insert(0, folder)
        folder = os.path.dirname(folder)
    return missing


def user_id(name: str) -> int:
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise Refused("stage", f"the node has no user {name}", "no-user") from None


def group_id(name: str) -> int:
    try:
        return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise Refused("stage", f"the node has no group {name}", "no-group") from None


def back_up(path: str, file: dict[str, Any]) -> None:
    """Keeps the content under its hash, for a human and for `onDelete: restore`. The same content is kept once; that of a secret
    file is kept by the journal alone, for as long as the transaction takes."""
    if file.get("secret"):
        forget_backups(path, file)
        return
    data = durable.read_regular(path)
    if data is None:
        return
    kept = f"{STATE}/backups/{durable.digest(data)}"
    if not os.path.exists(kept):
        durable.replace(kept, data)


def forget_backups(path: str, file: dict[str, Any]) -> None:
    """Of a secret file, what earlier versions kept of it, as far as that is known."""
    new = None if file.get("absent") else durable.digest(file["content"].encode())
    for digest in (originals().get(path, {}).get("sha256"), file["was"][1], new):
        if digest:
            durable.remove(f"{STATE}/backups/{digest}")


def note_originals(planned: Mapping[str, dict[str, Any]], units: dict[str, dict[str, bool]]) -> None:
    """What stood here before Holdfast's first write, noted once and never again: `onDelete: restore` puts it back.

    `units`: {name: {enabled?, active?}} as they were. Their names begin with no slash; they are noted with the first files,
    since later ones are only repaired.
    """
    known = originals()
    secret = [path for path, file in planned.items() if file.get("secret") and path in known and not known[path].get("secret")]
    new = [path for path in planned if path not in known]
    if not new and not secret:
        return
    for path in new:
        seen = observe.observe_file(path)
        known[path] = {key: seen[key] for key in ("kind", "sha256", "mode", "owner", "group") if key in seen}
    for path in [*secret, *(path for path in new if planned[path].get("secret"))]:
        known[path]["secret"] = True  # no backup is kept, and a restore says so
    for name, state in units.items():
        known.setdefault(name, {"kind": "unit", **state})
    durable.replace(ORIGINALS, json.dumps(known, indent=1).encode())


def originals() -> dict[str, Any]:
    """{path or unit: as it was}."""
    try:
        return dict(json.loads(durable.read_regular(ORIGINALS) or b"{}"))
    except ValueError as error:
        said = f"{ORIGINALS} is no JSON ({error}): put it right, or move it away and what stands now counts as the state before Holdfast"
        raise Refused("commit", said, "originals-damaged") from error


def note_written(plan_files: Mapping[str, Any]) -> None:
    """What Holdfast has written, by its digest: a later first push knows it again. What a restore brought back is not
    Holdfast's."""
    before, known = originals(), written()
    for path, file in plan_files.items():
        known.pop(path, None)
        new = None if file.get("absent") else durable.digest(file["content"].encode())
        if new is not None and new != before.get(path, {}).get("sha256"):
            known[path] = new
    durable.replace(WRITTEN, json.dumps(known, indent=1, sort_keys=True).encode())
    gone = {path for path, file in plan_files.items() if file.get("absent")}
    removed = removed_since_boot()
    if gone - removed or removed & (plan_files.keys() - gone):
        durable.replace(REMOVED, json.dumps(sorted((removed - plan_files.keys()) | gone)).encode())


def removed_since_boot() -> set[str]:
    """Paths that Holdfast has taken away. /run is empty at each boot, and so is this."""
    try:
        return set(json.loads(durable.read_regular(REMOVED) or b"[]"))
    except (OSError, ValueError, TypeError):
        return set()


def written() -> dict[str, Any]:
    """{path: SHA-256}. A record that is gone or damaged only makes a first push ask."""
    try:
        known = json.loads(durable.read_regular(WRITTEN) or b"{}")
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
