"""What became of a mail, by postfix's log. It accepts at once and tries later."""

import os
import pwd
import re
import shutil

from shared.processes import run

UNITS = ("postfix.service", "postfix@-.service")  # Debian 13's, and the one instance's before


def is_postfix() -> bool:
    sendmail = shutil.which("sendmail")
    is_msmtp = sendmail is not None and os.path.basename(os.path.realpath(sendmail)) == "msmtp"
    return os.path.isdir(os.environ.get("HOLDFAST_POSTFIX", "/var/spool/postfix")) and not is_msmtp


def own_log(start: int) -> str:
    """Everybody may log under postfix's name: what counts is its unit, and there its own users. A command that it runs
    for somebody is in the unit, and is somebody else."""
    users = [0]
    try:
        users.append(pwd.getpwnam("postfix").pw_uid)
    except KeyError:
        pass  # installed by other means
    trusted = [*(f"_SYSTEMD_UNIT={unit}" for unit in UNITS), *(f"_UID={user}" for user in users)]
    return run(["journalctl", "--quiet", "--output=cat", f"--since=@{start}", "SYSLOG_FACILITY=2", *trusted], 20).output


def read_verdict(message: str, start: int, recipients: int) -> str:
    """`sent` when all are, the reason of one that is not, or nothing: not known (yet).

    By message-id its queue ids, and by queue id and recipient the last status. An alias, or a command (Proxmox has
    root's mail sent on by one), starts a new queue id, whose status is what counts.
    """
    if not is_postfix():
        return ""
    ours: set[str] = set()
    last: dict[tuple[str, str], tuple[str, bool]] = {}
    for line in own_log(start).splitlines():
        words = line.split(None, 2)
        if len(words) < 2:
            continue
        if words[1] == f"message-id=<{message}>":
            ours.add(words[0])
        status = re.search(r" status=([^ ,]*)", line)
        if words[0] not in ours or not status:
            continue
        of = (words[0], words[1] if words[1].startswith("to=") else "")
        last.pop(of, None)  # the latest stands at the end
        if status.group(1) == "sent":
            last[of] = ("", not re.search(r" \((forwarded as|delivered to command:) ", line))
        else:
            last[of] = (re.sub(r" delays?=[^ ]*", "", line.partition(": ")[2]), False)
    refusals = [why for why, _ in last.values() if why]
    if refusals:
        return refusals[-1]
    return "sent" if sum(sent for _, sent in last.values()) >= recipients else ""
