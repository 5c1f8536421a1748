"""The look before a reboot, and the steps to it, each asked for by the client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from engine.commands import run
from look import busy
from power import guests, kernel, quorum

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def outlook() -> dict[str, Any]:
    """{bootId, system, multiUser, busy?, kernel, guests, cluster}; `system`: as `systemctl is-system-running` has
    it."""
    found = {
        "bootId": boot_id(),
        "system": run(["systemctl", "is-system-running"], timeout=20).output.strip()[:40] or "unknown",
        "multiUser": run(["systemctl", "is-active", "multi-user.target"], timeout=20).output.strip() == "active",
        "kernel": kernel.look(),
        "guests": guests.look(),
        "cluster": quorum.look(),
    }
    at_work = busy.busy()
    return {**found, "busy": at_work} if at_work is not None else found


def boot_id() -> str:
    with open(BOOT_ID, encoding="ascii") as stream:
        return stream.read().strip()


def take(step: Mapping[str, Any]) -> dict[str, str]:
    """One step: {state: ok | bad, code, text}. It changes the node only where the state is ok, or says what it has
    left."""
    if os.geteuid() != 0:
        return not_done("not-root", "not root on the node: connect as root, or as a user with sudo -n")
    try:
        return {"part": part, "pin": pin, "reboot": reboot}[step["step"]](step)
    except (guests.Unknown, kernel.Failed) as error:
        return not_done("step-failed", str(error))


def part(step: Mapping[str, Any]) -> dict[str, str]:
    return done(guests.part(step["kind"], step["id"], step["how"]))


def pin(step: Mapping[str, Any]) -> dict[str, str]:
    if step["how"] == "once":
        kernel.pin_for_next_boot(step["version"])
        return done(f"{os.uname().release} is pinned, and {step['version']} for the next boot")
    if step["how"] == "back":
        kernel.take_back(step["version"])
        return done("the pins are as they were")
    kernel.pin_for_good(step["version"])
    return done(f"{step['version']} is pinned")


def reboot(step: Mapping[str, Any]) -> dict[str, str]:
    """Only of the boot that was looked at: a request that comes late must not reboot a node that is back already."""
    if step["bootId"] != boot_id():
        return not_done("another-boot", "the node has booted since it was looked at")
    run(["logger", "--tag", "holdfast", f"reboot: asked for by {step['by']}"[:500]], timeout=10)
    # In a second, so that this answer is out before sshd ends.
    soon = ["systemd-run", "--quiet", "--collect", "--on-active=1", "--timer-property=AccuracySec=100ms"]
    outcome = run([*soon, "systemctl", "reboot"], timeout=30)
    return done("going down") if outcome.ok else not_done("step-failed", f"systemd-run systemctl reboot: {outcome.explain()}")


def done(text: str) -> dict[str, str]:
    return {"state": "ok", "code": "done", "text": text}


def not_done(code: str, text: str) -> dict[str, str]:
    return {"state": "bad", "code": code, "text": text[:4000]}
