"""The interfaces file and all that it sources, as the guard reads them: what ifupdown2 and classic ifupdown would
read."""

import fnmatch
import glob
import os
import stat
from typing import NamedTuple

from shared.findings import Finding
from shared.interfaces_grammar import lint_interfaces
from shared.interfaces_parse import parse_interfaces

ROOT = os.environ.get("HOLDFAST_ROOT", "")  # of a rehearsal's files
INTERFACES = "/etc/network/interfaces"
MOST_FILES, MOST_BYTES = 500, 4 << 20
MAKO = ("/usr/lib/python3/dist-packages/mako", "/usr/local/lib/python3/dist-packages/mako")


class Fault(NamedTuple):
    """An error of a file, or a likely slip (a warning): `file` without the rehearsal's folder."""

    file: str
    finding: Finding

    @property
    def text(self) -> str:
        found = self.finding
        return printable(f"{self.file}:{found.line}:{found.column}: {found.severity}: {found.message} [{found.rule}]")


def printable(text: str) -> str:
    """A message may quote the file, and a file may hold what moves a terminal's cursor."""
    return "".join(char if char.isprintable() or char == " " else f"\\x{ord(char):02x}" for char in text)


def read_bytes(path: str) -> bytes | None:
    """None where no regular file is. Never blocks."""
    try:
        fd = os.open(ROOT + path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as stream:
        return stream.read(MOST_BYTES) if stat.S_ISREG(os.fstat(fd).st_mode) else None


def read_interfaces() -> dict[str, bytes]:
    """By path, the main file first; a file that is sourced twice once, whatever sources it."""
    files: dict[str, bytes] = {}
    waiting = [INTERFACES]
    while waiting and len(files) < MOST_FILES:
        path = waiting.pop(0)
        data = None if path in files else read_bytes(path)
        if data is not None:
            files[path] = data
            waiting += [found for pattern in sourced_by(data) for found in matching(pattern)]
    return files


def sourced_by(data: bytes) -> list[str]:
    """Paths and globs; a `source-directory` becomes the glob of its files. Relative ones lie in /etc/network."""
    items = parse_interfaces(data.decode("utf-8", "replace"))
    sources = [(item.kind, item.rest[0].text) for item in items if item.kind.startswith("source") and item.rest]
    paths = [(kind, path if path.startswith("/") else f"/etc/network/{path}") for kind, path in sources]
    return [path if kind == "source" else f"{path.rstrip('/')}/*" for kind, path in paths if "\0" not in path]


def matching(pattern: str) -> list[str]:
    return sorted(path[len(ROOT) :] for path in glob.glob(ROOT + pattern))[:MOST_FILES]


def folders_of(files: dict[str, bytes]) -> set[str]:
    """Of all that is sourced, whether it is there or not: where a change may show."""
    patterns = [pattern for data in files.values() for pattern in sourced_by(data)]
    return {os.path.dirname(INTERFACES), *(folder_of(pattern) for pattern in patterns)}


def folder_of(pattern: str) -> str:
    parts = pattern.split("/")
    plain = next((at for at, part in enumerate(parts) if any(char in part for char in "*?[")), len(parts) - 1)
    return "/".join(parts[:plain]) or "/"


def is_sourced(path: str, files: dict[str, bytes]) -> bool:
    """Whether one of the files would source `path`, were it there."""
    return any(fnmatch.fnmatch(path, pattern) for data in files.values() for pattern in sourced_by(data))


def judge(files: dict[str, bytes]) -> list[Fault]:
    """Errors, for which a file is neither reloaded nor booted with, and what is probably a slip, which is only told."""
    if INTERFACES not in files:
        gone = "There is no such file, so nothing but the kernel's own links comes up. Put it back."
        return [Fault(INTERFACES, Finding("missing-file", "error", gone, 1, 1))]
    mako = any(os.path.isdir(ROOT + folder) for folder in MAKO)
    return [
        Fault(path, finding)
        for path, data in files.items()
        for finding in lint_interfaces(data.decode("utf-8", "replace"), mako)
        if finding.severity == "error" or finding.rule == "misspelt-keyword"
        # A file that is sourced may well hold nothing.
        if not (finding.rule == "empty-file" and path != INTERFACES)
    ]


def errors_of(faults: list[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.finding.severity == "error"]
