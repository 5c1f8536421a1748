"""What has to be in a backup of a node: every file by its content, and every guest, storage and key by its name."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import TypedDict

from shared.pvetree import walk

MANIFEST = "manifest.json"
# Of /etc/pve: what a cluster that is in use has, and the postmortem had to have back.
ESSENTIAL = ("storage.cfg", "user.cfg", "jobs.cfg", "datacenter.cfg")
GUEST_PATH = re.compile(r"nodes/([^/]+)/(qemu-server|lxc)/(\d+)\.conf")


class StoredFile(TypedDict):
    sha256: str
    mode: int
    uid: int
    gid: int


class Guest(TypedDict):
    node: str
    kind: str


class Manifest(TypedDict):
    """`files` by their path in the backup: pve/storage.cfg, etc/hosts. `taken`: seconds since 1970."""

    version: int
    node: str
    taken: int
    guests: dict[str, Guest]
    storages: list[str]
    keys: list[str]
    files: dict[str, StoredFile]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def describe_files(root: str) -> dict[str, StoredFile]:
    """What lies below a folder, but for the manifest itself."""
    described: dict[str, StoredFile] = {}
    for path in walk(root):
        name = os.path.relpath(path, root)
        if name == MANIFEST:
            continue
        status = os.lstat(path)
        with open(path, "rb") as stream:
            sha256 = digest(stream.read())
        described[name] = {"sha256": sha256, "mode": status.st_mode & 0o7777, "uid": status.st_uid, "gid": status.st_gid}
    return described


def guests_of(vmlist: str) -> dict[str, Guest]:
    """pmxcfs' own list of the whole cluster's guests (/etc/pve/.vmlist). Raises ValueError where it is none."""
    ids = json.loads(vmlist)["ids"]
    kinds = {"qemu": "qemu-server", "lxc": "lxc"}
    return {vmid: {"node": each["node"], "kind": kinds[each["type"]]} for vmid, each in ids.items()}


def guests_in(paths: Iterable[str]) -> dict[str, Guest]:
    """By the files of /etc/pve."""
    found = (GUEST_PATH.fullmatch(path) for path in paths)
    return {match[3]: {"node": match[1], "kind": match[2]} for match in found if match}


def storages_of(storage_cfg: str) -> list[str]:
    """Names of its sections, `dir: local`."""
    return re.findall(r"^[a-z][a-z0-9]*:[ \t]*(\S+)[ \t]*$", storage_cfg, re.MULTILINE)


def keys_in(paths: Iterable[str]) -> list[str]:
    """What lies below priv/ of the cluster or of a node: keys, tokens, passwords of storages."""
    return sorted(path for path in paths if re.match(r"(nodes/[^/]+/)?priv/", path))


def lacks(manifest: Manifest, stored: Mapping[str, str]) -> list[str]:
    """What the manifest says and a backup has not, or has with other content. `stored`: {path: sha256}."""
    wanted = {name: each["sha256"] for name, each in manifest["files"].items()}
    complaints = [
        f"{name} is missing" if name not in stored else f"{name} has other content"
        for name, sha256 in sorted(wanted.items())
        if stored.get(name) != sha256
    ]
    for vmid, guest in sorted(manifest["guests"].items()):
        if f"pve/nodes/{guest['node']}/{guest['kind']}/{vmid}.conf" not in wanted:
            complaints.append(f"the guest {vmid} on {guest['node']} has no file")
    complaints += [f"the key {key} has no file" for key in manifest["keys"] if f"pve/{key}" not in wanted]
    return complaints


def unlisted(manifest: Manifest, stored: Iterable[str]) -> list[str]:
    """What lies there and the manifest does not know: nobody has said what it has to be, nor whose."""
    return [f"{name} is in no manifest" for name in sorted(set(stored) - manifest["files"].keys())]


def losses(before: Manifest, now: Manifest) -> list[str]:
    """What makes a backup look as if it was taken of a node that has lost its configuration: incident A's state."""
    gone = [name for name in ESSENTIAL if f"pve/{name}" in before["files"] and f"pve/{name}" not in now["files"]]
    complaints = [f"{name} is gone since the last good backup" for name in gone]
    if before["keys"] and not now["keys"]:
        complaints.append("everything below priv/ is gone since the last good backup")
    had, has = len(before["guests"]), len(now["guests"])
    if had > 0 and has * 2 < had:
        complaints.append(f"{has} of {had} guests are left since the last good backup")
    return complaints


def parse_manifest(text: str) -> Manifest:
    """Raises ValueError where it is none."""
    given = json.loads(text)
    if not isinstance(given, dict) or given.get("version") != 1 or not isinstance(given.get("files"), dict):
        raise ValueError("is no manifest of this version")
    manifest: Manifest = given  # type: ignore[assignment]
    return manifest
