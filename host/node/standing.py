"""The checks alone: without a transaction and without a client, for a timer, for `holdfast ready`, for a person on the node.

    /usr/bin/python3 -I -S -X utf8 /usr/local/lib/holdfast/current/main.py check [CONCERN…]

What is expected lies in /var/lib/holdfast/expected/CONCERN.json, written by the push that declared it: {commands: [{argv,
timeout?}], facts: {name: {probe, args, value}}}. A concern may bring checks of its own besides: `STANDING` in its `node/`, the
name of a function that takes nothing and gives {check: Verdict}. Nothing here writes, wakes a disk or leaves the node.

The answer is {host, version, at (seconds since 1970), state, verdicts: [{concern, check, state, code, text, remedy}]}, documented
in docs/checks.md. Exit status 0: all is well, 2: something is bad, 1: nothing is, and something could not be told.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

import checks
import concerns
import probes
from engine import durable
from look.verdict import Verdict, bad, passed, skipped, unknown
from look.words import one_line

EXPECTED = "/var/lib/holdfast/expected"
TIMEOUT = 20  # seconds for one check


class Told(TypedDict):
    concern: str
    check: str
    state: str
    code: str
    text: str
    remedy: str


class Answer(TypedDict):
    host: str
    version: str
    at: int
    state: str
    verdicts: list[Told]


def main(arguments: Sequence[str]) -> int:
    answer = answer_of(arguments, os.path.basename(os.path.dirname(os.path.realpath(__file__))))
    json.dump(answer, sys.stdout, ensure_ascii=False)
    print()
    return {"ok": 0, "bad": 2}.get(answer["state"], 1)


def answer_of(names: Sequence[str], version: str) -> Answer:
    """`names`: of concerns; none means all that were pushed here. `version`: of this program."""
    probes.look_anew()
    known = expectations()
    verdicts = [told for name in (names or known or ["node"]) for told in told_by(name, known.get(name))]
    return {
        "host": os.uname().nodename.partition(".")[0],
        "version": version,
        "at": int(time.time()),
        "state": state_of(verdict["state"] for verdict in verdicts),
        "verdicts": verdicts,
    }


def state_of(states: Iterable[str]) -> str:
    """`ok` where nothing is bad or unknown. What is bad stays so whatever else could not be told."""
    found = set(states)
    return next((state for state in ("bad", "unknown") if state in found), "ok")


def told_by(concern: str, expected: Mapping[str, Any] | None) -> Iterator[Told]:
    if expected is None:
        yield told(concern, "expected", unknown("nothing-expected", "nothing that root may read says what is expected here", "be root, and run `pulumi up`, which brings it"))
        return
    for command in expected.get("commands", []):
        yield told(concern, " ".join(command["argv"][1:]), guarded(lambda command=command: of_command(command)))  # type: ignore[misc]
    own = standing(concern)
    # A concern with checks of its own has facts that sum them up.
    for name, fact in expected.get("facts", {}).items() if own is None else []:
        yield told(concern, name, guarded(lambda fact=fact: of_fact(fact)))  # type: ignore[misc]
    for name, verdict in (own or {}).items():
        yield told(concern, name, verdict)


def of_command(command: Mapping[str, Any]) -> Verdict:
    """One of the node's own checks, on what stands there instead of on what is staged."""
    name, *words = command["argv"][1:]
    if concerns.wakes(name):
        return skipped("only-in-transaction", "it wakes a disk or starts something, so it is asked in a transaction alone")
    return checks.check(name, [live(word) for word in words], min(float(command.get("timeout", TIMEOUT)), TIMEOUT))


def live(word: str) -> str:
    return word[len("{staged:") : -1] if word.startswith("{staged:") and word.endswith("}") else word


def of_fact(fact: Mapping[str, Any]) -> Verdict:
    found, value = probes.probe(fact["probe"], fact.get("args", [])), fact["value"]
    if found["state"] in ("unknown", "skipped"):
        return Verdict(found["state"], found["code"], found["text"])
    if found["text"] == value:
        return passed(value)
    return bad("not-as-declared", f"{found['text']}, not {value}", "look at `pulumi preview --refresh --diff`, which says what to do about it")


def standing(concern: str) -> dict[str, Verdict] | None:
    """What a concern checks by itself; the folder of `boot-readiness` is `bootReadiness`."""
    first, *rest = concern.split("-")
    folder = first + "".join(word.capitalize() for word in rest)
    if folder not in concerns.FOLDERS:
        return None
    path = getattr(concerns.brought_by(folder), "STANDING", None)
    if path is None:
        return None
    module, function = path.rsplit(".", 1)
    found: dict[str, Verdict] = getattr(importlib.import_module(module), function)()
    return found


def guarded(check: Callable[[], Verdict]) -> Verdict:
    """One that breaks down must not keep the others from being heard."""
    try:
        return check()
    except Exception as error:
        return unknown("check-failed", f"{type(error).__name__}: {error}", "look at the node; where nothing is wrong there, please report it")


def told(concern: str, check: str, verdict: Verdict) -> Told:
    return {
        "concern": concern,
        "check": check,
        "state": verdict.state,
        "code": verdict.code,
        "text": one_line(verdict.text),
        "remedy": one_line(verdict.remedy),
    }


def expectations() -> dict[str, dict[str, Any] | None]:
    """{concern: what is expected}, None where that cannot be read."""
    found: dict[str, dict[str, Any] | None] = {}
    for name in sorted(os.listdir(EXPECTED)) if os.path.isdir(EXPECTED) else []:
        if name.endswith(".json"):
            try:
                found[name[: -len(".json")]] = dict(json.loads(durable.read_regular(f"{EXPECTED}/{name}") or b"{}"))
            except (OSError, ValueError):
                found[name[: -len(".json")]] = None
    return found


def expect(name: str, expected: Mapping[str, Any]) -> None:
    """Of a FileSet that is being pushed. The folder is root's, and so is what is in it."""
    path = f"{EXPECTED}/{name}.json"
    data = json.dumps(expected, sort_keys=True).encode()
    if durable.read_regular(path) != data:
        durable.replace(path, data)
