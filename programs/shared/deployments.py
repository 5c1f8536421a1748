"""The deployments that the stack declares of a Docker host, and how they stand by what Docker says."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shared.docker_daemon import Container
from shared.files import read_text

LOOPS = 3  # restarts after which one that has started just now is a loop
SETTLED = 120  # seconds: Docker waits a minute at most before it starts a container again


class Deployment(NamedTuple):
    """`folder`: of a Compose project; empty where `command` is there. `containers`: what the command makes, as far as it
    is known. `timeout`: seconds."""

    name: str
    folder: str
    command: tuple[str, ...]
    containers: tuple[str, ...]
    timeout: int

    @property
    def is_known(self) -> bool:
        """Whether anybody can tell that it runs."""
        return bool(self.folder or self.containers)


class Declared(NamedTuple):
    """`when`: none or missing. `patience`: seconds."""

    when: str
    patience: int
    mounts: tuple[str, ...]
    deployments: tuple[Deployment, ...]


class Part(NamedTuple):
    """A service of a project, which may have several containers, or a container of a command."""

    name: str
    containers: tuple[Container, ...]

    @property
    def is_alive(self) -> bool:
        """Nothing is done over it."""
        return any(each.state in ("running", "restarting", "paused") for each in self.containers)

    @property
    def is_up(self) -> bool:
        return bool(self.containers) and all(each.is_done or each.state in ("running", "restarting") for each in self.containers)

    @property
    def is_expected(self) -> bool:
        """One that has ended well is not to run any more."""
        return not self.containers or not all(each.is_done for each in self.containers)


def read_declared(path: str) -> Declared:
    """Raises ValueError where nothing is declared."""
    try:
        told: Mapping[str, Any] = json.loads(read_text(path))
        return Declared(
            when=told["when"],
            patience=int(told["patience"]),
            mounts=tuple(told["mounts"]),
            deployments=tuple(
                Deployment(
                    each["name"],
                    each.get("compose", ""),
                    tuple(each.get("command", ())),
                    tuple(each.get("containers", ())),
                    int(each["timeout"]),
                )
                for each in told["deployments"]
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not say what runs here: push the stack again, with `pulumi up --refresh`") from error


def parts_of(deployment: Deployment, containers: Sequence[Container], services: Sequence[str]) -> list[Part]:
    """`services`: of the project, as Compose reads them."""
    if not deployment.folder:
        return [Part(name, tuple(each for each in containers if each.name == name)) for name in deployment.containers]
    here = os.path.realpath(deployment.folder)
    own = [each for each in containers if each.folder and os.path.realpath(each.folder) == here]
    return [Part(name, tuple(each for each in own if each.service == name)) for name in services]


def lost(parts: Sequence[Part]) -> list[str]:
    """Those without any container."""
    return [part.name for part in parts if not part.containers]


def looping(parts: Sequence[Part], now: float) -> list[str]:
    return [part.name for part in parts if any(is_loop(each, now) for each in part.containers)]


def is_loop(container: Container, now: float) -> bool:
    is_young = container.state == "running" and now - container.started < SETTLED
    return container.state == "restarting" or (container.restarts >= LOOPS and is_young)


def unhealthy(parts: Sequence[Part]) -> list[str]:
    return [part.name for part in parts if any(each.state == "running" and each.health == "unhealthy" for each in part.containers)]


def running(parts: Sequence[Part]) -> list[str]:
    return [part.name for part in parts if part.is_expected and part.is_up]


def standing(parts: Sequence[Part], now: float) -> str:
    """In words, a state and no measurement: `running` where there is nothing to say."""
    told = [
        ("gone", lost(parts)),
        ("not running", [part.name for part in parts if part.containers and not part.is_up]),
        ("restarts again and again", looping(parts, now)),
        ("unhealthy", unhealthy(parts)),
    ]
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in told if names) or "running"
