#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Backups of other nodes restored on trial, from their repositories into an empty folder here.

  backup-drill [--json] [NODE...]   by default those that the stack gives this machine to restore
  backup-drill --state              prints what has become of the last ones
  backup-drill --when               prints of each node when that last succeeded

Exit status: 0 all ok, 2 one differs, 1 one could not be told.
"""

import json
import os
import sys
import time

from engine.safe import make_folder
from shared.backup_access import BACKUP_KEEP, NotSet, backup_settings, repository_of
from shared.drill import DIFFERS, OK, UNTOLD, Trial, try_backup
from shared.files import hold, moment, read_text, store
from shared.metrics import Series, gauge, write_metrics
from shared.processes import say, send_mail

DRILL_STATE = f"{BACKUP_KEEP}/drill.json"
EXITS = {OK: 0, UNTOLD: 1, DIFFERS: 2}
OVERDUE_DRILL = 8 * 86_400  # seconds: a week, and a day in which to catch up

State = dict[str, dict[str, str | int | float]]


def read_drills() -> State:
    try:
        given = json.loads(read_text(DRILL_STATE))
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def note(state: State, node: str, trial: Trial, now: int) -> None:
    own = state.setdefault(node, {})
    own |= {"verdict": trial.verdict, "text": trial.text, "run": now, "seconds": round(trial.seconds, 3), "taken": trial.taken}
    if trial.verdict == OK:
        own["ok"] = now
    if trial.checked:
        own["check"] = now


def metrics_of_drills(state: State) -> str:
    """No time of a success where there was none, no verdict where it could not be told: that they are absent alerts."""

    def series(key: str) -> list[Series]:
        return [({"backup": node}, own[key]) for node, own in sorted(state.items()) if key in own]

    told: list[Series] = [
        ({"backup": node}, int(own["verdict"] == OK)) for node, own in sorted(state.items()) if own["verdict"] != UNTOLD
    ]
    return "".join(
        [
            gauge("holdfast_drill_ok", "1: the newest backup was restored and is complete; 0: it differs.", told),
            gauge("holdfast_drill_last_run_timestamp_seconds", "When it was last restored on trial.", series("run")),
            gauge("holdfast_drill_last_success_timestamp_seconds", "When that last succeeded.", series("ok")),
            gauge("holdfast_drill_restore_seconds", "How long the restore took.", series("seconds")),
            gauge("holdfast_backup_last_check_timestamp_seconds", "When every stored byte was last read.", series("check")),
        ]
    )


def drill(nodes: list[str], as_json: bool) -> int:
    settings = backup_settings()
    names = nodes or settings.get("DRILLS", "").split()
    state, told = read_drills(), {}
    for node in names:
        trial = try_backup(repository_of(settings, node), node, f"{BACKUP_KEEP}/drill/{node}")
        note(state, node, trial, int(time.time()))
        told[node] = trial
        say(f"drill of {node}: {trial.verdict}{f': {trial.text}' if trial.text else ''}; restored in {trial.seconds:.1f} s")
    listed = settings.get("DRILLS", "").split()
    state = {node: own for node, own in state.items() if node in listed or node in names}
    store(DRILL_STATE, json.dumps(state, indent=1) + "\n")
    write_metrics("holdfast-drill.prom", metrics_of_drills(state))
    bad = {node: trial for node, trial in told.items() if trial.verdict != OK}
    if bad and not as_json:
        lines = [f"{node}: {trial.verdict}: {trial.text}" for node, trial in bad.items()]
        send_mail(f"backup drill: {', '.join(bad)} not ok", "\n".join([*lines, "", "More: journalctl -t holdfast", ""]), 90)
    if as_json:
        print(json.dumps({node: trial._asdict() for node, trial in told.items()}))
    else:
        for node, trial in told.items():
            print(f"{node}: {trial.verdict}{f': {trial.text}' if trial.text else ''}")
    verdicts = {trial.verdict for trial in told.values()}
    return next((EXITS[verdict] for verdict in (UNTOLD, DIFFERS) if verdict in verdicts), 0)


def drills_in_words(installed: str) -> str:
    """A verdict. `installed`: the program's own file, by which a drill that is not due yet is known."""
    listed = backup_settings().get("DRILLS", "").split()
    state = read_drills()
    now = time.time()
    wrong: list[str] = []
    for node in listed:
        own = state.get(node)
        last = own["run"] if own else os.stat(installed).st_mtime
        if now - float(last) > OVERDUE_DRILL:
            wrong.append(f"{node} overdue")
        elif own and own["verdict"] != OK:
            wrong.append(f"{node} {own['verdict']}")
        elif not own:
            wrong.append(f"{node} not due yet")
    if not listed:
        return "none to restore"
    if wrong and all(each.endswith("not due yet") for each in wrong):
        return "not due yet"
    return ", ".join(each for each in wrong if not each.endswith("not due yet")) or "ok"


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    try:
        if arguments == ["--state"]:
            print(drills_in_words(sys.argv[0]))
            return 0
        if arguments == ["--when"]:
            state = read_drills()
            listed = backup_settings().get("DRILLS", "").split()
            print(", ".join(f"{node} {moment(state.get(node, {}).get('ok'))}" for node in listed))
            return 0
        names = [each for each in arguments if each != "--json"]
        if any(not name.replace("-", "").isalnum() for name in names):
            print("usage: backup-drill [--json] [NODE...], backup-drill --state | --when", file=sys.stderr)
            return 1
        make_folder(BACKUP_KEEP)
        free, _lock = hold(f"{BACKUP_KEEP}/drill.lock")
        if not free:
            print("another drill is under way", file=sys.stderr)
            return 1
        return drill(names, "--json" in arguments)
    except (NotSet, OSError, ValueError) as error:
        say(f"drill could not be made: {type(error).__name__}: {error}")
        print(f"could not tell: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
