"""What dpkg says of packages. A stack may name alternatives, as a package's Depends does: `docker.io | docker-ce`."""

from __future__ import annotations

from collections.abc import Sequence

from engine import commands


def alternatives(name: str) -> list[str]:
    """The one that is installed where none is there comes first."""
    return name.split(" | ")


def states(names: Sequence[str]) -> list[tuple[str, str]]:
    """(package, `installed`, `half-configured`, …) of each alternative that dpkg knows; of several architectures each."""
    each = [one for name in names for one in alternatives(name)]
    found = commands.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", "--", *each])
    lines = (line.split() for line in found.output.splitlines())
    return [(words[0], words[1]) for words in lines if len(words) == 2]
