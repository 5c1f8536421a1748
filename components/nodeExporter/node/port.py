"""Whether prometheus-node-exporter answers, and whom. The effect is tried, never the setting: in a container, and on
a kernel without cgroup BPF, systemd accepts IPAddressDeny= and nothing comes of it."""

import re
import socket
import time
from collections.abc import Iterable

from engine import commands
from look.verdict import Verdict, bad, passed, skipped

CONNECT_TIMEOUT = 0.2  # seconds; on the machine itself a connection takes less than a millisecond, or is dropped
START_TIMEOUT = 10  # seconds until a started exporter listens


def complaint(timeout: float, port: str, *scrapers: str) -> Verdict:
    """After a change."""
    deadline = time.monotonic() + min(START_TIMEOUT, timeout)
    while not answers("127.0.0.1", port):
        if time.monotonic() > deadline:
            return bad("exporter-silent", f"nothing answers on 127.0.0.1 port {port}", "look at journalctl -u prometheus-node-exporter")
        time.sleep(0.1)
    if is_open(port, forbidden(scrapers)):
        return bad(
            "exporter-open",
            f"port {port} also answers addresses that may not scrape",
            "look at systemctl show -p IPAddressDeny prometheus-node-exporter",
        )
    return passed()


def verdict(port: str, *scrapers: str) -> str | Verdict:
    if not answers("127.0.0.1", port):
        return "no answer"
    others = forbidden(scrapers)
    if is_open(port, others):
        return "open to every address"
    if not others:
        return skipped("all-may-scrape", "every address of this host may scrape")
    return "answers, and others are refused"


def forbidden(scrapers: Iterable[str]) -> set[str]:
    """Addresses of this machine that may not scrape."""
    return own_addresses() - canonical(scrapers)


def is_open(port: str, others: Iterable[str]) -> bool:
    return any(connects(address, port) for address in others)


def filter_complaint(timeout: float) -> Verdict:
    """Before anything listens: does this kernel drop what IPAddressDeny= names?"""
    program = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 1)"
    filtered = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "-p", "IPAddressDeny=any"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        gets_through = commands.run([*filtered, "/usr/bin/python3", "-I", "-S", "-c", program, str(port)], timeout).ok
    if not gets_through:
        return passed()
    return bad(
        "filter-not-enforced",
        "this kernel does not enforce IPAddressDeny= (a container?), so the port would be open to everyone. "
        "Set nodeExporter to false for this host, or leave monitoring.hosts out to listen on loopback only",
    )


def answers(address: str, port: str) -> bool:
    """Any HTTP answer counts: 401 with basic auth, 400 where it wants TLS. `/` runs no collector."""
    try:
        with socket.create_connection((address, int(port)), 1) as stream:
            stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return stream.recv(5) == b"HTTP/"
    except OSError:
        return False


def connects(address: str, port: str) -> bool:
    try:
        socket.create_connection((address, int(port)), CONNECT_TIMEOUT).close()
        return True
    except OSError:
        return False


def own_addresses() -> set[str]:
    """One global address of each family: a connection from it to itself comes from no address that may scrape."""
    listed = commands.run(["ip", "-o", "address", "show", "up", "scope", "global"]).output
    found = [re.search(rf" {family} ([0-9a-f.:]+)/", listed) for family in ("inet", "inet6")]
    return canonical([match.group(1) for match in found if match])


def canonical(addresses: Iterable[str]) -> set[str]:
    families = ((socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in addresses)
    return {socket.inet_ntop(family, socket.inet_pton(family, address)) for family, address in families}
