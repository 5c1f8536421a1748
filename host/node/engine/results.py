"""What became of a transaction, for whoever asks for it by its id."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from typing import Any

from engine import change, durable, safe, verdict
from engine.journal import Record
from engine.step import reach
from engine.verdict import Result, Undone, Verdict

ENDED_EARLY = "the transaction's program ended early, killed or by a fault; look at journalctl -t holdfast on the node"
WENT_DOWN = "the node went down during the transaction"


def keep(identifier: str, result: Result) -> None:
    note(identifier, result)
    tell(identifier, result)


def note(identifier: str, result: Result) -> None:
    """In /var, for a client that comes only after one more boot, or where /run is full. Who is connected does not hear it yet:
    what is left to do (the journal is open) is done before."""
    reach(f"{result['outcome']} is noted of {identifier}")
    write(f"{durable.RESULTS}/{identifier}.json", identifier, result)


def tell(identifier: str, result: Result) -> None:
    """In /run, where who is connected looks for it; /var need not be there early in a boot."""
    reach(f"{result['outcome']} is told of {identifier}")
    with contextlib.suppress(OSError):  # said below
        safe.make_folder(f"{durable.RUN}/{identifier}")
    write(f"{durable.RUN}/{identifier}/result.json", identifier, result)
    forget_plan(f"{durable.RUN}/{identifier}/plan.json")


def forget_plan(path: str) -> None:
    """It may hold secrets. Who it was for and which service did it is asked for later."""
    try:
        plan = json.loads(durable.read_regular(path) or b"{}")
        if "files" in plan:
            durable.replace(path, json.dumps({key: plan[key] for key in ("id", "client", "unit", "confirm") if key in plan}).encode())
    except (OSError, ValueError):
        durable.remove(path)  # /run is full


def write(path: str, identifier: str, result: Result) -> None:
    try:
        durable.replace(path, json.dumps({**result, "id": identifier}).encode())
    except OSError as error:
        print(f"transaction {identifier}: its result is not kept in {path}: {error}", flush=True)


def plan_of(identifier: str) -> dict[str, Any]:
    """As it was handed over; what is left of it once its result is told."""
    return dict(json.loads(durable.read_regular(f"{durable.RUN}/{identifier}/plan.json") or b"{}"))


def early_end(undone: Undone, record: Record | None = None, expired: bool = False) -> Result:
    """`record`: the journal's. `expired`: it waited for a confirmation that did not come."""
    request = change.request_of(record) if record else None
    if request and expired:
        said = f"nobody confirmed it within {request['window']} s"
        return with_change(verdict.failed("verify", "not-confirmed", said, undone), request)
    return with_change(verdict.failed("rollback", "ended-early", ENDED_EARLY, undone), request)


def keep_downfall(identifier: str, undone: Undone, record: Record | None = None) -> None:
    keep(identifier, with_change(verdict.failed("rollback", "went-down", WENT_DOWN, undone), change.request_of(record) if record else None))


def with_change(result: Result, request: Record | None, failed: Iterable[Verdict] = ()) -> Result:
    """Where it had to be confirmed, and something had been done."""
    if request and result["undone"]["state"] != "nothing":
        result["change"] = change.undone(request, result["code"], result["message"], result["undone"], failed)
    return result


def has(identifier: str) -> bool:
    return os.path.exists(f"{durable.RUN}/{identifier}/result.json")


def read(identifier: str) -> Result | None:
    """Of this boot; None while it is not decided."""
    return load(f"{durable.RUN}/{identifier}/result.json")


def remembered(identifier: str) -> Result:
    """Of an earlier boot, too."""
    return noted(identifier) or {"outcome": "unknown"}


def noted(identifier: str) -> Result | None:
    return load(f"{durable.RESULTS}/{identifier}.json")


def load(path: str) -> Result | None:
    kept = durable.read_regular(path)
    return verdict.from_earlier(json.loads(kept)) if kept else None
