"""What is shown of what others wrote: log lines, names of devices, words of other programs."""

from __future__ import annotations

LINE_LIMIT = 4000  # characters


def one_line(text: str) -> str:
    """Printable, on one line, and not longer than anybody reads."""
    plain = "".join(character if character.isprintable() else " " for character in text).strip()
    return plain if len(plain) <= LINE_LIMIT else plain[: LINE_LIMIT - 1] + "…"
