"""What the stack declares to be tried from the node: `{tcp: "192.0.2.1:53"}`, `{ping: "192.0.2.1"}`, `{resolve:
"nas.example.test"}`."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from engine import commands

PATIENCE = 3  # seconds


def name_of(probe: Mapping[str, str]) -> str:
    (kind, target), = probe.items()
    return f"probe {kind} {target}"


def try_one(probe: Mapping[str, str]) -> str | None:
    """None, or what is wrong. Raises an OSError too."""
    (kind, target), = probe.items()
    if kind == "tcp":
        return tcp(target)
    return ping(target) if kind == "ping" else resolve(target)


def tcp(target: str) -> str | None:
    host, _, port = target.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), PATIENCE):
        return None


def ping(address: str) -> str | None:
    said = commands.run(["ping", "-n", "-c", "1", "-W", str(PATIENCE), "--", address], PATIENCE + 2)
    return None if said.ok else "no answer"


def resolve(name: str) -> str | None:
    """In a process of its own: the resolver has no bound that a program can set."""
    said = commands.run(["getent", "ahosts", name], PATIENCE + 2)
    return None if said.ok else said.problem or "it does not resolve"


def reach(address: str) -> str | None:
    """A peer, by whatever of the two it answers to."""
    if ping(address) is None:
        return None
    return tcp(f"[{address}]:22" if ":" in address else f"{address}:22")
