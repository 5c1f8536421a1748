"""The files of a transaction: what may be replaced, whether it is what was planned, what is kept of it."""

import fcntl
import grp
import json
import os
import pwd
import struct

from engine import durable
from engine.refusal import Refused
from look import facts, observe

STATE = "/var/lib/holdfast"
ORIGINALS = f"{STATE}/originals.json"
NAME_LIMIT = 255 - len(durable.previous_name("/", "0" * 16)[1:])
FS_IOC_GETFLAGS = 0x80086601
FS_IMMUTABLE_FL, FS_APPEND_FL = 0x10, 0x20  # linux/fs.h


def is_as_planned(seen, file):
    if file.get("absent"):
        return seen["kind"] == "absent"
    owner, group = file["owner"], file["group"]
    names = [observe.user_name(int(owner)) if owner.isdigit() else owner, observe.group_name(int(group)) if group.isdigit() else group]
    return observe.identity(seen) == ["file", durable.digest(file["content"].encode()), file["mode"], *names, None]


def refuse_if_edited(phase, path, seen, file):
    if observe.identity(seen) != file["was"]:
        raise edited(phase, path)


def edited(phase, path):
    return Refused(phase, f"{path} was edited while this transaction was under way; the edit was kept, look at it and run `up --refresh`")


def refuse_unwritable(path):
    """What a rename could not replace, or would replace wrongly, said before anything is staged."""
    if len(os.path.basename(path).encode()) > NAME_LIMIT:
        raise Refused("stage", f"{path}: a file name of more than {NAME_LIMIT} bytes leaves no room for the names of its copies; choose a shorter one")
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise Refused("stage", f"{path}: {folder} is no folder; move it away first")
        folder = os.path.dirname(folder)
    seen = observe.observe_file(path)
    if seen["kind"] == "symlink":
        raise Refused("stage", f"{path} is a symbolic link to {seen['detail']}; make it a plain file, or manage the target instead")
    if seen["kind"] not in ("file", "absent"):
        raise Refused("stage", f"{path} is {seen['kind']} ({seen.get('detail', 'not a plain file')}); move it away first")
    if facts.is_mount_point(path):
        raise Refused("stage", f"{path} is a bind mount; unmount it, or manage the file it shows")
    if seen["kind"] == "file":
        flags = inode_flags(path)
        if flags & (FS_IMMUTABLE_FL | FS_APPEND_FL):
            raise Refused("stage", f"{path} is immutable or append-only; somebody meant that: ask, then chattr -ia {path}")


def inode_flags(path):
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return struct.unpack("l", fcntl.ioctl(fd, FS_IOC_GETFLAGS, struct.pack("l", 0)))[0]
    except OSError:
        return 0  # this file system has no flags
    finally:
        os.close(fd)


def missing_folders(path):
    missing = []
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        missing.insert(0, folder)
        folder = os.path.dirname(folder)
    return missing


def user_id(name):
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise Refused("stage", f"the node has no user {name}") from None


def group_id(name):
    try:
        return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise Refused("stage", f"the node has no group {name}") from None


def back_up(path):
    """Keeps the content under its hash, for a human and for `onDelete: restore`. The same content is kept once."""
    data = durable.read_regular(path)
    if data is None:
        return
    kept = f"{STATE}/backups/{durable.digest(data)}"
    if not os.path.exists(kept):
        durable.replace(kept, data)


def note_originals(paths, units):
    """What stood here before Holdfast's first write, noted once and never again: `onDelete: restore` puts it back.

    `units`: {name: {enabled?, active?}} as they were. Their names begin with no slash; they are noted with the first files,
    since later ones are only repaired.
    """
    known = originals()
    new = [path for path in paths if path not in known]
    if not new:
        return
    for path in new:
        seen = observe.observe_file(path)
        known[path] = {key: seen[key] for key in ("kind", "sha256", "mode", "owner", "group") if key in seen}
    for name, state in units.items():
        known.setdefault(name, {"kind": "unit", **state})
    durable.replace(ORIGINALS, json.dumps(known, indent=1).encode())


def originals():
    """{path or unit: as it was}."""
    try:
        return json.loads(durable.read_regular(ORIGINALS) or b"{}")
    except ValueError as error:
        raise Refused("commit", f"{ORIGINALS} is no JSON ({error}): put it right, or move it away and what stands now counts as the state before Holdfast") from error
