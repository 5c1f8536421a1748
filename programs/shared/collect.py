"""What a backup is made of, gathered below one folder of root's: /etc/pve as text and as its database, parts of /etc, Holdfast's
state, and an inventory of the machine. Nothing of it is taken from a pmxcfs that cannot be believed."""

import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence

from engine.mounts import PMXCFS_AT, mounted_now, shows_pmxcfs
from engine.safe import make_folder
from shared.manifest import (
    ESSENTIAL, MANIFEST, Manifest, describe_files, guests_in, guests_of, keys_in, storages_of,
)
from shared.pvetree import (
    DATABASE, GENERATED, OWN_LINKS, VOLATILE, BrokenTree, copy_database, differences, lasting, read_files, read_tree,
)
from shared.processes import run, sleep

PVE = PMXCFS_AT
COROSYNC = "/etc/corosync/corosync.conf"
LARGEST = 8 * 1024 * 1024  # bytes of a file of /etc: what is larger is no configuration
ATTEMPTS = 4  # at a moment in which nobody changes anything
PATIENCE = 60  # seconds for all of /etc/pve: a pmxcfs that hangs never answers
# Of /etc. Passwords of users are not among them; those of the backup itself would open nothing that is not open by
# then.
ETC = (
    "hosts", "hostname", "fstab", "crypttab", "resolv.conf", "timezone", "machine-id", "network", "systemd/network",
    "udev/rules.d", "modprobe.d", "modules", "modules-load.d", "kernel", "default/grub", "default/grub.d",
    "initramfs-tools", "sysctl.conf", "sysctl.d", "apt/sources.list", "apt/sources.list.d", "apt/preferences.d",
    "corosync", "ssh/sshd_config", "ssh/sshd_config.d", "vzdump.conf", "lvm/lvm.conf", "multipath.conf", "iscsi", "zfs",
    "exports", "smartd.conf", "aliases", "postfix/main.cf", "cron.d", "cloud/cloud.cfg.d", "subuid", "subgid", "holdfast",
)  # fmt: skip
OWN_SECRETS = ("backup.password", "backup.login", "backup.key")
INVENTORY = {
    "blkid": ["blkid"], "lsblk": ["lsblk", "--bytes", "--output", "NAME,SIZE,TYPE,FSTYPE,UUID,LABEL,MOUNTPOINT,MODEL,SERIAL"],
    "pvs": ["pvs"], "vgs": ["vgs"], "lvs": ["lvs", "--all"], "zpool-status": ["zpool", "status"],
    "by-id": ["ls", "-l", "/dev/disk/by-id"], "links": ["ip", "-details", "link"], "addresses": ["ip", "address"],
    "routes": ["ip", "route", "show", "table", "all"], "packages": ["dpkg-query", "--show"], "mounts": ["findmnt"],
    "kernel": ["uname", "-a"], "pvereport": ["pvereport"],
}  # fmt: skip


class Unfit(Exception):
    """Why this node cannot be backed up as it is; `code` is one word or two."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def collect(into: str, node: str, now: int) -> Manifest:
    """`into` is made anew. Raises Unfit."""
    shutil.rmtree(into, ignore_errors=True)
    make_folder(into)
    guests = collect_pve(into)
    collect_etc(f"{into}/etc", "/etc", ETC)
    collect_etc(f"{into}/holdfast", "/var/lib/holdfast", [n for n in listed("/var/lib/holdfast") if n != "backup"])
    collect_inventory(f"{into}/inventory")
    files = describe_files(into)
    below = [name.removeprefix("pve/") for name in files if name.startswith("pve/")]
    storages = storages_of(text_at(f"{into}/pve/storage.cfg"))
    manifest: Manifest = {
        "version": 1, "node": node, "taken": now, "guests": guests_of(guests), "storages": storages, "keys": keys_in(below),
        "files": files,
    }  # fmt: skip
    with open(f"{into}/{MANIFEST}", "w", encoding="utf-8") as stream:
        json.dump(manifest, stream, indent=1)
    return manifest


def collect_pve(into: str) -> str:
    """Text copy and database, which say the same. Returns pmxcfs' list of guests."""
    if not is_pve_mounted():
        raise Unfit("no pmxcfs", f"nothing is mounted at {PVE}: pmxcfs does not run")
    wrong: list[str] = []
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(1)
        wrong = copy_pve(f"{into}/pve")
        if wrong:
            continue
        generated = {name: text_at(f"{into}/pve/{name}") for name in GENERATED}
        for name in (*GENERATED, *OWN_LINKS):
            if os.path.islink(f"{into}/pve/{name}") or os.path.isfile(f"{into}/pve/{name}"):
                os.unlink(f"{into}/pve/{name}")
        refuse_alone(generated[".members"], f"{into}/pve")
        os.makedirs(f"{into}/pmxcfs", exist_ok=True)
        try:
            shutil.rmtree(f"{into}/pmxcfs")
            os.makedirs(f"{into}/pmxcfs")
            copy_database(DATABASE, f"{into}/pmxcfs/config.db")
            tree = lasting(read_tree(f"{into}/pmxcfs/config.db"))
        except BrokenTree as error:
            raise Unfit("config.db", f"config.db cannot be read: {error}") from error
        text = read_files(f"{into}/pve")
        wrong = differences(tree, text, ("config.db", PVE))
        if not wrong and guests_of(generated[".vmlist"]) != guests_in(text):
            wrong = ["pmxcfs' list of guests and their files differ"]
        if not wrong:
            refuse_empty(text)
            return generated[".vmlist"]
    raise Unfit("incomplete", f"config.db and {PVE} do not say the same: {'; '.join(wrong[:5])}")


def is_pve_mounted() -> bool:
    return shows_pmxcfs(mounted_now())


# A process of its own, since pmxcfs may hang. Each file is reached from its open folder: for a whole path the kernel asks
# pmxcfs for every folder on the way again, for each thing that is done to the file, and that takes most of the time.
COPYING = r'''
import os, re, stat, sys
top, into, left_out = sys.argv[1:]
def copy(folder, below):
    os.mkdir(into + "/" + below)
    for name in sorted(os.listdir(folder)):
        path = below + name
        if re.fullmatch(left_out, path):
            continue
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                copy(inner, path + "/")
                os.close(inner)
            elif stat.S_ISREG(status.st_mode):
                with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder), "rb") as source:
                    data = source.read()
                with open(into + "/" + path, "wb") as target:
                    target.write(data)
                os.utime(into + "/" + path, ns=(status.st_atime_ns, status.st_mtime_ns))
        except OSError as error:
            print(path + ": " + error.strerror)
            sys.exit(1)
os.umask(0o077)
copy(os.open(top, os.O_RDONLY | os.O_DIRECTORY), "")
'''


def copy_pve(into: str) -> list[str]:
    """All that pmxcfs shows, its lists of members and guests too, and nothing of HA's, into a folder that is made anew; what
    could not be read, where it is no copy. The times are pmxcfs' own. Raises Unfit where pmxcfs hangs."""
    shutil.rmtree(into, ignore_errors=True)
    left_out = "|".join([VOLATILE.pattern, *(re.escape(name) for name in GENERATED if name not in (".members", ".vmlist"))])
    done = run([sys.executable, "-ISXutf8", "-c", COPYING, PVE, into, left_out], PATIENCE, with_errors=True)
    if done.code == 124:
        raise Unfit("hung", f"{PVE} did not answer within {PATIENCE} s: pmxcfs hangs")
    return [] if done.code == 0 else done.output.splitlines()[-1:] or [f"exit status {done.code}"]


def refuse_alone(members: str, pve: str) -> None:
    """A member of a cluster that has no quorum, or that runs for itself, may hold what the others have changed
    since."""
    try:
        told = json.loads(members)
    except ValueError:
        told = {}
    cluster = told.get("cluster") if isinstance(told, dict) else None
    if isinstance(cluster, dict):
        if cluster.get("quorate") != 1:
            raise Unfit("no quorum", "this node's cluster has no quorum: what it holds may be old")
    elif os.path.exists(COROSYNC) or os.path.exists(f"{pve}/corosync.conf"):
        raise Unfit("local mode", "pmxcfs runs in local mode, and this node belongs to a cluster: what it holds may be old")


def refuse_empty(text: dict[str, bytes]) -> None:
    if not guests_in(text) and not any(text.get(name) for name in ESSENTIAL):
        raise Unfit("empty", f"{PVE} has neither a guest nor one of {', '.join(ESSENTIAL)}")


def collect_etc(into: str, source: str, names: Sequence[str]) -> None:
    for name in names:
        for path in regular_files(f"{source}/{name}"):
            if os.path.dirname(path) == "/etc/holdfast" and os.path.basename(path) in OWN_SECRETS:
                continue
            try:
                copy_file(path, into + path.removeprefix(source))
            except (FileNotFoundError, NotADirectoryError):
                continue  # gone since it was listed


def copy_file(path: str, target: str) -> None:
    """With owner and mode; nothing of what is too large for a configuration."""
    status = os.lstat(path)
    if status.st_size > LARGEST:
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(path, target)
    os.chown(target, status.st_uid, status.st_gid)
    os.chmod(target, stat.S_IMODE(status.st_mode))


def regular_files(path: str) -> Iterator[str]:
    if is_regular(path):
        yield path
    for folder, _, files in os.walk(path):
        yield from (f"{folder}/{name}" for name in files if is_regular(f"{folder}/{name}"))


def is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False  # never there, or gone since it was listed


def listed(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def collect_inventory(into: str) -> None:
    """A command that this node has not is left out."""
    os.makedirs(into, exist_ok=True)
    for name, argv in INVENTORY.items():
        if shutil.which(argv[0]):
            done = run(argv, 60, with_errors=True)
            with open(f"{into}/{name}.txt", "w", encoding="utf-8") as stream:
                stream.write(done.output if done.code == 0 else f"{done.output}\nexit status {done.code}\n")


def text_at(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""
