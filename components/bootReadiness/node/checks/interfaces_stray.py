"""The interfaces file has a line that is none of its language, as the output of `ip` that took incident B's node
down."""

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..interfaces import FILE
from ..machine import Machine

GROUP = "network"
CODES = {
    "boot-interfaces-stray": "the strict grammar refuses a line of the interfaces file, or of one that it sources",
    "boot-grammar-silent": "neither the network's guard nor this check's own program judged the interfaces file",
    "boot-no-interfaces": "there is no /etc/network/interfaces",
}
# Both have the same grammar, made from the model's own tables; a node whose network Holdfast does not manage has no guard.
JUDGES = (("/etc/holdfast/network-guard", "check"), ("/usr/local/lib/holdfast/boot-readiness", "interfaces"))


def check(machine: Machine) -> Verdict:
    if machine.read(FILE) is None:
        return skipped("boot-no-interfaces", f"there is no {FILE}")
    judge = next((each for each in JUDGES if machine.exists(each[0])), JUDGES[-1])
    told = machine.run(*judge)
    errors = [line for line in told.output.splitlines() if ": error: " in line]
    if told.code == 1 and errors:
        return bad("boot-interfaces-stray", errors[0], "take it out; keep the network as it runs until then (no reload)")
    return passed() if told.ok else unknown("boot-grammar-silent", told.explain(), f"look by hand: {' '.join(judge)}")
