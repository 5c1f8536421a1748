"""The node's own ifup, of an interfaces file."""

import os
import re

from engine import commands

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


def interfaces(timeout: float, staged: str) -> str | None:
    """The node's own ifup on the staged file, without applying it. It passes most mistakes (those are the lints' work)."""
    if not os.path.exists("/usr/share/ifupdown2"):
        return classic_ifup(timeout, staged)
    tried = commands.run(["ifup", "-a", "-s", "-i", staged], timeout)
    if tried.ok:
        return None
    if tried.code is None:
        return tried.explain()
    said = [line for line in (tried.errors + tried.output).splitlines() if line.startswith(("error:", "warning:"))]
    return "; ".join(line for line in said if not HARMLESS.search(line)) or None


def classic_ifup(timeout: float, staged: str) -> str | None:
    tried = commands.run(["ifup", "--no-act", "--force", "--all", f"--interfaces={staged}"], timeout)
    return None if tried.ok else tried.explain()
