"""What a client hears of transactions that a service does (runner.py): events as they come, and results."""

import json
import os
import time

from engine import durable, runner

POLL = 0.02  # seconds between looks for news: fifty a second cost a node nothing to speak of
TOGETHER = 0.5  # seconds that a result waits for others: what they have made is then looked at with the same commands


def follow(identifiers, send):
    """Of several transactions, {place in the request or None: id}: sends the events on as they come, and yields {place:
    result} of those that stand. Bounded by the transactions' own bounds."""
    positions = dict.fromkeys(identifiers, 0)
    stand, since = {}, None
    last_look = time.monotonic()
    while positions or stand:
        now = time.monotonic()
        is_time = now - last_look > 5
        for number, position in list(positions.items()):
            identifier = identifiers[number]
            folder = f"{durable.RUN}/{identifier}"
            if not is_time and not has_news(folder, position):
                continue
            done = durable.read_regular(f"{folder}/result.json")
            positions[number] = pass_on(f"{folder}/events", position, {} if number is None else {"set": number}, send)
            is_lost = is_time and not done and not runner.is_running(runner.unit_of(identifier)) and not runner.has_result(identifier)
            if done or is_lost:
                del positions[number]
                stand[number] = json.loads(done) if done else remembered(identifier)
                since = since or now
        if stand and (not positions or now - since > TOGETHER):
            yield stand
            stand, since = {}, None
        if is_time:
            last_look = now
        if positions:
            time.sleep(POLL)


def has_news(folder, position):
    """Asked fifty times a second for each transaction, while the node has better things to do: so nothing is opened."""
    return runner.size_of(f"{folder}/events") > position or os.path.exists(f"{folder}/result.json")


def pass_on(path, position, about, send):
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


def remembered(identifier):
    kept = durable.read_regular(f"{durable.RESULTS}/{identifier}.json")
    return json.loads(kept) if kept else {"outcome": "unknown"}
