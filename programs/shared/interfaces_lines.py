"""Logical lines of /etc/network/interfaces: what ifupdown2 sees once it has joined lines that end in a backslash. The same
as model/interfaces/lines.ts."""

import re
from typing import NamedTuple

from shared.findings import Token
from shared.interfaces_tables import BLANK

IS_BLANK = re.compile(BLANK)
BACKWARD = re.compile(rf"^(?:{BLANK}*\\)+")
ONLY_BLANKS = re.compile(rf"^{BLANK}*\Z")
WORD = re.compile(rf"(?:(?!{BLANK})[\s\S])+")
# Splits words, but ifupdown2 strips it from no line: one before the first word makes that word empty.
INVISIBLE = re.compile(rf"(?![\t\r ]){BLANK}")
EMPTY_WORD = re.compile(rf"^[\t\r ]*(?={INVISIBLE.pattern})")


class Line(NamedTuple):
    """`physical` without the line ends; `number` of the first of them."""

    text: str
    number: int
    tokens: tuple[Token, ...]
    physical: tuple[str, ...]


def read_lines(content: str) -> list[Line]:
    texts = [re.sub(r"(?:\r?\n|\r)\Z", "", line) for line in re.findall(r"[^\r\n]+(?:\r\n|\r|\n)?|\r\n|\r|\n", content)]
    backward = backward_continuations(texts)
    lines: list[Line] = []
    index = 0
    while index < len(texts):
        first, joins = index, False
        while True:
            text = texts[index]
            joins = len(without_continuation(text)) < len(text) or (joins and ONLY_BLANKS.search(text) is not None)
            index += 1
            if index >= len(texts) or not (joins or backward[index]):
                break
        lines.append(logical_line(texts[first:index], first + 1))
    return lines


def backward_continuations(texts: list[str]) -> list[bool]:
    """Of each line, whether the next one that is not blank starts with a backslash."""
    continues = [False] * len(texts)
    for index in range(len(texts) - 1, -1, -1):
        if index + 1 < len(texts) and ONLY_BLANKS.search(texts[index]):
            continues[index] = continues[index + 1]
        else:
            continues[index] = BACKWARD.search(texts[index]) is not None
    return continues


def without_continuation(text: str) -> str:
    end = len(text)
    while end > 0 and (text[end - 1] == "\\" or IS_BLANK.search(text[end - 1])):
        end -= 1
    first = text.find("\\", end)
    return text if first == -1 else text[:first]


def strip(text: str) -> str:
    start, end = 0, len(text)
    while start < end and IS_BLANK.search(text[start]):
        start += 1
    while end > start and IS_BLANK.search(text[end - 1]):
        end -= 1
    return text[start:end]


def logical_line(physical: list[str], number: int) -> Line:
    # Blanks in place of leading backslashes keep the columns right.
    pieces = [BACKWARD.sub(lambda match: " " * len(match[0]), without_continuation(text)) for text in physical]
    tokens = [token for offset, piece in enumerate(pieces) for token in words(piece, number + offset)]
    # ifupdown2 strips the start of the file, alone, of every kind of blank.
    empty = EMPTY_WORD.search(pieces[0]) if number > 1 else None
    if empty:
        tokens.insert(0, Token("", number, len(empty[0]) + 1))
    text = " ".join(piece for piece in map(strip, pieces) if piece)
    return Line(text, number, tuple(tokens), tuple(physical))


def words(text: str, number: int) -> list[Token]:
    return [Token(match[0], number, match.start() + 1) for match in WORD.finditer(text)]
