"""The files that a boot was proven with, and how they come back. Root's alone, below /etc: /var may be a mount of its
own."""

import hashlib
import json
import os
import stat
import time
from typing import Any, NamedTuple

from engine.safe import make_folder, write
from shared.files import OWNER, forget, read_text
from shared.interfaces_files import ROOT, is_sourced, read_bytes, read_interfaces

PROVEN = "/etc/holdfast/proven"
ASIDE = "/etc/holdfast/set-aside"
OTHERS = ("/etc/hosts", "/etc/fstab")
KEPT = 10  # set-aside folders


class Proven(NamedTuple):
    """`files`: content by path. `when`: seconds since 1970. `how`: `boot`, or `running` where no boot was watched
    yet."""

    files: dict[str, bytes]
    when: int
    how: str

    @property
    def interfaces(self) -> dict[str, bytes]:
        return {path: data for path, data in self.files.items() if path not in OTHERS}


def now_standing() -> dict[str, bytes]:
    others = ((path, read_bytes(path)) for path in OTHERS)
    return {**read_interfaces(), **{path: data for path, data in others if data is not None}}


def digest_of(files: dict[str, bytes]) -> str:
    lines = [f"{path} {hashlib.sha256(data).hexdigest()}\n" for path, data in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def load_proven() -> Proven | None:
    """None where no boot was proven yet, or a copy is damaged: then nothing is known."""
    record = load(f"{PROVEN}/record.json")
    files: dict[str, bytes] = {}
    for path, digest in dict(record.get("files", {})).items():
        data = read_bytes(f"{PROVEN}/{digest}")
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            return None
        files[path] = data
    return Proven(files, int(record["when"]), str(record["how"])) if files else None


def keep_proven(files: dict[str, bytes], how: str) -> None:
    """The record is written last: whoever is cut off keeps the one before. Raises OSError."""
    make_folder(ROOT + PROVEN)
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    for path, digest in digests.items():
        if read_bytes(f"{PROVEN}/{digest}") != files[path]:
            write(f"{ROOT}{PROVEN}/{digest}", files[path], 0o600, *OWNER)
    save(f"{PROVEN}/record.json", {"files": digests, "when": int(time.time()), "how": how})
    for name in os.listdir(ROOT + PROVEN):
        if len(name) == 64 and name not in digests.values():
            forget(f"{ROOT}{PROVEN}/{name}")


def put_back(wanted: dict[str, bytes], standing: dict[str, bytes]) -> tuple[str, list[str]]:
    """What stands there is kept first. The folder that it is kept in, and the paths that were changed. Raises
    OSError."""
    changed = [path for path, data in wanted.items() if standing.get(path) != data]
    added = [path for path in standing if path not in wanted and path not in OTHERS and is_sourced(path, wanted)]
    folder = f"{ASIDE}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    for path in (*changed, *added):
        if path in standing:
            make_folder(os.path.dirname(ROOT + folder + path))
            write(ROOT + folder + path, standing[path], 0o600, *OWNER)
    for path in changed:
        status = status_of(path)
        mode, owner = (stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid)) if status else (0o644, OWNER)
        write(ROOT + path, wanted[path], mode, *owner)
    for path in added:
        os.unlink(ROOT + path)
    drop_oldest()
    return folder, [*changed, *added]


def status_of(path: str) -> os.stat_result | None:
    try:
        return os.stat(ROOT + path)
    except OSError:
        return None


def drop_oldest() -> None:
    for name in sorted(os.listdir(ROOT + ASIDE))[:-KEPT]:
        for folder, _, names in os.walk(f"{ROOT}{ASIDE}/{name}", topdown=False):
            for each in names:
                forget(os.path.join(folder, each))
            os.rmdir(folder)


def load(path: str) -> dict[str, Any]:
    """Empty where nothing readable is."""
    try:
        loaded = json.loads(read_text(ROOT + path))
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def save(path: str, record: dict[str, Any]) -> None:
    make_folder(os.path.dirname(ROOT + path))
    write(ROOT + path, json.dumps(record, indent=1).encode(), 0o600, *OWNER)
