"""A backup restored on trial: everything from the repository into an empty folder, and every file of it compared."""

import os
import shutil
import stat
import time
from typing import NamedTuple

from engine.safe import make_folder
from shared.collect import PATIENCE, PVE
from shared.manifest import MANIFEST, Manifest, describe_files, digest, guests_in, lacks, parse_manifest, unlisted
from shared.pvetree import (
    GENERATED,
    OWN_LINKS,
    BrokenTree,
    differences,
    lasting,
    read_files,
    read_tree,
)
from shared.processes import run
from shared.restic import OPENING, Repository, ResticError, good_ones

STORED = "/var/lib/holdfast/backup/new"  # in every snapshot, whichever node made it
DATA_FAULTS = ("damaged", "no snapshot")
OK, DIFFERS, UNTOLD = "ok", "differs", "could not tell"


class Trial(NamedTuple):
    """`verdict`: ok, differs, could not tell. `seconds`: of the restore alone. `checked`: every stored byte was
    read."""

    verdict: str
    text: str
    snapshot: str
    taken: int
    seconds: float
    checked: bool


def restore_newest(repository: Repository, into: str) -> tuple[str, str]:
    """The newest good snapshot, into a folder that is made anew; its id, and where it lies. Raises ResticError."""
    good = good_ones(repository.snapshots(OPENING))  # says within a minute where there is nobody
    if not good:
        raise ResticError("no snapshot", f"{repository.access.location}: no backup there was ever found complete")
    shutil.rmtree(into, ignore_errors=True)
    make_folder(into)
    repository.ask("restore", "--no-lock", "--target", into, good[-1].id)
    return good[-1].id, into + STORED


def read_manifest(folder: str) -> Manifest:
    """Raises ValueError."""
    with open(f"{folder}/{MANIFEST}", encoding="utf-8") as stream:
        return parse_manifest(stream.read())


def try_backup(repository: Repository, node: str, into: str) -> Trial:
    """`into` is left empty. What could not run is no `ok`."""
    start = time.monotonic()
    snapshot, taken, seconds = "", 0, 0.0
    try:
        snapshot, restored = restore_newest(repository, into)
        seconds = time.monotonic() - start
        manifest = read_manifest(restored)
        taken = manifest["taken"]
        wrong = compare_restored(restored, manifest, node)
        if wrong:
            return Trial(DIFFERS, "; ".join(wrong[:10]), snapshot, taken, seconds, False)
        untold = try_pmxcfs(restored, node)
        if untold:
            return Trial(*untold, snapshot, taken, seconds, False)
        repository.check()
        return Trial(OK, "", snapshot, taken, seconds, True)
    except ResticError as error:
        verdict = DIFFERS if error.code in DATA_FAULTS else UNTOLD
        return Trial(verdict, f"{error.code}: {error}", snapshot, taken, seconds, False)
    except BrokenTree as error:
        return Trial(DIFFERS, str(error), snapshot, taken, seconds, False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Trial(UNTOLD, f"{type(error).__name__}: {error}", snapshot, taken, seconds, False)
    finally:
        shutil.rmtree(into, ignore_errors=True)


def compare_restored(folder: str, manifest: Manifest, node: str) -> list[str]:
    """With the manifest, and the database's own tree with the text copy. Raises BrokenTree."""
    if manifest["node"] != node:
        return [f"the manifest is of {manifest['node']}"]
    stored = {name: each["sha256"] for name, each in describe_files(folder).items()}
    wrong = lacks(manifest, stored) + unlisted(manifest, stored)
    tree = lasting(read_tree(f"{folder}/pmxcfs/config.db"))
    wrong += differences(tree, lasting(read_files(f"{folder}/pve")), ("config.db", "the text copy"))
    for path, data in tree.items():
        known = manifest["files"].get(f"pve/{path}")
        if known is None or known["sha256"] != digest(data):
            wrong.append(f"{path} of config.db is not what the manifest says")
    if guests_in(tree) != manifest["guests"]:
        wrong.append("config.db has other guests than the manifest")
    return wrong


# Everything of it is the namespace's own: mounts, processes, host name, network. It ends with its first process.
ISOLATED = r"""
set -e
mount --make-rprivate /
umount -l /etc/pve 2>/dev/null || true
for folder in /var/lib/pve-cluster /etc/corosync /run; do if [ -d "$folder" ]; then mount -t tmpfs tmpfs "$folder"; fi; done
cp "$1/pmxcfs/config.db" /var/lib/pve-cluster/config.db
chmod 600 /var/lib/pve-cluster/config.db
printf '127.0.0.1 localhost\n192.0.2.1 %s\n' "$2" >"$3/hosts"
mount --bind "$3/hosts" /etc/hosts
hostname "$2"
pmxcfs -l >/dev/null 2>&1
mkdir "$3/pve"
timeout 60 cp -r --no-preserve=mode,ownership /etc/pve/. "$3/pve"
"""


def try_pmxcfs(folder: str, node: str) -> tuple[str, str] | None:
    """Where a pmxcfs is installed, whether it starts on that database and shows those files; it never meets the node's own.
    None: it does, or there is none."""
    if not shutil.which("pmxcfs") or not os.path.isdir(PVE):
        return None
    work = f"{folder}.pmxcfs"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    try:
        isolated = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--uts", "--ipc"]
        done = run([*isolated, "sh", "-c", ISOLATED, "sh", folder, node, work], PATIENCE + 30, with_errors=True)
        if done.code != 0:
            return UNTOLD, f"a pmxcfs of its own could not be started on it: {done.output[-300:]}"
        for name in (*GENERATED, *OWN_LINKS):
            path = f"{work}/pve/{name}"
            if os.path.lexists(path) and not stat.S_ISDIR(os.lstat(path).st_mode):
                os.unlink(path)
        shown = lasting(read_files(f"{work}/pve"))
        wrong = differences(lasting(read_files(f"{folder}/pve")), shown, ("the text copy", "a pmxcfs started on it"))
        return (DIFFERS, "; ".join(wrong[:10])) if wrong else None
    finally:
        shutil.rmtree(work, ignore_errors=True)
