"""The conversation with the provider, over stdin and stdout of one remote command.

Frames are `LENGTH NEWLINE JSON`. A frame that is cut short means nothing at all: the work starts only on a whole plan.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from engine import durable, files, install, recovery, results, runner, verdict
from engine.follow import follow
from engine.refusal import Refused, code_of, explain
from look import busy, facts, observe

Message = dict[str, Any]  # a frame's content; the client's are checked by the program that sends them, see host/conversation.ts


def receive() -> Message | None:
    """The next frame, or None where the client is gone."""
    head = sys.stdin.buffer.readline(32)
    if not head.endswith(b"\n"):
        return None
    wanted = int(head)
    data = sys.stdin.buffer.read(wanted)
    return dict(json.loads(data)) if len(data) == wanted else None


FRAME_LIMIT = 6 << 20  # bytes: the client takes no more (ANSWER_LIMIT in host/conversation.ts)
PROGRESS = 5  # seconds between words on what a look is at


def send(message: Message) -> None:
    # Names of files may be no UTF-8 (surrogates): what cannot be said is shown as ?.
    data = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
    if len(data) > FRAME_LIMIT and "result" in message:
        return send(shortened(message))  # what became of the work is told in any case
    if len(data) > FRAME_LIMIT:
        said = f"the answer would have {len(data)} bytes, more than {FRAME_LIMIT}; longest: {', '.join(longest(message))}"
        raise Refused("observe", said, "answer-too-long")
    sys.stdout.buffer.write(b"%d\n%s" % (len(data), data))
    sys.stdout.buffer.flush()


def shortened(message: Message) -> Message:
    """Without the texts of long files. What else is in a result is bounded."""
    files = {path: {"kind": "unreadable", "detail": "too long to be sent"} if len(seen.get("content", "")) > 4096 else seen for path, seen in message["seen"]["files"].items()}
    return {**message, "seen": {**{key: value for key, value in message["seen"].items() if key != "sourced"}, "files": files}}


def longest(value: object, name: str = "") -> list[str]:
    """What takes the most room, as words: a log, perhaps, where a configuration file is expected."""
    found = []
    unread: list[tuple[str, object]] = [(name, value)]
    while unread:
        name, value = unread.pop()
        if isinstance(value, str):
            found.append((len(value), name))
        elif isinstance(value, (dict, list)):
            inner = value.items() if isinstance(value, dict) else ((f"{name}[]", each) for each in value)
            unread += [(name if key == "content" else str(key), each) for key, each in inner]
    return [f"{name} ({size} characters)" for size, name in sorted(found, reverse=True)[:3]]


class Progress:
    """Says what a look is at, seldom enough to cost nothing: silence would be taken for a lost connection."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, what: str) -> None:
        if time.monotonic() - self.told > PROGRESS:
            send({"event": {"phase": "observe", "message": what}})
            self.told = time.monotonic()


def main(version: str, modules: install.Modules | None = None) -> None:
    """`modules`: {path: (source, code or None)} where the program is not installed yet and runs from what the client
    sent."""
    try:
        while (request := receive()) is not None:
            answer(request, version, modules)
    finally:
        runner.dismiss()


def answer(request: Message, version: str, modules: install.Modules | None) -> None:
    try:
        answers = {"read": read, "apply": apply, "result": result, "check": check, "confirm": confirm, "outlook": outlook, "step": step}
        answers[request["op"]](request, version, modules)
    except BrokenPipeError:
        raise  # the client is gone
    except OSError as error:
        send({"result": verdict.failed("lock", code_of(error), explain(error, error.filename or "the node"), verdict.NOTHING)})
    except Refused as refused:
        send({"result": verdict.failed(refused.phase, refused.code, str(refused), verdict.NOTHING)})


def read(request: Message, version: str, modules: install.Modules | None) -> None:
    """Answers for the spec that was asked for and, if not for it `alone`, for every other one that Holdfast manages here."""
    specs = {} if request.get("alone") else managed()
    if "spec" in request:
        specs[request["name"]] = request["spec"]
    tell = Progress()
    seen = observe.observe_all(list(specs.values()), tell)
    send({"observed": [{"spec": spec, "seen": each} for spec, each in zip(specs.values(), seen)], **around(request, tell, seen)})


def check(request: Message, version: str, modules: install.Modules | None) -> None:
    """The checks alone, of the concerns that are asked for, as main.py's `check` prints them."""
    import standing  # seldom asked for

    send({"hostname": os.uname().nodename, "checked": standing.answer_of(request["concerns"], version)})


def outlook(request: Message, version: str, modules: install.Modules | None) -> None:
    """What a reboot would mean."""
    from power import steps  # `holdfast reboot` asks

    send({"hostname": os.uname().nodename, "outlook": steps.outlook()})


def step(request: Message, version: str, modules: install.Modules | None) -> None:
    """One step to a reboot."""
    from power import steps

    send({"hostname": os.uname().nodename, "taken": steps.take(request)})


def around(request: Message, tell: observe.Tell, seen: Iterable[Message]) -> Message:
    """What the lints want to know besides the files themselves."""
    found: Message = {"hostname": os.uname().nodename}
    at_work = busy.busy()
    if at_work is not None:
        found["busy"] = at_work
    if request.get("sourced"):
        found["sourced"] = observe.read_matching(request["sourced"])
    if request.get("facts"):
        tell("disks, mounts and links")
        found["facts"] = facts.gather([*found.get("sourced", {}).values(), *network_texts(seen)], bool(request.get("units")))
    if request.get("written"):
        tell("who wrote what differs")
        from look import provenance  # a drift run asks for it, where something differs

        found["writers"] = provenance.writers(request["written"])
    if request.get("origins"):
        from look import origin  # a first push asks for it

        found["origins"] = origin.origins(request["origins"])
    if request.get("votes"):
        from power import quorum  # a risky push asks for it

        found["cluster"] = quorum.look()
    if request.get("originals"):
        found["originals"] = read_originals(request["originals"])
    return found


def network_texts(seen: Iterable[Message]) -> list[str]:
    files = [text for each in seen for text in each.get("sourced", {}).values()]
    read = [(path, file.get("content")) for each in seen for path, file in each["files"].items()]
    return files + [text for path, text in read if text is not None and path.startswith("/etc/network/")]


def read_originals(names: Iterable[str]) -> dict[str, Message]:
    """{path or unit: as it was before Holdfast}; a file's content comes from the backups."""
    known = files.originals()
    found = {name: known[name] for name in names if name in known}
    for seen in found.values():
        if "sha256" in seen:
            data = durable.read_regular(f"{files.STATE}/backups/{seen['sha256']}")
            try:
                if data is not None:
                    seen["content"] = data.decode()
            except UnicodeDecodeError:
                seen["binary"] = True
    return found


def apply(request: Message, version: str, modules: install.Modules | None) -> None:
    """Looks at several FileSets, takes a decision for each (a plan, `nothing` or `refused`), and follows one service that does
    them in their order. Frames about one of them carry its place in the request as `set`."""
    if os.geteuid() == 0:
        recovery.settle_first(lambda phase, message: send({"event": {"phase": phase, "message": message}}), bool(request.get("change")))
    sets = request["sets"]
    tell = Progress()
    seen = observe.observe_all([each["spec"] for each in sets], tell)
    send({"looks": seen, **around(request, tell, seen)})
    decided = receive()
    decisions = {number: plan for number, plan in enumerate(decided["plans"]) if not plan.get("refused")} if decided else {}
    if not decided or not decisions:
        return
    if os.geteuid() != 0:
        said = "not root on the node: connect as root, or as a user with sudo -n"
        send({"result": verdict.failed("lock", "not-root", said, verdict.NOTHING)})
        return
    program = install.ensure(version, modules)
    for number in decisions:
        if "expected" in sets[number]:
            expect(sets[number]["name"], sets[number]["expected"])
    # Before another word to the client: one that is gone by now does not keep the work from being done.
    runner.start(program, [plan for plan in decisions.values() if not plan.get("nothing")])
    try:
        tell_of(sets, decisions, decided)
    except BrokenPipeError:
        raise
    except OSError as error:  # to the client that would mean that nothing was done: it had better come back and ask
        raise RuntimeError(f"handed over, then: {error}") from error


def tell_of(sets: list[Message], decisions: Mapping[int, Message], decided: Message) -> None:
    for number in decisions:
        remember(sets[number]["name"], sets[number]["spec"])
    for number, plan in decisions.items():
        if plan.get("nothing"):
            send({"set": number, "result": {"outcome": "unchanged"}})
    handed_over = {number: plan["id"] for number, plan in decisions.items() if not plan.get("nothing")}
    for outcomes in follow(handed_over, send):
        seen = observe.observe_all([sets[number]["spec"] for number in outcomes], Progress())
        for (number, outcome), each in zip(outcomes.items(), seen):
            send({"set": number, "result": outcome, "seen": each})


def result(request: Message, version: str, modules: install.Modules | None) -> None:
    """What became of a transaction whose client lost the connection. Asking again is harmless."""
    is_here = os.path.isdir(f"{durable.RUN}/{request['id']}")
    outcome = next(follow({None: str(request["id"])}, send))[None] if is_here else results.remembered(request["id"])
    send({"result": outcome, "seen": observe.observe_all([request["spec"]], Progress())[0]})


def confirm(request: Message, version: str, modules: install.Modules | None) -> None:
    """By the client that began the change, over another connection than it began it on. Asking again is harmless."""
    from engine import pending

    def tell(phase: str, message: str) -> None:
        send({"event": {"phase": phase, "message": message}})

    answer = pending.confirm(str(request["id"]), str(request["token"]), tell)
    if answer["state"] == "waiting":
        send({"confirm": answer})
    else:
        send({"confirm": answer, "result": results.read(request["id"]) or results.remembered(request["id"])})


def managed() -> dict[str, Message]:
    """{concern: spec}: every FileSet that was ever applied here, so that one command answers for all."""
    folder = "/var/lib/holdfast/managed"
    specs: dict[str, Message] = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if not name.endswith(".json"):
            continue
        try:
            with open(f"{folder}/{name}", encoding="utf-8") as stream:
                specs[name[: -len(".json")]] = json.load(stream)
        except (OSError, ValueError):
            continue  # only a hint: what is missing here is asked for by itself
    return specs


def remember(name: str, spec: Message) -> None:
    path = f"/var/lib/holdfast/managed/{name}.json"
    data = json.dumps(spec, sort_keys=True).encode()
    if durable.read_regular(path) != data:
        durable.replace(path, data)


def expect(name: str, expected: Message) -> None:
    import standing  # only a push has something to expect

    standing.expect(name, expected)
