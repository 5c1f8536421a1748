"""The constant program on the node. `run ID` and `after ID` are started by systemd; a session is started over SSH."""

import os
import sys


def main(arguments):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import transaction

    verb, identifier = arguments
    if verb == "run":
        return transaction.main(identifier)
    if verb == "after":
        return after(identifier)
    print(f"usage: main.py run|after ID, got {verb}", file=sys.stderr)
    return 2


def after(identifier):
    """The transaction's program has ended without a result: killed, or by a fault of its own. Undo what it left open."""
    import json

    import durable
    import lock
    import transaction

    folder = f"{transaction.RUN}/{identifier}"
    with open(f"{folder}/plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)

    def tell(phase, message):
        print(f"transaction {identifier} {phase}: {message}", flush=True)

    with lock.locked(plan, tell):
        rollback = transaction.recover(tell).get(identifier, durable.NOTHING)
    message = f"the transaction's program ended early, killed or by a fault; look at journalctl -u holdfast-transaction-{identifier}"
    transaction.finish(folder, identifier, {"outcome": "failed", "phase": "rollback", "message": message, "rollback": rollback})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
