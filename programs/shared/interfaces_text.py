"""Rules on single lines: what never belongs into an interfaces file, and what ifupdown2 reads differently from what is
meant. The same as model/lint/text.ts, model/lint/strayLine.ts and model/interfaces/rules/text.ts."""

import functools
import re
from collections.abc import Iterator

from shared.findings import Finding, Token, found, is_address
from shared.interfaces_lines import INVISIBLE, Line
from shared.interfaces_parse import Item, lines_of
from shared.interfaces_tables import BRIEF_LINK, ROUTE_WITHOUT_LINK, SPACE, STRAY
from shared.utf16 import trim

ROUTE = "output of `ip route`"
PATTERNS = [
    (what, re.compile(pattern, re.ASCII | (re.IGNORECASE if anyhow else 0)), re.compile(but, re.ASCII) if but else None)
    for what, pattern, but, anyhow in STRAY
]
BRIEF, WITHOUT_LINK = re.compile(BRIEF_LINK, re.ASCII), re.compile(ROUTE_WITHOUT_LINK, re.ASCII)
NOT_SPACE = re.compile(f"[^{SPACE}]")
PLACEHOLDERS = (
    ("undefined-value", r"(?<![\w-])undefine[d](?![\w-])", "A value was missing when this file was made: set it."),
    ("object-object", r"\[object Object\]", "An object was printed as text: name the field that is meant."),
    (
        "unresolved-output",
        r"Calling \[toString\] on an \[Output",
        "A Pulumi Output was used as text: use pulumi.interpolate or .apply().",
    ),
)
STRIPPED = r"\v\f\n" + SPACE[SPACE.index(r"\xa0") :]  # kinds of blanks that are neither space, tab nor carriage return


def text_rules(content: str) -> list[Finding]:
    """A lone carriage return ends a line here."""
    lines = re.findall(r"[^\n]+\n?|\n", re.sub(r"\r(?!\n)", "\r\n", content))
    texts = [re.sub(r"\r?\n\Z", "", line) for line in lines]
    return [*empty(texts), *odd_bytes(lines, texts), *placeholders(texts)]


def empty(texts: list[str]) -> Iterator[Finding]:
    if not any(re.search(f"^[{SPACE}]*[^{SPACE}#]", text) for text in texts):
        what = "The file holds only comments and blank lines." if texts else "The file is empty."
        yield Finding("empty-file", "error", f"{what} Restore its entries, or do not manage this file.", 1, 1)


def odd_bytes(lines: list[str], texts: list[str]) -> Iterator[Finding]:
    for number, text in enumerate(texts, 1):
        if "\0" in text:
            message = "NUL byte: C programs take the line to end here. Remove it; the file may be damaged, so compare it with a backup."
            yield Finding("nul-byte", "error", message, number, text.index("\0") + 1)
            break
    if texts and texts[0].startswith("\ufeff"):
        message = "Byte order mark: it becomes part of the first word. Save the file as UTF-8 without it."
        yield Finding("byte-order-mark", "error", message, 1, 1)
    for number, (line, text) in enumerate(zip(lines, texts), 1):
        if line.endswith("\r\n") or "\r" in text:
            message = "Carriage return: the line ends are not Unix's. Convert the file, for example with dos2unix."
            severity = "error" if lines[0].startswith("#!") else "warning"
            yield Finding("crlf", severity, message, number, (text.index("\r") if "\r" in text else len(text)) + 1)
            break
    if lines and not lines[-1].endswith("\n"):
        message = "No newline at the end of the file: whatever is appended joins this line. Add one."
        yield Finding("missing-final-newline", "warning", message, len(lines), len(texts[-1]) + 1)


def placeholders(texts: list[str]) -> Iterator[Finding]:
    for number, text in enumerate(texts, 1):
        comment = re.search(f"(?:^|[{SPACE}])#", text)
        start = comment.start() if comment else len(text)
        for rule, piece, index, remedy in placeholders_in(text):
            severity = "warning" if index > start else "error"
            yield Finding(rule, severity, f"Found '{piece[:60]}'. {remedy}", number, index + 1)


def placeholders_in(text: str) -> Iterator[tuple[str, str, int, str]]:
    start = text.find("{{")
    while start != -1:
        end = text.find("}}", start + 2)
        if end == -1:
            break
        remedy = "Render the template, or write the value itself."
        yield "unrendered-template", text[start : end + 2], start, remedy
        start = text.find("{{", end + 2)
    for rule, pattern, remedy in PLACEHOLDERS:
        for match in re.finditer(pattern, text, re.ASCII):
            yield rule, match[0], match.start(), remedy


def stray_line(line: str) -> str | None:
    """What a line is that cannot belong into the file, as a noun phrase."""
    text = trim(line)
    brief = BRIEF.search(text)
    if brief and not is_address(brief[1]) and text.rfind(" ") == max(16, len(brief[1])):
        return "output of `ip -br`"
    return next(
        (what for what, pattern, but in PATTERNS if pattern.search(text) and not (but and but.search(text))), None
    )


@functools.cache
def stray_part(line: Line) -> tuple[str, Token] | None:
    if not line.tokens or line.tokens[0].text.startswith("#"):
        return None
    for index, text in enumerate(line.physical):
        what = stray_line(text) or (ROUTE if WITHOUT_LINK.search(text) else None)
        # A continued `post-up ip route add \` may well go on with `default via … dev …`.
        if what and not (index > 0 and what == ROUTE):
            return what, Token(text, line.number + index, first_column(text))
    keyword = line.tokens[0]
    if re.search(r"^[A-Za-z][A-Za-z0-9_.-]*\Z", keyword.text):
        return None
    return "no keyword of interfaces(5)", keyword


def is_stray(line: Line) -> bool:
    return stray_part(line) is not None


def first_column(text: str) -> int:
    match = NOT_SPACE.search(text)
    return match.start() + 1 if match else 0


def stray_lines(items: list[Item]) -> Iterator[Finding]:
    for line in lines_of(items):
        part = stray_part(line)
        if part and line.tokens[0].text:
            yield found("stray-line", "error", part[1], f"This is {part[0]}, not configuration. Delete the line.")


def invisible_blanks(items: list[Item]) -> Iterator[Finding]:
    in_body = {option.line.number for item in items for option in item.body}
    for line in lines_of(items):
        for offset, text in enumerate(line.physical):
            match = INVISIBLE.search(text)
            if not match or (line.tokens and line.tokens[0].text.startswith("#")):
                continue
            first, second = (*line.tokens, None, None)[:2]
            harmless = line.number in in_body and (second is None or second.text.startswith("#"))
            lost = first is not None and first.text == "" and not harmless
            gateway = re.search(rf"^[{SPACE}]*gateway[{SPACE}][^\n\r\u2028\u2029]*[{STRIPPED}]\Z", text)
            severity = "error" if lost or gateway else "warning"
            effect = (
                "ifupdown2 does not understand the line with it"
                if severity == "error"
                else "not every program takes it for a blank"
            )
            message = f"Invisible blank U+{ord(match[0]):04X}: {effect}. Replace it by a space or tab."
            yield Finding("invisible-blank", severity, message, line.number + offset, match.start() + 1)


def template_syntax(items: list[Item], content: str, mako: bool | None) -> Iterator[Finding]:
    where = {True: "", False: ", once python3-mako is installed,", None: ", where python3-mako is installed,"}[mako]
    for line in lines_of(items):
        mark = "<%" if line.tokens and line.tokens[0].text.startswith("#") else "%"
        index = next((index for index, text in enumerate(line.physical) if mark in text), -1)
        if index == -1:
            continue
        text = line.physical[index]
        is_code = re.search(f"^[{SPACE}]*%|<%", text) is not None
        severity = "error" if mako and (is_code or "${" in content) else "warning"
        effect = (
            f"ifupdown2 runs this as Python code{where} as root"
            if is_code
            else f"A '%' anywhere makes ifupdown2{where} take the whole file for a template, in which every $"
            "{…} is an expression of Python"
        )
        message = f"{effect}. Remove the '%', or move the command into a script."
        yield Finding("percent-sign", severity, message, line.number + index, text.index(mark) + 1)


def backslashes(items: list[Item]) -> Iterator[Finding]:
    for line in lines_of(items):
        comment = bool(line.tokens) and line.tokens[0].text.startswith("#")
        statement = rf"^(?:auto|iface|source|source-directory|mapping|allow-[^{SPACE}]+)[{SPACE}]+[^{SPACE}]"
        swallows = f"^[^{SPACE}#]" if comment else statement
        swallowed = (index for index, text in enumerate(line.physical) if index > 0 and re.search(swallows, trim(text)))
        index = next(swallowed, -1)
        if index != -1:
            message = f"A backslash joins this line to the {'comment' if comment else 'line'} above, so it is not read on its own. Remove the backslash."
            column = first_column(line.physical[index])
            yield Finding("swallowed-line", "error", message, line.number + index, column)
            continue
        token = None if comment else next((token for token in line.tokens if "\\" in token.text), None)
        if token:
            message = "ifupdown2 replaces a backslash inside a line by a space. Move the command into a script, or write it without a backslash."
            yield found("backslash", "warning", token, message)
