"""Running a command that comes as data: no shell, a bounded time, everything it started is stopped with it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
}
# Whatever the node's locale is, text is UTF-8; nothing of site-packages or of the environment is read.
PYTHON = ["/usr/bin/python3", "-I", "-S", "-X", "utf8"]
OUTPUT_LIMIT = 16_384  # bytes of either stream that are kept: an error message, not a log


class Outcome:
    """`code` is None where the command did not run to its end; `problem` then says why."""

    def __init__(self, code: int | None, output: str, errors: str, problem: str | None = None) -> None:
        self.code, self.output, self.errors, self.problem = code, output, errors, problem

    @property
    def ok(self) -> bool:
        return self.code == 0

    def explain(self) -> str:
        said = (self.errors.strip() or self.output.strip())[:2000]
        what = self.problem or f"exit status {self.code}"
        return f"{what}: {said}" if said else what


def run(
    argv: Sequence[str],
    timeout: float = 30,
    environment: dict[str, str] | None = None,
    stdin: bytes | None = None,
    limit: int = OUTPUT_LIMIT,
) -> Outcome:
    """`timeout` in seconds, `limit` in bytes. Never raises for what the command does, nor for a command that is
    missing."""
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, **(environment or {})},
            start_new_session=True,
            cwd="/",
        )
    except FileNotFoundError:
        return Outcome(None, "", "", f"{argv[0]} is not installed")
    except (OSError, ValueError) as error:  # no right to run it, or a NUL in an argument
        return Outcome(None, "", "", f"{argv[0]} cannot be run: {error}")
    try:
        output, errors = process.communicate(stdin, timeout)
        return Outcome(process.returncode, text(output, limit), text(errors, limit))
    except subprocess.TimeoutExpired:
        stop(process)
        return Outcome(None, "", "", f"no answer after {timeout} s, stopped")


def stop(process: subprocess.Popen[bytes]) -> None:
    """The whole group: a validator's child must not outlive it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        pass  # a grandchild outside the group holds the pipe; the transaction does not wait for it


def remove_tree(path: str) -> None:
    """Of ours. The standard library's way would load three compressors first."""
    if os.path.lexists(path):
        run(["rm", "-rf", "--", path])


def text(data: bytes, limit: int) -> str:
    return data[:limit].decode("utf-8", "replace")
