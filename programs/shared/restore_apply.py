"""A restore that is finished or undone: what was there is kept and noted before the first change, and an unfinished one is
taken back by the next start of the program."""

import errno
import itertools
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.safe import ensure_folder, make_folder, write
from shared.collect import PVE, is_pve_mounted
from shared.files import forget, read_text, store
from shared.manifest import Manifest
from shared.processes import some_of, run, say, sleep
from shared.pvetree import DATABASE, lasting, place_of, read_bytes, read_tree
from shared.restore_plan import Change, NoAnswer, current_pve

KEPT = "/var/lib/holdfast/restored"
OPEN = f"{KEPT}/open.json"
KEPT_AT_LEAST = 10  # restores, whatever their age
KEPT_FOR = 90 * 86_400  # seconds
# In the postmortem's order; those that the node has not are passed over.
SERVICES = ("pvestatd", "pvescheduler", "pveproxy", "pvedaemon")
UNDO_ROUNDS, UNDO_PAUSE = 3, 5  # seconds between them: a pmxcfs that starts again, a quorum that comes back
WRITING = 30  # seconds for one file: a pmxcfs that hangs, or waits for its cluster, never answers
DATABASE_FILES = tuple(DATABASE + ending for ending in ("", "-wal", "-shm"))


class NotDone(Exception):
    """Says what failed, and whether what had been done was taken back."""


class Owner(NamedTuple):
    mode: int
    uid: int
    gid: int


def keep_folder() -> str:
    """Of this restore alone."""
    name = f"{KEPT}/{time.strftime('%Y%m%d-%H%M%S')}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    folder = next(each for each in names if not os.path.lexists(each))
    make_folder(folder)
    return folder


def restore_files(changes: Sequence[Change], manifest: Manifest, view: str) -> str:
    """Where what was replaced is kept. `view`: a folder for what pmxcfs shows afterwards. Raises NotDone."""
    folder = keep_folder()
    for change in changes:
        if change.before is not None:
            make_folder(os.path.dirname(f"{folder}/{change.path}"))
            write(f"{folder}/{change.path}", change.before)
    stopped = [name for name in SERVICES if run(["systemctl", "is-active", "--quiet", name], 10).code == 0]
    files = [{"path": each.path, "kept": each.before is not None, "owner": owner_of(each.path)} for each in changes]
    begin({"folder": folder, "files": files, "services": stopped})
    for name in stopped:
        run(["systemctl", "stop", name], 90)
    try:
        for change in changes:
            put(change.path, change.after, owner_in(manifest, change.path))
        refuse_other_content({each.path: each.after for each in changes}, view)
    except (OSError, NoAnswer) as error:
        undone = undo_open()
        raise NotDone(f"{told_of(error)}; {undone}") from error
    start_services(stopped)
    finish()
    return folder


def start_services(names: Sequence[str]) -> None:
    for name in reversed(names):
        started = run(["systemctl", "start", name], 90, with_errors=True)
        if started.code != 0:
            say(f"restore: {name} does not start again: {' '.join(started.output.split())[-200:]}")
            print(f"note: {name} does not start again: systemctl status {name}")


def put(path: str, data: bytes, owner: Owner) -> None:
    """pmxcfs gives owner and mode itself, and takes no others; what is there is written over, never renamed onto."""
    if not path.startswith("pve/"):
        ensure_folder(os.path.dirname(f"/{path}"))
        write(f"/{path}", data, *owner)
        return
    target = f"{PVE}/{path.removeprefix('pve/')}"
    script = 'mkdir -p -- "$2" && exec cat >"$1"'
    done = run(["sh", "-c", script, "sh", target, os.path.dirname(target)], WRITING, data, with_errors=True)
    refuse_failed(done.code, done.output, target)


def refuse_failed(code: int, said: str, path: str) -> None:
    """Of a command at /etc/pve, which is no part of this process: what hangs there cannot be ended."""
    if code == 124:
        raise OSError(errno.ETIMEDOUT, f"pmxcfs did not answer within {WRITING} s", path)
    if code != 0:
        raise OSError(errno.EIO, " ".join(said.split())[-200:] or f"exit status {code}", path)


def refuse_other_content(wanted: Mapping[str, bytes], view: str) -> None:
    """A second look, at what pmxcfs and the disk have now. Raises OSError, NoAnswer."""
    present = current_pve(view) if any(path.startswith("pve/") for path in wanted) else {}
    for path, data in wanted.items():
        seen = present.get(path.removeprefix("pve/")) if path.startswith("pve/") else read_bytes(f"/{path}")
        if seen != data:
            raise OSError(errno.EIO, "was not written as it is in the backup", place_of(path))


def owner_of(path: str) -> Owner | None:
    """As the file stands there now; None where nothing does, and of what is pmxcfs'."""
    if path.startswith("pve/") or not os.path.exists(f"/{path}"):
        return None
    status = os.stat(f"/{path}")
    return Owner(status.st_mode & 0o7777, status.st_uid, status.st_gid)


def owner_in(manifest: Manifest, path: str) -> Owner:
    known = manifest["files"][path]
    return Owner(known["mode"], known["uid"], known["gid"])


def restore_database(copy: str, view: str) -> str:
    """The whole of config.db: stop, keep, remove with -wal and -shm, copy, start, compare. `view`: a folder for what pmxcfs
    shows afterwards. Raises NotDone."""
    wanted = {f"pve/{path}": data for path, data in lasting(read_tree(copy)).items()}
    folder = keep_folder()
    try:
        begin({"folder": folder, "database": "stopped"})
        stop_pmxcfs()
        for file in DATABASE_FILES:
            if os.path.exists(file):
                write(f"{folder}/{os.path.basename(file)}", read_bytes(file))
        begin({"folder": folder, "database": "kept"})
        replace_database(copy)
        start_pmxcfs()
        refuse_other_content(wanted, view)
    except (OSError, NoAnswer) as error:
        undone = undo_open()
        raise NotDone(f"{told_of(error)}; {undone}") from error
    finish()
    return folder


def told_of(error: OSError | NoAnswer) -> str:
    return f"{error.filename or ''}: {error.strerror}" if isinstance(error, OSError) else str(error)


def stop_pmxcfs() -> None:
    """One that hangs is killed: it is about to get another database anyway. Raises OSError where it goes on: a database
    that it has open must not be replaced."""
    run(["systemctl", "stop", "pve-cluster"], 60)
    if runs_pmxcfs():
        run(["pkill", "-9", *OWN_PMXCFS], 10)
        for _ in range(10):
            if not runs_pmxcfs():
                break
            sleep(1)
        else:
            raise OSError(errno.EBUSY, "goes on after SIGKILL: it hangs in the kernel, and only a reboot ends it", "pmxcfs")
    if is_pve_mounted():
        run(["umount", "-l", PVE], 10)
    if is_pve_mounted():
        raise OSError(errno.EBUSY, "cannot be unmounted", PVE)


# Of this machine: a drill's has mounts of its own.
OWN_PMXCFS = ("-x", "--ns", str(os.getpid()), "--nslist", "mnt", "pmxcfs")


def runs_pmxcfs() -> bool:
    """Raises OSError where that cannot be told: then it may have its database open."""
    asked = run(["pgrep", *OWN_PMXCFS], 10, with_errors=True)
    if asked.code not in (0, 1):
        said = " ".join(asked.output.split())[-200:]
        raise OSError(errno.EIO, f"whether it runs cannot be told: pgrep: exit status {asked.code}: {said}", "pmxcfs")
    return asked.code == 0


def replace_database(copy: str) -> None:
    """An old -wal beside a new config.db brings the old content back, without a word."""
    ensure_folder(os.path.dirname(DATABASE))
    for file in DATABASE_FILES[1:]:
        remove(file)
    write(DATABASE, read_bytes(copy), 0o600)


def remove(path: str) -> None:
    """Raises OSError where it stays."""
    if os.path.lexists(path):
        os.unlink(path)


def start_pmxcfs() -> None:
    """By its unit, or, where that is masked (the runbook's emergency mode), as the postmortem did."""
    started = run(["systemctl", "start", "pve-cluster"], 60, with_errors=True)
    if started.code != 0:
        local = run(["pmxcfs", "-l"], 30, with_errors=True)
        if local.code != 0:
            raise OSError(errno.EIO, f"does not start: {' '.join(local.output.split())[-200:]}", "pmxcfs")
    for _ in range(30):
        if is_pve_mounted():
            return
        sleep(1)
    raise OSError(errno.EIO, "is not mounted 30 s after pmxcfs was started", PVE)


def begin(what: Mapping[str, object]) -> None:
    store(OPEN, json.dumps(what))


def finish() -> None:
    forget(OPEN)
    prune()


def prune() -> None:
    """Old ones go, the last ten never."""
    known = sorted(name for name in os.listdir(KEPT) if os.path.isdir(f"{KEPT}/{name}"))
    for name in known[:-KEPT_AT_LEAST]:
        if os.stat(f"{KEPT}/{name}").st_mtime < time.time() - KEPT_FOR:
            shutil.rmtree(f"{KEPT}/{name}", ignore_errors=True)


def undo_open() -> str:
    """Takes back what an unfinished restore has done, in words; nothing where there is none."""
    text = read_text(OPEN)
    if not text:
        return ""
    folder, failed = KEPT, ""
    try:
        left = json.loads(text)
        folder = str(left["folder"])
        try:
            if "database" in left:
                undo_database(folder, left["database"] == "kept")
            failed = "; ".join(some_of(undo_files(folder, left.get("files", [])), 5))
        finally:
            start_services(left.get("services", []))
    except (OSError, ValueError, LookupError, TypeError) as error:
        failed = told_of(error) if isinstance(error, OSError) else f"{OPEN} cannot be understood"
    if failed:
        say(f"restore: an unfinished one could not be taken back: {failed}; what was there is in {folder}")
        return f"and it could NOT be taken back ({failed}): what was there is in {folder}"
    finish()
    return "what had been done was taken back"


def undo_files(folder: str, files: Sequence[Mapping[str, Any]]) -> list[str]:
    """What could not be taken back, each with its reason. One that cannot keeps none of the others from it, and is tried
    again after them; of a pmxcfs that hangs one file is waited for in each round, not all."""
    left = list(reversed(files))
    failed: list[str] = []
    for round_number in range(UNDO_ROUNDS):
        if round_number:
            sleep(UNDO_PAUSE)
        again, failed, hangs = [], [], ""
        for each in left:
            wrong = hangs if each["path"].startswith("pve/") else ""
            try:
                if not wrong:
                    undo_file(folder, each["path"], each["kept"], each["owner"])
                    continue
            except OSError as error:
                wrong = str(error.strerror)
                hangs = wrong if error.errno == errno.ETIMEDOUT else hangs
            again.append(each)
            failed.append(f"{place_of(each['path'])}: {wrong}")
        left = again
        if not left:
            break
    return failed


def undo_file(folder: str, path: str, kept: bool, owner: Sequence[int] | None) -> None:
    """Without a kept one nothing was there: what stands there now and is no file is not ours. Raises OSError, ETIMEDOUT where
    pmxcfs hangs."""
    target = place_of(path)
    if kept:
        put(path, read_bytes(f"{folder}/{path}"), Owner(*owner) if owner else Owner(0o600, 0, 0))
    elif path.startswith("pve/"):
        script = 'test ! -f "$1" || exec rm -- "$1"'
        done = run(["sh", "-c", script, "sh", target], WRITING, with_errors=True)
        refuse_failed(done.code, done.output, target)
    elif os.path.isfile(target):
        os.unlink(target)


def undo_database(folder: str, is_kept: bool) -> None:
    """Until all was kept nothing has been changed. Raises OSError."""
    if is_kept:
        stop_pmxcfs()
        for file in DATABASE_FILES:
            remove(file)
        for file in DATABASE_FILES:
            kept = f"{folder}/{os.path.basename(file)}"
            if os.path.exists(kept):
                write(file, read_bytes(kept), 0o600)
    start_pmxcfs()
