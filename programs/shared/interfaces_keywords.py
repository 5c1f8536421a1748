"""Rules on statements, option names and their values. The same as model/interfaces/rules/keywords.ts."""

from collections.abc import Iterator

from shared.findings import Finding, Token, count_slips, found, nearest
from shared.interfaces_parse import Item, Option
from shared.interfaces_tables import (
    BOOLEANS,
    CLASSIC_STATEMENTS,
    COMMANDS,
    FAMILIES,
    FREE_TEXT,
    KEYWORDS,
    METHODS,
    OPEN_PREFIXES,
    SPOILED_BY_COMMENT,
    STATEMENTS,
)
from shared.interfaces_text import is_stray
from shared.utf16 import lower


def is_known(name: str) -> bool:
    normalized = name.replace("_", "-")
    return normalized in KEYWORDS or normalized.startswith(OPEN_PREFIXES)


def suggested(name: str) -> str | None:
    normalized = name.replace("_", "-")
    meant = nearest(normalized, KEYWORDS)
    if meant is None or not is_like_part_by_part(normalized, meant):
        return None
    return meant.replace("-", "_") if "_" in name else meant


def is_like_part_by_part(given: str, meant: str) -> bool:
    """Two slips in a part of four letters make another word of it."""
    pairs = list(zip(lower(given).split("-"), meant.split("-")))
    if given.count("-") != meant.count("-"):
        return True
    return all(count_slips(part, other) <= (1 if min(len(part), len(other)) < 5 else 2) for part, other in pairs)


def unknown_statements(items: list[Item]) -> Iterator[Finding]:
    for item in items:
        if item.kind != "unknown" or is_stray(item.line):
            continue
        keyword = item.line.tokens[0]
        if keyword.text in CLASSIC_STATEMENTS:
            yield unsupported(keyword)
            continue
        near = nearest(keyword.text, STATEMENTS)
        remedy = (
            "Move it under its iface line."
            if is_known(keyword.text)
            else f"Write '{near}'."
            if near
            else "Delete it, or put it under the iface line it belongs to."
        )
        message = f"'{keyword.text}' stands outside any iface stanza and starts none. {remedy}"
        yield found("unknown-statement", "error", keyword, message)


def statement_arguments(items: list[Item]) -> Iterator[Finding]:
    for item in items:
        if item.kind in ("blank", "comment", "unknown"):
            continue
        keyword = item.line.tokens[0]
        if not item.rest:
            message = f"'{keyword.text}' names nothing. Add the name, or delete the line."
            yield found("missing-argument", "error", keyword, message)
        elif item.kind == "mapping":
            yield unsupported(keyword)


def extra_sources(items: list[Item]) -> Iterator[Finding]:
    for item in items:
        if item.kind not in ("source", "source-directory") or len(item.rest) < 2 or item.rest[1].text.startswith("#"):
            continue
        extra = item.rest[1]
        message = f"ifupdown2 reads one path per line, so '{extra.text}' is not read. Give it a '{item.kind}' line of its own."
        yield found("source-words", "warning", extra, message)


def selected_names(items: list[Item]) -> Iterator[Finding]:
    for item in items:
        for token in item.rest if item.kind in ("auto", "allow") else ():
            if any(char in token.text for char in ",;\"'"):
                message = (
                    f"ifupdown2 looks for an interface that is named '{token.text}'. Separate names with blanks only."
                )
                yield found("name-separator", "warning", token, message)


def families_and_methods(items: list[Item]) -> Iterator[Finding]:
    for item in items:
        if item.kind != "iface" or is_stray(item.line):
            continue
        family, method = item.family_and_method
        inherits = next((token for token in item.line.tokens if token.text == "inherits"), None)
        if family and family.text not in FAMILIES:
            message = f"'{family.text}' is no address family. Write 'inet' or 'inet6'."
            yield found("unknown-family", "error", family, message)
        elif method and method.text not in METHODS:
            near = nearest(method.text, METHODS, 2)
            message = f"ifupdown2 knows no method '{method.text}'. Write '{near or _EITHER}'."
            yield found("unknown-method", "error" if near else "warning", method, message)
        elif inherits:
            yield unsupported(inherits)


_EITHER = "static' or 'manual"


def option_names(items: list[Item]) -> Iterator[Finding]:
    """A likeness proves nothing: what the other name would bring is the whole lint's to say."""
    for option, keyword in options_of(items):
        name = keyword.text
        if is_known(name):
            if option.value == "":
                message = (
                    f"'{name}' has no value: ifupdown2 reports invalid syntax and exits 1. Add one, or delete the line."
                )
                yield found("missing-value", "error", keyword, message)
        elif option.value == "":
            message = f"'{name}' stands alone on its line: ifupdown2 reports invalid syntax and exits 1. Delete the line, or join it to the option it belongs to."
            yield found("missing-value", "error", keyword, message)
        else:
            yield misspelt(keyword)


def misspelt(keyword: Token) -> Finding:
    statement, suggestion = nearest(keyword.text, STATEMENTS), suggested(keyword.text)
    if statement:
        message = f"ifupdown2 takes '{keyword.text}' for an option and ignores it. Write '{statement}'."
        return found("misspelt-keyword", "error", keyword, message)
    if suggestion:
        message = f"ifupdown2 ignores '{keyword.text}'. Write '{suggestion}'."
        return found("misspelt-keyword", "warning", keyword, message)
    message = f"No package known here reads '{keyword.text}', so it may be ignored. Check the name, or delete the line."
    return found("unknown-keyword", "warning", keyword, message)


def option_values(items: list[Item]) -> Iterator[Finding]:
    for option, keyword in options_of(items):
        values = KEYWORDS.get(option.name, ())
        if not values or len(option.values) != 1 or "=" in option.values[0].text:
            continue
        value = option.values[0]
        given = lower(value.text)
        if given in map(lower, values) or (given in BOOLEANS and any(known in BOOLEANS for known in values)):
            continue
        message = f"'{value.text}' is none of the values of {keyword.text}. Use one of: {', '.join(values)}."
        yield found("invalid-value", "error" if option.name == "ovs-type" else "warning", value, message)


def trailing_comments(items: list[Item]) -> Iterator[Finding]:
    for option, keyword in options_of(items):
        comment = next((token for token in option.values if token.text.startswith("#")), None)
        if comment is None or option.name in COMMANDS or option.name in FREE_TEXT:
            continue
        spoiled = option.name in SPOILED_BY_COMMENT
        effect = f"and '{keyword.text}' is not set" if spoiled else "and what it makes of it is uncertain"
        message = (
            f"ifupdown2 takes the comment for a part of the value, {effect}. Put the comment on a line of its own."
        )
        yield found("trailing-comment", "error" if spoiled else "warning", comment, message)


def options_of(items: list[Item]) -> Iterator[tuple[Option, Token]]:
    for item in items:
        for option in item.body if item.kind in ("iface", "vlan") else ():
            if option.keyword and not is_stray(option.line):
                yield option, option.keyword


def unsupported(token: Token) -> Finding:
    message = f"ifupdown2 ignores '{token.text}', a statement of classic ifupdown. Write the stanza out without it."
    return found("unsupported-statement", "warning", token, message)
