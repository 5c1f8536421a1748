"""Running other programs, and what the journal hears: no shell, a bounded time, nothing that hangs is waited for."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

# cron and smartd leave some out; a PATH that is not set is none with an empty entry, which would be the current folder.
os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
os.environ["LC_ALL"] = "C.UTF-8"


class Outcome(NamedTuple):
    """`code` as a shell would say it: 124 where the time was up, 127 where the program is not there."""

    code: int
    output: str


def run(
    argv: Sequence[str],
    timeout: float,
    stdin: str | bytes | None = None,
    with_errors: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """`timeout` in seconds. Not even SIGKILL ends what hangs in the kernel: it is left behind. `environment`: the whole
    of it, where it is another one than this program's."""
    given = stdin.encode("utf-8", "replace") if isinstance(stdin, str) else stdin
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if with_errors else subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
    except OSError as error:
        return Outcome(127, f"{argv[0]}: {error.strerror}" if with_errors else "")
    try:
        output, _ = process.communicate(given, timeout)
        return Outcome(process.returncode if process.returncode >= 0 else 128 - process.returncode, text_of(output))
    except subprocess.TimeoutExpired:
        try:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate(timeout=1)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            return Outcome(124, "")
        return Outcome(124, text_of(output))


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def some_of(texts: Sequence[str], most: int) -> Iterator[str]:
    """For people: the first ones, and how many more there are."""
    yield from texts[:most]
    if len(texts) > most:
        yield f"and {len(texts) - most} more"


def say(message: str) -> None:
    """To the journal, whoever started this program."""
    if os.environ.get("JOURNAL_STREAM"):
        print(message, flush=True)
    else:
        log(message)


def log(message: str, *options: str) -> None:
    run(["logger", "-t", "holdfast", *options, "--", message], 5)


def send_mail(subject: str, body: str, timeout: float) -> bool:
    """False where it could not be sent; a node without Holdfast's mail has nobody to tell. `timeout` in seconds."""
    mailer = os.environ.get("HOLDFAST_MAILER", "/usr/local/lib/holdfast/mail")
    return not os.access(mailer, os.X_OK) or run([mailer, subject], timeout, body).code == 0


def sleep(seconds: int) -> None:
    """By the program of that name, which a rehearsal can have its own of."""
    run(["sleep", str(seconds)], seconds + 5)
