"""Facts for the lints: shapes are those of model/lintContext.ts. Read from /proc, /sys and /dev, without touching a
disk."""

import importlib.util
import json
import os
import re
from collections.abc import Iterable
from typing import Any

from engine import commands
from engine.mounts import mounted_now

# As JSON, and as the lints take it.
Thing = dict[str, Any]
DISK_FOLDERS = {"by-uuid": "uuid", "by-label": "label", "by-partuuid": "partuuid", "by-partlabel": "partlabel"}


# What makes somebody ask in which order units start. Few files have a word of it, and the answer costs more than all the rest.
# The lints have the same list (model/interfaces/rules/restarts.ts).
NAMES_UNITS = re.compile(r"\b(?:systemctl|service|invoke-rc\.d)\b", re.ASCII)


def gather(network: Iterable[str] = (), asks_units: bool = False) -> Thing:
    """`network`: texts of the network's files, as they are now."""
    found = {
        "hostname": os.uname().nodename,
        "blockDevices": block_devices(),
        "mounts": mounts(),
        "links": links(),
        "tools": tools(),
    }
    if asks_units or any(map(NAMES_UNITS.search, network)):
        found["units"] = units()
    return found


def tools() -> Thing:
    """What ifupdown2 runs only where it is installed."""
    return {"dhclient": os.access("/sbin/dhclient", os.X_OK), "mako": importlib.util.find_spec("mako") is not None}


def units() -> Thing:
    """{loaded, afterNetworking}: services by id; those that wait for networking.service, be it by way of a target."""
    # Of the targets and this one alone: systemd tells each unit that is asked for as a whole.
    asked = ["systemctl", "show", "--property=Id,Before", "--", "networking.service", "*.target"]
    before: dict[str, list[str]] = {}
    for block in commands.run(asked, timeout=10, limit=1 << 22).output.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in values:
            before[values["Id"]] = values.get("Before", "").split()
    waiting: set[str] = set()
    unseen = ["networking.service"]
    while unseen:  # each unit once
        later = set(before.get(unseen.pop(), [])) - waiting
        waiting |= later
        unseen += later
    listed = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", "--type=service"]
    lines = commands.run(listed, timeout=10, limit=1 << 22).output.splitlines()
    services = sorted(line.split()[0] for line in lines if line.strip())
    return {"loaded": services, "afterNetworking": [unit for unit in services if unit in waiting]}


def block_devices() -> list[Thing]:
    if os.path.isdir("/dev/disk"):
        return devices_of_udev()
    return devices_of_blkid()


def devices_of_udev() -> list[Thing]:
    """udev has already looked: its links tell everything, without waking a disk."""
    devices: dict[str, Thing] = {}

    def device(path: str) -> Thing:
        return devices.setdefault(path, {"path": path, "links": []})

    for folder, _, names in os.walk("/dev/disk"):
        key = DISK_FOLDERS.get(os.path.basename(folder))
        for name in names:
            link = os.path.join(folder, name)
            found = device(os.path.realpath(link))
            found["links"].append(link)
            if key:
                found[key] = unescape(name)
    for folder in ["/dev/mapper"] + [entry.path for entry in os.scandir("/dev") if entry.is_dir(follow_symlinks=False)]:
        if folder.startswith(("/dev/disk", "/dev/char", "/dev/fd", "/dev/pts", "/dev/shm", "/dev/mqueue")) or not os.path.isdir(folder):
            continue
        for entry in os.scandir(folder):  # /dev/mapper/pve-root, /dev/pve/root, /dev/zvol/…
            if entry.is_symlink() and os.path.realpath(entry.path).startswith("/dev/"):
                device(os.path.realpath(entry.path))["links"].append(entry.path)
    for path, found in devices.items():
        fstype = fstype_of_udev(path)
        if fstype:
            found["fstype"] = fstype
    return list(devices.values())


def fstype_of_udev(path: str) -> str | None:
    """From udev's own database: no look at the disk."""
    try:
        number = os.stat(path).st_rdev
    except FileNotFoundError:
        return None  # unplugged just now
    match = re.search(r"^E:ID_FS_TYPE=(.+)$", read_text(f"/run/udev/data/b{os.major(number)}:{os.minor(number)}") or "", re.MULTILINE)
    return match.group(1) if match else None


def devices_of_blkid() -> list[Thing]:
    """No udev here (a container): blkid reads the superblocks itself."""
    listed = commands.run(["blkid", "-c", "/dev/null", "-o", "export"], timeout=10)
    keys = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel", "TYPE": "fstype"}
    devices: list[Thing] = []
    for block in listed.output.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "DEVNAME" in values:
            known = {ours: values[theirs] for theirs, ours in keys.items() if theirs in values}
            devices.append({"path": values["DEVNAME"], "links": [], **known})
    return devices


def find_device(spec: str) -> bool:
    """Whether an fstab source names a device of this node. Sources that are no devices (NFS, tmpfs) are always
    found."""
    key, separator, value = spec.partition("=")
    names = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}
    if separator and key in names:
        value = value.strip('"')
        folder = f"/dev/disk/by-{names[key]}"
        if os.path.isdir("/dev/disk"):
            wanted = {value, value.lower(), value.upper()} if key.endswith("UUID") else {value}
            known = {unescape(name) for name in os.listdir(folder)} if os.path.isdir(folder) else set()
            return bool(wanted & known)
        return any(device.get(names[key], "").lower() == value.lower() for device in block_devices())
    if spec.startswith("/dev/"):
        return os.path.exists(spec)
    return True


def mounts() -> list[Thing]:
    """[{source, target, fstype, uuid?}], the last mount of a target first in effect."""
    found = []
    uuids = uuids_by_number()
    for each in mounted_now():
        point = {"source": each.source, "target": each.target, "fstype": each.fstype}
        uuid = uuids.get(each.number)
        if uuid:
            point["uuid"] = uuid
        found.append(point)
    return found


def uuids_by_number() -> dict[str, str]:
    """{major:minor: UUID} of block devices that udev knows."""
    folder = "/dev/disk/by-uuid"
    numbers = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        try:
            number = os.stat(os.path.join(folder, name)).st_rdev
        except FileNotFoundError:
            continue  # unplugged just now
        numbers[f"{os.major(number)}:{os.minor(number)}"] = unescape(name)
    return numbers


def is_mount_point(path: str) -> bool:
    """A bind-mounted file cannot be replaced by a rename."""
    return any(point["target"] == path for point in mounts())


def links() -> list[Thing]:
    told = told_by_ip()
    return [{**link, **told.get(link["name"], {})} for link in links_by_name()]


def links_by_name() -> list[Thing]:
    found = []
    for name in sorted(os.listdir("/sys/class/net")):
        folder = f"/sys/class/net/{name}"
        state = read_word(f"{folder}/operstate")
        if state is None:
            continue  # `bonding_masters` is a file, and a guest's tap may go while we look
        link = {"name": name, "state": state, "mac": (read_word(f"{folder}/address") or "").lower()}
        kind = link_kind(folder)
        if kind:
            link["kind"] = kind
        found.append(link)
    return found


def alternative_names() -> dict[str, list[str]]:
    return {name: told["altnames"] for name, told in told_by_ip().items() if "altnames" in told}


def told_by_ip() -> dict[str, Thing]:
    """{link: {altnames?, mac?}}: other names, and the card's own address where a bond has given it another; /sys does not know
    them."""
    listed = commands.run(["ip", "-json", "link", "show"], timeout=10, limit=1 << 22)
    try:
        links = json.loads(listed.output or "[]")
    except ValueError:
        return {}  # an iproute2 without JSON has no alternative names either
    found: dict[str, Thing] = {}
    for link in links:
        mac = {"mac": link["permaddr"].lower()} if link.get("permaddr") else {}
        names = {"altnames": link["altnames"]} if link.get("altnames") else {}
        found[link["ifname"]] = {**names, **mac}
    return found


def link_kind(folder: str) -> str | None:
    for kind, mark in (("bond", "bonding"), ("bridge", "bridge"), ("tun", "tun_flags")):
        if os.path.exists(f"{folder}/{mark}"):
            return kind
    match = re.search(r"^DEVTYPE=(.+)$", read_text(f"{folder}/uevent") or "", re.MULTILINE)
    if match:
        return match.group(1)
    return None if os.path.exists(f"{folder}/device") else "virtual"


def read_text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def read_word(path: str) -> str | None:
    text = read_text(path)
    return None if text is None else text.strip()


def unescape(name: str) -> str:
    r"""udev writes odd bytes as \x2f, the kernel's mount table as \040."""
    name = re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match.group(1), 16)), name)
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), name)
