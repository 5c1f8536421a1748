"""Putting the program itself on the node: once per version, whole or not at all, with the boot unit that undoes."""

import os

import durable

LIBRARY = "/usr/local/lib/holdfast"
RECOVER = "/etc/holdfast/recover.py"
UNIT = "/etc/systemd/system/holdfast-recover.service"
WANTED = "/etc/systemd/system/sysinit.target.wants/holdfast-recover.service"
UNIT_TEXT = f"""\
# Written by Holdfast: puts back the files of a transaction that a power cut left open, before anything reads them.
[Unit]
Description=Holdfast: undo a transaction that was cut off
DefaultDependencies=no
After=systemd-remount-fs.service
Wants=local-fs-pre.target network-pre.target
Before=local-fs-pre.target network-pre.target sysinit.target shutdown.target
Conflicts=shutdown.target
ConditionDirectoryNotEmpty={durable.JOURNAL}

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -I -S {RECOVER}
SyslogIdentifier=holdfast

[Install]
WantedBy=sysinit.target
"""


def ensure(version, modules):
    """`modules`: {name: source}, or None where this very version is what runs. Returns the program's folder. Everything is durable before the first commit relies on it."""
    for folder in ("/etc/holdfast", durable.JOURNAL, "/var/lib/holdfast", "/var/lib/holdfast/backups", durable.RESULTS, "/var/lib/holdfast/managed"):
        os.makedirs(folder, 0o700, exist_ok=True)
    program = f"{LIBRARY}/{version}"
    if not os.path.isdir(program):
        install_program(program, modules)
    ensure_file(RECOVER, durable.read_regular(f"{program}/durable.py"), 0o644)
    ensure_file(UNIT, UNIT_TEXT.encode(), 0o644)
    if not os.path.islink(WANTED):
        os.makedirs(os.path.dirname(WANTED), exist_ok=True)
        os.symlink(UNIT, WANTED)
        durable.sync_folder(os.path.dirname(WANTED))
    return program


def install_program(program, modules):
    draft = f"{program}.{os.getpid()}.draft"
    os.makedirs(draft, 0o755)
    for name, source in modules.items():
        durable.write_new(f"{draft}/{name}.py", source.encode(), 0o644)
    durable.sync_folder(draft)
    try:
        os.rename(draft, program)
    except OSError:
        durable.discard(draft)  # another session was first
        if not os.path.isdir(program):
            raise
    durable.sync_folder(LIBRARY)


def ensure_file(path, data, mode):
    if not os.path.islink(path) and durable.read_regular(path) == data:
        return
    durable.replace(path, data, mode)
