"""The dry run of systemd's own fstab generator, for what is staged and for what stands there."""

from __future__ import annotations

import re

# In a mount namespace of its own: nothing is written on the node, and the /sys of a container, which is read-only so that the
# generator ignores every device, is out of the way.
SCRIPT = """mount -t tmpfs none /sys && mount -t tmpfs none /mnt && SYSTEMD_FSTAB="$0" SYSTEMD_LOG_TARGET=console \
/usr/lib/systemd/system-generators/systemd-fstab-generator /mnt /mnt /mnt && cd /mnt && \
for unit in local-fs.target.requires/*.mount; do test ! -e "$unit" || grep ^Where= "$unit"; done"""


def dry_run(path: str) -> list[str]:
    """The command for the fstab at `path`; below /mnt it would see none."""
    return ["unshare", "--mount", "sh", "-c", SCRIPT, path]


def required(output: str) -> set[str]:
    """Mount points without which the boot would stop."""
    return set(re.findall(r"^Where=(.*)$", output, re.MULTILINE))
