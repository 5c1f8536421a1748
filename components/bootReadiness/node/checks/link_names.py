"""The next boot gives a network card another name than the one that the interfaces file relies on."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..interfaces import network, ports
from ..machine import Machine

GROUP = "network"
CODES = {
    "boot-name-would-change": "a .link file gives a card another name than it runs with",
    "boot-name-not-pinned": "said, no fault: a card that the network needs is named after its slot, which may shift when cards are added",
    "boot-no-cards": "the interfaces file uses no card of this machine",
}
PLACES = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network")


def check(machine: Machine) -> Verdict:
    file = network(machine)
    used = {name for each in file.stanzas for name in (each.name, *ports(each))} if file else set()
    cards = {name: machine.word(f"/sys/class/net/{name}/address").lower() for name in used if machine.exists(f"/sys/class/net/{name}/device")}
    if not cards:
        return skipped("boot-no-cards", "the interfaces file uses no card of this machine")
    pins = pinned(machine)
    changing = sorted(f"{name} becomes {pins[mac]}" for name, mac in cards.items() if mac in pins and pins[mac] != name)
    if changing:
        return bad("boot-name-would-change", f"{', '.join(changing)} at the next boot", "use the new name in the interfaces file, or correct the .link file")
    loose = sorted(name for name, mac in cards.items() if mac not in pins)
    if loose:
        return skipped("boot-name-not-pinned", f"{', '.join(loose)} is named after its slot; a .link file with its MAC address would keep the name")
    return passed()


def pinned(machine: Machine) -> dict[str, str]:
    """{MAC: name}: of files of one name the first place counts, and of those that match the first file."""
    files: dict[str, str] = {}
    for place in PLACES:
        for path in machine.find(f"{place}/*.link"):
            files.setdefault(path.rpartition("/")[2], path)
    pins: dict[str, str] = {}
    for _, path in sorted(files.items()):
        text = "\n".join(machine.lines(path))
        name = re.search(r"^Name=(\S+)$", text, re.MULTILINE)
        macs = re.findall(r"^(?:Permanent)?MACAddress=(.+)$", text, re.MULTILINE)
        for mac in " ".join(macs).lower().split():
            if name:
                pins.setdefault(mac.replace("-", ":"), name.group(1))
    return pins
