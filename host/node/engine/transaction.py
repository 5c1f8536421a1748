"""One FileSet's transaction: observe, stage, validate, commit, activate, verify, done; else rollback. `batch.py` calls its
phases with the lock held. What it does to the node is a list of steps (step.py), each with its undo; the journal has the list
before the first is done, and every undoing goes by it.

A plan is {id, client, secret?, spec, files: {path: {was: identity, content | absent, mode, owner, group, secret?}}, packages,
units, validate, activate, verify, confirm?}: only what differs, as the provider decided from the observation it was given.
`confirm` is {token: SHA-256, window: seconds, addresses, peers, probes}: the network is reloaded, and undone unless its client
confirms that (change_steps.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from engine import durable, files, mounts, results, steps, undo, verdict
from engine.change_steps import ArmStep, ConfirmStep, IfreloadStep, NetworkStep, SwitchStep, WorksStep
from engine.command_steps import ActivateStep, UnchangedStep, VerifyStep, execute
from engine.file_step import FileStep, FoldersStep, SyncStep, staged_name
from engine.journal import Journal
from engine.refusal import Refused, as_refused, translated
from engine.step import State, Step, Tell, Work, perform, reach, refuse_if_ending
from engine.unit_steps import RELOAD, ReloadStep, SettleStep, UnitsStep
from engine.verdict import Result, Undone
from look import observe

DECIDED = "applied"  # in the transaction's folder: the journal is about to be closed
ONLY_CLIENT = "a file here is secret, so only the client is told why"


class Transaction:
    """`result` is None until it is decided: then the phases that are left do nothing."""

    def __init__(self, plan: dict[str, Any], tell: Tell) -> None:
        self.plan = plan
        self.identifier: str = plan["id"]
        self.tell = tell  # (phase, message): progress for the client and the log
        self.journal = Journal(self.identifier)
        self.work = Work(self.journal, tell)
        self.work.plan, self.work.begun = plan, set()
        self.files: dict[str, Any] = dict(plan["files"])
        self.folders: dict[str, list[str]] = {}
        self.units_before: dict[str, dict[str, bool]] = {}
        self.steps: list[Step] = []
        self.file_steps: list[FileStep] = []
        self.committing: list[Step] = []
        self.enabling: list[Step] = []
        self.activating: list[Step] = []
        self.verifying: list[Step] = []
        self.arming: ArmStep | None = None
        self.switch: SwitchStep | None = None
        self.state = State.PLANNED
        self.result: Result | None = None

    @property
    def is_stuck(self) -> bool:
        return self.state is State.STUCK

    @property
    def is_confirming(self) -> bool:
        return self.state is State.CONFIRMING

    @property
    def has_to_be_confirmed(self) -> bool:
        return "confirm" in self.plan

    def observe(self, seen: dict[str, Any]) -> None:
        """`seen`: of its units."""
        self.attempt("observe", lambda: self.look(seen))

    def prepare(self, complaint: Refused | None = None) -> None:
        """Stages and validates: of the node's own files none is touched. `complaint`: of the packages' installation."""
        self.attempt("stage", lambda: self.make_ready(complaint))

    def commit(self) -> None:
        self.attempt("commit", self.replace_files)

    def withdraw(self, reason: str) -> None:
        """Decided elsewhere: it may not go on."""

        def refuse() -> None:
            raise Refused("commit", reason, "beside-stuck")

        self.attempt("commit", refuse)

    def enable(self) -> None:
        """What the next boot starts. systemd is not made to read it: see `reads_units`."""
        self.attempt("activate", lambda: self.perform(self.enabling))

    @property
    def reads_units(self) -> bool:
        """Whether systemd has to read its unit files again."""
        return any(command["argv"] == RELOAD for command in self.plan.get("activate", [])) or any(
            "enabled" in unit for unit in self.plan.get("units", {}).values()
        )

    def activate(self, reload: Callable[[Tell], str | None]) -> None:
        """`reload`: makes systemd read its unit files, once for all that ask for it."""
        self.work.reload = reload
        self.attempt("activate", lambda: self.perform(self.activating))

    def verify(self) -> None:
        self.attempt("verify", lambda: self.perform(self.verifying))

    def finish(self) -> None:
        if self.result is None and any(isinstance(step, ConfirmStep) for step in self.verifying):
            self.state = State.CONFIRMING  # pending.py goes on from here, or the timer
        elif self.result is None:
            reach("decide")
            self.note_files()
            self.note_decision()
            self.journal.close()
            reach("decided")
            self.tell("done", "applied")
            self.decide({"outcome": "applied"})

    def note_files(self) -> None:
        """A record that cannot be kept makes a later first push ask, and is no reason to undo anything."""
        try:
            files.note_written(self.files)
        except (OSError, Refused) as error:
            print(f"transaction {self.identifier}: {error}", flush=True)

    def note_decision(self) -> None:
        """Killed between the journal's end and the result, it is known all the same."""
        try:
            durable.replace(f"{durable.RUN}/{self.identifier}/{DECIDED}", b"")
        except OSError as error:
            print(f"transaction {self.identifier}: {error}", flush=True)  # /run is full: it would have to be killed, too, for a wrong word

    def attempt(self, phase: str, act: Callable[[], None]) -> None:
        if self.result is not None:
            return
        try:
            act()
        except Exception as error:  # a fault of ours, too, is this transaction's alone: those beside it go on
            refused = as_refused(phase, error)
            self.fail(refused, self.take_back())

    def take_back(self) -> Undone:
        if self.state in (State.PLANNED, State.STAGED):
            self.journal.abandon()
            return verdict.NOTHING
        try:
            return verdict.undone_by(undo.undo(self.journal.read(), self.work))
        except Exception as problem:
            text = f"{as_refused('rollback', problem)}; the next transaction or boot tries again"
            return verdict.undone_by([verdict.bad(verdict.UNDO_FAILED, text, self.identifier)])

    def fail(self, refused: Refused, undone: Undone) -> None:
        """The journal is closed when the result is kept: who is killed in between is undone once more, and told."""
        is_secret = self.plan.get("secret")  # a command may quote the file
        self.tell(refused.phase, f"failed; {ONLY_CLIENT}" if is_secret else f"failed: {refused}")
        is_hidden = is_secret and undone["state"] == "incomplete"
        self.tell("rollback", f"NOT complete; {ONLY_CLIENT}" if is_hidden else verdict.sentence(undone))
        is_sealed = self.state is State.COMMITTED
        self.result = results.with_change(
            verdict.failed(refused.phase, refused.code, str(refused), undone), self.arming.record if self.arming else None, getattr(refused, "verdicts", [])
        )
        results.note(self.identifier, self.result)
        self.state = State.DECIDED
        if any(each["code"] == verdict.UNDO_FAILED for each in undone["verdicts"]):
            self.state = State.STUCK
        elif is_sealed and not verdict.stays_open(undone["verdicts"]):
            reach("close what was undone")
            self.journal.close()
        results.tell(self.identifier, self.result)

    def decide(self, result: Result) -> None:
        self.result, self.state = result, State.DECIDED
        results.keep(self.identifier, result)

    def look(self, units: dict[str, Any]) -> None:
        """What stands as planned by now, from a push that was quicker, is left alone."""
        for path, file in list(self.files.items()):
            seen = observe.observe_file(path)
            if files.is_as_planned(seen, file):
                del self.files[path]
            else:
                files.refuse_if_edited("observe", path, seen, file)
        # Before the packages come, whose own scripts enable and start services: a rollback switches those off again.
        planned = self.plan.get("units", {})
        self.units_before = {name: {key: units[name][key] for key in wanted} for name, wanted in planned.items()}

    def note_folders(self) -> None:
        """Which have to be made. Before any of a batch makes one: where two need it, whichever is undone last removes
        it."""
        self.folders = {path: files.missing_folders(path) for path in self.files}

    def make_ready(self, complaint: Refused | None) -> None:
        if complaint:
            raise complaint
        self.stage()
        for command in self.plan.get("validate", []):
            self.validate(command)

    def stage(self) -> None:
        refuse_if_ending("stage")
        self.tell("stage", ", ".join(self.files) or "no files")
        for path in self.files:
            files.refuse_unwritable(path)
        self.plan_steps()
        reach("draft")
        self.state = State.STAGED
        with translated("stage", durable.JOURNAL):
            self.journal.draft([step.record for step in self.steps])
        for step in self.file_steps:
            reach(f"stage {step}")
            file = self.files[step.path]
            if not file.get("absent"):
                with translated("stage", step.path):
                    step.stage(self.work, file["content"], int(file["mode"], 8), files.user_id(file["owner"]), files.group_id(file["group"]))

    def plan_steps(self) -> None:
        """In their order. What stands before the files is undone after they are back."""
        points = mounts.points()
        self.file_steps = [
            FileStep.plan(path, file, self.folders[path], points, f"{number}.previous") for number, (path, file) in enumerate(self.files.items())
        ]
        synced = sorted({os.path.dirname(path) for path in {*self.files, *(folder for made in self.folders.values() for folder in made)}})
        commands = self.plan.get("activate", [])
        inactive = [name for name, before in self.units_before.items() if before.get("active") is False]
        settle = SettleStep({"kind": SettleStep.kind, "commands": commands, "inactive": inactive})
        changing = self.changing()
        self.committing = [
            *changing,  # first of all, and undone last
            *self.switching("active", False),  # while their unit files are there: without one, systemctl disables nothing
            settle,
            *self.switching("enabled", False),
            FoldersStep({"kind": FoldersStep.kind, "made": sorted({folder for made in self.folders.values() for folder in made}), "synced": synced}),
            *self.file_steps,
            SyncStep({"kind": SyncStep.kind, "synced": synced}),
        ]
        self.enabling = self.switching("enabled", True)
        self.activating = [
            *([ReloadStep({"kind": ReloadStep.kind})] if self.reads_units else []),
            *(ActivateStep({"kind": ActivateStep.kind, **command}) for command in commands if command["argv"] != RELOAD),
            *self.switching("active", True),
            *([IfreloadStep({"kind": IfreloadStep.kind})] if changing else []),
        ]
        self.verifying = [
            *(VerifyStep({"kind": VerifyStep.kind, **command}) for command in self.plan.get("verify", [])),
            *([WorksStep({"kind": WorksStep.kind})] if changing else []),
            UnchangedStep({"kind": UnchangedStep.kind}),
            *([ConfirmStep({"kind": ConfirmStep.kind})] if changing else []),
        ]
        self.work.plan = {**self.plan, "files": self.files}
        self.steps = steps.number([*self.committing, *self.enabling, *self.activating, *self.verifying])
        settle.record["if_begun"] = [step.number for step in self.activating]
        if changing:
            self.work.network["if_begun"] = [step.number for step in self.activating]

    def changing(self) -> list[Step]:
        """Of a change that has to be confirmed: what there is now is looked at before anything is done."""
        if not self.has_to_be_confirmed or not self.files:
            return []
        from network import checks, reload

        if not reload.is_possible():
            raise Refused("stage", "ifupdown2 is not installed, and without it nothing reloads the network: install it, or set apply: boot", "no-ifupdown")
        confirm = self.plan["confirm"]
        asked = {key: confirm[key] for key in ("addresses", "peers", "probes")}
        self.tell("stage", "what works in the network now")
        try:
            before, works = checks.look(asked)
        except ValueError as error:
            raise Refused("stage", f"the running network cannot be looked at: {error}", "network-unknown") from error
        record = {"kind": ArmStep.kind, "client": self.plan["client"], "token": confirm["token"], "window": confirm["window"], "program": os.path.dirname(os.path.abspath(sys.argv[0]))}
        self.arming = ArmStep(record)
        network = NetworkStep({"kind": NetworkStep.kind, "before": before, "works": works, "change": asked})
        self.work.network = network.record
        self.switch = SwitchStep.plan()
        return [self.arming, network, *([self.switch] if self.switch else [])]

    def switching(self, key: str, on: bool) -> list[Step]:
        """The planned units whose `key` (enabled, active) is to be `on` and was not."""
        planned = self.plan.get("units", {})
        names = [name for name, wanted in planned.items() if wanted.get(key) is on and self.units_before[name][key] is not on]
        return [UnitsStep({"kind": UnitsStep.kind, "key": key, "on": on, "names": names})] if names else []

    def validate(self, command: dict[str, Any]) -> None:
        shown = " ".join(command["argv"])
        reach(f"validate {shown}")
        refuse_if_ending("validate")
        self.tell("validate", shown)
        complaint = execute({**command, "argv": [self.expand(word) for word in command["argv"]]})
        if complaint:
            raise Refused("validate", f"{shown}: {complaint}", "validate-failed")

    def replace_files(self) -> None:
        self.tell("commit", ", ".join(self.files) or "no files")
        for path, file in self.files.items():
            files.refuse_if_edited("commit", path, observe.observe_file(path), file)
            with translated("commit", files.STATE):
                files.back_up(path, file)
        with translated("commit", files.STATE):
            files.note_originals(self.files, self.units_before)
        reach("seal")
        with translated("commit", durable.JOURNAL):
            for step in self.file_steps:
                step.keep(self.work)
            if self.switch:
                self.switch.keep(self.work)
            for folder in self.committing_folders():
                durable.sync_folder(folder)
            self.journal.seal()
        self.state = State.COMMITTED
        reach("sealed")
        self.perform(self.committing)

    def committing_folders(self) -> Iterable[str]:
        return [folder for step in self.committing if isinstance(step, SyncStep) for folder in step.record["synced"]]

    def perform(self, group: list[Step]) -> None:
        for step in group:
            if isinstance(step, FileStep):
                with translated("commit", step.path):
                    perform(step, self.work)
            else:
                perform(step, self.work)

    def expand(self, word: str) -> str:
        """`{staged:/etc/fstab}`: the staged copy, or the live file where this transaction does not change it."""
        if not (word.startswith("{staged:") and word.endswith("}")):
            return word
        path = word[len("{staged:") : -1]
        staged = staged_name(path, self.identifier)
        return staged if os.path.exists(staged) else path
