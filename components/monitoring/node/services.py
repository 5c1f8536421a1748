"""Prometheus, blackbox exporter and Alertmanager: made to read their files, and asked whether they did."""

from __future__ import annotations

import http.client
import json
import re
import time
from typing import Any

from engine import commands
from look.verdict import Verdict, bad, passed

FOLDER = "/etc/prometheus/holdfast/"
ANSWER = 3  # seconds for one answer on the machine itself
RELOAD = 20  # seconds until a reload has been taken or refused; with many rules some
SHOWN = 5  # names in one line
ALL_WELL = "all answer, with the rules and targets of this stack"


def load(timeout: float, *services: str) -> Verdict:
    """`UNIT@ADDRESS`: started again where its arguments have changed, else it reads its files. `UNIT`: reads its files only.

    One that does not run is started afterwards, by the transaction."""
    for service in services:
        unit, _, address = service.partition("@")
        process = main_process(unit)
        if process is None:
            continue
        if address and running_arguments(process) != declared_arguments(unit):
            done = commands.run(["systemctl", "restart", unit], timeout)
        else:
            # One that has refused what stood there before says so until it has taken the next.
            before = (loaded_at(address), refuses(address)) if address else None
            done = commands.run(["systemctl", "reload", unit], timeout)
            if done.ok and before is not None and not took_it(address, *before):
                return bad("monitoring-refused", f"{unit} refuses its new configuration", f"look at journalctl -u {unit}")
        if not done.ok:
            return bad("monitoring-not-reloaded", f"{unit}: {done.explain()}", f"look at journalctl -u {unit}")
    return passed()


def main_process(unit: str) -> str | None:
    shown = commands.run(["systemctl", "show", "--property=MainPID", "--value", unit]).output.strip()
    return shown if shown not in ("", "0") else None


def running_arguments(process: str) -> list[str]:
    try:
        with open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as stream:
            return stream.read().rstrip("\0").split("\0")[1:]
    except OSError:
        return []


def declared_arguments(unit: str) -> list[str]:
    """As systemd takes `$ARGS` apart; Holdfast writes none with quotes."""
    try:
        with open(f"/etc/default/{unit.removesuffix('.service')}", encoding="utf-8", errors="replace") as stream:
            found = re.search(r'^ARGS="(.*)"$', stream.read(), re.MULTILINE)
    except OSError:
        return []
    return found.group(1).split() if found else []


def took_it(address: str, before: float, refused: bool) -> bool:
    """The signal is taken at leisure: until there is a newer success, or a refusal."""
    deadline = time.monotonic() + RELOAD
    while time.monotonic() < deadline:
        if loaded_at(address) > before:
            return True
        if not refused and refuses(address):
            return False
        time.sleep(0.2)
    return False


def loaded_at(address: str) -> float:
    """Seconds since 1970 of the last configuration that it took; 0 where it does not say."""
    return metric(address, "config_last_reload_success_timestamp_seconds") or 0


def refuses(address: str) -> bool:
    return metric(address, "config_last_reload_successful") == 0


def metric(address: str, ending: str) -> float | None:
    found = re.search(rf"^[a-z_]+_{ending} (\S+)$", ask(address, "/metrics")[1], re.MULTILINE)
    return float(found.group(1)) if found else None


def complaint(timeout: float, *addresses: str) -> Verdict:
    """After a change: the first address is Prometheus's. Whether the targets answer is no part of it."""
    deadline = time.monotonic() + timeout - 10
    wrong = what_is_wrong(addresses)
    while wrong and time.monotonic() < deadline:
        time.sleep(0.5)
        wrong = what_is_wrong(addresses)
    if wrong:
        return bad("monitoring-silent", wrong, "look at journalctl -u 'prometheus*'")
    return passed()


def verdict(*addresses: str) -> str:
    return what_is_wrong(addresses) or ALL_WELL


def what_is_wrong(addresses: tuple[str, ...]) -> str | None:
    for address in addresses:
        if ask(address, "/-/ready")[0] != 200 and ask(address, "/-/healthy")[0] != 200:
            return f"nothing answers on {address}"
        if refuses(address):
            return f"what answers on {address} refuses its configuration"
    if not any(group.get("file", "").startswith(FOLDER) for group in data(addresses[0], "/api/v1/rules").get("groups", [])):
        return "Prometheus does not read the rules of this stack"
    targets = data(addresses[0], "/api/v1/targets?state=active").get("activeTargets", [])
    missing = machines() - {target["labels"].get("node") for target in targets if target.get("scrapePool") == "ping"}
    if missing:
        return f"Prometheus does not watch {', '.join(sorted(missing)[:SHOWN])}{' and others' if len(missing) > SHOWN else ''}"
    return None


def machines() -> set[str]:
    """Of the stack, as they stand in Holdfast's own file."""
    try:
        with open(f"{FOLDER}machines.yml", encoding="utf-8", errors="replace") as stream:
            return {found[1].strip("\"'") for found in re.finditer(r"^ +node: (.+)$", stream.read(), re.MULTILINE)}
    except OSError:
        return set()


def data(address: str, path: str) -> dict[str, Any]:
    try:
        answer = json.loads(ask(address, path)[1])
    except ValueError:
        return {}
    found = answer.get("data") if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def ask(address: str, path: str) -> tuple[int, str]:
    """Status and text; 0 where nothing answers."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=ANSWER)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
