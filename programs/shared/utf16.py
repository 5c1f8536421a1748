"""Text as JavaScript counts it: one character for each UTF-16 unit, so that columns and limits are those of the
lints."""

import re

from shared.interfaces_tables import SPACE

STRIP = re.compile(f"^[{SPACE}]+|[{SPACE}]+\\Z")


def units_of(text: str) -> str:
    """A character beyond U+FFFF becomes two."""
    return text if all(char <= "\uffff" for char in text) else "".join(map(pair_of, text))


def pair_of(char: str) -> str:
    if char <= "\uffff":
        return char
    beyond = ord(char) - 0x10000
    return chr(0xD800 + (beyond >> 10)) + chr(0xDC00 + (beyond & 0x3FF))


def characters_of(units: str) -> str:
    """The way back; half of a pair, which a message may end with, becomes U+FFFD."""
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def lower(units: str) -> str:
    """toLowerCase()"""
    if units.isascii():
        return units.lower()
    text = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return units_of(text.lower())


def trim(units: str) -> str:
    """trim()"""
    return STRIP.sub("", units)
