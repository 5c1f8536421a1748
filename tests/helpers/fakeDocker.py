"""Docker without Docker: containers are files `NAME` in a folder, with `project-folder SPACE service` in them.

  docker serve SOCKET    the daemon
  docker compose …       as installed under that name; a project's services are the lines of `compose.yaml`
"""

import json
import os
import socketserver
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

CONTAINERS = Path("/srv/fake-docker")


class Daemon(BaseHTTPRequestHandler):
    def do_GET(self):
        names = sorted(each.name for each in CONTAINERS.iterdir())
        if self.path.startswith("/containers/json"):
            self.answer([{"Id": name.encode().hex().ljust(64, "0")} for name in names])
        elif self.path == "/info":
            self.answer({"DockerRootDir": str(CONTAINERS)})
        else:
            identity = self.path.split("/")[2]
            [name] = [each for each in names if each.encode().hex().ljust(64, "0") == identity]
            folder, _, service = (CONTAINERS / name).read_text().strip().rpartition(" ")
            labels = {"com.docker.compose.project.working_dir": folder, "com.docker.compose.service": service}
            self.answer(
                {
                    "Name": f"/{name}",
                    "RestartCount": 0,
                    "State": {"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-27T23:00:00Z"},
                    "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}},
                    "Config": {"Labels": labels if folder else {}},
                }
            )

    def answer(self, told):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def address_string(self):
        return "docker"


def compose(arguments):
    if arguments == ["version"]:
        return
    services = Path("compose.yaml").read_text().split()
    if arguments[:1] == ["config"]:
        print("\n".join(services))
    elif arguments[:1] == ["up"]:
        for service in [each for each in arguments[1:] if not each.startswith("-")]:
            (CONTAINERS / f"{Path.cwd().name}-{service}-1").write_text(f"{Path.cwd()} {service}")


if sys.argv[1] == "serve":
    CONTAINERS.mkdir(exist_ok=True)
    Path(sys.argv[2]).unlink(missing_ok=True)
    os.umask(0o077)
    socketserver.ThreadingUnixStreamServer(sys.argv[2], Daemon).serve_forever()
elif sys.argv[1] == "compose":
    compose(sys.argv[2:])
