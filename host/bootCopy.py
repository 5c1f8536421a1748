"""What a node would boot with, for a rehearsal (cli/rehearse): asked over SSH, sent on standard input, left nowhere.

First a line of JSON: the layout of disks and cards, and how much there is to fetch. After a line `go` on standard
input a tar stream of the system follows. It writes nothing.

Only what everybody on the node may read is taken, and all of /usr, which packages fill: so passwords, keys and
databases stay where they are. A file of up to 1 MiB with a private key in it stays too, whoever may read it, unless it
came with a package. No other file system is looked into, nor even looked at: one may hang, and whoever asks with it.
"""
from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator

# The folder itself, and nothing in it.
BARE = {
    "/proc", "/sys", "/dev", "/run", "/tmp", "/home", "/root", "/lost+found", "/usr/lib/firmware", "/usr/src",
    "/usr/include", "/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/info", "/var/lib/vz",
    "/var/lib/pve-cluster", "/var/lib/private", "/boot/grub", "/boot/efi",
}  # fmt: skip
# Its folders, and no file: services expect them to be there.
HOLLOW = {
    "/srv", "/mnt", "/media", "/var/log", "/var/cache", "/var/tmp", "/var/backups", "/var/spool", "/var/mail",
    "/var/crash", "/var/lib/apt", "/var/lib/docker", "/var/lib/containers", "/var/lib/lxc", "/var/lib/ceph",
    "/var/lib/rrdcached", "/var/lib/proxmox-backup", "/var/lib/holdfast",
}  # fmt: skip
# System file systems of their own, beside /.
SYSTEM = ("/usr", "/var", "/boot", "/opt", "/var/lib", "/usr/local")
KEYS = re.compile(r"^/etc/(?:ssh/ssh_host_.*|g?shadow-?)$")
LARGEST = 256 << 20
# What tar says of a file that is written or removed meanwhile, and in the end of all that it has said.
HARMLESS = re.compile(
    r": Cannot (?:stat|open): No such file or directory$|: file changed as we read it$|: File removed before we read it$"
    r"|: File shrank by \d+ bytes?; padding with zeros$|^tar: Exiting with failure status due to previous errors$"
)
DRIVERS = ("ahci", "virtio_scsi", "nvme")


class Copy:
    def __init__(self, kernel: str) -> None:
        self.kernel = kernel
        self.paths: list[str] = []
        self.places: list[str] = []  # where other file systems are mounted
        self.bytes = 0
        self.withheld = 0
        mounts = mounted()
        own = [path for path in SYSTEM if is_on_disk(mounts.get(path, ""))]
        self.devices = {os.stat(path).st_dev for path in ("/", *own)}
        self.elsewhere = mounts.keys() - {"/", *own}

    def folder(self, path: str, hollow: bool) -> None:
        for entry in sorted(os.scandir(path), key=lambda each: each.name):
            try:
                if entry.path in self.elsewhere and entry.is_dir(follow_symlinks=False):
                    self.places.append(entry.path)
                    continue
                self.entry(entry.path, entry.stat(follow_symlinks=False), hollow)
            except OSError:
                self.withheld += 1  # it went while it was looked at, or cannot be read: the machine goes without

    def entry(self, path: str, found: os.stat_result, hollow: bool) -> None:
        mode = found.st_mode
        if stat.S_ISDIR(mode):
            self.paths.append(path)
            elsewhere = found.st_dev not in self.devices
            kernels = path.startswith("/usr/lib/modules/") and path.count("/") == 4 and not path.endswith("/" + self.kernel)
            packaged = path.startswith("/usr/")
            if not (elsewhere or path in BARE or kernels) and (packaged or mode & 0o001):
                self.folder(path, hollow or path in HOLLOW)
        elif stat.S_ISLNK(mode):
            self.paths.append(path)
        elif stat.S_ISREG(mode) and not hollow and not self.other_kernel(path):
            if found.st_size <= LARGEST and self.open(path, found):
                self.paths.append(path)
                self.bytes += found.st_size
            else:
                self.withheld += 1

    def other_kernel(self, path: str) -> bool:
        return path.startswith("/boot/") and not path.endswith("-" + self.kernel)

    def open(self, path: str, found: os.stat_result) -> bool:
        own = not path.startswith("/usr/") or path.startswith("/usr/local/")
        if own and (not found.st_mode & 0o004 or KEYS.match(path)):
            return False
        if not own or found.st_size > 1 << 20:
            return True
        with open(path, "rb") as file:
            return b"PRIVATE KEY-----" not in file.read()


def mounted() -> dict[str, str]:
    """By mount point its kind and source, from the kernel's list."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            left, _, right = line.rstrip("\n").partition(" - ")
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), left.split(" ")[4])
            found[point] = right
    return found


def is_on_disk(kind: str) -> bool:
    """`ext4 /dev/sda1 rw`, `zfs rpool/var rw`: no file system of the network or of a program."""
    fstype, source = [*kind.split(" "), "", ""][:2]
    return fstype == "zfs" or (source.startswith("/dev/") and not fstype.startswith("fuse"))


def said(*command: str) -> str:
    """What a command prints; nothing where it is missing or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""


def next_kernel() -> str:
    """The pinned one, else the newest: what the boot loader takes."""
    for pin in ("/etc/kernel/next-boot-pin", "/etc/kernel/proxmox-boot-pin"):
        version = text(pin).strip()
        if version and os.path.exists("/boot/vmlinuz-" + version):
            return version
    names = [name[len("vmlinuz-") :] for name in os.listdir("/boot") if name.startswith("vmlinuz-")]
    listed = subprocess.run(("sort", "-V"), input="\n".join(names), capture_output=True, text=True, check=False)
    return listed.stdout.split()[-1] if names else ""


def readable(path: str) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and bool(found.st_mode & 0o004)


def drivers(kernel: str) -> list[str]:
    """Which of them the initramfs has, or the kernel itself."""
    listing = said("lsinitramfs", "/boot/initrd.img-" + kernel) + text(f"/usr/lib/modules/{kernel}/modules.builtin")
    return [name for name in DRIVERS if re.search(rf"/{name.replace('_', '[_-]')}\.ko", listing)]


def ids() -> dict[str, list[str]]:
    """By the kernel's name of a whole disk, its names below /dev/disk/by-id."""
    found: dict[str, list[str]] = {}
    folder = "/dev/disk/by-id"
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        target = os.path.basename(os.path.realpath(os.path.join(folder, name)))
        if not re.search(r"-part\d+$", name):
            found.setdefault(target, []).append(name)
    return found


def cards() -> Iterator[dict[str, str]]:
    """Those of hardware, in the order in which the kernel found them."""
    for link in json.loads(said("ip", "-j", "link") or "[]"):
        if os.path.exists(f"/sys/class/net/{link['ifname']}/device"):
            yield {"name": link["ifname"], "mac": link.get("permaddr", link.get("address", ""))}


def addresses() -> list[dict[str, object]]:
    return [
        {"link": link["ifname"], "address": each["local"], "prefix": each["prefixlen"]}
        for link in json.loads(said("ip", "-j", "address") or "[]")
        for each in link.get("addr_info", [])
        if each.get("scope") == "global"
    ]


COLUMNS = "NAME,TYPE,SIZE,SERIAL,PTTYPE,PTUUID,PARTUUID,PARTLABEL,PARTTYPE,FSTYPE,UUID,LABEL"


def main() -> None:
    kernel = next_kernel()
    copy = Copy(kernel)
    copy.folder("/", hollow=False)
    port = re.search(r"^port (\d+)$", said("/usr/sbin/sshd", "-T"), re.MULTILINE)
    answer = {
        "hostname": os.uname().nodename,
        "kernel": kernel,
        "readable": [path for path in (f"/boot/vmlinuz-{kernel}", f"/boot/initrd.img-{kernel}") if readable(path)],
        "commandLine": text("/proc/cmdline").strip(),
        "drivers": drivers(kernel),
        "disks": json.loads(said("lsblk", "--json", "--bytes", "--output", COLUMNS) or '{"blockdevices": []}'),
        "ids": ids(),
        "cards": list(cards()),
        "addresses": addresses(),
        "port": int(port.group(1)) if port else 22,
        "fetch": {"files": len(copy.paths) + len(copy.places), "bytes": copy.bytes, "withheld": copy.withheld},
    }
    print("holdfast copy " + json.dumps(answer), flush=True)
    if sys.stdin.buffer.readline() != b"go\n":
        return
    for path in copy.places:
        place = tarfile.TarInfo(path.lstrip("/"))
        place.type, place.mode = tarfile.DIRTYPE, 0o755
        sys.stdout.buffer.write(place.tobuf(tarfile.GNU_FORMAT))
    sys.stdout.buffer.flush()
    archive = ("tar", "--create", "--directory=/", "--no-recursion", "--numeric-owner", "--null", "--files-from=-")
    names = b"".join(os.fsencode(path.lstrip("/")) + b"\0" for path in copy.paths)
    done = subprocess.run(archive, input=names, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
    # 1: a file changed while it was read; the machine has it as it was then. 2 may be one that has gone, as a timer's stamp goes.
    faults = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if not HARMLESS.search(line)]
    if done.returncode not in (0, 1, 2):
        sys.exit(f"tar was killed, or could not run: {done.returncode}")
    if done.returncode == 2 and faults:
        sys.exit("\n".join(faults[:5]))


main()
