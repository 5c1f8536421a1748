"""Putting the program itself on the node: once per version, whole or not at all, with the boot unit that undoes."""

import glob
import importlib.util
import marshal
import os
import time

from engine import commands, durable

LIBRARY = "/usr/local/lib/holdfast"
CURRENT = f"{LIBRARY}/current"  # a link to the last one that was put there: for timers, and for root's own programs
RECOVER = "/etc/holdfast/recover.py"
STATE = "/var/lib/holdfast"
SYSTEM = "/etc/systemd/system"
KEPT = 30 * 86_400  # seconds since a program last began a transaction; an older client's may still run from it
# Twice: before anything is mounted, and again for files on mounts of their own.
UNITS = {
    "holdfast-recover.service": "After=systemd-remount-fs.service\nWants=local-fs-pre.target network-pre.target\nBefore=local-fs-pre.target network-pre.target",
    "holdfast-recover-late.service": "After=local-fs.target holdfast-recover.service",
}
UNIT_TEXT = f"""\
# Written by Holdfast: puts back the files of a transaction that a power cut left open, before anything reads them.
[Unit]
Description=Holdfast: undo a transaction that was cut off
DefaultDependencies=no
ORDER
Before=sysinit.target shutdown.target
Conflicts=shutdown.target
ConditionPathExistsGlob=|{durable.JOURNAL}/*
ConditionPathExistsGlob=|{durable.JOURNAL}/.*.draft
ConditionPathExistsGlob=|{durable.JOURNAL}/.*.spent

[Service]
Type=oneshot
ExecStart={" ".join(commands.PYTHON)} {RECOVER}
SyslogIdentifier=holdfast

[Install]
WantedBy=sysinit.target
"""


def ensure(version, modules):
    """`modules`: {path: (source, code or None)}, or None where this very version is what runs. Returns the program's folder.

    Everything is durable before the first commit relies on it.
    """
    for folder in ("/etc/holdfast", durable.JOURNAL, STATE, f"{STATE}/backups", durable.RESULTS, f"{STATE}/managed"):
        ensure_folder(folder)
    program = f"{LIBRARY}/{version}"
    if not os.path.isdir(program):
        install_program(program, modules)
        tidy(program)
    point(CURRENT, version)
    ensure_file(RECOVER, durable.read_regular(f"{program}/engine/durable.py"), 0o644)
    for name, order in UNITS.items():
        ensure_file(f"{SYSTEM}/{name}", UNIT_TEXT.replace("ORDER", order).encode(), 0o644)
        ensure_link(f"{SYSTEM}/sysinit.target.wants/{name}", f"{SYSTEM}/{name}")
    return program


def ensure_folder(path):
    try:
        os.mkdir(path, 0o700)
        durable.sync_folder(os.path.dirname(path))
    except FileExistsError:
        pass


def ensure_link(path, target):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        os.symlink(target, path)
        durable.sync_folder(os.path.dirname(path))
    except FileExistsError:
        pass  # from an earlier push, or from one that runs beside this one


def point(link, target):
    """Replaced in one step: whoever starts a program through it meets the old version or the new one, whole."""
    if os.path.islink(link) and os.readlink(link) == target:
        return
    temporary = f"{link}.{os.getpid()}.tmp"
    durable.remove(temporary)
    os.symlink(target, temporary)
    os.rename(temporary, link)
    durable.sync_folder(os.path.dirname(link))


def install_program(program, modules):
    draft = f"{program}.{os.getpid()}.draft"
    folders = sorted({folder for path in modules for folder in ancestors(path)})
    for folder in ["", *folders]:
        os.makedirs(os.path.join(draft, folder), 0o755)
    for path, (source, _) in modules.items():
        durable.write_new(f"{draft}/{path}", source.encode(), 0o644)
    for folder in [*reversed(folders), ""]:
        keep_compiled(os.path.join(draft, folder), {path: module for path, module in modules.items() if os.path.dirname(path) == folder})
        durable.sync_folder(os.path.join(draft, folder))
    try:
        os.rename(draft, program)
    except OSError:
        commands.remove_tree(draft)  # another session was first
        if not os.path.isdir(program):
            raise
    durable.sync_folder(LIBRARY)


def ancestors(path):
    """The folders that the module's path is in, the outermost first."""
    names = path.split("/")[:-1]
    return ["/".join(names[:count + 1]) for count in range(len(names))]


def tidy(program):
    """Removes versions and results that nobody can be waiting for any more. Backups stay: they are the human's."""
    versions = [path for path in glob.glob(f"{LIBRARY}/{'[0-9a-f]' * 16}") if path not in (program, os.path.realpath(CURRENT))]
    for path in [*versions, *glob.glob(f"{durable.RESULTS}/*.json")]:
        if time.time() - os.lstat(path).st_mtime > KEPT:
            commands.remove_tree(path)


def keep_compiled(folder, modules):
    """What Python would else do once more, at the program's next start. Valid for this source only, by its hash (PEP 552)."""
    cache = os.path.dirname(importlib.util.cache_from_source(f"{folder}/any.py"))
    os.mkdir(cache, 0o755)
    for path, (source, code) in modules.items():
        if code is not None:
            head = importlib.util.MAGIC_NUMBER + b"\x03\0\0\0" + importlib.util.source_hash(source.encode())
            durable.write_new(importlib.util.cache_from_source(f"{folder}/{os.path.basename(path)}"), head + marshal.dumps(code), 0o644)
    durable.sync_folder(cache)


def ensure_file(path, data, mode):
    if not os.path.islink(path) and durable.read_regular(path) == data:
        return
    durable.replace(path, data, mode)
