"""What a killed transaction left: undone by whoever takes the lock next. After a power cut the boot unit does it (durable.py)."""

import os

from engine import durable, packages
from engine.lock import LOCK, locked
from engine.refusal import Refused
from engine.transaction import settle

ENDED_EARLY = "the transaction's program ended early, killed or by a fault; look at journalctl -t holdfast on the node"


def recover(tell, own=()):
    """Undoes what a killed transaction left, lets the node see the old files again, and keeps a result for each of those
    but `own`, which are about to be done. Returns {id: why its journal could not be undone}. Call it with the lock held.
    """

    def log(message):
        tell("lock", message)

    packages.release_leftovers()
    undone, faults = durable.recover(log=log)
    rollbacks = {identifier: durable.sentence([fault]) for identifier, fault in faults.items()}
    for record, rollback in undone:
        problems = settle(record, log) if rollback != durable.NOTHING else []
        rollbacks[record["id"]] = "; ".join([rollback, *problems])
    for identifier, rollback in rollbacks.items():
        if identifier not in own and not has_result(identifier):
            keep_early_end(identifier, rollback)
    return faults


def recover_or_refuse(tell, own=()):
    """Nothing is done beside a journal that cannot be undone."""
    faults = recover(tell, own)
    if faults:
        raise Refused("lock", "; ".join(faults.values()))


def has_result(identifier):
    return os.path.exists(f"{durable.RUN}/{identifier}/result.json")


def keep_early_end(identifier, rollback):
    durable.keep_result(identifier, {"outcome": "failed", "phase": "rollback", "message": ENDED_EARLY, "rollback": rollback})


def settle_first(tell):
    """Before a look that a push is decided by: what is under way may yet be undone, and what was killed is undone now."""
    is_clean = not os.path.isdir(durable.JOURNAL) or not os.listdir(durable.JOURNAL)
    if is_clean and not os.path.exists(LOCK):
        return
    os.makedirs(durable.RUN, 0o700, exist_ok=True)
    with locked("a look before a push", tell):
        recover_or_refuse(tell)
