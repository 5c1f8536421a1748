#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Run by Debian's smartd-runner for each of smartd's warnings; smartd waits for its end.

On the real failure of a disk that nothing makes up for, it schedules a graceful shutdown: shutdown -h +5, cancelled
with shutdown -c. A disk whose array or pool still holds, or of which that is not known, is only mailed about.
"""

import os
import re
import sys

from shared.blocks import Blocks
from shared.files import first_line, read_text, try_to_store
from shared.processes import log, run, send_mail
from shared.shutdown import read_scheduled

SOON = 300  # seconds: somebody else's shutdown that comes as early is left alone
# Also under the names that the incident report's helper knew. A disk that cannot be opened or read may be a cable, and
# EmailTest is none.
FAILURES = {"Health", "Usage", "OfflineUncorrectableSector", "USAGE_FAILED", "OFFLINE_FAILED"}
CONTROLLERS = r"megaraid|3ware|areca|cciss|aacraid|hpt|sssraid|jmb39x|jms56x|usbasm1352r"


def setting(name: str, default: str) -> str:
    return os.environ.get(name) or default


class Alarm:
    """What smartd says, in its environment."""

    def __init__(self) -> None:
        said = {name: os.environ.get(f"SMARTD_{name}", "") for name in ("DEVICE", "DEVICETYPE", "FAILTYPE", "MESSAGE")}
        self.device, self.type, self.failure, self.message = said.values()
        self.subject = setting("SMARTD_SUBJECT", f"SMART warning: {self.device}")
        self.text = setting("SMARTD_FULLMESSAGE", self.message)
        self.run = setting("HOLDFAST_RUN", "/run/holdfast")
        self.sys = setting("HOLDFAST_SYS", "/sys")
        disk = os.path.basename(os.path.realpath(self.device))
        # smartd watches the NVMe controller, blocks are in its namespace.
        self.disk = disk if os.path.isdir(f"{self.sys}/block/{disk}") else f"{disk}n1"

    def is_failure(self) -> bool:
        """Heat is none, nor an NVMe drive's other critical warnings (spare blocks, backup of its memory), all of which
        smartd calls Health, or Usage."""
        if self.failure not in FAILURES:
            return False
        if re.search(r"Critical Warning \(.*\): .*(Reliability|R/O|Read_Only)", self.message, re.DOTALL):
            return True
        harmless = r"Critical Warning \(|Attribute: (190|194) |emperature exceeded"
        return not self.type.startswith("nvme") and not re.search(harmless, self.message)

    def mark(self) -> str:
        """Once for each disk until the next boot, so that a shutdown which someone cancels stays cancelled."""
        serial = re.search(r"S/N:([^,]*)", os.environ.get("SMARTD_DEVICEINFO", ""))
        known = serial.group(1) if serial else f"{self.device} {self.type}"
        return f"{self.run}/smartd-{'-'.join(run(['cksum'], 5, known).output.split())}"

    def act(self) -> str:
        """What a second mail has to tell, or nothing."""
        # No disk that failed counts as what makes up for another.
        if os.path.isdir(f"{self.sys}/block/{self.disk}"):
            number = first_line(f"{self.sys}/block/{self.disk}/diskseq")
            try_to_store(f"{self.run}/smartd-failing-{self.disk}", f"{number}\n" if number else "")
        mark = self.mark()
        if os.path.lexists(mark):
            return ""
        reason = self.why_not()
        news = "" if reason else self.power_off(mark)
        log(f"disk {self.device} fails ({self.failure}); {f'not powered off: {reason}' if reason else news}")
        return news

    def power_off(self, mark: str) -> str:
        other = read_scheduled(setting("HOLDFAST_SCHEDULED", "/run/systemd/shutdown/scheduled"))
        minutes = int(other.left / 60) if other else 0
        if other and other.left <= SOON:
            return f"left to the {other.mode} that is already scheduled in {minutes} minutes"
        message = f"Holdfast: disk {self.device} fails ({self.failure}). Cancel with: shutdown -c"
        done = run(["shutdown", "-h", "+5", message], 30)
        if done.code != 0:
            return f"but the shutdown could not be scheduled (status {done.code}): the node stays on"
        if not try_to_store(mark, ""):
            log(f"{mark} cannot be written: a cancelled shutdown may be scheduled again")
        instead = f" instead of the {other.mode} that was scheduled in {minutes} minutes" if other else ""
        return f"shutting down in 5 minutes{instead}"

    def why_not(self) -> str | None:
        """What speaks against powering off; nothing where the node is better stopped."""
        if self.action() != "shutdown":
            return "the stack says alert"
        if re.search(CONTROLLERS, self.type):
            return "it is behind a RAID controller, whose redundancy is not known"
        proc, udev = setting("HOLDFAST_PROC", "/proc"), setting("HOLDFAST_UDEV", "/run/udev/data")
        return Blocks(self.sys, proc, udev, self.run, float(setting("HOLDFAST_PATIENCE", "20"))).why_spare(self.disk)

    def action(self) -> str:
        """By the policy's first line for this disk: its device, device[type], or * for any."""
        lines = read_text(setting("HOLDFAST_SMARTD_POLICY", "/etc/holdfast/smartd-policy")).splitlines()
        names = (f"{self.device}[{self.type}]", self.device, "*")
        words = (line.split() for line in lines)
        return next((each[1] for each in words if len(each) > 1 and each[0] in names), "alert")

    def send(self, subject: str, body: str) -> None:
        """The mailer gives up earlier: nothing is left behind."""
        if not send_mail(subject, f"{body}\n", 40):
            log(f"a mail about {self.device} could not be sent")


def main() -> int:
    warning = Alarm()
    news = warning.act() if warning.is_failure() else ""
    # Debian's own 10mail needs /usr/bin/mail, and has failed without it.
    beside = os.path.join(os.path.dirname(sys.argv[0]), "10mail")
    if not (os.access(beside, os.X_OK) and os.access(setting("HOLDFAST_BSD_MAIL", "/usr/bin/mail"), os.X_OK)):
        warning.send(warning.subject, warning.text)
    if news:
        body = f"smartd: {warning.failure}: {warning.message}\nTo cancel a shutdown: shutdown -c"
        warning.send(f"disk failing, {news}: {warning.device}", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
