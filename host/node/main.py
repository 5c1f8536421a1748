"""The constant program on the node. `run UNIT` and `after UNIT` are started by systemd; a session is started over SSH."""

import os
import sys


def main(arguments):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from engine import runner

    verb, unit = arguments
    if verb == "run":
        return runner.run(unit)
    if verb == "after":
        return runner.after(unit)
    print(f"usage: main.py run|after UNIT, got {verb}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
