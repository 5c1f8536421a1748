#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. This node's configuration into its restic repository, and back out of it to see that all is there.

  config-backup            one run; what failed is told by mail and metric
  config-backup --accept   also where guests or files are gone since the last good backup: somebody has removed them
  config-backup --first    one run unless the last one was good; never fails
  config-backup --state    prints what has become of the last run
  config-backup --when     prints when the last good one was made
"""

import json
import os
import shutil
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from engine.safe import make_folder
from shared.backup_access import BACKUP_KEEP, NotSet, backup_settings, repository_of
from shared.collect import Unfit, collect
from shared.files import hold, moment, read_text, store
from shared.manifest import MANIFEST, Manifest, digest, lacks, losses, parse_manifest
from shared.metrics import single, write_metrics
from shared.processes import some_of, say, send_mail
from shared.restic import (
    Repository, ResticError, Snapshot, good_ones, next_seq, to_forget,
)

STATE = f"{BACKUP_KEEP}/state.json"
NEW, LAST = f"{BACKUP_KEEP}/new", f"{BACKUP_KEEP}/last"
HOUR = 3600
OVERDUE = 36 * HOUR  # a run that was missed is caught up when the node starts


class Failed(Exception):
    """`code` is for programs, one word or two."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Run:
    def __init__(self, accept: bool) -> None:
        self.settings = backup_settings()
        self.node = self.settings["NODE"]
        self.repository = repository_of(self.settings, self.node, f"{BACKUP_KEEP}/cache")
        self.accept = accept
        self.start = time.time()
        self.known = read_state()
        self.notes: list[str] = []

    def back_up(self) -> Manifest:
        """Raises Failed, Unfit or ResticError: then the newest good snapshot is what it was."""
        with ThreadPoolExecutor() as pool:
            opening = pool.submit(self.open)  # waits for the network most of the time
            manifest = collect(NEW, self.node, int(self.start))
            before = opening.result()
        self.refuse_losses(manifest, before)
        seq = next_seq(before)
        snapshot = self.repository.backup(NEW, self.node, seq)
        self.verify(manifest, snapshot)
        verdict = {"snapshot": snapshot, "guests": len(manifest["guests"]), "files": len(manifest["files"])}
        attested = self.repository.attest(snapshot, self.node, seq, json.dumps(verdict) + "\n")
        keep_as_last()
        now = time.strftime("%Y-%m-%dT%H:%M:%S")
        self.clean_up([*before, Snapshot(snapshot, seq, "", now), Snapshot(attested, seq, snapshot, now)])
        return manifest

    def open(self) -> list[Snapshot]:
        """What is there, the newest last; with no lock of a dead run any more."""
        open_repository(self.repository, self.known)
        with ThreadPoolExecutor() as pool:
            unlocking = pool.submit(self.repository.unlock)
            found = self.repository.snapshots()
            unlocking.result()
        return found

    def refuse_losses(self, manifest: Manifest, snapshots: list[Snapshot]) -> None:
        if self.accept:
            return
        before = self.last_manifest(snapshots)
        if before is None:
            return
        lost = losses(before, manifest)
        if lost:
            raise Failed(
                "losses",
                "; ".join(lost)
                + ". Nothing was stored. If somebody has removed them: /usr/local/lib/holdfast/config-backup --accept",
            )

    def last_manifest(self, snapshots: list[Snapshot]) -> Manifest | None:
        """Of the last good backup: as it lies here, else as the repository has it, where this machine is a new one."""
        try:
            return parse_manifest(read_text(f"{LAST}/{MANIFEST}"))
        except ValueError:
            good = good_ones(snapshots)
        if not good:
            return None
        return parse_manifest(self.repository.ask("dump", "--no-lock", good[-1].id, f"{NEW}/{MANIFEST}"))

    def verify(self, manifest: Manifest, snapshot: str) -> None:
        """By what the target gives back, past restic's cache."""
        stored: dict[str, str] = {}

        def take(name: str, member: tarfile.TarInfo, content: IO[bytes] | None) -> None:
            if content is not None:
                stored[name] = digest(content.read())

        cold = Repository(self.repository.access, "", self.repository.timeout)
        cold.read(snapshot, NEW, take)
        missing = lacks(manifest, stored)
        with open(f"{NEW}/{MANIFEST}", "rb") as stream:
            if stored.get(MANIFEST) != digest(stream.read()):
                missing.append(f"{MANIFEST} is missing or has other content")
        if missing:
            raise Failed("incomplete", "what was stored is not what is here: " + "; ".join(some_of(missing, 10)))

    def clean_up(self, snapshots: list[Snapshot]) -> None:
        """What is not forgotten costs space: no failure of a backup that is good."""
        good_until = self.known.get("good", 0)
        if isinstance(good_until, int) and good_until > self.start + HOUR:
            self.notes.append("the clock has gone back since the last good backup: nothing was forgotten")
            return
        keep = {period: int(self.settings.get(f"KEEP_{period.upper()}", "1")) for period in ("daily", "weekly", "monthly")}
        try:
            self.repository.forget(to_forget(snapshots, keep))
        except ResticError as error:
            self.notes.append(f"old backups were not removed (a target that only adds?): {error}")


def open_repository(repository: Repository, known: dict[str, object]) -> None:
    """The one that was there before, or a first one. A target whose disk is not mounted must not become a new
    repository."""
    location = repository.access.location
    expected = known.get("repository") if known.get("location") == location else None
    try:
        found = repository.id()
    except ResticError as error:
        if error.code != "no repository":
            raise
        if expected:
            raise Failed(
                "repository gone",
                f"{error}. It was there before: is the target's disk mounted? For a new one: rm {STATE}",
            ) from error
        repository.init()
        found = repository.id()
    if expected and found != expected:
        raise Failed("other repository", f"{location} is another repository than before. If that is right: rm {STATE}")
    if not expected:
        known |= {"repository": found, "location": location}
        write_state(known)


def keep_as_last() -> None:
    """The copy on this node: at hand where the network is not. Whole at any time but for an instant, and never half."""
    old = f"{BACKUP_KEEP}/old"
    shutil.rmtree(old, ignore_errors=True)
    if os.path.isdir(LAST):
        os.rename(LAST, old)
    os.rename(NEW, LAST)
    shutil.rmtree(old, ignore_errors=True)


def read_state() -> dict[str, object]:
    try:
        given = json.loads(read_text(STATE))
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def write_state(state: dict[str, object]) -> None:
    store(STATE, json.dumps(state, indent=1) + "\n")


def metrics_of_backup(state: dict[str, object]) -> str:
    """Without a good backup there is no time of one: that it is absent is what alerts."""
    texts = [
        single("holdfast_backup_ok", "Whether the last run stored all, and found it there.", int(state["code"] == "good")),
        single("holdfast_backup_last_run_timestamp_seconds", "When it last ran.", number(state.get("run"))),
        single("holdfast_backup_duration_seconds", "How long the last run took.", number(state.get("seconds"))),
    ]
    if state.get("good"):
        texts += [
            single(
                "holdfast_backup_last_success_timestamp_seconds",
                "When what is stored was last found to be complete.",
                number(state["good"]),
            ),
            single("holdfast_backup_guests", "Guests in the last good backup.", number(state.get("guests"))),
            single("holdfast_backup_files", "Files in the last good backup.", number(state.get("files"))),
        ]
    return "".join(texts)


def number(value: object) -> int | float:
    return value if isinstance(value, (int, float)) else 0


def run_once(accept: bool) -> int:
    free, _lock = hold(f"{BACKUP_KEEP}/lock")
    if not free:
        say("config backup: another run is under way, this one does nothing")
        return 0
    start = time.time()
    state = read_state()
    try:
        run = Run(accept)
        manifest = run.back_up()
        state = read_state() | {
            "code": "good", "text": "; ".join(run.notes), "good": int(start),
            "guests": len(manifest["guests"]), "files": len(manifest["files"]),
        }  # fmt: skip
    except (Failed, Unfit, ResticError) as error:
        state = read_state() | {"code": error.code, "text": str(error)}
    except (OSError, ValueError, NotSet) as error:
        state = read_state() | {"code": "failed", "text": f"{type(error).__name__}: {error}"}
    state |= {"run": int(start), "seconds": round(time.time() - start, 3)}
    try:
        write_state(state)
    except OSError as error:  # a full disk: it is told all the same
        state["text"] = f"{state['text']}; what became of it cannot be noted: {error.strerror}"
    write_metrics("holdfast-backup.prom", metrics_of_backup(state))
    return tell(state)


def tell(state: dict[str, object]) -> int:
    if state["code"] == "good":
        notes = f"; {state['text']}" if state["text"] else ""
        say(f"config backup: good; {state['guests']} guests, {state['files']} files{notes}")
        return 0
    say(f"config backup could not be made: {state['code']}: {state['text']}")
    good = number(state.get("good"))
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(good)) if good else "never"
    send_mail(
        f"config backup failed: {state['code']}",
        f"{state['text']}\n\nThe last good one: {since}. It is still there; this run has not replaced it.\n"
        f"Again: systemctl start holdfast-config-backup; more: journalctl -t holdfast\n",
        90,
    )
    return 1


def run_first() -> int:
    """For a push: one run where there has been none since these settings. What comes of it is told, and undoes
    nothing."""
    settings = backup_settings()
    known = read_state()
    here = repository_of(settings, settings["NODE"]).access.location
    if known.get("code") != "good" or known.get("location") != here:
        run_once(accept=False)
    return 0


def state_in_words() -> str:
    """A verdict, no measurement."""
    state = read_state()
    if not state.get("code"):
        return "not run yet"
    if state["code"] == "good" and time.time() - number(state.get("good")) > OVERDUE:
        return "overdue"
    return str(state["code"])


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    if arguments == ["--state"]:
        print(state_in_words())
        return 0
    if arguments == ["--when"]:
        print(moment(read_state().get("good")))
        return 0
    if arguments not in ([], ["--accept"], ["--first"]):
        print("usage: config-backup [--accept | --first | --state | --when]", file=sys.stderr)
        return 2
    make_folder(BACKUP_KEEP)
    return run_first() if arguments == ["--first"] else run_once(arguments == ["--accept"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
