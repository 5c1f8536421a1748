"""What becomes of Holdfast's mails."""

import json
import os
import re
import time

from engine import commands
from look import observe
from look.facts import read_word
from look.verdict import Verdict, unknown

# Postfix's queues, and for how many seconds a mail may be there: pickup empties maildrop at once where postfix runs at
# all, and a relay that is connected to and says nothing keeps a mail active for minutes.
QUEUES = {"maildrop": 10, "incoming": 60, "active": 60, "hold": 60, "deferred": 0}
MOST_QUEUED = 200  # mails whose header is looked at: a queue that a broken relay has filled says the same with all of them


def mail(spool: str = "/var/spool/postfix", program: str = "/usr/local/lib/holdfast/mail") -> str | Verdict:
    """What became of the last mail; a local MTA accepts everything, so its queue has a say: on what Holdfast sent,
    nobody else."""
    if os.path.isdir(spool) and any(is_ours(identifier) for identifier in waiting()):
        return "undeliverable: mails of Holdfast wait in postfix's queue, see mailq"
    if "--fate" not in (read_word(program) or ""):
        return "not tried"  # not there, or an older one, which would send a mail of that name
    told = commands.run([program, "--fate"], timeout=20)
    return told.output.strip() or unknown("mail-does-not-say", f"unknown: {told.explain()}")


def waiting() -> list[str]:
    """The queue ids of mails that have been there for longer than their queue allows, at most MOST_QUEUED."""
    listed = commands.run(["postqueue", "-j"], timeout=10, limit=4_000_000)
    late = []
    for line in listed.output.splitlines():
        try:
            entry = json.loads(line)
            patience = QUEUES.get(entry["queue_name"])
            if patience is not None and time.time() - entry["arrival_time"] >= patience:
                late.append(str(entry["queue_id"]))
        except (ValueError, KeyError, TypeError):
            continue  # cut off at the limit
    return late[:MOST_QUEUED]


def is_ours(identifier: str) -> bool:
    """By the message-id in the header: the sender is another one where a command has sent it on, as Proxmox does with root's,
    and a bounce of ours has our header in its text."""
    header = commands.run(["postcat", "-qh", identifier], timeout=5).output  # nothing where it has left the queue
    return re.search(r"^message-id: <holdfast\.", header, re.IGNORECASE | re.MULTILINE) is not None


def mail_relay(msmtprc: str = "/etc/msmtprc", sendmail: str = "/usr/sbin/sendmail") -> str:
    """Whether mail leaves through the stack's relay: what the node had before has precedence."""
    target = os.path.realpath(sendmail)
    if os.path.exists(target) and os.path.basename(target) != "msmtp":
        return f"not used: this node has a sendmail of its own, {target}"
    if os.path.lexists(msmtprc) and not observe.is_ours(msmtprc):
        return f"not used: {msmtprc} is somebody else's and stays; move it away to use the relay"
    return "used"
