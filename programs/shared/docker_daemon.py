"""What the Docker daemon says of its containers: asked by its own socket, and checked before anything is made of it. The
command `docker` need not be there for that."""

import calendar
import http.client
import json
import os
import re
import socket
import time
from typing import Any, NamedTuple, TypeVar

DOCKER_SOCKET = os.environ.get("HOLDFAST_DOCKER_SOCKET", "/run/docker.sock")
DOCKER_WAITS = 20  # seconds for an answer
DOCKER_LONGEST = 1 << 25  # bytes of one
Kind = TypeVar("Kind")


class Silent(Exception):
    """The daemon is not there, does not answer, or says what is no answer."""


class Container(NamedTuple):
    """`state`: in Docker's words: running, exited, restarting … `health`: empty where nothing looks. `restarts`: by its
    own policy. `started`: seconds since 1970. `folder`, `service`: of a Compose project, else empty. `is_done`: it has
    ended well, and is not to be started again."""

    name: str
    state: str
    health: str
    restarts: int
    started: int
    folder: str
    service: str
    is_done: bool


class DockerConnection(http.client.HTTPConnection):
    def __init__(self) -> None:
        super().__init__("docker", timeout=DOCKER_WAITS)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DOCKER_WAITS)
        self.sock.connect(DOCKER_SOCKET)


def read_containers() -> list[Container]:
    """All of them, running or not. Raises Silent."""
    listed = ask_docker("/containers/json?all=1")
    if not isinstance(listed, list):
        raise Silent("it answers the question for its containers with no list")
    found = []
    for each in listed:
        identity = part(each, "Id", str)
        if not re.fullmatch(r"[0-9a-f]{12,64}", identity):
            raise Silent("it gives a container an id that is none")
        whole = ask_docker(f"/containers/{identity}/json")
        if whole is not None:  # gone since it was listed
            found.append(container_of(whole))
    return found


def docker_root() -> str:
    """The folder that images and containers lie in. Raises Silent."""
    folder = part(ask_docker("/info"), "DockerRootDir", str)
    if not folder.startswith("/") or not folder.isprintable():
        raise Silent("it says that its data lies where nothing can")
    return folder


def ask_docker(path: str) -> object:
    """None where there is no such thing. Raises Silent."""
    connection = DockerConnection()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(DOCKER_LONGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Silent(f"{DOCKER_SOCKET}: {getattr(error, 'strerror', None) or error or type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status == 404:
        return None
    if answer.status != 200 or len(text) > DOCKER_LONGEST:
        raise Silent(f"it answers {path.partition('?')[0]} with status {answer.status} and {len(text)} bytes")
    try:
        told: object = json.loads(text)
        return told
    except (ValueError, RecursionError) as error:
        raise Silent(f"it answers {path.partition('?')[0]} with what is no JSON") from error


def container_of(told: object) -> Container:
    """Raises Silent."""
    name = part(told, "Name", str).lstrip("/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", name):
        raise Silent("it gives a container a name that is none")
    state = part(told, "State", dict)
    status = part(state, "Status", str)
    health = part(state["Health"], "Status", str) if state.get("Health") is not None else ""
    if not all(re.fullmatch(r"[a-z]{0,20}", word) for word in (status, health)):
        raise Silent(f"it gives {name} a state that is none")
    policy = part(part(part(told, "HostConfig", dict), "RestartPolicy", dict), "Name", str)
    labels = part(told, "Config", dict).get("Labels") or {}
    is_oneoff = label(labels, "oneoff") == "True"  # of `docker compose run`
    return Container(
        name=name,
        state=status,
        health="" if health == "none" else health,
        restarts=part(told, "RestartCount", int),
        started=seconds_of(part(state, "StartedAt", str)),
        folder="" if is_oneoff else label(labels, "project.working_dir"),
        service="" if is_oneoff else label(labels, "service"),
        is_done=status == "exited" and part(state, "ExitCode", int) == 0 and policy in ("", "no", "on-failure"),
    )


def part(of: object, key: str, kind: type[Kind]) -> Kind:
    """Raises Silent where it is not there, or of another kind."""
    value = of.get(key) if isinstance(of, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Silent(f"it says of {key} what is no answer")
    return value


def label(labels: Any, name: str) -> str:
    value = labels.get(f"com.docker.compose.{name}") if isinstance(labels, dict) else None
    return value if isinstance(value, str) else ""


def seconds_of(moment_told: str) -> int:
    """Of `2026-11-27T23:00:00.123456789Z`; 0 where it is none, or before 1970: never."""
    try:
        return max(0, calendar.timegm(time.strptime(moment_told[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0
