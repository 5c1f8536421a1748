"""The constant program on the node. `run UNIT` and `after UNIT` are started by systemd; a session is started over SSH."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from engine import runner

    verb, unit = arguments
    if verb == "run":
        return runner.run(unit)
    if verb == "after":
        runner.after(unit)
        return 0
    print(f"usage: main.py run|after UNIT, got {verb}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
