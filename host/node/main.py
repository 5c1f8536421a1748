"""The constant program on the node. `run ID` and `after ID` are started by systemd; a session is started over SSH."""

import json
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
    """The transaction's program has ended. Where it left no result, it was killed: undo what it left open, and say so."""
    import commands
    import durable
    import transaction

    folder = f"{transaction.RUN}/{identifier}"
    if os.path.exists(f"{folder}/result.json"):
        return 0
    with open(f"{folder}/plan.json", encoding="utf-8") as stream:
        plan = json.load(stream)
    with transaction.locked(plan, lambda phase, message: print(f"{phase}: {message}", flush=True)):
        undone = durable.recover()
    for command in plan.get("activate", []) if identifier in undone else []:
        if command["argv"][0] != "holdfast":
            commands.run(command["argv"], command.get("timeout", 30))
    rollback = "the node is as it was" if identifier in undone else "nothing was changed"
    transaction.finish(folder, identifier, {"outcome": "failed", "phase": "rollback", "message": "the transaction's program was killed", "rollback": rollback})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
