#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. This node's configuration back out of its newest good backup. Shows what would change; --yes does it.

  config-restore [--only PATTERN]... [--yes]   single files: into the running /etc/pve, and /etc
  config-restore --database [--yes]            the whole of config.db
  config-restore --to DIR                      only into a folder, whatever machine this is
  --node NODE         of another name than this machine's settings have
  --last              from the copy on this node's disk, where the target cannot be reached
  --from DIR          from a folder that `--to` has made
  --undo              only take back what an earlier one left unfinished; a boot does it by itself
  --over-newer        on a member of a cluster that has quorum and newer data

Exit status: 0 done or shown, 2 refused, 1 failed and undone.
"""

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine.safe import UnsafeFolder, ensure_folder, make_folder, open_folder
from shared.backup_access import BACKUP_KEEP, NotSet, backup_settings, repository_of
from shared.collect import PVE, is_pve_mounted, text_at
from shared.drill import read_manifest, restore_newest
from shared.files import hold
from shared.manifest import Manifest, describe_files, lacks, unlisted
from shared.processes import log, say, send_mail, some_of
from shared.pvetree import BrokenTree, lasting, place_of, read_files, read_tree
from shared.restic import ResticError
from shared.restore_apply import OPEN, NotDone, restore_database, restore_files, undo_open
from shared.restore_plan import Change, NoAnswer, changes_of, current_pve, has_quorum, matches_path, rank, shown

WORK = f"{BACKUP_KEEP}/restore"
VIEW = f"{WORK}.now"
Look = Callable[[], dict[str, bytes]]  # at the running pmxcfs, as current_pve has it; raises NoAnswer


class Refused(Exception):
    """Nothing was changed."""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="config-restore")
    parser.add_argument("--only", action="append", default=[])
    for flag in ("--yes", "--database", "--last", "--undo", "--over-newer"):
        parser.add_argument(flag, action="store_true")
    for option in ("--node", "--from", "--to"):
        parser.add_argument(option)
    return parser.parse_args(arguments)


def fetch(asked: argparse.Namespace) -> tuple[str, Manifest]:
    """The backup in a folder, whole by its manifest. Raises ResticError, Refused."""
    given = vars(asked)["from"]
    if given:
        folder = given
    elif asked.last:
        folder = f"{BACKUP_KEEP}/last"
    else:
        settings = backup_settings()
        node = asked.node or settings["NODE"]
        _, folder = restore_newest(repository_of(settings, node), WORK)
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError) as error:
        raise Refused(f"{folder} holds no backup: {error}") from error
    stored = {name: each["sha256"] for name, each in describe_files(folder).items()}
    wrong = lacks(manifest, stored) + unlisted(manifest, stored)
    if wrong:
        raise Refused(f"this backup is not what its manifest says: {'; '.join(some_of(wrong, 10))}")
    return folder, manifest


def make_place(target: str) -> None:
    """An empty folder of this user's alone, below folders that nobody else can rename or put a link into: all that is secret on
    the node comes to lie there. Raises Refused."""
    try:
        above = os.path.dirname(target)
        if not os.path.isdir(above):
            ensure_folder(above)
        with contextlib.suppress(FileExistsError):
            os.mkdir(target, 0o700)
        folder = open_folder(target)
        try:
            if os.listdir(folder):
                raise Refused(f"{target} is not empty")
            os.fchmod(folder, 0o700)
        finally:
            os.close(folder)
    except UnsafeFolder as unsafe:
        raise Refused(f"{unsafe.filename} {unsafe.strerror}") from unsafe


def refuse_newer(is_known: bool, changes: list[Change], manifest: Manifest) -> None:
    """What the cluster has now counts, unless somebody says otherwise: it goes to every member at once. `is_known`: VIEW
    has it."""
    if not has_quorum(text_at(f"{VIEW}/.members") if is_known else ""):
        return
    if not is_known:
        raise Refused(
            f"this node's cluster has quorum, and what it has cannot be read here, {PVE} being as it is: it may be newer. "
            "Add --over-newer to put the backup in its place"
        )
    replaced = [change.path for change in changes if change.path.startswith("pve/") and change.before is not None]
    newer = [path for path in replaced if os.stat(f"{VIEW}/{path.removeprefix('pve/')}").st_mtime > manifest["taken"]]
    if newer:
        raise Refused(
            f"this node's cluster has quorum, and newer data than the backup: {', '.join(newer[:5])}"
            f"{f' and {len(newer) - 5} more' if len(newer) > 5 else ''}. Add --over-newer to put the old ones in their place"
        )


def restore(asked: argparse.Namespace) -> int:
    undone = undo_open()
    if asked.undo:
        return told_undone(undone)
    if undone:
        print(f"An earlier restore was not finished: {undone}.")
    if asked.yes and os.path.exists(OPEN):
        raise Refused(f"first that has to be taken back, by this command again; or, to leave it as it is: rm {OPEN}")
    with ThreadPoolExecutor() as pool:
        looking = pool.submit(current_pve, VIEW) if not asked.to and not asked.only and is_pve_mounted() else None
        folder, manifest = fetch(asked)
    if asked.to:
        target = os.path.abspath(asked.to)
        make_place(target)
        shutil.copytree(folder, target, dirs_exist_ok=True)
        print(f"{len(manifest['files'])} files, {len(manifest['guests'])} guests of {manifest['node']} in {target}")
        return 0
    node = os.uname().nodename.partition(".")[0]
    if manifest["node"] != node and asked.node != manifest["node"]:
        raise Refused(f"this is {node}, and the backup is of {manifest['node']}")
    try:
        how = restore_database_of if asked.database else restore_single
        return how(asked, folder, manifest, lambda: looking.result() if looking else current_pve(VIEW))
    finally:
        shutil.rmtree(VIEW, ignore_errors=True)


def told_undone(undone: str) -> int:
    """At a boot nobody reads what is printed."""
    say(f"restore: an earlier one was not finished: {undone}" if undone else "restore: none was left unfinished")
    if not os.path.exists(OPEN):
        return 0
    send_mail("an interrupted restore could not be taken back", f"{undone}\n\nAgain: /usr/local/lib/holdfast/config-restore --undo\n", 90)
    return 1


def restore_single(asked: argparse.Namespace, folder: str, manifest: Manifest, look: Look) -> int:
    backup = {f"pve/{path}": data for path, data in lasting(read_files(f"{folder}/pve")).items()}
    backup |= {f"etc/{path}": data for path, data in read_files(f"{folder}/etc").items()}
    if not asked.only:  # files of /etc are chosen by name: what this machine has may be right
        backup = {path: data for path, data in backup.items() if path.startswith("pve/")}
    touches_pve = any(path.startswith("pve/") for path in backup if not asked.only or chosen(path, asked.only))
    present: dict[str, bytes] = {}
    if touches_pve:
        if not is_pve_mounted():
            raise Refused(f"nothing is mounted at {PVE}: systemctl start pve-cluster, or pmxcfs -l in emergency mode")
        present = {f"pve/{path}": data for path, data in look().items()}
    present |= {path: content for path in backup if path.startswith("etc/") and (content := content_of(f"/{path}")) is not None}
    changes = changes_of(backup, present, asked.only)
    for change in changes:
        print("\n".join(shown(change)))
    if not changes:
        print("nothing differs: there is nothing to restore")
        return 0
    if not asked.yes:
        print(f"\n{len(changes)} files would be restored, from {stamp(manifest)}. To do it: the same command with --yes")
        return 0
    if touches_pve and not asked.over_newer:
        refuse_newer(True, changes, manifest)
    kept = restore_files(changes, manifest, VIEW)
    log(f"restored {len(changes)} files from the backup of {stamp(manifest)}; what was there is in {kept}")
    print(f"\n{len(changes)} files restored; what was there is in {kept}")
    return 0


def chosen(path: str, only: list[str]) -> bool:
    return any(matches_path(path, pattern) for pattern in only)


def restore_database_of(asked: argparse.Namespace, folder: str, manifest: Manifest, look: Look) -> int:
    copy = f"{folder}/pmxcfs/config.db"
    tree = {f"pve/{path}": data for path, data in lasting(read_tree(copy)).items()}
    present: dict[str, bytes] = {}
    is_known = False
    if is_pve_mounted():
        try:
            present = {f"pve/{path}": data for path, data in look().items()}
            is_known = True
        except NoAnswer as error:
            print(f"note: {error}")
    changes = changes_of(tree, present, [])
    for change in changes:
        print("\n".join(shown(change)))
    extra = sorted(present.keys() - tree.keys(), key=lambda path: (rank(path), path))
    for path in extra:
        print(f"{place_of(path)}: not in the backup, and not there afterwards; it is kept with the old config.db")
    if not asked.yes:
        print(f"\nconfig.db of {stamp(manifest)} would take the place of this node's. To do it: the same command with --yes")
        return 0
    if not asked.over_newer:
        refuse_newer(is_known, changes, manifest)
        if extra and has_quorum(text_at(f"{VIEW}/.members")):
            raise Refused(f"this node's cluster has quorum, and {len(extra)} files that the backup has not. Add --over-newer")
    kept = restore_database(copy, VIEW)
    log(f"restored config.db from the backup of {stamp(manifest)}; the old one is in {kept}")
    print(f"\nconfig.db restored, {len(tree)} files; the old one is in {kept}")
    return 0


def content_of(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None


def stamp(manifest: Manifest) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M", time.localtime(manifest["taken"]))


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    asked = parse(arguments)
    try:
        make_folder(BACKUP_KEEP)
        free, _lock = hold(f"{BACKUP_KEEP}/restore.lock")
        if not free:
            raise Refused("another restore is under way")
        return restore(asked)
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 2
    except (ResticError, NotDone, NoAnswer, BrokenTree, NotSet, OSError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
