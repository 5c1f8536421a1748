"""One restic repository: where it is, what opens it, and what its snapshots are to Holdfast.

A snapshot counts as good once another one says so (tag `verified`, `of=ID`), which is only written after its content was read
back: a target that only ever adds (rest-server --append-only) can keep that, too. Order is that of `seq=N`, which no clock
can turn round.
"""

import json
import os
import re
import subprocess
import tarfile
import tempfile
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple

from shared.processes import Outcome, run

NO_SESSION = r"unable to start the sftp session|server unexpectedly closed"
# What restic and ssh say, and what it means: the first that fits.
MEANINGS = (
    (r"wrong password or no key found", "wrong password", "the repository's password is another one"),
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED|[Hh]ost key verification failed", "other host key",
     "the target has another host key than the pinned one"),
    (r"Permission denied \(|401 Unauthorized|403 Forbidden|Access Denied|Access Key Id you provided|request signature we calculated",
     "refused",
     "the target does not take the key or password"),
    (NO_SESSION, "unreachable", "the target does not answer"),
    (r"ciphertext verification failed|hash mismatch|[Ii]ntegrity check failed|repository contains errors|invalid data returned",
     "damaged", "what is stored there is damaged"),
    (r"file is too short|unexpected EOF|does not match|not found in repository|truncated|wrong hash|file size is|is damaged|invalid file",
     "damaged", "what is stored there is damaged"),
    (r"[Nn]o space left|not enough space|quota exceeded|SSH_FX_FAILURE|507 ", "full", "the target is full, or cannot write"),
    (r"is already locked", "locked", "another run holds the repository's lock"),
    (r"Is there a repository at|unable to open config file|repository does not exist|specified bucket does not exist",
     "no repository", "there is no repository"),
    (r"[Cc]onnection refused|timed out|[Nn]o route|Could not resolve|no such host|unreachable|[Cc]onnection (closed|reset)|EOF",
     "unreachable", "the target does not answer"),
    (r"ignoring error for|There were \d+ errors", "damaged", "not all of what is stored there could be read"),
)  # fmt: skip


OPENING = 60  # seconds: restic tries for a quarter of an hour to reach a rest-server or S3 that is not there


class ResticError(Exception):
    """`code` of MEANINGS, `slow`, or `failed`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Access(NamedTuple):
    """`location` as restic has it, without a password. `key` and `known_hosts`: files, for sftp. `login`: of a rest-server or
    S3. `password`: a file."""

    location: str
    password: str
    key: str
    known_hosts: str
    port: int
    login: tuple[str, str] | None


class Snapshot(NamedTuple):
    """`of`: the snapshot that it verifies, or empty. `time` as restic writes it."""

    id: str
    seq: int
    of: str
    time: str


class Repository:
    """`cache`: a folder, or nothing for none: what is not cached is read from the target. `timeout` in seconds."""

    def __init__(self, access: Access, cache: str, timeout: float) -> None:
        self.access, self.cache, self.timeout = access, cache, timeout

    def command(self, arguments: Sequence[str]) -> list[str]:
        access = self.access
        options = ["--cache-dir", self.cache] if self.cache else ["--no-cache"]
        if is_sftp(access):
            options += ["-o", "sftp.command=" + " ".join(sftp_command(access))]
        return ["restic", *options, *arguments]

    def environment(self) -> dict[str, str]:
        """A login stands in no argument, which everybody on the node could read."""
        access = self.access
        more = {"RESTIC_REPOSITORY": access.location, "RESTIC_PASSWORD_FILE": access.password, "HOME": "/root"}
        if access.login and access.location.startswith("s3:"):
            more |= {"AWS_ACCESS_KEY_ID": access.login[0], "AWS_SECRET_ACCESS_KEY": access.login[1]}
        elif access.login:
            user, word = (urllib.parse.quote(part, safe="") for part in access.login)
            more["RESTIC_REPOSITORY"] = re.sub(r"^rest:(https?)://", rf"rest:\1://{user}:{word}@", access.location)
        return {**os.environ, **more}

    def ask(self, *arguments: str, stdin: str | None = None, timeout: float | None = None) -> str:
        """What it says. Raises ResticError."""
        done = run(self.command(arguments), timeout or self.timeout, stdin, True, self.environment())
        if done.code != 0:
            raise error_of(with_words_of_ssh(done, self.access), self.access)
        return done.output

    def id(self) -> str:
        """Of the repository. Raises ResticError."""
        return str(json.loads(last_object(self.ask("cat", "config", "--no-lock", timeout=OPENING)))["id"])

    def init(self) -> None:
        self.ask("init")

    def unlock(self) -> None:
        """Takes away what dead runs have left: those of this machine that do not run any more, and all older than half
        an hour."""
        self.ask("unlock")

    def backup(self, folder: str, host: str, seq: int) -> str:
        """The new snapshot's id."""
        said = self.ask("backup", "--json", "--host", host, "--tag", "config", "--tag", f"seq={seq}", folder)
        return summary_of(said)

    def attest(self, snapshot: str, host: str, seq: int, text: str) -> str:
        """Says for good that the snapshot was read back and is complete, by another one, whose id it returns."""
        tags = ["--tag", "verified", "--tag", f"of={snapshot}", "--tag", f"seq={seq}"]
        named = ["--stdin", "--stdin-filename", "verified.json"]
        return summary_of(self.ask("backup", "--json", "--host", host, *tags, *named, stdin=text))

    def snapshots(self, timeout: float | None = None) -> list[Snapshot]:
        listed = json.loads(last_object(self.ask("snapshots", "--json", "--no-lock", timeout=timeout)) or "[]")
        return sorted((snapshot_of(each) for each in listed or []), key=lambda each: (each.seq, each.time))

    def forget(self, ids: Sequence[str]) -> None:
        if ids:
            self.ask("forget", "--prune", *ids)

    def check(self) -> None:
        """Reads every byte that is stored."""
        self.ask("check", "--read-data", "--no-lock")

    def read(self, snapshot: str, path: str, take: Callable[[str, tarfile.TarInfo, IO[bytes] | None], None]) -> None:
        """Hands over everything below `path` of a snapshot, by its name below it. Raises ResticError."""
        argv = self.command(["dump", "--no-lock", "--archive", "tar", snapshot, path])
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=self.environment()
            )
            late = threading.Timer(self.timeout, process.kill)
            late.start()
            torn = ""
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                    for member in archive:
                        name = name_below(member.name, path)
                        if name:
                            take(name, member, archive.extractfile(member) if member.isreg() else None)
                if process.stdout:
                    process.stdout.read()
            except (tarfile.TarError, EOFError) as error:
                torn = str(error)
                process.kill()
            finally:
                code = process.wait()
                timed_out = not late.is_alive()
                late.cancel()
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
        if timed_out:
            raise ResticError("slow", f"{self.access.location}: was not read within {self.timeout:.0f} s")
        if code != 0 or torn:
            raise error_of(with_words_of_ssh(Outcome(code or 1, said or torn), self.access), self.access)


def name_below(name: str, folder: str) -> str:
    """As the tar has it: with the whole path, or from the folder on."""
    own = "/" + name.strip("/")
    for start in (folder, "/" + os.path.basename(folder)):
        if own == start or own.startswith(start + "/"):
            return own[len(start) :].strip("/")
    return own.strip("/")


def is_sftp(access: Access) -> bool:
    return access.location.startswith("sftp:")


def sftp_command(access: Access) -> list[str]:
    command = ["ssh", "-F", "none", "-i", access.key, "-p", str(access.port)]
    for option in (
        "IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=20",
        "ServerAliveInterval=15", "ServerAliveCountMax=4", f"UserKnownHostsFile={access.known_hosts}",
        "GlobalKnownHostsFile=/dev/null",
    ):  # fmt: skip
        command += ["-o", option]
    return [*command, access.location.removeprefix("sftp:").partition(":")[0], "-s", "sftp"]


def with_words_of_ssh(done: Outcome, access: Access) -> Outcome:
    """restic may end before it has passed on what its ssh said, and then all that it knows is that there is no session."""
    if not is_sftp(access) or "subprocess ssh:" in done.output or not re.search(NO_SESSION, done.output):
        return done
    said = run(sftp_command(access), OPENING, "", True).output
    return Outcome(done.code, "\n".join([done.output, *(f"subprocess ssh: {line}" for line in said.splitlines())]))


def error_of(done: Outcome, access: Access) -> ResticError:
    lines = [line for line in done.output.splitlines() if line.strip() and "Fatal: unable to open repository" not in line]
    said = " ".join((lines or done.output.splitlines() or ["it said nothing"])[-3:])[:400]
    if done.code == 127:
        return ResticError("failed", f"restic could not be run: {said}")
    # One that was ended is slow, unless it has said all the while what it tries again for.
    late = done.code == 124
    told = "\n".join(line for line in lines if "retrying after" in line) if late else done.output
    for pattern, code, meaning in MEANINGS:
        if re.search(pattern, told):
            return ResticError(code, f"{access.location}: {meaning}: {said}")
    if late:
        return ResticError("slow", f"{access.location}: did not end in time: {said}")
    return ResticError("failed", f"{access.location}: {said}")


def last_object(text: str) -> str:
    """restic mixes warnings with its answer: the last line that is JSON, or all from the first brace on."""
    for line in reversed(text.splitlines()):
        if line.startswith(("{", "[")) and line.rstrip().endswith(("}", "]")):
            return line
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    return text[start:] if start >= 0 else ""


def summary_of(said: str) -> str:
    for line in reversed(said.splitlines()):
        if line.startswith("{"):
            told = json.loads(line)
            if told.get("message_type") == "summary":
                return str(told["snapshot_id"])
    raise ResticError("failed", f"restic named no snapshot: {said[-200:]}")


def snapshot_of(given: Mapping[str, object]) -> Snapshot:
    listed = given.get("tags")
    tags = dict(tag.partition("=")[::2] for tag in map(str, listed if isinstance(listed, list) else []))
    seq = tags.get("seq", "")
    return Snapshot(str(given["id"]), int(seq) if seq.isdigit() else 0, tags.get("of", ""), str(given["time"]))


def good_ones(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Those that were read back and found complete; the newest last."""
    attested = {each.of for each in snapshots if each.of}
    return [each for each in snapshots if not each.of and each.id in attested]


def next_seq(snapshots: Sequence[Snapshot]) -> int:
    return max((each.seq for each in snapshots), default=0) + 1


def to_forget(snapshots: Sequence[Snapshot], keep: Mapping[str, int]) -> list[str]:
    """`keep`: how many days, weeks and months have one good snapshot each. What was never found good goes once three newer ones
    were. The newest good one stays whatever is asked, and nothing goes by its age: a clock may be wrong."""
    good = good_ones(snapshots)
    if not good:
        return []
    kept = {good[-1].id}
    for period, length in (("daily", 10), ("monthly", 7)):
        kept |= newest_of_each(good, keep[period], lambda each, length=length: each.time[:length])  # type: ignore[misc]
    kept |= newest_of_each(good, keep["weekly"], lambda each: week_of(each.time))
    oldest = good[-3].seq if len(good) >= 3 else 0
    gone = {each.id for each in good} - kept
    gone |= {each.id for each in snapshots if not each.of and each not in good and each.seq < oldest}
    verdicts = {each.id for each in snapshots if each.of in gone}
    return sorted(gone | verdicts)


def newest_of_each(good: Sequence[Snapshot], count: int, period: Callable[[Snapshot], str]) -> set[str]:
    newest: dict[str, str] = {}
    for each in reversed(good):
        if len(newest) < count or period(each) in newest:
            newest.setdefault(period(each), each.id)
    return set(newest.values())


def week_of(time: str) -> str:
    import datetime

    year, week, _ = datetime.date.fromisoformat(time[:10]).isocalendar()
    return f"{year}-{week:02}"
