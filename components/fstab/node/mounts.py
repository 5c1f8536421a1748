"""Whether what an fstab names is there, and mounted."""

from look import facts
from look.verdict import Verdict, skipped


def mount(target: str) -> str:
    return "mounted" if any(point["target"] == target for point in facts.mounts()) else "not mounted"


def source(spec: str, target: str | None = None) -> str | Verdict:
    """Whether an fstab source (UUID=…, LABEL=…, /dev/…) names a device of this node."""
    if facts.find_device(spec):
        return "present"
    mounted = [point for point in facts.mounts() if point["target"] == target]
    if target == "/" and mounted and not mounted[-1]["source"].startswith("/dev/"):
        return skipped("root-without-device", f"/ is {mounted[-1]['fstype']}, no block device")
    return "absent"
