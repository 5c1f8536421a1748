"""The grammar of ifupdown2's interfaces(5), with the statements of classic ifupdown. The same as
model/interfaces/parse.ts."""

from typing import NamedTuple

from shared.findings import Token
from shared.interfaces_lines import Line, read_lines
from shared.utf16 import trim

# Statements of classic ifupdown that end a stanza there; ifupdown2 has none of them.
ENDING = ("no-auto-down", "no-scripts", "rename", "template")
STANZAS = ("iface", "vlan", "mapping")


class Option(NamedTuple):
    """A line of a stanza. `keyword` is None in one that is blank or a comment; `name` has `-` for `_`."""

    line: Line
    keyword: Token | None = None
    name: str = ""
    value: str = ""
    values: tuple[Token, ...] = ()


class Item(NamedTuple):
    """`kind`: blank, comment, auto, allow, source, source-directory, iface, vlan, mapping or unknown."""

    kind: str
    line: Line
    rest: tuple[Token, ...] = ()
    body: tuple[Option, ...] = ()

    @property
    def family_and_method(self) -> tuple[Token | None, Token | None]:
        family, method = ((*self.rest, None, None, None)[1:3]) if self.kind == "iface" else (None, None)
        if family and family.text == "inherits":
            return None, None
        return family, None if method and method.text == "inherits" else method


def parse_interfaces(content: str) -> list[Item]:
    lines = read_lines(content)
    items: list[Item] = []
    index = 0
    while index < len(lines):
        item = parse_statement(lines[index])
        index += 1
        if item.kind in STANZAS:
            body: list[Option] = []
            while index < len(lines) and not is_statement(lines[index]):
                body.append(parse_body_line(lines[index]))
                index += 1
            item = item._replace(body=tuple(body))
        items.append(item)
    return items


def is_statement(line: Line) -> bool:
    if trivia_of(line):
        return False
    return parse_statement(line).kind != "unknown" or line.tokens[0].text in ENDING


def trivia_of(line: Line) -> str | None:
    if not line.tokens:
        return "blank"
    return "comment" if line.tokens[0].text.startswith("#") else None


def parse_statement(line: Line) -> Item:
    trivia = trivia_of(line)
    if trivia:
        return Item(trivia, line)
    keyword, *rest = line.tokens
    if keyword.text.startswith("allow-"):
        return Item("allow", line, tuple(rest))
    known = keyword.text in (*STANZAS, "auto", "source", "source-directory")
    return Item(keyword.text if known else "unknown", line, tuple(rest))


def parse_body_line(line: Line) -> Option:
    if trivia_of(line):
        return Option(line)
    keyword, *values = line.tokens
    value = trim(line.text[len(keyword.text) :])
    return Option(line, keyword, keyword.text.replace("_", "-"), value, tuple(values))


def lines_of(items: list[Item]) -> list[Line]:
    return [line for item in items for line in (item.line, *(option.line for option in item.body))]
