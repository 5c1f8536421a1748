"""What a client hears of transactions that a service does (runner.py): events as they come, and results."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from engine import durable, results, runner
from engine.verdict import Result

Place = TypeVar("Place", int, None)  # of a transaction in the request

POLL = 0.02  # seconds between looks for news: fifty a second cost a node nothing to speak of
TOGETHER = 0.5  # seconds that a result waits for others: what they have made is then looked at with the same commands


def follow(identifiers: Mapping[Place, str], send: Callable[[dict[str, Any]], None]) -> Iterator[dict[Place, Result]]:
    """Of several transactions, {place in the request or None: id}: sends the events on as they come, and yields {place:
    result} of those that stand. Bounded by the transactions' own bounds."""
    positions = dict.fromkeys(identifiers, 0)
    stand: dict[Place, Result] = {}
    since: float | None = None
    last_look = time.monotonic()
    while positions or stand:
        now = time.monotonic()
        is_time = now - last_look > 5
        for number, position in list(positions.items()):
            identifier = identifiers[number]
            folder = f"{durable.RUN}/{identifier}"
            if not is_time and not has_news(folder, position):
                continue
            done = results.read(identifier)
            positions[number] = pass_on(f"{folder}/events", position, {} if number is None else {"set": number}, send)
            is_lost = is_time and not done and not runner.is_under_way(identifier) and not results.has(identifier)
            if done or is_lost:
                del positions[number]
                stand[number] = done or results.remembered(identifier)
                since = since or now
        if stand and (not positions or now - (since or now) > TOGETHER):
            yield stand
            stand, since = {}, None
        if is_time:
            last_look = now
        if positions:
            time.sleep(POLL)


def has_news(folder: str, position: int) -> bool:
    """Asked fifty times a second for each transaction, while the node has better things to do: so nothing is opened."""
    return runner.size_of(f"{folder}/events") > position or os.path.exists(f"{folder}/result.json")


def pass_on(path: str, position: int, about: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> int:
    """Of what has come since the last look the latest: it is shown to a human, and the node's log has them all."""
    try:
        with open(path, "rb") as stream:
            stream.seek(position)
            lines = [line for line in stream if line.endswith(b"\n")]
    except FileNotFoundError:
        return position  # not started yet
    if lines:
        send({**about, "event": json.loads(lines[-1])})
    return position + sum(map(len, lines))
