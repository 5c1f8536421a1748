"""What stands on the node now. Reads only; nothing here is slow or touches hardware.

A spec says what to look at: {files: {path: {when?, yields?: bool | {files: [pattern], line}}}, packages: [name], units: [name], facts: {name: {probe, args}}}.
"""

from __future__ import annotations

import glob
import grp
import json
import os
import pwd
import stat
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import probes
from engine import commands, dpkg, durable, safe

Thing = dict[str, Any]  # a spec, or what was seen
Tell = Callable[[str], object]  # of what comes next
HEADER = b"Managed by Holdfast"
SIZE_LIMIT = 1 << 20  # bytes, as they are sent; a configuration file is smaller, and a log put in its place must not fill the wire
DATE_LIMIT = 1 << 40  # seconds since 1970: a file's time may be any number, a date may not


def observe(spec: Thing) -> Thing:
    return observe_all([spec])[0]


def observe_all(specs: Sequence[Thing], tell: Tell = lambda what: None) -> list[Thing]:
    """One command for the packages of all, one for the units: starting them takes longer than all the rest.

    `tell`: of what comes next, each within the minute that the client waits for a word.
    """
    probes.look_anew()
    tell("packages")
    installed = installed_packages(in_any(specs, "packages"))
    tell("units")
    units = observe_units(in_any(specs, "units"), tell)
    identity_of_machine = machine()
    return [{**observe_spec(spec, installed, units, tell), **identity_of_machine} for spec in specs]


def observe_spec(spec: Thing, installed: Sequence[str], units: Thing, tell: Tell) -> Thing:
    seen: dict[str, Thing] = {"files": {}, "facts": {}}
    for path, wanted in spec.get("files", {}).items():
        tell(path)
        seen["files"][path] = observe_file(path, wanted.get("when"), wanted.get("yields"))
    for name, fact in spec.get("facts", {}).items():
        tell(name)
        seen["facts"][name] = probes.probe(fact["probe"], fact.get("args", []))
    return {
        **seen,
        "packages": [name for name in spec.get("packages", []) if name in installed],
        "units": {name: units[name] for name in spec.get("units", [])},
        **sourced_by(spec),
    }


def machine(path: str = "/etc/machine-id") -> dict[str, str]:
    """{machine: 32 digits} tells this machine from another one under its name. machine-id(5) asks not to show the id
    itself."""
    try:
        with open(path, "rb") as stream:
            text = stream.read(64).strip()
    except OSError:
        return {}
    return {"machine": durable.digest(b"holdfast " + text)[:32]} if text else {}


def sourced_by(spec: Thing) -> Thing:
    patterns = [pattern for fact in spec.get("facts", {}).values() if fact["probe"] == "sourced-files" for pattern in fact.get("args", [])]
    return {"sourced": read_matching(patterns)} if patterns else {}


def read_matching(patterns: Iterable[str]) -> dict[str, str]:
    """{path: content} of the readable text files that the glob patterns match."""
    found = {}
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            seen = observe_file(os.path.realpath(path))
            if "content" in seen:
                found[path] = seen["content"]
    return found


def in_any(specs: Iterable[Thing], key: str) -> list[str]:
    return list(dict.fromkeys(name for spec in specs for name in spec.get(key, [])))


def observe_file(path: str, when: str | None = None, yields: bool | Thing | None = False) -> Thing:
    """{kind: file|absent|symlink|folder|special|unreadable|not applicable, …}. A file has content, sha256, owner,
    group, mode."""
    if when is not None and not os.path.exists(when):
        return {"kind": "not applicable", "detail": f"{when} does not exist"}
    if yields and os.path.lexists(path) and not is_ours(path):
        return {"kind": "not applicable", "detail": "somebody else's, it stays"}
    other = done_elsewhere(path, yields) if isinstance(yields, dict) else None
    if other is not None:
        return {"kind": "not applicable", "detail": f"{other} does its work"}
    why = safe.why_unsafe(path)
    if why is not None:  # whoever it is may show anything there, and have root write anywhere
        return {"kind": "unreadable", "detail": why}
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"kind": "absent"}
    except OSError as error:  # a loop of links, a pmxcfs that has died
        return {"kind": "unreadable", "detail": error.strerror}
    if stat.S_ISLNK(status.st_mode):
        return {"kind": "symlink", "detail": os.fsencode(os.readlink(path)).decode("utf-8", "replace")}
    if stat.S_ISDIR(status.st_mode):
        return {"kind": "folder"}
    if not stat.S_ISREG(status.st_mode):
        return {"kind": "special"}
    if status.st_size > SIZE_LIMIT:
        return {"kind": "unreadable", "detail": f"{status.st_size} bytes, more than {SIZE_LIMIT}"}
    try:
        data = durable.read_regular(path)
    except OSError as error:
        return {"kind": "unreadable", "detail": str(error)}
    if data is None:
        return {"kind": "absent"}
    seen: Thing = {
        "kind": "file",
        "sha256": durable.digest(data),
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "owner": user_name(status.st_uid),
        "group": group_name(status.st_gid),
    }
    if 0 <= status.st_mtime < DATE_LIMIT:
        seen["modified"] = int(status.st_mtime)
    try:
        seen["content"] = data.decode("utf-8")
    except UnicodeDecodeError:
        seen["content"] = data.decode("utf-8", "replace")
        seen["binary"] = True
    size = size_on_wire(seen["content"]) if len(data) > SIZE_LIMIT // 6 else 0  # no character takes more than six bytes
    if size > SIZE_LIMIT:
        return {"kind": "unreadable", "detail": f"{size} bytes where they are sent, more than {SIZE_LIMIT}"}
    return seen


def done_elsewhere(path: str, wanted: Thing) -> str | None:
    """{files: [pattern], line}: the file of somebody else that has such a line. Where ours stands already it stays ours."""
    if os.path.lexists(path):
        return None
    for pattern in wanted["files"]:
        for other in sorted(glob.glob(pattern)):
            if other == path or is_ours(other):
                continue
            seen = observe_file(os.path.realpath(other))
            if any(line.strip().lower().endswith(wanted["line"].lower()) for line in seen.get("content", "").splitlines()):
                return str(other)
    return None


def size_on_wire(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def is_ours(path: str) -> bool:
    """Whether it is a plain file whose first line says so."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        with open(path, "rb") as stream:
            return HEADER in stream.readline(200)
    except OSError:
        return False


def identity(seen: Thing) -> list[Any]:
    """What has to stay the same between the look that a plan was made from and the commit."""
    return [seen.get(key) for key in ("kind", "sha256", "mode", "owner", "group", "detail")]


def observe_unit(name: str, tell: Tell) -> Thing:
    tell(name)
    return dict(observe_units([name])[name])


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def installed_packages(names: Sequence[str]) -> list[str]:
    """The subset of `names` that dpkg has fully installed, in their order. Of `docker.io | docker-ce` either will do."""
    if not names:
        return []
    installed = {package for package, state in dpkg.states(names) if state == "installed"}
    return [name for name in names if installed.intersection(dpkg.alternatives(name))]


def missing_units(names: Iterable[str]) -> list[str]:
    """Those that have no unit file: systemctl is asked of each by itself, since one that it stops at says nothing of
    the others."""
    return [name for name in names if commands.run(["systemctl", "show", "-p", "LoadState", "--value", "--", name]).output.strip() == "not-found"]


def observe_units(names: Sequence[str], tell: Tell = lambda what: None) -> dict[str, Thing]:
    """{unit: {enabled: bool, active: bool, detail: "enabled, failed"}}; one systemctl call for all."""
    if not names:
        return {}
    shown = commands.run(["systemctl", "show", "-p", "Id,Names,LoadState,ActiveState,SubState,UnitFileState", "--", *names], limit=1 << 20)
    blocks = shown.output.strip("\n").split("\n\n")
    if not shown.ok or len(blocks) != len(names):
        if len(names) == 1:
            return {names[0]: {"enabled": False, "active": False, "detail": f"unreadable: {shown.explain()}"}}
        return {name: observe_unit(name, tell) for name in names}  # one that systemctl stops at says nothing of the others
    units = {}
    for name, block in zip(names, blocks):
        state = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        loaded, active, enabled = (state.get(key, "") for key in ("LoadState", "ActiveState", "UnitFileState"))
        if state.get("SubState") == "auto-restart":
            active = "failing, and restarted"  # systemd says that it is activating
        units[name] = {
            # Not enabled-runtime: that is over with the next boot.
            "enabled": enabled in ("enabled", "static", "alias", "generated"),
            "active": active in ("active", "activating", "reloading"),
            "detail": ", ".join(part for part in (loaded if loaded != "loaded" else enabled, active) if part),
        }
    return units
