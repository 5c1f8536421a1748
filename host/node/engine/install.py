"""Putting the program itself on the node: once per version, whole or not at all, with the boot unit that undoes."""

from __future__ import annotations

import errno
import glob
import importlib.util
import marshal
import os
import time
import types
from collections.abc import Mapping

from engine import boot, commands, durable, safe

Modules = Mapping[str, tuple[str, types.CodeType | None]]  # source and compiled, by path in the program's folder

LIBRARY = "/usr/local/lib/holdfast"
CURRENT = f"{LIBRARY}/current"  # a link to the last one that was put there: for timers, and for root's own programs
RECOVER = "/etc/holdfast/recover.py"
STATE = "/var/lib/holdfast"
SYSTEM = "/etc/systemd/system"
KEPT = 30 * 86_400  # seconds since a program last began a transaction; an older client's may still run from it
# Twice: before anything is mounted, and again for files on mounts of their own.
UNITS = {
    "holdfast-recover.service": "After=systemd-remount-fs.service\nWants=local-fs-pre.target network-pre.target\nBefore=local-fs-pre.target network-pre.target",
    "holdfast-recover-late.service": "After=local-fs.target holdfast-recover.service\nBefore=ovsdb-server.service",
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
# A boot that waits for ever lets nobody in to see why. What is not done stays in the journal, for the later unit or the next push.
TimeoutStartSec=15min

[Install]
WantedBy=sysinit.target
"""
RECOVER_HEAD = '''"""Written by Holdfast: undoes a transaction that was cut off. `python3 /etc/holdfast/recover.py` does no harm at any time."""
import importlib.machinery
import sys

MODULES = {}
'''
RECOVER_TAIL = '''

class Kept:
    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            return importlib.machinery.ModuleSpec(name, self, origin=__file__, is_package=name == "engine")

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(MODULES[module.__name__], f"{__file__}:{module.__name__}", "exec"), module.__dict__)


sys.meta_path.insert(0, Kept())
from engine import boot

if __name__ == "__main__":
    sys.exit(boot.main())
'''


def ensure(version: str, modules: Modules | None) -> str:
    """`modules`: {path: (source, code or None)}, or None where this very version is what runs. Returns the program's folder.

    Everything is durable before the first commit relies on it.
    """
    for folder in ("/etc/holdfast", durable.JOURNAL, STATE, f"{STATE}/backups", durable.RESULTS, f"{STATE}/managed", f"{STATE}/expected"):
        safe.make_folder(folder)
    program = f"{LIBRARY}/{version}"
    if not os.path.isdir(program):
        if modules is None:
            raise FileNotFoundError(errno.ENOENT, "this version of Holdfast's program was removed while it ran", program)
        install_program(program, modules)
        tidy(program)
    point(CURRENT, version)
    ensure_file(RECOVER, recover_program(program).encode(), 0o644)
    for name, order in UNITS.items():
        ensure_file(f"{SYSTEM}/{name}", UNIT_TEXT.replace("ORDER", order).encode(), 0o644)
        ensure_link(f"{SYSTEM}/sysinit.target.wants/{name}", f"{SYSTEM}/{name}")
    return program


def recover_program(program: str) -> str:
    """One file, so that it is replaced whole or not at all: the modules as they are, and what imports them from
    there."""
    texts = []
    for name in boot.MODULES:
        with open(f"{program}/engine/{name}.py", encoding="utf-8") as stream:
            texts.append(f'MODULES["engine{"" if name == "__init__" else f".{name}"}"] = r\'\'\'{stream.read()}\'\'\'\n')
    return RECOVER_HEAD + "\n".join(texts) + RECOVER_TAIL


def ensure_link(path: str, target: str) -> None:
    safe.ensure_folder(os.path.dirname(path))
    try:
        os.symlink(target, path)
        durable.sync_folder(os.path.dirname(path))
    except FileExistsError:
        pass  # from an earlier push, or from one that runs beside this one


def point(link: str, target: str) -> None:
    """Replaced in one step: whoever starts a program through it meets the old version or the new one, whole."""
    if os.path.islink(link) and os.readlink(link) == target:
        return
    temporary = f"{link}.{os.getpid()}.tmp"
    durable.remove(temporary)
    os.symlink(target, temporary)
    os.rename(temporary, link)
    durable.sync_folder(os.path.dirname(link))


def install_program(program: str, modules: Modules) -> None:
    draft = f"{program}.{os.getpid()}.draft"
    folders = sorted({folder for path in modules for folder in ancestors(path)})
    for folder in ["", *folders]:
        safe.make_folder(os.path.join(draft, folder).rstrip("/"), 0o755)
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


def ancestors(path: str) -> list[str]:
    """The folders that the module's path is in, the outermost first."""
    names = path.split("/")[:-1]
    return ["/".join(names[:count + 1]) for count in range(len(names))]


def tidy(program: str) -> None:
    """Removes versions and results that nobody can be waiting for any more. Backups stay: they are the human's."""
    versions = [path for path in glob.glob(f"{LIBRARY}/{'[0-9a-f]' * 16}") if path not in (program, os.path.realpath(CURRENT))]
    for path in [*versions, *glob.glob(f"{durable.RESULTS}/*.json")]:
        if time.time() - os.lstat(path).st_mtime > KEPT:
            commands.remove_tree(path)


def keep_compiled(folder: str, modules: Modules) -> None:
    """What Python would else do once more, at the program's next start. Valid for this source only, by its hash (PEP
    552)."""
    cache = os.path.dirname(importlib.util.cache_from_source(f"{folder}/any.py"))
    safe.make_folder(cache, 0o755)
    for path, (source, code) in modules.items():
        if code is not None:
            head = importlib.util.MAGIC_NUMBER + b"\x03\0\0\0" + importlib.util.source_hash(source.encode())
            durable.write_new(importlib.util.cache_from_source(f"{folder}/{os.path.basename(path)}"), head + marshal.dumps(code), 0o644)
    durable.sync_folder(cache)


def ensure_file(path: str, data: bytes, mode: int) -> None:
    if not os.path.islink(path) and durable.read_regular(path) == data:
        return
    durable.replace(path, data, mode)
