"""What a rule finds, and the two questions about words that rules ask: the same as in model/lint."""

import math
import socket
from collections.abc import Iterable
from typing import NamedTuple

from shared.utf16 import lower


class Token(NamedTuple):
    """A word and where it stands; both numbers are 1-based, `column` in UTF-16 units."""

    text: str
    line: int
    column: int


class Finding(NamedTuple):
    """`severity` is `error` or `warning`."""

    rule: str
    severity: str
    message: str
    line: int
    column: int


def found(rule: str, severity: str, place: Token, message: str) -> Finding:
    return Finding(rule, severity, message, place.line, place.column)


def is_address(text: str) -> bool:
    return any(takes(family, text) for family in (socket.AF_INET, socket.AF_INET6))


def takes(family: int, text: str) -> bool:
    try:
        socket.inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True


def nearest(word: str, known: Iterable[str], most: int | None = None) -> str | None:
    """The known word that a misspelt one probably stands for, of equally near ones the first. `most`: slips to allow
    for."""
    given = lower(word)
    best: tuple[float, str] = (math.inf, "")
    for candidate in known:
        tolerated = tolerable(min(len(given), len(candidate))) if most is None else most
        if abs(len(candidate) - len(given)) > tolerated:
            continue
        slips = count_slips(given, lower(candidate), tolerated)
        if slips <= tolerated and slips < best[0]:
            best = (slips, candidate)
    return best[1] or None


def tolerable(length: int) -> int:
    return 0 if length < 3 else 1 if length < 5 else 2


def count_slips(left: str, right: str, most: float = math.inf) -> float:
    """Insertions, deletions, replacements and swaps of neighbours; of more than `most` only that they are more."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row in range(1, len(left) + 1):
        current = [row]
        for column in range(1, len(right) + 1):
            replaced = previous[column - 1] + (left[row - 1] != right[column - 1])
            cost = min(replaced, previous[column] + 1, current[column - 1] + 1)
            if row > 1 and column > 1 and left[row - 1] == right[column - 2] and left[row - 2] == right[column - 1]:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(*current, math.inf) > most and min(*previous, math.inf) > most:
            return most + 1
        before, previous = previous, current
    return previous[len(right)]
