"""What Prometheus reads, for every program of Holdfast's on a node."""

import os
import stat
from collections.abc import Mapping, Sequence

from engine.safe import open_folder
from shared.files import store
from shared.processes import say

# Of root alone, unlike the folder of Debian's package, whose parent belongs to the exporter's user.
METRICS = os.environ.get("HOLDFAST_METRICS", "/var/lib/prometheus-holdfast/node-exporter")
EXPORTER = "/var/lib/prometheus"  # where there is none, nobody reads

Series = tuple[Mapping[str, str], int | float | str]


def gauge(name: str, meaning: str, samples: Sequence[Series]) -> str:
    lines = [f"# HELP {name} {escaped(meaning)}", f"# TYPE {name} gauge"]
    return "\n".join([*lines, *(f"{name}{labels(of)} {value}" for of, value in samples)]) + "\n"


def single(name: str, meaning: str, value: int | float | str) -> str:
    return gauge(name, meaning, [({}, value)])


def labels(of: Mapping[str, str]) -> str:
    return (
        "{" + ",".join('{}="{}"'.format(key, escaped(value).replace('"', '\\"')) for key, value in of.items()) + "}"
        if of
        else ""
    )


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def write_metrics(file: str, text: str, folder: str = METRICS) -> None:
    """World-readable, since the exporter is another user. What cannot be written is said, and is no reason to stop
    watching."""
    if folder == METRICS:
        remove_old(file)
    if not os.path.isdir(folder) and not os.path.isdir(EXPORTER):
        return
    try:
        store(os.path.join(folder, file), text, 0o644, 0o755)
    except OSError as error:
        say(f"metrics cannot be written to {folder}: {error.strerror}")


def remove_metrics(file: str, folder: str = METRICS) -> None:
    remove_old(file)
    try:
        above = open_folder(folder)
    except OSError:
        return  # no such folder, so no such file
    unlink_in(above, file)


def remove_old(file: str) -> None:
    """What an earlier Holdfast wrote, which would be scraped for ever. The exporter's user may have put a link in the
    way: then nothing is done, and in any other folder only this very name could go."""
    try:
        package = os.open(EXPORTER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            unlink_in(
                os.open("node-exporter", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=package),
                file,
            )
        finally:
            os.close(package)
    except OSError:
        pass


def unlink_in(folder: int, file: str) -> None:
    """Closes the folder."""
    try:
        if stat.S_ISREG(os.lstat(file, dir_fd=folder).st_mode):
            os.unlink(file, dir_fd=folder)
    except FileNotFoundError:
        pass
    finally:
        os.close(folder)
