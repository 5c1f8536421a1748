"""The service that does transactions, apart from the session: whatever becomes of the connection, it goes on.

One serves all that a session hands over, in its order. Its queue file, `UNIT.queue` in /run/holdfast, holds their ids line by
line. It is there for as long as the runner takes more, which holds a lock on it: one without is a killed runner's.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import time
from typing import Any

from engine import batch, commands, durable, journal, lock, recovery, results, safe, step, transaction, verdict

LINGER = 5  # seconds that it waits for more; a client that has nothing for three hangs up
LONGEST_STEP = 1300  # seconds that a stop, or a reboot, waits for the step that runs and for its undo: apt may take most of it
END = "end"  # the session's last line
REVERT = 600  # seconds that a revert may take
POLL, IDLE = 0.01, 0.05  # seconds between looks at its queue: right after work, and once there has been none for a while

current: str | None = None  # this session's own unit


def start(program: str, plans: list[dict[str, Any]]) -> None:
    """Hands the plans over, but for those that another session has handed over already."""
    global current
    safe.make_folder(durable.RUN)
    with lock.gate():  # the same push from two clients at once is one transaction
        plans = [plan for plan in plans if not is_under_way(plan["id"])]
        if not plans:
            return
        is_new = current is None or not takes_more(current)
        if is_new:
            # A runner that did this transaction before may still wait for more, under that name.
            again = f"-{os.getpid()}" if os.path.isdir(f"{durable.RUN}/{plans[0]['id']}") else ""
            current = f"holdfast-transaction-{plans[0]['id']}{again}.service"
        unit = current or ""
        for plan in plans:
            folder = f"{durable.RUN}/{plan['id']}"
            durable.discard(folder)
            durable.remove(f"{durable.RESULTS}/{plan['id']}.json")  # of an earlier time
            os.mkdir(folder, 0o700)
            durable.replace(f"{folder}/plan.json", json.dumps({**plan, "unit": unit}).encode())
        append(unit, [plan["id"] for plan in plans])
        if is_new:
            os.utime(program)  # in use: see install.tidy
            begun = run_service(unit, f"{program}/main.py")
            if not begun.ok:
                give_up(unit, f"systemd-run: {begun.explain()}")


def dismiss() -> None:
    """The session is over: its runner, which may only just be starting, ends with its last transaction."""
    if current is not None:
        with lock.gate():
            if os.path.exists(queue_of(current)):
                append(current, [END])


def run_service(unit: str, program: str) -> commands.Outcome:
    python = [*commands.PYTHON, program]
    return commands.run([
        "systemd-run", "--quiet", "--collect", f"--unit={unit}", "--service-type=exec",
        "--property=SyslogIdentifier=holdfast", "--property=KillMode=mixed", f"--property=TimeoutStopSec={LONGEST_STEP}",
        # Whatever ends the program early, a kill or the memory's end, its open journal is undone at once.
        f"--property=ExecStopPost=/bin/sh -c 'test ! -e {queue_of(unit)} || exec {' '.join(python)} after {unit}'",
        *python, "run", unit,
    ], timeout=60)


def run(unit: str) -> int:
    """The service's program. Returns its exit status: 0 where everything was applied."""
    signal.signal(signal.SIGTERM, step.end_soon)
    queue = open(queue_of(unit), encoding="utf-8")
    fcntl.flock(queue, fcntl.LOCK_EX)
    done, status, since, size = 0, 0, time.monotonic(), 0
    while not step.is_ending:
        if size_of(queue_of(unit)) != size:
            size = size_of(queue_of(unit))  # before it is read: a line that comes in between is read again
            waiting = queued(unit)[done:]
            together = [identifier for identifier in waiting if identifier != END]
            if together:
                status = max(status, 0 if batch.run(together) else 1)
                done, since = done + len(together), time.monotonic()
            if END in waiting:
                durable.remove(queue_of(unit))
                return status
        if time.monotonic() - since > LINGER:
            with lock.gate():
                if len(queued(unit)) == done:
                    os.unlink(queue_of(unit))
                    return status
        time.sleep(POLL if time.monotonic() - since < 10 * IDLE else IDLE)
    return 1  # `after` tells those that have not begun


def after(unit: str) -> None:
    """The program has ended with its queue there: killed, or by a fault of its own. Undo what it left open."""
    with lock.gate():
        left = [identifier for identifier in queued(unit) if identifier != END and not results.has(identifier)]
        durable.remove(queue_of(unit))
    if left or recovery.is_needed():
        undo(left, unit)


def undo(identifiers: list[str], unit: str) -> None:
    def tell(phase: str, message: str) -> None:
        print(f"{unit} {phase}: {message}", flush=True)

    client = results.plan_of(identifiers[0]).get("client", "root") if identifiers else "root"
    with lock.locked(f"{client}, undoing what {unit} left", tell):
        recovery.recover(tell)
        for identifier in identifiers:
            if results.has(identifier) or journal.Journal(identifier).confirming_until() is not None:
                continue  # from this recovery, or from whoever had the lock before; or it waits for its confirmation, without the runner
            if os.path.exists(f"{durable.RUN}/{identifier}/{transaction.DECIDED}"):
                results.keep(identifier, {"outcome": "applied"})
            else:
                results.keep(identifier, results.noted(identifier) or results.early_end(verdict.NOTHING))


def give_up(unit: str, message: str) -> None:
    """It never began."""
    for identifier in queued(unit):
        results.keep(identifier, verdict.failed("lock", "start-failed", message, verdict.NOTHING))
    os.unlink(queue_of(unit))


def takes_more(unit: str) -> bool:
    """Ask with the gate held, since the runner leaves only then, and after it has given a result: so it has its lock by
    now."""
    try:
        with open(queue_of(unit), encoding="utf-8") as queue:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(queue_of(unit))  # nobody serves it any more
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True


def append(unit: str, lines: list[str]) -> None:
    with io.BufferedWriter(lock.own_file(queue_of(unit))) as stream:
        stream.write("".join(f"{line}\n" for line in lines).encode())


def queued(unit: str) -> list[str]:
    try:
        with open(queue_of(unit), encoding="utf-8") as stream:
            return [line[:-1] for line in stream if line.endswith("\n")]
    except FileNotFoundError:
        return []


def size_of(path: str) -> int:
    """In bytes; 0 where it is not there."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def queue_of(unit: str) -> str:
    return f"{durable.RUN}/{unit}.queue"


def unit_of(identifier: str) -> str:
    return str(results.plan_of(identifier).get("unit", "none.service"))


def is_under_way(identifier: str) -> bool:
    """Handed over, and not yet decided."""
    if not os.path.isdir(f"{durable.RUN}/{identifier}") or results.has(identifier):
        return False
    return is_running(unit_of(identifier)) or may_wait(identifier)


def may_wait(identifier: str) -> bool:
    """For its confirmation, or for the revert that comes without one: no runner works on it."""
    lines = journal.Journal(identifier).progress()[0]
    deadlines = [float(line.split(" ")[1]) for line in lines if line.startswith("confirming ")]
    return any(time.monotonic() < deadline + REVERT for deadline in deadlines)


def is_running(unit: str) -> bool:
    shown = commands.run(["systemctl", "show", "-p", "ActiveState", "--value", unit])
    return shown.output.strip() in ("active", "activating", "deactivating")
