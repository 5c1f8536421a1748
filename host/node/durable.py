"""Writes that survive a power cut, and the journal that undoes a transaction.

Self-contained on purpose: a copy of this file is /etc/holdfast/recover.py, run at early boot, when /usr/local and /var
may not be mounted yet. Standard library only, no sibling imports.

Undoing needs no free space: before a target is replaced it gets a second name on its own file system
(`.NAME.holdfast-ID-previous`, a hard link), and undoing is renaming that back. The journal also holds a copy of the
previous content, for the case that somebody tidied the second name away.
"""

import hashlib
import json
import os
import stat
import subprocess
import sys
import syslog

JOURNAL = "/etc/holdfast/journal"
RESULTS = "/var/lib/holdfast/results"


def sync_folder(path):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_new(path, data, mode=0o600, uid=0, gid=0):
    """Creates `path` with its final owner and mode and makes its bytes durable. The name is not yet: sync the folder."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view):]
        os.fchown(fd, uid, gid)
        os.fchmod(fd, mode)
        os.fsync(fd)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(fd)


def replace(path, data, mode=0o600):
    """Replaces a file of Holdfast's own, whole or not at all."""
    temporary = f"{path}.{os.getpid()}.tmp"
    remove(temporary)
    write_new(temporary, data, mode)
    os.rename(temporary, path)
    sync_folder(os.path.dirname(path))


def remove(path):
    try:
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


def staged_name(path, identifier):
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.holdfast-{identifier}")


def previous_name(path, identifier):
    return staged_name(path, identifier) + "-previous"


class Journal:
    """One transaction's record. As a draft (`.ID.draft`) it only lists what to tidy away; from `seal` until `close` it
    stands under its own name and is undone by whoever finds it. The two renames are the points of no return.

    Entries: {path, old: sha256 or None, new: sha256 or None, mode, uid, gid (of the old file), folders: [made by us]}.
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
            if entry["old"] is not None:
                status = os.lstat(entry["path"])
                entry["mode"], entry["uid"], entry["gid"] = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
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
        for folder in {os.path.dirname(entry["path"]) for entry in entries}:
            sync_folder(folder)
        sync_folder(self.drafted)
        os.rename(self.drafted, self.folder)
        sync_folder(self.root)

    def abandon(self):
        """Tidies a draft away: nothing was committed."""
        discard_leftover(self.drafted)

    def read(self):
        with open(os.path.join(self.folder, "journal.json"), "rb") as stream:
            return json.load(stream)

    def close(self):
        """The transaction is over, kept or undone: nothing is left to undo. Durable on return."""
        spent = os.path.join(self.root, f".{self.identifier}.spent")
        discard(spent)
        os.rename(self.folder, spent)
        sync_folder(self.root)
        discard_leftover(spent)

    def undo(self):
        """Puts every file back that still is what the transaction made of it. Returns a list of (path, what was done).

        A file that is neither the old nor the new content has been edited since (an emergency shell, say): a human's
        repair is worth more than our undo, so it is left alone and the caller says so.
        """
        done = []
        touched = set()
        record = self.read()
        for number, entry in reversed(list(enumerate(record["entries"]))):
            path, name = entry["path"], previous_name(entry["path"], self.identifier)
            remove(staged_name(path, self.identifier))
            live = digest_or_strange(path)
            if live == entry["old"] and not (live == entry["new"] and os.path.lexists(name)):
                outcome = "unchanged"
            elif live != entry["new"]:
                outcome = "left alone: edited since"
            elif entry["old"] is None:
                remove(path)
                outcome = "removed"
            else:
                if digest(read_regular(name)) != entry["old"]:
                    remove(name)
                    copy = read_regular(os.path.join(self.folder, f"{number}.previous"))
                    write_new(name, copy, entry["mode"], entry["uid"], entry["gid"])
                os.rename(name, path)
                outcome = "restored"
            touched.add(os.path.dirname(path))
            done.append((path, outcome))
        for folder in touched:
            if os.path.isdir(folder):
                sync_folder(folder)
        for entry in record["entries"]:
            remove_empty(entry.get("folders", []))
        return done


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
    """Undoes every open transaction below `root`; returns their ids. Safe to be interrupted and run again."""
    undone = []
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        if name.startswith("."):
            # A draft never reached its commit phase, a spent journal is already decided: either is litter.
            discard_leftover(os.path.join(root, name))
            continue
        journal = Journal(name, root)
        for path, outcome in journal.undo():
            log(f"recover: transaction {name}: {path}: {outcome}")
        journal.close()
        undone.append(name)
    return undone


def discard_leftover(folder):
    """Removes a draft or a spent journal, with the hidden names and empty folders that it lists."""
    try:
        with open(os.path.join(folder, "journal.json"), "rb") as stream:
            record = json.load(stream)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        record = {"id": "", "entries": []}  # cut before it was written: nothing was staged yet
    for entry in record["entries"]:
        remove(previous_name(entry["path"], record["id"]))
        remove(staged_name(entry["path"], record["id"]))
        remove_empty(entry.get("folders", []))
    discard(folder)


def remove_empty(folders):
    for folder in reversed(folders):
        try:
            os.rmdir(folder)
        except OSError:
            return  # in use by now, or never made


def main():
    """`recover.py`: the boot unit's program."""
    syslog.openlog("holdfast", syslog.LOG_PID, syslog.LOG_DAEMON)

    def log(message):
        print(message, flush=True)
        syslog.syslog(syslog.LOG_WARNING, message)

    undone = recover(log=log)
    if not undone:
        return 0
    # The generators ran before this unit: without a reload systemd would go on with the mounts of the undone fstab.
    subprocess.run(["systemctl", "daemon-reload"], check=True, timeout=60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
