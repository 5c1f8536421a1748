"""The interfaces file has a line that is none of its language, as the output of `ip` that took incident B's node
down."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import FILE, network
from ..machine import Machine

GROUP = "network"
CODES = {
    "boot-interfaces-stray": "a line of the interfaces file, or of one that it sources, is no word of its language",
    "boot-no-interfaces": "there is no /etc/network/interfaces",
}
WORD = re.compile(r"[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*$", re.IGNORECASE)
ALONE = ("auto", "iface", "mapping", "source", "source-directory", "rename", "vlan", "no-auto-down", "no-scripts", "template")


def check(machine: Machine) -> Verdict:
    file = network(machine)
    if file is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    inside: set[str] = set()
    for path, number, text in file.lines:
        word = text.split()[0]
        if word in ("iface", "mapping", "vlan"):
            inside.add(path)
        known = word in ALONE or word.startswith("allow-") or (path in inside and WORD.match(word))
        if not known:
            return bad("boot-interfaces-stray", f"{path}:{number}: `{text[:60]}` is no line of an interfaces file", "take it out; keep the network as it runs until then (no reload)")
    return passed()
