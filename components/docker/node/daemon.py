"""Whether dockerd would start with a configuration."""

from engine import commands
from look.verdict import Verdict, bad, passed


def check(timeout: float, path: str) -> Verdict:
    """By dockerd itself; Debian 12's cannot do that yet, and reads nothing but JSON that Holdfast has written."""
    if "--validate" not in commands.run(["dockerd", "--help"], timeout).output:
        return passed("this dockerd cannot be asked")
    tried = commands.run(["dockerd", "--validate", f"--config-file={path}"], timeout)
    return passed() if tried.ok else bad("docker-refused", f"dockerd --validate: {tried.explain()}")
