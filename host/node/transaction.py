"""The transaction on the node: lock, observe, stage, validate, commit, activate, verify, done; else rollback.

Runs as a systemd service of its own, so it finishes or undoes its work whatever becomes of the connection.
A plan is {id, client, secret?, spec, files: {path: {was: identity, content | absent, mode, owner, group}}, packages, units,
validate, activate, verify}: only what differs, as the provider decided from the observation it was given.
"""

import fcntl
import json
import os

import commands
import durable
import observe
import packages
from files import STATE, back_up, edited, group_id, is_as_planned, missing_folders, note_original, refuse_if_edited, refuse_unwritable, user_id
from lock import LOCK, locked
from refusal import Refused, as_refused, translated

RUN = durable.RUN
UNIT_TIMEOUT = 90  # seconds; systemd's own default for a start


class Transaction:
    def __init__(self, plan, tell):
        self.plan = plan
        self.identifier = plan["id"]
        self.tell = tell  # (phase, message): progress for the client and the log
        self.journal = durable.Journal(self.identifier)
        self.files = dict(plan["files"])
        self.units_before = {}
        self.missing_units = []
        self.rollback_of_commit = durable.NOTHING

    def run(self):
        """Returns the result that the client is told."""
        with locked(self.plan, self.tell):
            try:
                recover(self.tell)
                self.observe()
                self.install()
                try:
                    self.stage()
                    self.validate()
                    self.commit()
                except BaseException:
                    self.journal.abandon()
                    raise
            except (Refused, OSError) as error:
                return self.failed(as_refused("stage", error), rollback=self.rollback_of_commit)
            try:
                self.activate()
                self.verify()
            except (Refused, OSError) as error:
                return self.failed(as_refused("verify", error), rollback=self.rollback())
            self.journal.close()
            self.tell("done", "applied")
            return {"outcome": "applied"}

    def failed(self, refused, rollback):
        self.tell(refused.phase, "failed; a file here is secret, so only the client is told why" if self.plan.get("secret") else f"failed: {refused}")
        self.tell("rollback", rollback)
        return {"outcome": "failed", "phase": refused.phase, "message": str(refused), "rollback": rollback}

    def observe(self):
        """What stands as planned by now, from a push that was quicker, is left alone."""
        for path, file in list(self.files.items()):
            seen = observe.observe_file(path)
            if is_as_planned(seen, file):
                del self.files[path]
            else:
                refuse_if_edited("observe", path, seen, file)
        # Before the packages come, whose own scripts enable and start services: a rollback switches those off again.
        units = self.plan.get("units", {})
        seen = observe.observe_units(list(units))
        self.units_before = {name: {key: seen[name][key] for key in wanted} for name, wanted in units.items()}
        self.missing_units = [name for name in units if seen[name]["detail"].startswith("not-found")]

    def install(self):
        wanted = self.plan.get("packages", [])
        if wanted:
            self.tell("stage", f"installing {', '.join(wanted)}")
            complaint = packages.install(wanted, self.missing_units)
            if complaint:
                raise Refused("stage", complaint)

    def stage(self):
        self.tell("stage", ", ".join(self.files) or "no files")
        for path in self.files:
            refuse_unwritable(path)
        entries = []
        for path, file in self.files.items():
            new = None if file.get("absent") else durable.digest(file["content"].encode())
            entries.append({"path": path, "old": file["was"][1], "new": new, "folders": missing_folders(path)})
        with translated("stage", durable.JOURNAL):
            self.journal.draft(entries, activate=self.plan.get("activate", []), units=self.units_before)
        for entry in entries:
            with translated("stage", entry["path"]):
                self.stage_file(entry["path"], entry["folders"])

    def stage_file(self, path, folders):
        for folder in folders:
            if not os.path.isdir(folder):  # another file of this transaction may be in it too
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

    def commit(self):
        self.tell("commit", ", ".join(self.files) or "no files")
        for path, file in self.files.items():
            refuse_if_edited("commit", path, observe.observe_file(path), file)
            with translated("commit", STATE):
                back_up(path)
                note_original(path)
        with translated("commit", durable.JOURNAL):
            self.journal.seal()
        try:
            for path, file in self.files.items():
                with translated("commit", path):
                    self.exchange(path, file)
            for folder in {os.path.dirname(path) for path in self.files}:
                durable.sync_folder(folder)
        except (Refused, OSError) as error:
            self.rollback_of_commit = durable.sentence(self.undo_files())
            raise as_refused("commit", error) from error

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

    def activate(self):
        for command in self.plan.get("activate", []):
            self.execute("activate", command)
        units = self.plan.get("units", {}).items()
        for key, verbs in durable.VERBS.items():
            for on in (False, True):
                self.switch_units(verbs[on], [name for name, wanted in units if wanted.get(key) is on and self.units_before[name][key] is not on])

    def switch_units(self, verb, names):
        """All in one call: each that enables or disables makes systemd read every unit file again."""
        if not names:
            return
        shown = f"systemctl {verb} {' '.join(names)}"
        self.tell("activate", shown)
        done = commands.run(["systemctl", verb, "--", *names], timeout=UNIT_TIMEOUT * len(names))
        if not done.ok:
            raise Refused("activate", f"{shown}: {done.explain()}; look at journalctl {' '.join(f'-u {name}' for name in names)}")

    def verify(self):
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

        durable.switch_units(record, "enabled", False, log)
        problems = durable.switch_units(record, "active", False, log)
        problems += self.undo_files()
        return durable.sentence(problems + durable.switch_units(record, "enabled", True, log) + settle(record, log))

    def undo_files(self):
        outcomes = self.journal.undo()
        self.journal.close()
        return durable.complaints(outcomes)


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


def recover(tell):
    """Undoes what a killed transaction left, and lets the node see the old files again. {id: rollback} of those.

    Throws Refused where a journal cannot be undone. Call it with the lock held.
    """

    def log(message):
        tell("lock", message)

    undone, faults = durable.recover(log=log)
    rollbacks = {}
    for record, rollback in undone:
        problems = settle(record, log) if rollback != durable.NOTHING else []
        rollbacks[record["id"]] = "; ".join([rollback, *problems])
    if faults:
        raise Refused("lock", "; ".join(faults))
    return rollbacks


def recover_abandoned():
    """For a session about to look at the files; a running transaction holds the lock, and is no abandoned one."""
    if not os.path.isdir(durable.JOURNAL) or not os.listdir(durable.JOURNAL):
        return
    os.makedirs(RUN, 0o700, exist_ok=True)
    with open(LOCK, "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        recover(lambda phase, message: None)


class Events:
    """What the client is shown meanwhile, a line each. Where /run is full they end; the node's log has them all the same."""

    def __init__(self, path):
        self.path, self.is_whole = path, True

    def add(self, event):
        if not self.is_whole:
            return
        line = json.dumps(event).encode() + b"\n"
        try:
            with open(self.path, "ab", buffering=0) as stream:
                self.is_whole = stream.write(line) == len(line)
        except OSError:
            self.is_whole = False


def main(identifier):
    """Does the transaction whose folder below /run/holdfast holds the plan, and then the result. Returns 0 where it is applied."""
    folder = f"{RUN}/{identifier}"
    with open(f"{folder}/plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    events = Events(f"{folder}/events")

    def tell(phase, message):
        events.add({"phase": phase, "message": message})
        print(f"transaction {identifier} {phase}: {message}", flush=True)

    try:
        result = Transaction(plan, tell).run()
    except Refused as refused:  # the lock; anything unforeseen goes on to runner.after, which undoes it
        result = {"outcome": "failed", "phase": refused.phase, "message": str(refused), "rollback": durable.NOTHING}
    durable.keep_result(identifier, result)
    return 0 if result["outcome"] == "applied" else 1
