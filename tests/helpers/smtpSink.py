"""An SMTP server that keeps what it is sent: `smtpSink.py PORT FOLDER [CERTIFICATE]`. One file for each message, envelope first.

It knows no recipient `unknown@…`, and puts `later@…` off. With a certificate (its key in the same file) it wants STARTTLS
and takes every login.
"""
import os
import socketserver
import ssl
import sys

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
CERTIFICATE = sys.argv[3] if len(sys.argv) > 3 else None


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.say("220 sink.example.test ESMTP")
        envelope: list[str] = []
        secure = False
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                keep(envelope, self.read_message())
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            elif verb == "EHLO" and CERTIFICATE:
                self.say("250-sink.example.test")
                self.say("250 AUTH PLAIN" if secure else "250 STARTTLS")
            elif verb == "STARTTLS" and CERTIFICATE:
                self.say("220 go ahead")
                self.secure(CERTIFICATE)
                secure = True
            elif verb == "AUTH":
                self.say("235 welcome")
            elif verb == "RCPT" and "<unknown@" in line:
                self.say("550 5.1.1 no such user")
            elif verb == "RCPT" and "<later@" in line:
                self.say("450 4.2.0 greylisted")
            else:
                if verb == "MAIL":
                    envelope = []
                if verb in ("MAIL", "RCPT"):
                    envelope.append(line)
                self.say("250 sink.example.test")

    def secure(self, certificate: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.request = context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def read_message(self) -> list[str]:
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        return lines


def keep(envelope: list[str], message: list[str]) -> None:
    number = len(os.listdir(FOLDER))
    with open(f"{FOLDER}/{number:03}.draft", "w", encoding="utf-8") as stream:
        stream.write("\n".join([*envelope, "", *message, ""]))
    os.rename(f"{FOLDER}/{number:03}.draft", f"{FOLDER}/{number:03}")


socketserver.TCPServer.allow_reuse_address = True
os.makedirs(FOLDER, exist_ok=True)
socketserver.TCPServer(("0.0.0.0", PORT), Session).serve_forever()
