"""Why a transaction does not go on, in words that name the phase, the path and the remedy."""

import errno


class Refused(Exception):
    """The transaction cannot go on. `phase` is one of the design's words; the message says what to do next."""

    def __init__(self, phase, message):
        super().__init__(message)
        self.phase = phase


REMEDIES = {
    "ENOSPC": "free space or inodes there",
    "EDQUOT": "raise the quota there",
    "EROFS": "the file system is read-only: find out why (dmesg), then mount -o remount,rw",
    "EPERM": "look for an immutable flag (lsattr) or a bind mount",
    "EBUSY": "something is mounted over it (findmnt)",
    "EIO": "the disk fails: look at dmesg and smartctl before anything else",
}


def as_refused(phase, error):
    if isinstance(error, Refused):
        return error
    said = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}; a fault of Holdfast's own, please report it"
    return Refused(phase, said)


def explain(error, path):
    """Of an OSError: the path, what is wrong there, and the remedy."""
    return f"{path}: {error.strerror}; {REMEDIES.get(errno.errorcode.get(error.errno, ''), 'look at the path on the node')}"


class translated:
    """Turns an OSError into a Refused that names the phase, the path and the remedy."""

    def __init__(self, phase, path):
        self.phase, self.path = phase, path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if isinstance(error, OSError):
            raise Refused(self.phase, explain(error, self.path)) from error
