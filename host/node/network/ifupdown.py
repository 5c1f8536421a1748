"""The node's own ifupdown2: how it is called, and what of its words counts."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from engine import commands
from engine.commands import Outcome

# What ifupdown2 fails a file for that it brings up as it should.
HARMLESS = re.compile(
    r"\bovs[-_]|rt_tables"  # options of the Open vSwitch add-on, which it did not load
    r'|: bridge-ports: invalid value "(none|regex |glob )|: bridge-waitport: invalid value "\d'
    r"|bridge inherits mtu from its ports"
    r"|: veth-peer-name: invalid value"
    r"|^warning: ib\S*: mtu: value of out range"  # InfiniBand's 65520
    r"|template lookup path"  # a % in a comment
    r"|no ifaces found matching"  # a file that only sources others
)
OTHER = "Another instance of this program is already running"
PAUSE = 0.3  # seconds


def run(words: Sequence[str], timeout: float, environment: dict[str, str] | None = None) -> Outcome:
    """Waits for another one's end, `timeout` (seconds) in all. A dry run takes its lock too: a reload, a push, the audit of boot
    readiness and a person meet there, and whoever comes second is refused at once."""
    deadline = time.monotonic() + timeout
    done = commands.run(words, timeout, environment)
    while met_another(done) and time.monotonic() < deadline - PAUSE:
        time.sleep(PAUSE)
        done = commands.run(words, max(PAUSE, deadline - time.monotonic()), environment)
    return done


def met_another(done: Outcome) -> bool:
    return not done.ok and OTHER in done.errors + done.output


def complaints(done: Outcome) -> list[str]:
    """The lines that count, of errors and warnings; empty where all of them are harmless, or there is none."""
    return [line for line in said(done) if not HARMLESS.search(line)]


def said(done: Outcome) -> list[str]:
    return [line for line in (done.errors + done.output).splitlines() if line.startswith(("error:", "warning:"))]
