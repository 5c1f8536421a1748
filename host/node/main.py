"""The constant program on the node. `run UNIT`, `after UNIT` and `revert TRANSACTION` are started by systemd, `check [CONCERN…]` by
timers and by people; a session is started over SSH. `change` and `revert` are for a person at the console: what became of the
changes of the network; undo the one that waits."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    verb, *words = arguments or [""]
    if verb in ("change", "revert") and len(words) <= 1:
        from engine import console

        return console.main(arguments)
    if verb == "check":
        import standing

        return standing.main(words)
    if verb in ("run", "after") and len(words) == 1:
        from engine import runner

        if verb == "run":
            return runner.run(words[0])
        runner.after(words[0])
        return 0
    print("usage: main.py run UNIT | after UNIT | check [CONCERN…] | change | revert [TRANSACTION]", file=sys.stderr)
    return 64  # EX_USAGE: 2 says that a check is bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
