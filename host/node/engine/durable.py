"""Writes that survive a power cut, and the journal that undoes a transaction.

Self-contained on purpose: a copy of this file is /etc/holdfast/recover.py, run at early boot, when /usr/local and /var
may not be mounted yet. Standard library only, no sibling imports.

Undoing needs no free space: before a target is replaced it gets a second name on its own file system
(`.NAME.holdfast-ID-previous`, a hard link), and undoing is renaming that back. The journal also holds a copy of the
previous content, for the case that somebody tidied the second name away.

A file on a mount of its own (/var, /usr/local) cannot be put back before that is mounted: its journal stays open, and the
unit runs once more when the local file systems are there.
"""

import errno
import hashlib
import json
import os
import stat
import subprocess
import sys

JOURNAL = "/etc/holdfast/journal"
RESULTS = "/var/lib/holdfast/results"
RUN = "/run/holdfast"


def sync_folder(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_new(path, data, mode=0o600, uid=0, gid=0, attributes=None):
    """Creates `path` with its final owner and mode and makes its bytes durable. The name is not yet: sync the folder."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view):]
        for name, value in (attributes or {}).items():
            os.setxattr(fd, name, bytes.fromhex(value))
        os.fchown(fd, uid, gid)
        os.fchmod(fd, mode)  # last: an access control list has changed the group's bits
        os.fsync(fd)
    except BaseException as error:
        os.unlink(path)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, path) from error  # the kernel names no path for a full disk
        raise
    finally:
        os.close(fd)


def attributes_of(path):
    """Extended attributes, access control lists among them: {name: hexadecimal}."""
    try:
        return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in os.listxattr(path, follow_symlinks=False)}
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise


def replace(path, data, mode=0o600):
    """Replaces a file of Holdfast's own, whole or not at all."""
    temporary = f"{path}.{os.getpid()}.tmp"
    remove(temporary)
    write_new(temporary, data, mode)
    os.rename(temporary, path)
    sync_folder(os.path.dirname(path))


def remove(path):
    """A name that cannot be there (too long, below a file, on a disk that is read-only by now) is not there."""
    try:
        if os.path.lexists(path):
            os.unlink(path)
    except FileNotFoundError:
        pass


def read_regular(path):
    """Content of a regular file, None where nothing is. Never follows a link in the last component, never blocks."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return stream.read()


def digest(data):
    return None if data is None else hashlib.sha256(data).hexdigest()


def digest_or_strange(path):
    """Like `digest`, for a place where by now anything may stand: a link or a folder is nobody's old or new content."""
    try:
        return digest(read_regular(path))
    except OSError as error:
        return f"strange: {error}"


def mount_of(path):
    """The mount point of the file system that `path` is on, or will be."""
    folder = os.path.realpath(os.path.dirname(path))
    while not os.path.ismount(folder):
        folder = os.path.dirname(folder)
    return folder


def staged_name(path, identifier):
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.holdfast-{identifier}")


def previous_name(path, identifier):
    return staged_name(path, identifier) + "-previous"


LEFT, WAITS = "left alone", "waits"  # how outcomes begin that are no success
AS_BEFORE = "the node is as it was"
NOTHING = "nothing was changed"  # what a result says of its rollback where the commit was not reached


class Journal:
    """One transaction's record. As a draft (`.ID.draft`) it only lists what to tidy away; from `seal` until `close` it
    stands under its own name and is undone by whoever finds it. The two renames are the points of no return.

    Entries: {path, old: sha256 or None, new: sha256 or None, mode, uid, gid, attributes (of the old file),
    folders: [made by us], mount: where the file's file system is mounted}.
    `units`: {name: {enabled?, active?}} as they were, only what the transaction changes. `activate`: its commands.
    """

    def __init__(self, identifier, root=JOURNAL):
        self.identifier = identifier
        self.root = root
        self.folder = os.path.join(root, identifier)
        self.drafted = os.path.join(root, f".{identifier}.draft")

    def draft(self, entries, **more):
        """Records which files are about to be staged, before the first of them exists."""
        discard(self.drafted)
        os.mkdir(self.drafted, 0o700)
        for entry in entries:
            entry["mount"] = mount_of(entry["path"])
            if entry["old"] is not None:
                status = os.lstat(entry["path"])
                entry["mode"], entry["uid"], entry["gid"] = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
                entry["attributes"] = attributes_of(entry["path"])
        record = {"version": 1, "id": self.identifier, "entries": entries, **more}
        write_new(os.path.join(self.drafted, "journal.json"), json.dumps(record).encode())
        sync_folder(self.drafted)
        sync_folder(self.root)

    def seal(self):
        """Makes the previous content durable twice, then the journal itself: from here on a crash is undone."""
        with open(os.path.join(self.drafted, "journal.json"), "rb") as stream:
            entries = json.load(stream)["entries"]
        for number, entry in enumerate(entries):
            if entry["old"] is not None:
                keep(entry["path"], previous_name(entry["path"], self.identifier))
                write_new(os.path.join(self.drafted, f"{number}.previous"), read_regular(entry["path"]))
        made = {folder for entry in entries for folder in entry["folders"]}
        for folder in {os.path.dirname(path) for path in {*made, *(entry["path"] for entry in entries)}}:
            sync_folder(folder)
        sync_folder(self.drafted)
        os.rename(self.drafted, self.folder)
        sync_folder(self.root)

    def abandon(self):
        """Tidies a draft away: nothing was committed."""
        tidy_away(self.drafted)

    def read(self):
        with open(os.path.join(self.folder, "journal.json"), "rb") as stream:
            return json.load(stream)

    def close(self):
        """The transaction is over, kept or undone: nothing is left to undo. Durable on return."""
        spent = os.path.join(self.root, f".{self.identifier}.spent")
        discard(spent)
        os.rename(self.folder, spent)
        sync_folder(self.root)
        tidy_away(spent)

    def undo(self):
        """Puts every file back that still is what the transaction made of it. Returns a list of (path, what was done).

        A file that is neither the old nor the new content has been edited since (an emergency shell, say): a human's
        repair is worth more than our undo, so it is left alone and the caller says so.
        """
        entries = self.read()["entries"]
        done = [(entry["path"], self.undo_entry(number, entry)) for number, entry in reversed(list(enumerate(entries)))]
        for folder in {os.path.dirname(entry["path"]) for entry in entries}:
            if os.path.isdir(folder):
                sync_folder(folder)
        for entry in entries:
            remove_empty(entry["folders"])
        return done

    def undo_entry(self, number, entry):
        path, name = entry["path"], previous_name(entry["path"], self.identifier)
        if not os.path.ismount(entry["mount"]):
            return f"{WAITS} for {entry['mount']} to be mounted"
        remove(staged_name(path, self.identifier))
        live = digest_or_strange(path)
        if live == entry["old"] and not (live == entry["new"] and os.path.lexists(name)):
            return "unchanged"
        if live != entry["new"]:
            return f"{LEFT}: edited since"
        if entry["old"] is None:
            remove(path)
            return "removed"
        if not self.is_whole(name, entry):
            remove(name)
            copy = read_regular(os.path.join(self.folder, f"{number}.previous"))
            if copy is None:
                raise OSError(f"both copies of the previous {path} are gone")
            write_new(name, copy, entry["mode"], entry["uid"], entry["gid"], entry["attributes"])
        os.rename(name, path)
        return "restored"

    def is_whole(self, name, entry):
        if digest_or_strange(name) != entry["old"]:
            return False
        status = os.lstat(name)
        return (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (entry["mode"], entry["uid"], entry["gid"])


def keep(path, name):
    """Gives the file at `path` a second name that survives its replacement, its content flushed to the disk."""
    remove(name)
    try:
        os.link(path, name, follow_symlinks=False)
    except OSError:
        status = os.lstat(path)  # no hard links here (vfat): a copy does, while there is space
        write_new(name, read_regular(path), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        return
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def discard(folder):
    """Removes a flat folder of ours, whatever part of it is left."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        remove(os.path.join(folder, name))
    os.rmdir(folder)


def recover(root=JOURNAL, log=print):
    """Undoes every open transaction below `root`, as far as files and the enabling of units go; tidies drafts away.

    Returns ([(record, rollback)], {id: why its journal could not be undone}): `rollback` is a sentence for the result. Safe
    to be interrupted and run again.
    """
    undone, faults = [], {}
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        folder = os.path.join(root, name)
        if not os.path.isdir(folder):
            continue  # not ours
        if name.startswith("."):
            tidy_away(folder, log)
            if name.endswith(".draft"):  # a spent one is already decided
                undone.append(({"id": identifier_of(name)}, NOTHING))
            continue
        try:
            undone.append(recover_one(Journal(name, root), log))
        except Exception as error:  # whatever stands in one journal, the others are undone
            fault = f"{folder} cannot be undone ({error}): compare its *.previous files with what its journal.json lists, then remove the folder"
            faults[name] = fault
            log(f"recover: {fault}")
    return undone, faults


def recover_one(journal, log):
    record = journal.read()
    problems = switch_units(record, "enabled", False, log)  # while their unit files are there
    outcomes = journal.undo()
    problems += switch_units(record, "enabled", True, log)
    for path, outcome in outcomes:
        log(f"recover: transaction {journal.identifier}: {path}: {outcome}")
    close_undone(journal, outcomes)
    return record, sentence(complaints(outcomes) + problems)


def close_undone(journal, outcomes):
    """Last of all: who is cut off before is undone by the next, and undoing twice does no harm."""
    if not any(outcome.startswith(WAITS) for _, outcome in outcomes):
        journal.close()


def complaints(outcomes):
    return [f"{path}: {outcome}" for path, outcome in outcomes if outcome.startswith((LEFT, WAITS))]


def sentence(problems):
    return "NOT complete: " + "; ".join(problems) if problems else AS_BEFORE


# By what a plan and a journal say of a unit: the systemctl verb for off, and for on.
VERBS = {"enabled": ("disable", "enable"), "active": ("stop", "start")}


def switch_units(record, key, on, log):
    """`key` (enabled, active) of the journalled units that had it `on` before. Returns the complaints."""
    verb = VERBS[key][on]
    failed = []
    for unit, before in record.get("units", {}).items():
        if before.get(key) is not on:
            continue
        try:
            subprocess.run(["systemctl", verb, "--", unit], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=90, check=True)
        except subprocess.SubprocessError as error:
            if is_so(key, on, unit):
                continue  # its unit file never came, or has gone
            failed.append(f"{error}: {(error.stderr or b'').decode('utf-8', 'replace').strip()}")
            log(f"recover: transaction {record['id']}: {failed[-1]}")
    return failed


def is_so(key, on, unit):
    try:
        said = subprocess.run(["systemctl", {"enabled": "is-enabled", "active": "is-active"}[key], "--", unit], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False).stdout
    except subprocess.SubprocessError:
        return False
    return (said.strip() in (b"enabled", b"static", b"alias", b"active", b"activating")) is on


def tidy_away(folder, log=print):
    """A draft or a spent journal, with the hidden names and empty folders that it lists. What it was for is decided, so
    nothing hangs on it: where it fails (a disk that is read-only by now), the next recovery tries again."""
    try:
        discard_leftover(folder)
    except Exception as error:
        log(f"{folder} is left for later: {error}")


def discard_leftover(folder):
    try:
        with open(os.path.join(folder, "journal.json"), "rb") as stream:
            record = json.load(stream)
    except (FileNotFoundError, ValueError):
        record = {"id": identifier_of(os.path.basename(folder)), "entries": []}  # cut before it was written: nothing was staged yet
    for entry in record["entries"]:
        remove(previous_name(entry["path"], record["id"]))
        remove(staged_name(entry["path"], record["id"]))
        remove_empty(entry["folders"])
    if all(os.path.ismount(entry["mount"]) for entry in record["entries"]):
        discard(folder)  # else it serves the later run, which finds the names that are not there yet


def identifier_of(name):
    """Of the transaction whose draft or spent journal has that name."""
    return name.split(".")[1]


def remove_empty(folders):
    for folder in reversed(folders):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            continue  # the cut came before it was made
        except OSError:
            return  # in use by now


def keep_result(identifier, result):
    """Where a client that comes back looks for it: in /run, since /var need not be there early in a boot; and in /var, for a
    client that comes only after one more boot, or where /run is full."""
    data = json.dumps({**result, "id": identifier}).encode()
    folder = f"{RUN}/{identifier}"
    for path in (f"{folder}/result.json", f"{RESULTS}/{identifier}.json"):
        try:
            os.makedirs(folder, 0o700, exist_ok=True)
            replace(path, data)
        except OSError as error:
            print(f"transaction {identifier}: its result is not kept in {path}: {error}", flush=True)


def main():
    """`recover.py`: the boot units' program. What it prints goes to the node's log."""
    undone, faults = recover(log=lambda message: print(message, flush=True))
    rollbacks = {**{record["id"]: rollback for record, rollback in undone}, **{identifier: sentence([fault]) for identifier, fault in faults.items()}}
    for identifier, rollback in rollbacks.items():
        keep_result(identifier, {"outcome": "failed", "phase": "rollback", "message": "the node went down during the transaction", "rollback": rollback})
    # The boot's own jobs were queued while the transaction's units were enabled.
    mistaken = [unit for record, _ in undone for unit, before in record.get("units", {}).items() if before.get("enabled") is False]
    if mistaken:
        subprocess.run(["systemctl", "--no-block", "stop", "--", *mistaken], timeout=60, check=False)
    if undone:
        # The generators ran before this unit: without a reload systemd would go on with the mounts of the undone fstab.
        subprocess.run(["systemctl", "daemon-reload"], check=True, timeout=60)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
