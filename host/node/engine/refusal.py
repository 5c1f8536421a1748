"""Why a transaction does not go on: a code for programs, and words that name the phase, the path and the remedy for
people."""

from __future__ import annotations

import errno
from types import TracebackType

from engine import safe

# Documented in docs/when-things-go-wrong.md. A code never changes its meaning.
CODES = {
    "answer-too-long": "what stands on the node is more than one answer may hold",
    "activate-failed": "a command of `activate`, or systemd's daemon-reload, failed",
    "beside-stuck": "a transaction that came with it could not be undone, so it was taken back",
    "change-pending": "a change of the network waits for its confirmation, and a second one is not begun beside it",
    "checks-failed": "what worked before a change of the network, or what it declares, did not work after it",
    "disk-full": "no space or no inodes left",
    "disk-failing": "input/output error",
    "earlier-version": "told by the program of an earlier version, which had no codes",
    "edited-meanwhile": "somebody edited a file between the look and the commit; the edit was kept",
    "ended-early": "the program was killed or told to end",
    "fault": "a fault of Holdfast's own",
    "immutable": "a file is immutable or append-only",
    "io-failed": "any other error of the operating system",
    "journal-damaged": "an open journal cannot be undone, and nothing is done beside it",
    "lock-held": "another transaction held the node's lock for too long",
    "mounted-over": "a file is a bind mount, or something is mounted over it",
    "name-too-long": "a file name leaves no room for the names of its copies",
    "network-unknown": "the running network could not be looked at",
    "no-group": "the node has no such group",
    "no-ifupdown": "the node has no ifupdown2, so the network cannot be reloaded",
    "no-such-folder": "a folder on the way is no folder",
    "no-user": "the node has no such user",
    "not-a-file": "a link, a folder or something special stands in a file's place",
    "not-confirmed": "nobody confirmed a change of the network within its window",
    "not-permitted": "the operating system does not permit it",
    "not-root": "the user on the node is not root and has no sudo",
    "not-yours": "a change of the network was confirmed by somebody who had not begun it",
    "originals-damaged": "the list of states before Holdfast is no JSON",
    "package-failed": "apt could not install a package",
    "package-locked": "another apt or dpkg was at work for too long",
    "package-removes": "installing would remove a package",
    "quota-full": "a quota is used up",
    "read-only": "the file system is read-only",
    "rewritten": "something on the node rewrites a file that was just written",
    "start-failed": "systemd could not start the transaction",
    "unit-failed": "a unit could not be started, stopped, enabled or disabled",
    "unsafe-folder": "a folder above a file is not root's alone",
    "validate-failed": "a command of `validate` failed",
    "verify-failed": "a command of `verify` failed",
    "went-down": "the node went down during the transaction",
}


class Refused(Exception):
    """The transaction cannot go on. `phase` is one of the design's words, `code` one of CODES; the message says what to
    do next."""

    def __init__(self, phase: str, message: str, code: str) -> None:
        super().__init__(message)
        self.phase, self.code = phase, code


REMEDIES = {
    "ENOSPC": ("disk-full", "free space or inodes there"),
    "EDQUOT": ("quota-full", "raise the quota there"),
    "EROFS": ("read-only", "the file system is read-only: find out why (dmesg), then mount -o remount,rw"),
    "EPERM": ("not-permitted", "look for an immutable flag (lsattr) or a bind mount"),
    "EBUSY": ("mounted-over", "something is mounted over it (findmnt)"),
    "EIO": ("disk-failing", "the disk fails: look at dmesg and smartctl before anything else"),
}


def as_refused(phase: str, error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, OSError):
        return Refused(phase, str(error), code_of(error))
    return Refused(phase, f"{type(error).__name__}: {error}; a fault of Holdfast's own, please report it", "fault")


def code_of(error: OSError) -> str:
    if isinstance(error, safe.UnsafeFolder):
        return "unsafe-folder"
    return REMEDIES.get(errno.errorcode.get(error.errno or 0, ""), ("io-failed", ""))[0]


def explain(error: OSError, path: str) -> str:
    """The path, what is wrong there, and the remedy."""
    if isinstance(error, safe.UnsafeFolder):
        return f"{'' if error.filename == path else f'{path}: '}{error.filename} {error.strerror}"
    remedy = REMEDIES.get(errno.errorcode.get(error.errno or 0, ""), ("", "look at the path on the node"))[1]
    return f"{path}: {error.strerror}; {remedy}"


class translated:
    """Turns an OSError into a Refused that names the phase, the path and the remedy."""

    def __init__(self, phase: str, path: str) -> None:
        self.phase, self.path = phase, path

    def __enter__(self) -> translated:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, OSError):
            raise Refused(self.phase, explain(error, self.path), code_of(error)) from error
