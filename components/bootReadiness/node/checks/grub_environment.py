"""GRUB's environment block is damaged, or tells it to start something once that is not in its menu."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "kernel"
CODES = {
    "boot-grubenv-damaged": "GRUB's environment block has not its 1,024 bytes, or not its first line: GRUB stops over it",
    "boot-grub-once-gone": "a start for one boot is set that GRUB's menu has not",
    "boot-grub-once": "said, no fault: the next boot alone starts another entry of GRUB's menu",
    "boot-no-grub": "GRUB has no environment block here",
}
BLOCK = "/boot/grub/grubenv"
MENU = "/boot/grub/grub.cfg"
HEAD = b"# GRUB Environment Block\n"
SIZE = 1024  # bytes; grub-editenv writes no other size


def check(machine: Machine) -> Verdict:
    if machine.is_container or not machine.exists(BLOCK):
        return skipped("boot-no-grub", f"there is no {BLOCK}")
    block = machine.begin(BLOCK, 2 * SIZE)
    if len(block) != SIZE or not block.startswith(HEAD):
        return bad("boot-grubenv-damaged", f"{BLOCK} is damaged", f"grub-editenv {BLOCK} create")
    found = re.search(rb"^next_entry=(.+)$", block, re.MULTILINE)
    if found is None:
        return passed()
    entry = found[1].decode("utf-8", "replace")
    # `SUBMENU>ENTRY`; each an identity, a title or a number.
    if not all(is_in(machine.read(MENU) or "", part) for part in entry.split(">")):
        return bad("boot-grub-once-gone", f"the next boot is told to start {entry[:100]}, which {MENU} has not", f"grub-editenv {BLOCK} unset next_entry")
    return skipped("boot-grub-once", f"the next boot alone starts {entry[:100]}")


def is_in(menu: str, name: str) -> bool:
    entries = re.findall(r"^\s*(?:menuentry|submenu)\s+(?:'([^']*)'|\"([^\"]*)\")(.*)$", menu, re.MULTILINE)
    if name.isdigit():
        return int(name) < len(entries)
    titles = {title for entry in entries for title in entry[:2] if title}
    return name in titles or any(f"'{name}'" in rest for *_, rest in entries)
