"""One FileSet's transaction: observe, stage, validate, commit, activate, verify, done; else rollback. Its steps are here,
`batch.py` calls them with the lock held.

A plan is {id, client, secret?, spec, files: {path: {was: identity, content | absent, mode, owner, group}}, packages, units,
validate, activate, verify}: only what differs, as the provider decided from the observation it was given.
"""

import os

from engine import commands, durable
from engine.files import STATE, back_up, edited, group_id, is_as_planned, missing_folders, note_originals, refuse_if_edited, refuse_unwritable, user_id
from engine.refusal import Refused, as_refused, translated
from engine.units import TIMEOUT, on_disk
from look import observe

DECIDED = "applied"  # in the transaction's folder: the journal is about to be closed
ONLY_CLIENT = "a file here is secret, so only the client is told why"
RELOAD = ["systemctl", "daemon-reload"]


class Transaction:
    """`result` is None until it is decided: then the steps that are left do nothing."""

    def __init__(self, plan, tell):
        self.plan = plan
        self.identifier = plan["id"]
        self.tell = tell  # (phase, message): progress for the client and the log
        self.journal = durable.Journal(self.identifier)
        self.files = dict(plan["files"])
        self.folders = {}
        self.units_before = {}
        self.missing_units = []
        self.is_sealed = False
        self.is_stuck = False  # not undone: its journal is open, and whoever takes the lock next tries again
        self.result = None

    def prepare(self, complaint=None):
        """Stages and validates: of the node's own files none is touched. `complaint`: of the packages' installation."""
        self.attempt("stage", lambda: self.make_ready(complaint), lambda: durable.NOTHING)

    def commit(self):
        self.attempt("commit", self.replace_files, self.undo_commit)

    def withdraw(self, reason):
        """Decided elsewhere: it may not go on."""
        def refuse():
            raise Refused("commit", reason)

        self.attempt("commit", refuse, self.undo_commit)

    def enable(self):
        """What the next boot starts. systemd is not made to read it: see `reads_units`."""
        self.attempt("activate", lambda: self.switch("enabled", True), self.rollback)

    @property
    def reads_units(self):
        """Whether systemd has to read its unit files again."""
        return any(command["argv"] == RELOAD for command in self.plan.get("activate", [])) or any("enabled" in unit for unit in self.plan.get("units", {}).values())

    def activate(self, complaint=None):
        """`complaint`: of systemd, about reading its unit files."""
        self.attempt("activate", lambda: self.set_going(complaint), self.rollback)

    def verify(self):
        self.attempt("verify", self.look_again, self.rollback)

    def finish(self):
        if self.result is None:
            self.note_decision()
            self.journal.close()
            self.tell("done", "applied")
            self.decide({"outcome": "applied"})

    def note_decision(self):
        """Killed between the journal's end and the result, it is known all the same."""
        try:
            durable.replace(f"{durable.RUN}/{self.identifier}/{DECIDED}", b"")
        except OSError as error:
            print(f"transaction {self.identifier}: {error}", flush=True)  # /run is full: it would have to be killed, too, for a wrong word

    def attempt(self, phase, step, rollback):
        if self.result is not None:
            return
        try:
            step()
        except Exception as error:  # a fault of ours, too, is this transaction's alone: those beside it go on
            refused = as_refused(phase, error)
            try:
                undone = rollback()
            except Exception as problem:
                self.is_stuck = True
                undone = durable.sentence([f"{as_refused(phase, problem)}; the next transaction or boot tries again"])
            self.fail(refused, undone)

    def fail(self, refused, rollback):
        is_secret = self.plan.get("secret")  # a command may quote the file
        self.tell(refused.phase, f"failed; {ONLY_CLIENT}" if is_secret else f"failed: {refused}")
        self.tell("rollback", f"NOT complete; {ONLY_CLIENT}" if is_secret and rollback not in (durable.NOTHING, durable.AS_BEFORE) else rollback)
        self.decide({"outcome": "failed", "phase": refused.phase, "message": str(refused), "rollback": rollback})

    def decide(self, result):
        self.result = result
        durable.keep_result(self.identifier, result)

    def observe(self, seen):
        """`seen`: of its units."""
        self.attempt("observe", lambda: self.look(seen), lambda: durable.NOTHING)

    def look(self, units):
        """What stands as planned by now, from a push that was quicker, is left alone."""
        for path, file in list(self.files.items()):
            seen = observe.observe_file(path)
            if is_as_planned(seen, file):
                del self.files[path]
            else:
                refuse_if_edited("observe", path, seen, file)
        # Before the packages come, whose own scripts enable and start services: a rollback switches those off again.
        planned = self.plan.get("units", {})
        self.units_before = {name: {key: units[name][key] for key in wanted} for name, wanted in planned.items()}
        self.missing_units = [name for name in planned if units[name]["detail"].startswith("not-found")]

    def note_folders(self):
        """Which have to be made. Before any of a batch makes one: where two need it, whichever is undone last removes it."""
        self.folders = {path: missing_folders(path) for path in self.files}

    def make_ready(self, complaint):
        if complaint:
            raise Refused("stage", complaint)
        try:
            self.stage()
            self.validate()
        except BaseException:
            self.journal.abandon()
            raise

    def stage(self):
        self.tell("stage", ", ".join(self.files) or "no files")
        for path in self.files:
            refuse_unwritable(path)
        entries = []
        for path, file in self.files.items():
            new = None if file.get("absent") else durable.digest(file["content"].encode())
            entries.append({"path": path, "old": file["was"][1], "new": new, "folders": self.folders[path]})
        with translated("stage", durable.JOURNAL):
            self.journal.draft(entries, activate=self.plan.get("activate", []), units=self.units_before)
        for entry in entries:
            with translated("stage", entry["path"]):
                self.stage_file(entry["path"], entry["folders"])

    def stage_file(self, path, folders):
        for folder in folders:
            if not os.path.isdir(folder):  # another file may be in it too
                os.mkdir(folder, 0o755)
        file = self.files[path]
        if file.get("absent"):
            return
        staged = durable.staged_name(path, self.identifier)
        durable.remove(staged)
        attributes = durable.attributes_of(path) if file["was"][0] == "file" else {}
        durable.write_new(staged, file["content"].encode(), int(file["mode"], 8), user_id(file["owner"]), group_id(file["group"]), attributes)

    def validate(self):
        for command in self.plan.get("validate", []):
            self.execute("validate", command)

    def replace_files(self):
        self.tell("commit", ", ".join(self.files) or "no files")
        try:
            for path, file in self.files.items():
                refuse_if_edited("commit", path, observe.observe_file(path), file)
                with translated("commit", STATE):
                    back_up(path)
            with translated("commit", STATE):
                note_originals(self.files, self.units_before)
            with translated("commit", durable.JOURNAL):
                self.journal.seal()
        except BaseException:
            self.journal.abandon()
            raise
        self.is_sealed = True
        # While their unit files are there: without one, systemctl disables nothing.
        self.switch("active", False)
        self.switch("enabled", False)
        for path, file in self.files.items():
            with translated("commit", path):
                self.exchange(path, file)
        for folder in {os.path.dirname(path) for path in self.files}:
            durable.sync_folder(folder)

    def undo_commit(self):
        """systemd has read nothing of it yet."""
        if not self.is_sealed:
            return durable.NOTHING
        record = self.journal.read()
        outcomes = self.journal.undo()
        problems = durable.complaints(outcomes)
        for key in durable.VERBS:
            problems += durable.switch_units(record, key, True, lambda message: self.tell("rollback", message))
        durable.close_undone(self.journal, outcomes)
        return durable.sentence(problems)

    def exchange(self, path, file):
        previous = durable.previous_name(path, self.identifier)
        # An editor that renames its own new file into place is seen until the instant before ours.
        refuse_if_edited("commit", path, observe.observe_file(path), file)
        if file.get("absent"):
            os.unlink(path)
        else:
            os.rename(durable.staged_name(path, self.identifier), path)
        # One that writes in place: the old file still has its second name, and the edit shows there.
        if file["was"][0] == "file" and observe.identity(observe.observe_file(previous)) != file["was"]:
            os.rename(previous, path)
            raise edited("commit", path)

    def set_going(self, complaint):
        if complaint:
            raise Refused("activate", complaint)
        for command in self.plan.get("activate", []):
            if command["argv"] != RELOAD:
                self.execute("activate", command)
        self.switch("active", True)

    def switch(self, key, on):
        """The planned units whose `key` (enabled, active) is to be `on` and was not."""
        names = [name for name, wanted in self.plan.get("units", {}).items() if wanted.get(key) is on and self.units_before[name][key] is not on]
        if not names:
            return
        verb = durable.VERBS[key][on]
        shown = f"systemctl {verb} {' '.join(names)}"
        self.tell("activate" if on else "commit", shown)
        done = on_disk(verb, names) if key == "enabled" else commands.run(["systemctl", verb, "--", *names], TIMEOUT * len(names))
        if not done.ok:
            raise Refused("activate" if on else "commit", f"{shown}: {done.explain()}; look at journalctl {' '.join(f'-u {name}' for name in names)}")

    def look_again(self):
        for command in self.plan.get("verify", []):
            self.execute("verify", command)
        for path, file in self.files.items():
            if not is_as_planned(observe.observe_file(path), file):
                raise Refused("verify", f"{path} is not what was written: something on the node rewrites it, find out what before the next try")

    def execute(self, phase, command):
        shown = " ".join(command["argv"])
        self.tell(phase, shown)
        complaint = execute([self.expand(word) for word in command["argv"]], command)
        if complaint:
            raise Refused(phase, f"{shown}: {complaint}")

    def expand(self, word):
        """`{staged:/etc/fstab}`: the staged copy, or the live file where this transaction does not change it."""
        if not (word.startswith("{staged:") and word.endswith("}")):
            return word
        path = word[len("{staged:"):-1]
        staged = durable.staged_name(path, self.identifier)
        return staged if os.path.exists(staged) else path

    def rollback(self):
        """After the commit. Returns a sentence that says whether the node is as it was."""
        record = self.journal.read()

        def log(message):
            self.tell("rollback", message)

        problems = durable.switch_units(record, "enabled", False, log)
        problems += durable.switch_units(record, "active", False, log)
        outcomes = self.journal.undo()
        problems += durable.complaints(outcomes) + durable.switch_units(record, "enabled", True, log) + settle(record, log)
        durable.close_undone(self.journal, outcomes)
        return durable.sentence(problems)


def settle(record, log):
    """What the new files had set going has to see the old ones. Returns the complaints."""
    problems = []
    for command in record.get("activate", []):
        complaint = execute(command["argv"], command)
        if complaint:
            problems.append(f"{' '.join(command['argv'])}: {complaint}")
    return problems + durable.switch_units(record, "active", False, log) + durable.switch_units(record, "active", True, log)


def execute(argv, command):
    """Returns None or a complaint."""
    timeout = command.get("timeout", 30)
    if argv[0] == "holdfast":
        import checks  # only where a plan asks for one

        return checks.check(argv[1], argv[2:], timeout)
    outcome = commands.run(argv, timeout)
    return None if outcome.ok else outcome.explain()
