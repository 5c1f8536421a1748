"""An SMTP server that keeps what it is sent: `smtpSink.py PORT FOLDER`. One file for each message, envelope first.

It knows no recipient `unknown@…`, and puts `later@…` off.
"""
import os
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 sink.example.test ESMTP")
        envelope = []
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                self.say("354 go on")
                keep(envelope, self.read_message())
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
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

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def read_message(self):
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        return lines


def keep(envelope, message):
    folder = sys.argv[2]
    number = len(os.listdir(folder))
    with open(f"{folder}/{number:03}.draft", "w", encoding="utf-8") as stream:
        stream.write("\n".join([*envelope, "", *message, ""]))
    os.rename(f"{folder}/{number:03}.draft", f"{folder}/{number:03}")


socketserver.TCPServer.allow_reuse_address = True
os.makedirs(sys.argv[2], exist_ok=True)
socketserver.TCPServer(("0.0.0.0", int(sys.argv[1])), Session).serve_forever()
