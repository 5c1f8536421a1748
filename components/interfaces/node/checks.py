"""The node's own ifup, of an interfaces file."""

import os

from engine import commands
from look.verdict import Verdict, bad, passed, unknown
from network import ifupdown


def interfaces(timeout: float, staged: str) -> Verdict:
    """The node's own ifup on the staged file, without applying it. It passes most mistakes (those are the lints'
    work)."""
    if not os.path.exists("/usr/share/ifupdown2"):
        return classic_ifup(timeout, staged)
    tried = ifupdown.run(["ifup", "-a", "-s", "-i", staged], timeout)
    if ifupdown.met_another(tried):
        return unknown("ifup-silent", f"another ifupdown2 was at work for {timeout:g} s")
    if tried.ok:
        return passed()
    if tried.code is None:
        return unknown("ifup-silent", tried.explain())
    refused = ifupdown.complaints(tried)
    return bad("interfaces-refused", "; ".join(refused)) if refused else passed()


def classic_ifup(timeout: float, staged: str) -> Verdict:
    tried = commands.run(["ifup", "--no-act", "--force", "--all", f"--interfaces={staged}"], timeout)
    if tried.code is None:
        return unknown("ifup-silent", tried.explain())
    return passed() if tried.ok else bad("interfaces-refused", tried.explain())
