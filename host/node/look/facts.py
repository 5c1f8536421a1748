"""Facts for the lints: shapes are those of model/lintContext.ts. Read from /proc, /sys and /dev, without touching a
disk."""

import importlib.util
import json
import os
import re
from typing import Any

from engine import commands

# As JSON, and as the lints take it.
Thing = dict[str, Any]
DISK_FOLDERS = {"by-uuid": "uuid", "by-label": "label", "by-partuuid": "partuuid", "by-partlabel": "partlabel"}


def gather() -> Thing:
    return {
        "hostname": os.uname().nodename,
        "blockDevices": block_devices(),
        "mounts": mounts(),
        "links": links(),
        "tools": tools(),
        "units": units(),
    }


def tools() -> Thing:
    """What ifupdown2 runs only where it is installed."""
    return {"dhclient": os.access("/sbin/dhclient", os.X_OK), "mako": importlib.util.find_spec("mako") is not None}


def units() -> Thing:
    """{loaded, afterNetworking}: services by id; those that wait for networking.service, be it by way of a target."""
    asked = ["systemctl", "show", "--property=Id,After", "--", "*.service", "*.target"]
    shown = commands.run(asked, timeout=10, limit=1 << 22)
    after: dict[str, set[str]] = {}
    for block in shown.output.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in values:
            after[values["Id"]] = set(values.get("After", "").split())
    waiting = {"networking.service"}
    grown = True
    while grown:  # at most once for each target
        targets = {unit for unit, others in after.items() if unit.endswith(".target") and others & waiting}
        grown = not targets <= waiting
        waiting |= targets
    services = sorted(unit for unit in after if unit.endswith(".service"))
    return {"loaded": services, "afterNetworking": [unit for unit in services if after[unit] & waiting]}


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
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            left, right = line.rstrip("\n").split(" - ", 1)
            fields, rest = left.split(" "), right.split(" ")
            point = {"source": unescape(rest[1]), "target": unescape(fields[4]), "fstype": rest[0]}
            uuid = uuids.get(fields[2])
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
    altnames = alternative_names()
    return [{**link, "altnames": altnames[link["name"]]} if link["name"] in altnames else link for link in links_by_name()]


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
    """{link: [its other names]}: /sys does not know them."""
    listed = commands.run(["ip", "-json", "link", "show"], timeout=10, limit=1 << 22)
    try:
        return {link["ifname"]: link["altnames"] for link in json.loads(listed.output or "[]") if link.get("altnames")}
    except ValueError:
        return {}  # an iproute2 without JSON has no alternative names either


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
