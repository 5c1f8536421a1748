"""The node's own ifup, of an interfaces file."""

import os
import re
import time

from engine import commands
from look.verdict import Verdict, bad, passed, unknown

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


def interfaces(timeout: float, staged: str) -> Verdict:
    """The node's own ifup on the staged file, without applying it. It passes most mistakes (those are the lints'
    work)."""
    if not os.path.exists("/usr/share/ifupdown2"):
        return classic_ifup(timeout, staged)
    deadline = time.monotonic() + timeout
    tried = commands.run(["ifup", "-a", "-s", "-i", staged], timeout)
    # A dry run takes ifupdown2's lock too: a reload, a push and the node's own look at its next boot meet there.
    while OTHER in tried.errors + tried.output and time.monotonic() < deadline - PAUSE:
        time.sleep(PAUSE)
        tried = commands.run(["ifup", "-a", "-s", "-i", staged], timeout)
    if OTHER in tried.errors + tried.output:
        return unknown("ifup-silent", f"another ifupdown2 was at work for {timeout:g} s")
    if tried.ok:
        return passed()
    if tried.code is None:
        return unknown("ifup-silent", tried.explain())
    said = [line for line in (tried.errors + tried.output).splitlines() if line.startswith(("error:", "warning:"))]
    refused = [line for line in said if not HARMLESS.search(line)]
    return bad("interfaces-refused", "; ".join(refused)) if refused else passed()


def classic_ifup(timeout: float, staged: str) -> Verdict:
    tried = commands.run(["ifup", "--no-act", "--force", "--all", f"--interfaces={staged}"], timeout)
    if tried.code is None:
        return unknown("ifup-silent", tried.explain())
    return passed() if tried.ok else bad("interfaces-refused", tried.explain())
