"""What the next boot starts."""

from __future__ import annotations

from engine import commands

TIMEOUT = 90  # seconds; systemd's own default for a start
NATIVE_ONLY = {"SYSTEMCTL_SKIP_SYSV": "1"}


def on_disk(verb: str, names: list[str]) -> commands.Outcome:
    """`verb`: enable or disable. Without making systemd read every unit file again, which takes longer than all the rest, and
    which Debian's update-rc.d does once more, for links that only sysvinit reads. Returns the command's outcome."""
    fast = ["systemctl", verb, "--no-reload", "--", *names]
    if verb == "disable":  # of a mere init script it would say that all is well, and do nothing
        return commands.run(fast, TIMEOUT * len(names))
    done = commands.run(fast, TIMEOUT, NATIVE_ONLY)
    return done if done.ok else commands.run(["systemctl", verb, "--", *names], TIMEOUT * len(names))
