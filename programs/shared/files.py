"""The one way in which Holdfast's programs write: below folders that nobody but root can rename or plant a link in."""

import fcntl
import os
import shlex
import time

from engine.safe import make_folder, open_own, write

# What runs as another user than root, a rehearsal say, writes as that user.
OWNER = (os.geteuid(), os.getegid())


def store(path: str, text: str, mode: int = 0o600, folder_mode: int = 0o700) -> None:
    """Whole or not at all. Raises OSError, UnsafeFolder among them."""
    make_folder(os.path.dirname(path), folder_mode)
    write(path, text.encode("utf-8", "replace"), mode, *OWNER)


def try_to_store(path: str, text: str) -> bool:
    """Whether it could be stored: a watch goes on without."""
    try:
        store(path, text)
        return True
    except OSError:
        return False


def forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass  # never there, or not to be written to, which `store` has said


def read_text(path: str) -> str:
    """Empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def moment(seconds: object) -> str:
    """Of a time since 1970, as other programs read it; `never` where there was none."""
    if not isinstance(seconds, (int, float)) or not seconds:
        return "never"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def first_line(path: str) -> str:
    return read_text(path).partition("\n")[0].strip()


def hold(path: str) -> tuple[bool, int | None]:
    """Takes a lock for as long as this program runs: whether nobody else holds it, and what keeps it. A lock that
    cannot be had at all, on a /run that is read-only say, keeps nobody from his work. Root's alone."""
    try:
        make_folder(os.path.dirname(path))
        lock = open_own(path)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True, lock
    except BlockingIOError:
        return False, None
    except OSError:
        return True, None


def read_settings(path: str) -> dict[str, str]:
    """Lines NAME=VALUE, quoted as for a shell; read, never run. Nothing where there is no such file."""
    lines = (line for line in read_text(path).splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): " ".join(shlex.split(value)) for name, _, value in (line.partition("=") for line in lines)}
