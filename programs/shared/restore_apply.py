"""A restore that is finished or undone: what was there is kept and noted before the first change, and an unfinished one is
taken back by the next start of the program."""

import json
import os
import shutil
import time
from collections.abc import Sequence

from engine.safe import make_folder, write
from shared.collect import PVE
from shared.files import forget, read_text, store
from shared.manifest import Manifest
from shared.processes import run, say, sleep
from shared.pvetree import DATABASE, read_tree
from shared.restore_plan import Change

KEPT = "/var/lib/holdfast/restored"
OPEN = f"{KEPT}/open.json"
# In the postmortem's order; those that the node has not are passed over.
SERVICES = ("pvestatd", "pvescheduler", "pveproxy", "pvedaemon")


class NotDone(Exception):
    """Says what failed, and whether what had been done was taken back."""


def keep_folder() -> str:
    folder = f"{KEPT}/{time.strftime('%Y%m%d-%H%M%S')}"
    make_folder(folder)
    return folder


def restore_files(changes: Sequence[Change], manifest: Manifest) -> str:
    """Where what was replaced is kept. Raises NotDone."""
    folder = keep_folder()
    for number, change in enumerate(changes):
        if change.before is not None:
            store(f"{folder}/{number}", "")
            write(f"{folder}/{number}", change.before)
    begin(folder, {"files": [[change.path, change.before is not None] for change in changes]})
    stopped = [name for name in SERVICES if run(["systemctl", "is-active", "--quiet", name], 10).code == 0]
    for name in stopped:
        run(["systemctl", "stop", name], 90)
    try:
        for change in changes:
            put(change.path, change.after, manifest)
    except OSError as error:
        undone = undo_open()
        raise NotDone(f"{error.filename or ''}: {error.strerror}; {undone}") from error
    finally:
        for name in reversed(stopped):
            run(["systemctl", "start", name], 90)
    finish()
    return folder


def put(path: str, data: bytes, manifest: Manifest | None) -> None:
    """pmxcfs gives owner and mode itself, and takes no others; what is there is written over, never renamed onto."""
    if path.startswith("pve/"):
        target = f"{PVE}/{path.removeprefix('pve/')}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(data)
        with open(target, "rb") as stream:
            if stream.read() != data:
                raise OSError(5, "was not written as it is in the backup", target)
        return
    target = f"/{path}"
    known = manifest["files"].get(path) if manifest else None
    mode, uid, gid = (known["mode"], known["uid"], known["gid"]) if known else (0o644, 0, 0)
    if not known and os.path.exists(target):
        status = os.stat(target)
        mode, uid, gid = status.st_mode & 0o7777, status.st_uid, status.st_gid
    os.makedirs(os.path.dirname(target), exist_ok=True)
    write(target, data, mode, uid, gid)


def restore_database(copy: str) -> str:
    """The whole of config.db: stop, keep, remove with -wal and -shm, copy, start, compare. Raises NotDone."""
    folder = keep_folder()
    wanted = read_tree(copy)
    stop_pmxcfs()
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(DATABASE + ending):
            shutil.copyfile(DATABASE + ending, f"{folder}/config.db{ending}")
    begin(folder, {"database": True})
    try:
        replace_database(copy)
        start_pmxcfs()
        held = {path: read_bytes_of(f"{PVE}/{path}") for path in wanted}
        wrong = [path for path in wanted if held[path] != wanted[path]]
        if wrong:
            raise OSError(5, "is not what the backup has", f"{PVE}/{wrong[0]}")
    except OSError as error:
        undone = undo_open()
        raise NotDone(f"{error.filename or ''}: {error.strerror}; {undone}") from error
    finish()
    return folder


def read_bytes_of(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def stop_pmxcfs() -> None:
    """One that hangs is killed: it is about to get another database anyway."""
    run(["systemctl", "stop", "pve-cluster"], 60)
    if run(["pgrep", "-x", "pmxcfs"], 10).code == 0:
        run(["pkill", "-9", "-x", "pmxcfs"], 10)
        sleep(1)
    run(["umount", "-l", PVE], 10)


def replace_database(copy: str) -> None:
    """An old -wal beside a new config.db brings the old content back, without a word."""
    for ending in ("-wal", "-shm"):
        forget(DATABASE + ending)
    make_folder_of_database()
    write(DATABASE, read_bytes_of(copy), 0o600)


def make_folder_of_database() -> None:
    os.makedirs(os.path.dirname(DATABASE), mode=0o755, exist_ok=True)


def start_pmxcfs() -> None:
    """By its unit, or, where that is masked (the runbook's emergency mode), as the postmortem did."""
    started = run(["systemctl", "start", "pve-cluster"], 60, with_errors=True)
    if started.code != 0:
        local = run(["pmxcfs", "-l"], 30, with_errors=True)
        if local.code != 0:
            raise OSError(5, f"does not start: {' '.join(local.output.split())[-200:]}", "pmxcfs")
    for _ in range(30):
        if os.path.ismount(PVE):
            return
        sleep(1)
    raise OSError(5, "is not mounted 30 s after pmxcfs was started", PVE)


def begin(folder: str, what: dict[str, object]) -> None:
    store(OPEN, json.dumps({"folder": folder, **what}))


def finish() -> None:
    forget(OPEN)


def undo_open() -> str:
    """Takes back what an unfinished restore has done, in words; nothing where there is none."""
    try:
        left = json.loads(read_text(OPEN))
    except ValueError:
        return ""
    folder = str(left["folder"])
    failed = undo_database(folder) if left.get("database") else ""
    # One that cannot be taken back keeps none of the others from it.
    for number, (path, was_there) in reversed(list(enumerate(left.get("files", [])))):
        failed = undo_file(path, f"{folder}/{number}" if was_there else None) or failed
    if failed:
        say(f"restore: an unfinished one could not be taken back: {failed}; what was there is in {folder}")
        return f"and it could NOT be taken back ({failed}): what was there is in {folder}"
    finish()
    return "what had been done was taken back"


def undo_file(path: str, kept: str | None) -> str:
    """What failed, or nothing. Without a kept one nothing was there: what stands there now and is no file is not
    ours."""
    try:
        if kept:
            put(path, read_bytes_of(kept), None)
            return ""
        target = f"/etc/{path}" if path.startswith("pve/") else f"/{path}"
        if os.path.isfile(target):
            os.unlink(target)
        return ""
    except OSError as error:
        return f"{error.filename or path}: {error.strerror}"


def undo_database(folder: str) -> str:
    """What failed, or nothing."""
    try:
        stop_pmxcfs()
        for ending in ("", "-wal", "-shm"):
            forget(DATABASE + ending)
            if os.path.exists(f"{folder}/config.db{ending}"):
                write(DATABASE + ending, read_bytes_of(f"{folder}/config.db{ending}"), 0o600)
        start_pmxcfs()
        return ""
    except OSError as error:
        return f"{error.filename or ''}: {error.strerror}"
