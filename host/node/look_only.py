"""For an SSH key that may only look (docs/ci.md): sshd starts this whatever the client asks for.

    restrict,command="/usr/bin/python3 -I -S -X utf8 /usr/local/lib/holdfast/current/look_only.py" ssh-ed25519 … drift

It answers what a drift run asks: how that stands which Holdfast manages here. No program is taken from the client, nothing is
written, and no other file is read out, so the installed program has to be of the client's own version.
"""

import os
import re
import sys
from typing import Any, NoReturn

LIBRARY = "/usr/local/lib/holdfast"
EMPTY: dict[str, Any] = {"files": {}, "packages": [], "units": [], "facts": {}}


def main() -> None:
    program = os.path.dirname(os.path.realpath(__file__))
    use_version(os.path.basename(program), os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    sys.path.insert(0, program)
    import session
    from engine import verdict

    print("holdfast ready", flush=True)
    while (request := session.receive()) is not None:
        refused = why_not(request, session.managed())
        if refused is None:
            session.answer(request, os.path.basename(program), None)
        else:
            session.send({"result": verdict.failed("lock", "look-only", refused, verdict.NOTHING)})


def use_version(own: str, command: str) -> None:
    """Returns where this is the client's version; else starts that one, where it is installed beside this."""
    asked = re.search(r'version, modules = "([0-9a-f]{16})"', command)
    if asked is None:
        refuse("this key may only look, for `holdfast drift`")
    wanted = asked.group(1)
    if wanted == own:
        return
    beside = f"{LIBRARY}/{wanted}/look_only.py"
    if not os.path.isfile(beside):
        refuse(
            f"this key may only look, and through the installed program alone: that is version {own}, the client's is {wanted}. "
            "The next `pulumi up` that writes to this node, with a key that may, brings it"
        )
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-X", "utf8", beside])  # noqa: S606 - constants and a checked version, and no shell


def refuse(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(1)


def why_not(request: Any, managed: dict[str, Any]) -> str | None:
    """None where a drift run would ask this."""
    if request.get("op") == "check":
        return None  # what `main.py check` prints: verdicts, no file
    if request.get("op") != "read":
        return "this key may only look: use one that may write"
    if request.get("spec", EMPTY) not in [EMPTY, *managed.values()]:
        return "this key may only look at what Holdfast manages here already: `pulumi up` with a key that may write comes first"
    paths = {path for spec in managed.values() for path in spec["files"]}
    if request.get("sourced") or request.get("originals") or not set(request.get("written") or {}) <= paths:
        return "this key may read no further files"
    return None


if __name__ == "__main__":
    main()
