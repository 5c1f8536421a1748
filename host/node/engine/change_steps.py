"""A change of the running network that has to be confirmed (commit-confirm), as steps:

    arm      a timer on the node, before the first file: whatever becomes of the connection, of the client and of this program
    network  nothing; its undo, when the old files are back, brings the network back and looks whether it works
    ovs      nothing; its undo, at a boot alone, puts Open vSwitch's database back, which no file of the network's says a word of
    …        the files
    ifreload the new files take effect
    works    what worked before, and what the new files declare, works
    confirm  waits: a line `confirming DEADLINE` in the journal's progress, and the lock is given back

Whoever takes the lock after the deadline undoes all that, a timer at the latest; a boot does, before the network is brought up.
`network` (the package) is loaded only where it is needed: at a boot none of it is.
"""

from __future__ import annotations

import os
import stat
import time

from engine import commands, durable, mounts, safe, verdict
from engine.refusal import Refused, translated
from engine.step import Step, Work
from engine.verdict import Verdict

RECORD = "python3 /usr/local/lib/holdfast/current/main.py change"
SWITCH = "/etc/openvswitch/conf.db"
SERVER = "/run/openvswitch/ovsdb-server.pid"
CONSOLE = "python3 /etc/holdfast/recover.py; systemctl restart networking"  # the files that stand by then are the old ones


class ArmStep(Step):
    """{client, token: SHA-256 of what the confirmation has to bring, window: seconds, program: the folder of this
    version}."""

    kind = "arm"

    def do(self, work: Work) -> None:
        work.deadline = time.monotonic() + self.record["window"]
        unit = timer_of(work.identifier)
        begun = commands.run([
            "systemd-run", "--quiet", f"--unit={unit}", f"--on-active={self.record['window']}s", "--timer-property=AccuracySec=100ms",
            "--property=SyslogIdentifier=holdfast", "--property=Type=oneshot", "--property=Restart=on-failure", "--property=RestartSec=2",
            "--property=StartLimitIntervalSec=0", "--collect",
            "--", *commands.PYTHON, f"{self.record['program']}/main.py", "revert", work.identifier,
        ])  # fmt: skip
        if not begun.ok or not is_armed(work.identifier):
            raise Refused("commit", f"the timer of the revert does not run, so nothing was changed: {begun.explain()}", "start-failed")
        work.tell("commit", f"the revert is armed: in {self.record['window']} s the old network is back, unless this is confirmed")

    def undo(self, work: Work) -> list[Verdict]:
        disarm(work.identifier)
        return []


class NetworkStep(Step):
    """{before: a snapshot, works: what worked, change: {addresses, peers, probes}, if_begun: numbers of the steps after which
    the network may be another}."""

    kind = "network"

    def undo(self, work: Work) -> list[Verdict]:
        if work.begun is not None and not any(number in work.begun for number in self.record["if_begun"]):
            return []
        from network import reload, snapshot

        try:
            found, now = reload.revert(self.record["change"], self.record["before"], self.record["works"], lambda text: work.tell("rollback", text))
        except (OSError, ValueError) as error:
            return [verdict.bad("revert-incomplete", f"the network could not be looked at: {error}", "network")]
        differing = snapshot.differences(self.record["before"], now)
        return [*(verdict.bad("revert-incomplete", f"{name}: {what}", name) for name, what in found.items()), *differing]


class SwitchStep(Step):
    """{path: the database where no link leads on, mount: where its file system is mounted, copy: the journal's file with it, mode,
    uid, gid}.

    Its bridges outlive a reboot, and take their ports before networking.service has its turn: a card that the change gave to a
    new one would be missing in the old network. In a running system ifupdown2 takes the new bridge away.
    """

    kind = "ovs"
    lasting = True

    @classmethod
    def plan(cls) -> SwitchStep | None:
        """None where there is no Open vSwitch."""
        path = os.path.realpath(SWITCH)  # Debian's is a link into /var
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        mount = mounts.mount_of(path, mounts.points())
        return cls({"kind": cls.kind, "path": path, "mount": mount, "copy": "ovs.previous", "mode": stat.S_IMODE(status.st_mode), "uid": status.st_uid, "gid": status.st_gid})

    def keep(self, work: Work) -> None:
        """A log that grows at its end: a record that is being written meanwhile counts for nothing when it is read again."""
        path = self.record["path"]
        with translated("commit", path):
            database = safe.read(path) or b""
        durable.write_new(os.path.join(work.journal.drafted, self.record["copy"]), database)

    def undo(self, work: Work) -> list[Verdict]:
        path = self.record["path"]
        # Where the server has begun it was with what an earlier recovery had put back: both of a boot's come before it.
        if not work.is_boot or os.path.exists(SERVER):
            return []
        if not work.is_mounted(self.record["mount"]):
            return [verdict.waits(f"{path}: waits for {self.record['mount']} to be mounted", path)]
        if not os.path.isdir(os.path.dirname(path)):
            return []  # Open vSwitch is gone
        copy = work.journal.copy(self.record["copy"])
        if copy is None:
            raise OSError(f"the copy of the previous {path} is gone")
        if not copy or safe.read(path) == copy:
            return []
        safe.write(path, copy, self.record["mode"], self.record["uid"], self.record["gid"])
        return [verdict.ok("restored", f"{path}: restored", path)]


class IfreloadStep(Step):
    kind = "ifreload"
    phase = "activate"

    def do(self, work: Work) -> None:
        from network import reload

        work.tell(self.phase, " ".join(reload.RELOAD))
        complaint = reload.complaint_of(min(reload.LONGEST, left(work)))
        if complaint:
            raise Refused(self.phase, f"{' '.join(reload.RELOAD)}: {complaint}", "activate-failed")


class WorksStep(Step):
    """{network: number of the step that knows what worked}."""

    kind = "works"
    phase = "verify"

    def do(self, work: Work) -> None:
        from network import reload

        work.tell(self.phase, "what worked before, and what the new files declare")
        network = work.network
        patience = min(reload.SETTLE, left(work) / 2)
        try:
            found, _ = reload.wrong(network["change"], network["works"], time.monotonic() + patience)
        except ValueError as error:
            found = {"network": str(error)}
        if found:
            verdicts = [verdict.bad("check-failed", f"{name}: {what}", name) for name, what in found.items()]
            raise ChecksFailed(verdicts)


class ConfirmStep(Step):
    kind = "confirm"
    phase = "verify"

    def do(self, work: Work) -> None:
        seconds = int(left(work))
        work.journal.note(f"confirming {work.deadline}")
        work.tell(CONFIRMING, f"waiting for the confirmation over a new connection, {seconds} s")


CONFIRMING = "confirm"  # the event's phase: from here on a confirmation is heard


class ChecksFailed(Refused):
    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__("verify", "; ".join(each["text"] for each in verdicts), "checks-failed")
        self.verdicts = verdicts


def left(work: Work) -> float:
    """Seconds until the revert. Raises Refused where there are none."""
    seconds = float(work.deadline or 0) - time.monotonic()
    if seconds < 1:
        raise Refused("verify", "the window was over before the new network stood", "not-confirmed")
    return seconds


def timer_of(identifier: str) -> str:
    return f"holdfast-revert-{identifier}"


def is_armed(identifier: str) -> bool:
    return commands.run(["systemctl", "is-active", "--quiet", f"{timer_of(identifier)}.timer"]).ok


def disarm(identifier: str) -> None:
    """Never its service: that may be who asks."""
    commands.run(["systemctl", "stop", f"{timer_of(identifier)}.timer"], 30)
