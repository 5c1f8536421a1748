"""Root reads and writes only where every folder above is root's: whoever owns one could put a link or a folder of his own in
its place, and have root write a file anywhere. So the way to a file is walked folder by folder, each held open while the
next is looked at, and writing happens in the folder that was found, whatever its name leads to by then.

Links on the way are followed where root made them in a folder that only root can write to (`/lib` to `usr/lib`, `/var/run`
to `/run`); the last component never is. A folder like /tmp, where everybody may write but only to his own, may be on the way
and is no place for a file. The standard library only: what runs at early boot and root's own programs use it as well.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
from collections.abc import Collection, Iterator
from typing import NamedTuple

LINKS = 40  # followed in one walk, as the kernel does
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafeFolder(OSError):
    """`filename` is the folder or link that is not root's alone, `strerror` says why and what to do."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(errno.EPERM, why, path)


@contextlib.contextmanager
def parent(path: str) -> Iterator[tuple[int, str]]:
    """The open folder that `path` is in, and the name in it."""
    folder = open_parent(path)
    try:
        yield folder, os.path.basename(path)
    finally:
        os.close(folder)


def open_parent(path: str) -> int:
    """A descriptor of the folder that `path` is in; close it. Raises UnsafeFolder, or an OSError where there is
    none."""
    return open_folder(os.path.dirname(path))


def open_folder(path: str) -> int:
    """A descriptor of the folder; close it. Raises UnsafeFolder, or an OSError where it is not there."""
    if not path.startswith("/"):
        raise ValueError(f"{path} is no absolute path")
    with contextlib.ExitStack() as stack:
        held = [Folder(os.open("/", FOLDER), "/")]
        stack.callback(close_all, held)
        waiting, links = names_of(path), 0
        while waiting:
            name = waiting.pop()
            here = held[-1]
            shown = os.path.join(here.path, name)
            if name == "..":
                if len(held) > 1:
                    os.close(held.pop().fd)
                continue
            status = os.stat(name, dir_fd=here.fd, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                links += 1
                if links > LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                refuse_foreign_link(shown, status, here)
                target = os.readlink(name, dir_fd=here.fd)
                if target.startswith("/"):
                    while len(held) > 1:
                        os.close(held.pop().fd)
                waiting += names_of(target)
                continue
            held.append(Folder(os.open(name, FOLDER, dir_fd=here.fd), shown))
        if held[-1].is_shared:
            raise UnsafeFolder(held[-1].path, "everybody may write there: nothing of root's is safe in it, choose another place")
        return held.pop().fd


def close_all(folders: list[Folder]) -> None:
    for folder in folders:
        os.close(folder.fd)


class Folder:
    """Open, and root's. `is_shared`: others may write, each to his own alone (/tmp)."""

    def __init__(self, fd: int, path: str) -> None:
        self.fd, self.path = fd, path
        try:
            status = os.fstat(fd)
            self.is_shared = bool(status.st_mode & stat.S_ISVTX) and bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
            why = why_foreign(fd, status)
        except BaseException:
            os.close(fd)
            raise
        if why:
            os.close(fd)
            raise UnsafeFolder(path, why)


def names_of(path: str) -> list[str]:
    """The last one first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def is_trusted(uid: int) -> bool:
    """Root's; for a program that is not root's, its own user's too."""
    return uid in (0, os.geteuid())


def refuse_foreign_link(shown: str, status: os.stat_result, folder: Folder) -> None:
    if not is_trusted(status.st_uid):
        raise UnsafeFolder(shown, f"is a link that belongs to {user_name(status.st_uid)}: put a folder of root's in its place")
    if folder.is_shared:
        raise UnsafeFolder(shown, f"is a link in {folder.path}, where everybody may write: put a folder in its place")


def why_foreign(fd: int, status: os.stat_result) -> str | None:
    """Why a folder is not root's alone, or None."""
    found = stranger(fd, status)
    if found is None:
        return None
    return {
        "owner": f"belongs to {found.names}, who could put anything in the place of what is in it: give it to root, or choose another place",
        "everybody": "everybody may write there: take that right away (chmod o-w)",
        "list": "others may write there by an access control list (getfacl): take that right away (setfacl -b)",
        "group": f"{found.names} may write there as its group: take that right away (chmod g-w)",
    }[found.kind]


class Stranger(NamedTuple):
    """`kind`: owner, everybody, list (of access control) or group; `names`: of whom, where that is known."""

    kind: str
    names: str = ""


def stranger(where: int | str, status: os.stat_result, trusted: Collection[str] = ()) -> Stranger | None:
    """Who may change a file or folder besides root, or None. `trusted`: names of users who are as good as root."""
    owner = user_name(status.st_uid)
    if not is_trusted(status.st_uid) and owner not in trusted:
        return Stranger("owner", owner)
    if stat.S_ISLNK(status.st_mode) or (stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX):
        return None  # what is in such a folder cannot be renamed by others; no place to write to, see open_folder
    if status.st_mode & stat.S_IWOTH:
        return Stranger("everybody")
    if status.st_mode & stat.S_IWGRP:
        if has_list(where):
            return Stranger("list")
        known = {"root", user_name(os.geteuid()), *trusted}
        members = [name for name in members_of(status.st_gid) if name not in known]
        if members:
            return Stranger("group", ", ".join(members))
    return None


def has_list(where: int | str) -> bool:
    """Of access control; a file system that knows none has none."""
    try:
        return "system.posix_acl_access" in os.listxattr(where)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return False


def members_of(gid: int) -> list[str]:
    """Debian's /usr/local is writable to a group `staff` that nobody is in. The node's own users, no directory's."""
    try:
        named = grp.getgrgid(gid).gr_mem
    except KeyError:
        named = []
    with open("/etc/passwd", encoding="utf-8", errors="replace") as stream:
        fields = [line.split(":") for line in stream]
    return [*named, *(each[0] for each in fields if len(each) > 3 and each[3] == str(gid))]


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def read(path: str) -> bytes | None:
    """Content of a regular file, None where nothing is. Never blocks."""
    try:
        with parent(path) as (folder, name):
            return read_at(folder, name)
    except FileNotFoundError:
        return None


def read_at(folder: int, name: str) -> bytes | None:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", name)
        return stream.read()


def write(path: str, data: bytes, mode: int = 0o600, uid: int = 0, gid: int = 0) -> None:
    """Replaces `path`, whole or not at all, durable on return. A link or another user's file in its place is replaced,
    too."""
    with parent(path) as (folder, name):
        temporary = f".{name[:200]}.{os.urandom(8).hex()}"  # a name that nobody can have guessed
        write_at(folder, temporary, data, mode, uid, gid)
        try:
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)


def write_at(
    folder: int, name: str, data: bytes, mode: int = 0o600, uid: int = 0, gid: int = 0, attributes: dict[str, str] | None = None
) -> None:
    """Creates `name` with its final owner and mode and makes its bytes durable. The name is not yet: sync the folder.

    `attributes`: extended ones, access control lists among them: {name: hexadecimal}.
    """
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        for key, value in (attributes or {}).items():
            os.setxattr(fd, key, bytes.fromhex(value))
        status = os.fstat(fd)
        if (status.st_uid, status.st_gid) != (uid, gid):
            os.fchown(fd, uid, gid)
        os.fchmod(fd, mode)  # last: an access control list has changed the group's bits
        os.fsync(fd)
    except BaseException as error:
        os.unlink(name, dir_fd=folder)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, name) from error  # the kernel names no path for a full disk
        raise
    finally:
        os.close(fd)


def attributes_of(path: str) -> dict[str, str]:
    """Extended attributes of a file, access control lists among them: {name: hexadecimal}."""
    with parent(path) as (folder, name):
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        return {key: os.getxattr(fd, key).hex() for key in os.listxattr(fd)}
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise
    finally:
        os.close(fd)


def make_folder(path: str, mode: int = 0o700) -> None:
    """A folder of Holdfast's own, and those of its own above it: they have this mode then, whatever the umask is and whoever
    made them before. What else is missing above them is made for everybody to read. Raises OSError, UnsafeFolder among them."""
    names = path.split("/")
    first = names.index("holdfast") + 1 if "holdfast" in names else len(names)
    for depth in range(first, len(names) + 1):
        ensure_folder("/".join(names[:depth]), mode)


def ensure_folder(path: str, mode: int | None = None) -> None:
    """With that mode; without one a folder that is there keeps its own, and one that is made is for everybody to
    read."""
    try:
        folder = open_folder(path)
    except UnsafeFolder as unsafe:
        if mode is None or unsafe.filename != path:
            raise
        take_from_others(path)
        folder = open_folder(path)
    except FileNotFoundError:
        above = os.path.dirname(path)
        if not os.path.isdir(above):
            ensure_folder(above)
        with parent(path) as (held, name):
            with contextlib.suppress(FileExistsError):  # another process was quicker
                os.mkdir(name, 0o700 if mode is None else mode, dir_fd=held)
                mode = 0o755 if mode is None else mode
            os.fsync(held)
        folder = open_folder(path)
    try:
        if mode is not None and stat.S_IMODE(os.fstat(folder).st_mode) != mode:
            os.fchmod(folder, mode)
    finally:
        os.close(folder)


def take_from_others(path: str) -> None:
    """A folder of root's that others may write to is closed to them; any other is left as it is."""
    with parent(path) as (held, name):
        status = os.stat(name, dir_fd=held, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode) and is_trusted(status.st_uid) and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            folder = os.open(name, FOLDER, dir_fd=held)
            try:
                os.fchmod(folder, stat.S_IMODE(status.st_mode) & 0o755)
            finally:
                os.close(folder)


def open_own(path: str) -> int:
    """A descriptor of a lock or list of Holdfast's own, to read and to append to; close it. Root's alone whatever the umask is
    and whoever made it before: whoever can open a file can lock it, and keep waiting all that want it."""
    with parent(path) as (folder, name):
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        owner = os.fstat(fd).st_uid
        if not is_trusted(owner):
            raise UnsafeFolder(path, f"belongs to {user_name(owner)}, who may hold it for as long as he likes: remove it")
        os.fchmod(fd, 0o600)
    except BaseException:
        os.close(fd)
        raise
    return fd


def why_unsafe(path: str) -> str | None:
    """Why root may not write there, in words that name the folder, or None. A folder that is yet to be made is no
    reason."""
    folder = os.path.dirname(path)
    while True:
        try:
            os.close(open_folder(folder))
            return None
        except UnsafeFolder as unsafe:
            return f"{unsafe.filename} {unsafe.strerror}" if unsafe.filename else str(unsafe.strerror)
        except FileNotFoundError:
            if folder == "/":
                return None
            folder = os.path.dirname(folder)
        except OSError:
            return None  # no folder, a loop of links, one that cannot be read: what is done there says so itself
