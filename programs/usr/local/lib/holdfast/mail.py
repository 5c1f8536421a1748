#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Mail about this node, through its own sendmail; what became of it is noted for the stack's
outputs.

mail SUBJECT <BODY
mail --test          one test message for each new setting; never fails
mail --fate          prints what has become of the last one: what was noted, or what postfix's log has said since
"""

import base64
import os
import re
import shutil
import sys
import time

from shared.files import read_settings, read_text, try_to_store
from shared.postfix import is_postfix, read_verdict
from shared.processes import log, run, sleep

CONF = os.environ.get("HOLDFAST_MAIL_CONF", "/etc/holdfast/mail.conf")
KEEP = os.environ.get("HOLDFAST_STATE", "/var/lib/holdfast")
PATIENCE = 20  # seconds that a test waits for postfix' own word
HEADERS = """\
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit"""


class Mail:
    def __init__(self, subject: str, body: str) -> None:
        settings = read_settings(CONF)
        self.recipients, self.sender = settings.get("TO", "root").split(), settings.get("FROM", "")
        self.node = run(["uname", "-n"], 5).output.strip()
        self.subject, self.body = subject, body.rstrip("\n")
        self.start = int(time.time())
        domain = self.sender.partition("@")[2] or self.node
        self.id = f"holdfast.{self.start}.{os.getpid()}@{domain}"

    def send(self) -> str | None:
        """Why it could not be handed over, or nothing."""
        sendmail = next((name for name in ("sendmail", "msmtp") if shutil.which(name)), None)
        if sendmail is None:
            return "this node has no sendmail: set mail.relay, or install an MTA"
        sender = ["-f", self.sender] if self.sender else []
        done = run([sendmail, "-i", *sender, "--", *self.recipients], 60, self.text(), with_errors=True)
        return None if done.code == 0 else done.output or "sendmail has failed without a word"

    def text(self) -> str:
        lines = [
            f"Subject: {header(f'[{self.node}] {self.subject}')}",
            *([f"From: Holdfast on {self.node} <{self.sender}>"] if self.sender else []),
            # Before the recipients, who may be many: the fact `mail` knows a mail of ours in postfix's queue by it.
            f"Message-ID: <{self.id}>",
            f"To: {', '.join(self.recipients)}",
            HEADERS,
        ]
        return "\n".join([*lines, "", self.body, ""])

    def note(self, fate: str) -> None:
        """With the message's id and the time, for `--fate`."""
        try_to_store(f"{KEEP}/mail", f"{fate}\n{self.id} {self.start}\n")

    def verdict(self) -> str:
        return read_verdict(self.id, self.start, len(self.recipients))


def header(text: str) -> str:
    """One line, and encoded (RFC 2047) where it is not plain ASCII: a line break would start a header of somebody
    else's."""
    line = re.sub(r"[\r\n\t]", " ", text)[:200]
    if re.fullmatch(r"[ -~]*", line):
        return line
    return f"=?UTF-8?B?{base64.b64encode(line.encode('utf-8', 'replace')).decode('ascii')}?="


def worded(verdict: str) -> str:
    if verdict in ("", "sent"):
        return "delivered" if verdict else "accepted"
    return f"undeliverable: {' '.join(verdict.splitlines())[:200]}"


def fate() -> str:
    """What is final stays as it was noted; what postfix had yet to try, or to try again, is asked for. Where its log is
    gone by now, no more is known than that it was accepted."""
    told, _, of = read_text(f"{KEEP}/mail").partition("\n")
    identity = of.split()
    if len(identity) == 2 and (told == "accepted" or " status=deferred " in told):
        recipients = len(read_settings(CONF).get("TO", "root").split())
        return worded(read_verdict(identity[0], int(identity[1]), recipients))
    return told or "not tried"


def try_settings() -> int:
    setting = run(["cksum"], 5, read_text(CONF) + read_text("/etc/msmtprc")).output.strip()
    if read_text(f"{KEEP}/mail.tested").strip() == setting:
        return 0
    mail = Mail("Holdfast test message", "")
    mail.body = f"Warnings about {mail.node} will come to this address."
    complaint = mail.send()
    if complaint is None:
        mail.note("accepted")
        complaint = mail.verdict()
        for _ in range(PATIENCE):
            if complaint or not is_postfix():
                break
            sleep(1)
            complaint = mail.verdict()
    mail.note(worded(complaint))
    if complaint in ("", "sent"):
        try_to_store(f"{KEEP}/mail.tested", f"{setting}\n")
    else:
        complain(mail, complaint)
    return 0


def complain(mail: Mail, complaint: str) -> None:
    log(f"mail '{mail.subject}' is {worded(complaint)}", "-p", "user.err")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: mail SUBJECT <BODY, mail --test, mail --fate", file=sys.stderr)
        return 2
    if arguments == ["--fate"]:
        print(fate())
        return 0
    if arguments == ["--test"]:
        return try_settings()
    mail = Mail(arguments[0], sys.stdin.buffer.read().decode("utf-8", "replace"))
    complaint = mail.send()
    mail.note("accepted" if complaint is None else worded(complaint))
    if complaint is None:
        return 0
    complain(mail, complaint)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
