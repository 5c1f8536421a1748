"""What the text of an interfaces file says against itself: the same as model/interfaces/grammar.ts, whose words and patterns
it is made with. A property test gives both the same files."""

from shared.findings import Finding
from shared.interfaces_keywords import (
    extra_sources,
    families_and_methods,
    option_names,
    option_values,
    selected_names,
    statement_arguments,
    trailing_comments,
    unknown_statements,
)
from shared.interfaces_parse import parse_interfaces
from shared.interfaces_text import backslashes, invisible_blanks, stray_lines, template_syntax, text_rules
from shared.utf16 import characters_of, units_of

MOST_CHARACTERS, MOST_IN_LINE, MOST_LONG = 1 << 20, 1 << 14, 10


def lint_interfaces(text: str, mako: bool | None = None) -> list[Finding]:
    """Sorted by place. `mako`: whether python3-mako is there, with which ifupdown2 runs what follows a `%`."""
    content = units_of(text)
    findings = size_faults(content)
    if not findings:
        items = parse_interfaces(content)
        findings = [
            *text_rules(content),
            *stray_lines(items),
            *invisible_blanks(items),
            *template_syntax(items, content, mako),
            *backslashes(items),
            *unknown_statements(items),
            *statement_arguments(items),
            *extra_sources(items),
            *selected_names(items),
            *families_and_methods(items),
            *option_names(items),
            *option_values(items),
            *trailing_comments(items),
        ]
    findings.sort(key=lambda finding: (finding.line, finding.column))
    return [finding._replace(message=characters_of(finding.message)) for finding in findings]


def size_faults(content: str) -> list[Finding]:
    if len(content) > MOST_CHARACTERS:
        message = f"The file has {len(content):,} characters, and up to {MOST_CHARACTERS:,} are checked. Take out what does not belong here, or do not manage this file."
        return [Finding("long-file", "error", message, 1, 1)]
    lengths = [(number, len(line)) for number, line in enumerate(content.split("\n"), 1) if len(line) > MOST_IN_LINE]
    return [
        Finding(
            "long-line",
            "error",
            f"This line has {length:,} characters, and the file is checked only if none has more than {MOST_IN_LINE:,}. Split the line up, or move a command into a script.",
            number,
            MOST_IN_LINE + 1,
        )
        for number, length in lengths[:MOST_LONG]
    ]
