"""The next boot gives a network card another name than the one that the interfaces file relies on."""

from look.verdict import Verdict, bad, passed, skipped, unknown

from ..cards import Untold, cards, named_by_udev, pinned
from ..interfaces import network, ports
from ..machine import Machine

GROUP = "network"
CODES = {
    "boot-name-would-change": "a .link file, or udev's own naming, gives a card another name than it runs with",
    "boot-name-not-pinned": "said, no fault: a card that the network needs is named after its slot, which may shift when cards are added",
    "boot-name-untold": "udev does not say what it would call a card that the network needs",
    "boot-no-cards": "the interfaces file uses no card of this machine",
}


def check(machine: Machine) -> Verdict:
    file = network(machine)
    used = {name.partition(".")[0] for each in file.stanzas for name in (each.name, *ports(each))} if file else set()
    needed = {name: mac for name, mac in cards(machine).items() if name in used and machine.exists(f"/sys/class/net/{name}/device")}
    if not needed:
        return skipped("boot-no-cards", "the interfaces file uses no card of this machine")
    pins = pinned(machine)
    changing = [f"{name} becomes {pins[mac].name} (by {pins[mac].path})" for name, mac in needed.items() if mac in pins and pins[mac].name != name]
    loose = sorted(name for name, mac in needed.items() if mac not in pins)
    try:
        named = {name: named_by_udev(machine, name) for name in loose}
    except Untold as error:
        return unknown("boot-name-untold", str(error), f"look by hand: udevadm test-builtin net_id /sys/class/net/{loose[0]}")
    changing += [f"{name} becomes {new} (by its slot, as udev tells it now)" for name, new in named.items() if new not in (None, name)]
    if changing:
        return bad("boot-name-would-change", f"{', '.join(sorted(changing))} at the next boot", "use the new name in the interfaces file, correct the .link file, or pin the name (nics in the stack)")
    if loose:
        return skipped("boot-name-not-pinned", f"{', '.join(loose)} is named after its slot; a .link file with its MAC address would keep the name (nics in the stack)")
    return passed()
