#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. Brings Docker deployments back whose containers are gone, and tells which of them run.

  redeploy               as after a boot: all of them where there is no container at all, and where the stack says so those
                         of which a declared one is missing; tried again for a while, one mail where it had to act or failed
  redeploy --now [NAME…] once, whatever does not run. Exit status 0: all declared containers run, 2: not all, 1: could not tell
  redeploy --look        which of them run, for Prometheus
  redeploy --state       the same as JSON
"""

import functools
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Collection, Sequence

from engine.mounts import mounted_now
from shared.deployments import (
    Declared, Deployment, Part, lost, looping, parts_of, read_declared, running, standing, unhealthy,
)
from shared.docker_daemon import Container, Silent, docker_root, read_containers
from shared.files import forget, hold, read_text, try_to_store
from shared.metrics import gauge, single, write_metrics
from shared.ownership import stranger_at
from shared.processes import Outcome, log, run, say, send_mail

CONF = os.environ.get("HOLDFAST_DOCKER_CONF", "/etc/holdfast/docker.json")
KEEP = os.environ.get("HOLDFAST_STATE", "/var/lib/holdfast")
RUN = os.environ.get("HOLDFAST_RUN", "/run/holdfast")
LEFT = f"{KEEP}/redeploy.left"  # names, a line each: a power cut may come while they are brought back
OWED = f"{KEEP}/redeploy.mail"  # one that could not be sent: subject, then the body
LAST = f"{KEEP}/redeploy.last"  # seconds since 1970; `brought back`, `failed` or `nothing to do`; names of what failed, a line each
LOOKED = f"{RUN}/docker"
METRICS_FILE = "holdfast_docker.prom"
FIRST_PAUSE, LONGEST_PAUSE = 5, 120  # seconds between two tries
APPEARS = 15  # seconds that a container may take to run once its deployment is through
SETTLING = 0.5  # seconds between two looks at it
OWN = "holdfast-blackbox"  # of a monitoring host: its unit starts it at boot, before anybody could count
ENOUGH = 100 << 20  # bytes that have to be free for Docker to work
COMPOSE_FILE = re.compile(r".*\.(?:ya?ml|env)|\.env.*")  # what Compose reads there, untold or told so by one of these
TAIL = 1500  # characters of what a failed command has said
os.environ.setdefault("HOME", "/root")  # where the login to a registry is


class Untold(Exception):
    """Of one deployment; why, in words."""


class Redeploy:
    """One run. `left`: names of what may have to be brought back, None until that is known."""

    def __init__(self, declared: Declared, only: Sequence[str] | None) -> None:
        self.declared = declared
        self.only = only
        self.left: list[str] | None = None
        self.may_be_blind: set[str] = set(only or [])
        self.is_revival = False
        self.brought: dict[str, str] = {}
        self.stuck: dict[str, str] = {}
        self.troubles: dict[str, str] = {}

    @property
    def is_by_hand(self) -> bool:
        return self.only is not None

    def go(self) -> None:
        """Until nothing is left to do, or for so long as the stack says."""
        end, pause = time.monotonic() + self.declared.patience, FIRST_PAUSE
        while not self.try_once() and not self.is_by_hand and time.monotonic() + pause < end:
            self.tell_troubles(f"trying again in {pause} s")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self.tell_troubles("given up")
        if self.left == [] and not self.only:
            forget(LEFT)

    def try_once(self) -> bool:
        """Whether nothing is left to do."""
        self.troubles = {}
        missing = [path for path in self.declared.mounts if not is_mounted(path)]
        if missing:
            self.troubles["mounts"] = f"{', '.join(missing)}: not mounted, so the data is not there; nothing was started"
            return False
        try:
            containers = read_containers()
        except Silent as error:
            self.troubles["docker"] = f"does not answer: {error}"
            run(["systemctl", "start", "docker.service"], 90)  # it may have waited in vain for a mount
            return False
        if self.left is None:
            self.left = self.decide(containers)
        by_name = {each.name: each for each in self.declared.deployments}
        for name in list(self.left):
            try:
                if self.bring_back(by_name[name]):
                    self.left.remove(name)
                    self.note()
            except (Untold, Silent) as error:
                self.troubles[name] = str(error)
        return not self.left

    def decide(self, containers: Sequence[Container]) -> list[str]:
        every = [each.name for each in self.declared.deployments]
        is_bare = all(each.name == OWN for each in containers)
        begun = [name for name in read_text(LEFT).splitlines() if name in every]
        if self.only is not None:
            self.may_be_blind |= set(self.only or (every if is_bare else begun))
            return list(self.only) or every
        if is_bare and every:
            self.is_revival = True
            self.may_be_blind = set(every)
            self.note(every)
            return every
        self.is_revival = bool(begun)
        self.may_be_blind = set(begun)
        return every if self.declared.when == "missing" else begun

    def note(self, left: Sequence[str] | None = None) -> None:
        names = self.left if left is None else left
        if self.is_revival and not try_to_store(LEFT, "".join(f"{name}\n" for name in names or [])):
            self.say(f"{LEFT} cannot be written: after a power cut now, what is left would not be brought back")

    def bring_back(self, deployment: Deployment) -> bool:
        """Whether it is done with. Raises Untold, Silent."""
        if not deployment.is_known:
            return deployment.name not in self.may_be_blind or self.apply(deployment, [], [])
        services = services_of(deployment)
        parts = parts_of(deployment, read_containers(), services)
        wanted = [part.name for part in parts if not part.is_up] if self.is_by_hand else lost(parts)
        if not wanted:
            return True
        if deployment.command and any(part.is_alive for part in parts):
            why = f"{standing(parts, time.time())}; the others run, so its command was not run over them"
            self.stuck[deployment.name] = why
            self.say(f"{deployment.name}: {why}")
            return True
        return self.apply(deployment, wanted, services)

    def apply(self, deployment: Deployment, wanted: Sequence[str], services: Sequence[str]) -> bool:
        refuse_foreign(deployment)
        begun = time.monotonic()
        argv = [*compose_in(deployment.folder), "up", "--detach", "--no-recreate", "--quiet-pull", *wanted] if deployment.folder else list(deployment.command)
        what = f"`docker compose up` in {deployment.folder}" if deployment.folder else f"`{' '.join(deployment.command)}`"
        self.say(f"{deployment.name}: {', '.join(wanted) or 'no container'}{' not there' if wanted else ''}: {what}")
        done = run(argv, deployment.timeout, with_errors=True)
        if done.code != 0:
            raise Untold(f"{what}: {failure(done, deployment.timeout)}")
        if deployment.is_known:
            self.wait_for(deployment, wanted, services, what)
        seconds = round(time.monotonic() - begun)
        self.brought[deployment.name] = f"{', '.join(wanted) or 'its containers'}, by {what} in {seconds} s"
        return True

    def wait_for(self, deployment: Deployment, wanted: Sequence[str], services: Sequence[str], what: str) -> None:
        """By what Docker says, not by an exit status. Raises Untold, Silent."""
        end = time.monotonic() + APPEARS
        while True:
            parts = parts_of(deployment, read_containers(), services)
            down = [part for part in parts if part.name in wanted and not part.is_up]
            if not down:
                return
            if time.monotonic() > end:
                raise Untold(f"{what} ended well, but: {standing(down, time.time())}")
            time.sleep(SETTLING)

    @property
    def failed(self) -> dict[str, str]:
        return {**self.stuck, **self.troubles}

    @property
    def not_back(self) -> list[str]:
        """Names of the deployments that failed; where it could not even look, of all that a later look can tell of."""
        if self.left is not None:
            return [*self.stuck, *self.left]
        every = self.declared.deployments
        return [each.name for each in every if each.is_known] or [each.name for each in every]

    def tell_troubles(self, what: str) -> None:
        for name, why in self.troubles.items():
            self.say(f"{name}: {why}: {what}")

    def say(self, message: str) -> None:
        if self.is_by_hand:
            print(message, flush=True)
            log(f"docker, by hand: {message}")
        else:
            say(f"docker: {message}")


def after_boot(declared: Declared) -> int:
    is_alone, _lock = hold(f"{RUN}/redeploy.lock")
    if not is_alone:
        say("docker: another run is under way, this one does nothing")
        return 0
    work = Redeploy(declared, None)
    work.go()
    outcome = "failed" if work.failed else "brought back" if work.brought else "nothing to do"
    say(f"docker: {outcome}")
    try_to_store(LAST, "".join(f"{line}\n" for line in [int(time.time()), outcome, *(work.not_back if work.failed else [])]))
    if outcome != "nothing to do":
        owe(*letter(work))
        pay()
    look(declared)
    return 1 if work.failed else 0


def letter(work: Redeploy) -> tuple[str, str]:
    """Subject and body: one mail, whatever there is to say."""
    brought = "".join(f"  {name}: {text}\n" for name, text in work.brought.items())
    why = "Docker had no container of theirs any more, which a hard stop can do; their volumes are what they were."
    if not work.failed:
        return f"Docker: brought back {len(work.brought)} of {len(work.declared.deployments)} deployments", f"{why}\n\n{brought}\nLog: journalctl -t holdfast\n"
    failed = "".join(f"  {name}: {text}\n" for name, text in work.failed.items())
    names = ", ".join([*work.stuck, *(work.left or [])])
    full = disk_in_words()
    disk = f"\nDocker's disk is {full}. What may go: docker system df, docker image prune\n" if full.startswith("full") else ""
    again = "Again: systemctl start holdfast-redeploy, or npx holdfast redeploy HOST; log: journalctl -t holdfast\n"
    return (
        f"Docker: could not bring back {names}" if names else "Docker: could not tell what is gone after the boot",
        f"{failed}{disk}" + (f"\nBrought back:\n{brought}" if brought else "") + f"\n{again}",
    )


def owe(subject: str, body: str) -> None:
    if not try_to_store(OWED, f"{subject}\n{body}"):
        send_mail(subject, body, 90)


def pay() -> None:
    """What could not be sent, since the way to the relay may be one of the containers, the next look sends."""
    is_alone, _lock = hold(f"{RUN}/redeploy-mail.lock")
    if not is_alone:
        return
    subject, _, body = read_text(OWED).partition("\n")
    if subject and send_mail(subject, body, 90):
        forget(OWED)
    elif subject:
        say("docker: that mail could not be sent; it is tried again")


def by_hand(declared: Declared, only: Sequence[str]) -> int:
    known = [each.name for each in declared.deployments]
    strangers = [name for name in only if name not in known]
    if strangers:
        print(f"{', '.join(strangers)}: not declared here; declared are {', '.join(known) or 'none'}", file=sys.stderr)
        return 1
    is_alone, _lock = hold(f"{RUN}/redeploy.lock")
    if not is_alone:
        print("another run is under way (journalctl -t holdfast): nothing was done", file=sys.stderr)
        return 1
    work = Redeploy(declared, only)
    work.go()
    if "docker" in work.troubles or "mounts" in work.troubles:
        return 1
    words = words_of(declared, read_containers())
    for name, word in words.items():
        print(f"{name}: {word}")
    look(declared, work.brought)
    return 0 if not work.failed and all(word in ("running", UNKNOWN) for word in words.values()) else 2


UNKNOWN = "its containers are not declared, so nobody can tell"


def words_of(declared: Declared, containers: Sequence[Container]) -> dict[str, str]:
    return {each.name: word_of(each, containers) for each in declared.deployments}


def word_of(deployment: Deployment, containers: Sequence[Container]) -> str:
    try:
        refuse_foreign(deployment)
        parts = known_parts(deployment, containers)
    except Untold as error:
        return f"could not be told: {error}"
    return UNKNOWN if parts is None else standing(parts, time.time())


def refuse_foreign(deployment: Deployment) -> None:
    """What is run here is run as root. Raises Untold."""
    for path in programs_of(deployment):
        stranger = stranger_at(path, ["docker"])
        if stranger:
            raise Untold(f"{stranger}, who could have root run anything: what is deployed has to be root's (or of the group docker), with every folder above it")


def programs_of(deployment: Deployment) -> list[str]:
    """Of a command the program and every path among its words: a script, a folder, `--file=/…`."""
    if not deployment.folder:
        program = deployment.command[0]
        words = [word if word.startswith("/") else word.partition("=")[2] for word in deployment.command[1:]]
        paths = [word for word in words if word.startswith("/") and not word.startswith("/dev/")]
        return [program if "/" in program else shutil.which(program) or program, *paths]
    try:
        names = sorted(os.listdir(deployment.folder))
    except OSError:
        names = []  # Compose says what is wrong
    return [deployment.folder, *(f"{deployment.folder}/{name}" for name in names if COMPOSE_FILE.fullmatch(name))]


def known_parts(deployment: Deployment, containers: Sequence[Container]) -> list[Part] | None:
    """Raises Untold."""
    return parts_of(deployment, containers, services_of(deployment)) if deployment.is_known else None


def services_of(deployment: Deployment) -> list[str]:
    """Those that `up` starts, as Compose itself reads them. Raises Untold."""
    if not deployment.folder:
        return []
    refuse_foreign(deployment)  # a project can have Compose run programs while it is only read: a remote `include`
    asked = run([*compose_in(deployment.folder), "config", "--services"], 30)
    if asked.code != 0:
        told = run([*compose_in(deployment.folder), "config", "--quiet"], 30, with_errors=True)
        raise Untold(f"no Compose project in {deployment.folder}: {failure(told, 30)}")
    services = asked.output.split()
    if not all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", each) for each in services):
        raise Untold(f"the Compose project in {deployment.folder} has a service whose name is none")
    return services


def compose_in(folder: str) -> list[str]:
    """Raises Untold."""
    return ["env", f"--chdir={folder}", *compose_command()]


@functools.cache
def compose_command() -> tuple[str, ...]:
    """Whichever there is. Raises Untold."""
    if run(["docker", "compose", "version"], 20).code == 0:
        return ("docker", "compose")
    if shutil.which("docker-compose"):
        return ("docker-compose",)
    raise Untold("neither `docker compose` nor `docker-compose` is there")


def failure(done: Outcome, timeout: int) -> str:
    """In one line."""
    said = " ".join("".join(each if each.isprintable() else " " for each in done.output[-TAIL:]).split())
    return (f"not done after {timeout} s" if done.code == 124 else f"exit status {done.code}") + (f": {said}" if said else "")


def is_mounted(path: str) -> bool:
    """By the kernel's own table. What mounts at the first access is woken by one."""
    run(["stat", "--", f"{path}/."], 20)
    return any(each.target == path and each.fstype != "autofs" for each in mounted_now())


def disk_in_words() -> str:
    try:
        folder = docker_root()
        space = os.statvfs(folder)
    except (Silent, OSError):
        return "not known"
    if space.f_bavail * space.f_frsize < ENOUGH:
        return f"full: {folder}"
    return f"out of inodes: {folder}" if space.f_files and not space.f_favail else "has room"


def look(declared: Declared, brought: Collection[str] = ()) -> int:
    """For Prometheus. A daemon that does not answer is no failed look. `brought`: names of what has just been brought back."""
    samples: dict[str, list[tuple[str, int]]] = {what: [] for what in MEANINGS}
    back = set(brought)
    try:
        containers = read_containers()
    except Silent as error:
        say(f"docker does not answer: {error}")
        write_metrics(METRICS_FILE, single("holdfast_docker_up", UP, 0) + looked())
        try_to_store(LOOKED, "")
        return 0
    for deployment in declared.deployments:
        try:
            refuse_foreign(deployment)
            parts = known_parts(deployment, containers)
        except Untold as error:
            say(f"{deployment.name}: {error}")
            samples["deployment_readable"].append((deployment.name, 0))
            continue
        samples["deployment_readable"].append((deployment.name, 1))
        if parts is None:
            continue
        if all(part.is_up for part in parts):
            back.add(deployment.name)
        counts = {
            "containers_expected": [part.name for part in parts if part.is_expected],
            "containers_running": running(parts),
            "containers_unhealthy": unhealthy(parts),
            "containers_restarting": looping(parts, time.time()),
        }
        for what, names in counts.items():
            samples[what].append((deployment.name, len(names)))
    settle(declared, back)
    write_metrics(METRICS_FILE, metrics_of_docker(samples, len(containers)))
    try_to_store(LOOKED, "")
    return 0


def settle(declared: Declared, back: Collection[str]) -> None:
    """What a boot could not bring back, and is back, has not failed any more, whoever it was that brought it back. No lock: one
    that is held would keep a boot's run from its work."""
    last = read_text(LAST)
    moment, outcome, *names = [*last.splitlines(), "", ""]
    failed = [name for name in names if name] or [each.name for each in declared.deployments]  # an earlier version named none
    away = [each.name for each in declared.deployments if each.name in failed and each.name not in back]
    if outcome == "failed" and not away and read_text(LAST) == last:
        try_to_store(LAST, f"{moment}\nbrought back\n")


UP = "Whether the Docker daemon answers."
MEANINGS = {
    "deployment_readable": "Whether it can be told what a deployment is to run: 0 where its project cannot be read, or others could change what is run.",
    "containers_expected": "Containers (services of a Compose project) that a deployment is to have running.",
    "containers_running": "Of these, those that run.",
    "containers_unhealthy": "Of these, those whose own health check fails.",
    "containers_restarting": "Of these, those that end and are started again and again.",
}


def metrics_of_docker(samples: dict[str, list[tuple[str, int]]], count: int) -> str:
    by_deployment = [
        gauge(f"holdfast_docker_{what}", MEANINGS[what], [({"deployment": name}, number) for name, number in each])
        for what, each in samples.items()
        if each
    ]
    return "".join(
        [
            single("holdfast_docker_up", UP, 1),
            single("holdfast_docker_containers", "All containers, declared or not, running or not.", count),
            *by_deployment,
            looked(),
        ]
    )


def looked() -> str:
    last, outcome, *_ = [*read_text(LAST).splitlines(), "", ""]
    return single("holdfast_docker_looked_timestamp_seconds", "When that was last looked at.", int(time.time())) + (
        single("holdfast_docker_redeploy_timestamp_seconds", "When it was last seen to, after a boot, that what is declared is there.", last)
        + single("holdfast_docker_redeploy_failed", "Whether that failed, and what failed is not back yet.", int(outcome == "failed"))
        if last.isdigit()
        else ""
    )


def state(declared: Declared) -> int:
    try:
        containers = read_containers()
    except Silent:
        print(json.dumps({"daemon": "does not answer", "disk": "not known", "deployments": {}}))
        return 0
    print(json.dumps({"daemon": "answers", "disk": disk_in_words(), "deployments": words_of(declared, containers)}))
    return 0


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    try:
        declared = read_declared(CONF)
        if not arguments:
            return after_boot(declared)
        if arguments[0] == "--now":
            return by_hand(declared, arguments[1:])
        if arguments == ["--look"]:
            pay()
            return look(declared)
        if arguments == ["--state"]:
            return state(declared)
    except (ValueError, Silent) as error:
        print(error, file=sys.stderr)
        return 1
    print("usage: redeploy [--now [NAME…] | --look | --state]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
