"""What pins a card's name."""

from ...bootReadiness.node.cards import cards, pinned
from ...bootReadiness.node.machine import Machine


def nic_name(name: str, mac: str, root: str = "") -> str:
    machine = Machine(root)
    found = next((each for each, address in cards(machine).items() if address == mac), None)
    if found is None:
        return "no such card"
    pin = pinned(machine).get(mac)
    if pin is None:
        return "not pinned"
    if pin.name != name:
        return f"pinned as {pin.name} by {pin.path}"
    return "pinned"
