"""Facts that are no files: each probe takes its arguments and returns one short word or phrase, a verdict or a state.

Never a raw measurement (a temperature, an age): a nightly drift run would never be clean. Never a change.
"""

import functools
import glob
import importlib
import os

import commands
import facts


def probe(name, arguments):
    if name not in PROBES:
        return f"unknown probe {name}"
    try:
        return load(PROBES[name])(*arguments)
    except Exception as error:  # one that cannot tell must not keep the others from being heard
        return f"unknown: {type(error).__name__}: {error}"


def load(function):
    if callable(function):
        return function
    module, name = function.split(".")
    return getattr(importlib.import_module(module), name)


def resolver(name, family=None):
    """What pmxcfs would take: the first address of the name that is neither 127.* nor ::1."""
    addresses = resolve_once(name)
    if family:
        addresses = [address for address in addresses if (":" in address) == (family == "6")]
    usable = [address for address in addresses if not is_loopback(address)]
    if usable:
        return usable[0]
    return f"loopback {addresses[0]}" if addresses else "unresolved"


def resolve(name):
    """Addresses in the resolver's own order, through NSS as every program on the node sees it."""
    listed = commands.run(["getent", "ahosts", "--", name], timeout=10)
    seen = []
    for line in listed.output.splitlines():
        address = line.split()[0]
        if address not in seen:
            seen.append(address)
    return seen


resolve_once = functools.lru_cache(resolve)  # in one look: observe.py empties it


def is_loopback(address):
    return address.startswith("127.") or address == "::1"


def hostname():
    return os.uname().nodename


def mount(target):
    return "mounted" if any(point["target"] == target for point in facts.mounts()) else "not mounted"


def source(spec, target=None):
    """Whether an fstab source (UUID=…, LABEL=…, /dev/…) names a device of this node."""
    if facts.find_device(spec):
        return "present"
    mounted = [point for point in facts.mounts() if point["target"] == target]
    if target == "/" and mounted and not mounted[-1]["source"].startswith("/dev/"):
        return f"not checked: / is {mounted[-1]['fstype']}, no block device"
    return "absent"


def link(name):
    states = {item["name"]: item["state"] for item in facts.links_by_name()}
    state = states.get(name) or next((states.get(real) for real, others in facts.alternative_names().items() if name in others), None)
    if state is None:
        return "absent"
    return "down" if state == "down" else "up"  # a bridge or tunnel says `unknown` while it works


def interfaces_pending():
    """Proxmox applies this file at boot, over whatever stands in its place."""
    return "pending" if os.path.lexists("/etc/network/interfaces.new") else "none"


def interfaces_running():
    """Whether the file was written after the network was last brought up from it."""
    try:
        written = os.stat("/etc/network/interfaces").st_mtime
    except FileNotFoundError:
        return "no file"
    states = [os.stat(path).st_mtime for path in glob.glob("/run/network/ifstate*")]
    if not states:
        return "unknown"
    return "active" if written <= max(states) else "pending activation"


def sourced_files(*patterns):
    """Their content goes with the observation: the provider decides, which has the lints."""
    return "not checked"


def root_keys():
    """Where root's authorized_keys is kept: on Proxmox it is a link into pmxcfs, which is gone when pmxcfs is."""
    path = "/root/.ssh/authorized_keys"
    return "in pmxcfs" if os.path.realpath(path).startswith("/etc/pve/") else "on disk"


PROBES = {
    "resolver": resolver,
    "hostname": hostname,
    "mount": mount,
    "source": source,
    "link": link,
    "interfaces-pending": interfaces_pending,
    "sourced-files": sourced_files,
    "interfaces-running": interfaces_running,
    "root-keys": root_keys,
    # By name: loaded where a FileSet asks for them, since a node without a watch on its hardware need not have them.
    "exporter": "exporter.verdict",
    "temperature": "watch.temperature",
    "last-run": "watch.last_run",
    "mail": "watch.mail",
    "mail-relay": "watch.mail_relay",
    "ipmievd": "watch.ipmievd",
    "sel": "watch.sel",
    "smartd-coverage": "watch.smartd_coverage",
    "self-tests": "watch.self_tests",
}
