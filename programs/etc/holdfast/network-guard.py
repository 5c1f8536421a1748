#!/usr/bin/python3 -ISXutf8
"""Managed by Holdfast. The guard of this node's network: /etc/network/interfaces and all that it sources.

  network-guard check    prints what is wrong with the files; 1 where they would be refused
  network-guard watch    the same, told to everybody whom it concerns; by holdfast-network-guard.path
  network-guard start    before networking.service starts: damaged files are replaced by the last proven ones
  network-guard reload   in its place: refuses damaged files, else does what the unit itself would have done
  network-guard boot     watches one boot: proves the files, or puts the last proven ones back, once
  network-guard prove ADDRESS  keeps the files as proven where none are yet, and the network runs with them
  network-guard restore  the last proven files of the network, hosts and fstab back, whatever stands there
  network-guard status   one line about what was put back
  network-guard clear    what was put back has been seen to
"""

import glob
import hashlib
import os
import re
import shlex
import subprocess
import sys
import time

from shared.files import forget, read_settings, read_text, store, try_to_store
from shared.interfaces_files import (
    INTERFACES,
    ROOT,
    Fault,
    errors_of,
    folders_of,
    judge,
    printable,
    read_interfaces,
)
from shared.metrics import gauge, single, write_metrics
from shared.processes import log, run, send_mail
from shared.proven import (
    PROVEN,
    Proven,
    digest_of,
    keep_proven,
    load,
    load_proven,
    now_standing,
    put_back,
    save,
)
from shared.reach import any_finds_link, cards_under, fault_of, link_fault, name_fault, names_in_hosts

CONF = "/etc/holdfast/network-guard.conf"
NOTE = f"{PROVEN}/put-back.json"  # the last time that files were put back
SETS = f"{PROVEN}/put-aside.json"  # sets of files that were put aside, by digest
TOLD = os.environ.get("HOLDFAST_STATE", "/var/lib/holdfast") + "/network-guard.told"
MOTD = "/run/motd.d/holdfast-network"
DROPIN = "/run/systemd/system/holdfast-network-guard.path.d/sourced.conf"
METRICS_FILE = "holdfast_network_guard.prom"
MOST_TOLD = 20  # faults of one run
MAIL = 90  # seconds
LONGEST_BOOT = 1800  # seconds after which a boot that has not ended is no longer waited for


def main(arguments: list[str]) -> int:
    commands = {
        "check": check,
        "watch": watch,
        "start": start,
        "reload": reload,
        "boot": boot,
        "restore": restore,
        "status": status,
        "clear": clear,
    }
    if len(arguments) == 2 and arguments[0] == "prove":
        return prove(arguments[1])
    command = commands.get(arguments[0]) if len(arguments) == 1 else None
    if command is None:
        print(__doc__, file=sys.stderr)
        return 2
    return command()


def announce(message: str, priority: str = "err") -> None:
    """To the journal under Holdfast's own name, whichever unit this runs in, and to whoever has started it by hand."""
    if not os.environ.get("JOURNAL_STREAM"):
        print(message, file=sys.stderr, flush=True)
    log(message, "-p", f"daemon.{priority}")


# -------------------- the grammar


def check() -> int:
    faults = judge(read_interfaces())
    for fault in faults[:MOST_TOLD]:
        print(fault.text)
    return 1 if errors_of(faults) else 0


def watch() -> int:
    files = read_interfaces()
    faults = judge(files)
    errors = errors_of(faults)
    note = load(NOTE)
    for fault in faults[:MOST_TOLD]:
        announce(f"network guard: {fault.text}", "err" if fault in errors else "warning")
    write_metrics(METRICS_FILE, metrics_of(errors, note))
    write_motd(errors, note)
    watch_further(folders_of(files))
    word = f"{digest(faults)} {note.get('when', '')}"
    before = read_text(TOLD).strip()
    if word != before:
        try_to_store(TOLD, f"{word}\n")
        tell(faults, before.split(" ")[0], note, before.partition(" ")[2])
    return 0


def tell(faults: list[Fault], before: str, note: dict[str, object], noted: str) -> None:
    """By mail, each once."""
    if note and str(note.get("when")) != noted:
        announce(f"network guard: {told_of(note)}", "warning")
        send_mail("network files were put back", f"{told_of(note)}\n{AFTER_PUT_BACK}", MAIL)
    if faults and digest(faults) != before:
        refused = errors_of(faults)
        subject = "the network's files are damaged" if refused else "a likely slip in the network's files"
        send_mail(f"{subject}: {faults[0].file}:{faults[0].finding.line}", mail_about(faults), MAIL)
    elif not faults and before not in ("", digest([])):
        announce("network guard: the files are sound again", "notice")
        send_mail("the network's files are sound again", f"{INTERFACES} and all that it sources\n", MAIL)


AFTER_PUT_BACK = "When it has been seen to: /etc/holdfast/network-guard clear\n"


def mail_about(faults: list[Fault]) -> str:
    more = [f"and {len(faults) - MOST_TOLD} more"] if len(faults) > MOST_TOLD else []
    effect = (
        "Until this is mended networking.service does not reload these files, and a boot uses the last proven ones."
        if errors_of(faults)
        else "This is not refused, only told."
    )
    return "\n".join([*(fault.text for fault in faults[:MOST_TOLD]), *more, "", effect, ""])


def digest(faults: list[Fault]) -> str:
    return hashlib.sha256("\n".join(fault.text for fault in faults).encode("utf-8", "replace")).hexdigest()[:32]


def metrics_of(errors: list[Fault], note: dict[str, object]) -> str:
    when = "When files that failed were replaced by the last proven ones, in seconds since 1970."
    return "".join(
        [
            single("holdfast_interfaces_sound", "Whether the network's files keep the strict grammar.", int(not errors)),
            single("holdfast_interfaces_errors", "Errors in the network's files.", len(errors)),
            gauge(
                "holdfast_network_put_back_timestamp_seconds",
                when,
                [({"by": str(note.get("by", ""))}, int(str(note["when"])))] if note else [],
            ),
        ]
    )


def write_motd(errors: list[Fault], note: dict[str, object]) -> None:
    """For whoever logs in next; gone when there is nothing to say."""
    lines = [f"*** network guard: {fault.text}" for fault in errors[:3]]
    lines += [f"*** network guard: {told_of(note)}", f"    {AFTER_PUT_BACK.strip()}"] if note else []
    if not lines:
        forget(ROOT + MOTD)
        return
    try:
        store(ROOT + MOTD, "\n".join(lines) + "\n", 0o644, 0o755)
    except OSError as error:
        announce(f"network guard: {MOTD} cannot be written: {error.strerror}", "warning")


def watch_further(folders: set[str]) -> None:
    """Folders that a file sources and the path unit does not know: until the next boot, when this runs again."""
    if ROOT:
        return
    known = read_text("/etc/systemd/system/holdfast-network-guard.path")
    lines = [f"PathChanged={folder}\n" for folder in sorted(folders) if re.fullmatch(r"/[\w./@:+-]*", folder)]
    wanted = "".join(line for line in lines if line not in known)
    if wanted == read_text(DROPIN).removeprefix("[Path]\n"):
        return
    try:
        store(DROPIN, f"[Path]\n{wanted}", 0o644, 0o755)
    except OSError as error:
        announce(f"network guard: {DROPIN} cannot be written: {error.strerror}", "warning")
        return
    run(["systemctl", "daemon-reload"], 60)
    run(["systemctl", "--no-block", "restart", "holdfast-network-guard.path"], 10)


# -------------------- networking.service


def reload() -> int:
    errors = errors_of(judge(read_interfaces()))
    if errors:
        for fault in errors[:MOST_TOLD]:
            announce(f"network guard: {fault.text}")
        announce("network guard: not reloaded: the network stays as it is. Mend the file, then reload again")
        return 1
    fragment = run(["systemctl", "show", "--property=FragmentPath", "--value", "networking.service"], 10).output.strip()
    commands = re.findall(r"^ExecReload=[-@:+!]*(\S.*)$", read_text(fragment), re.MULTILINE)
    if not commands:
        announce(f"network guard: {fragment or 'networking.service'} knows no reload of its own: restart it instead", "warning")
        return 1
    for command in commands:
        done = subprocess.run(shlex.split(command), check=False)
        if done.returncode != 0:
            return done.returncode if done.returncode > 0 else 1
    return 0


def start() -> int:
    """Never keeps the network from starting, whatever happens here."""
    standing = read_interfaces()
    errors = errors_of(judge(standing))
    if not errors:
        return 0
    for fault in errors[:MOST_TOLD]:
        announce(f"network guard: {fault.text}")
    proven = load_proven()
    if proven is None or errors_of(judge(proven.interfaces)):
        announce("network guard: no proven copy is there to start with: the network starts with the damaged files")
        return 0
    come_back(proven.interfaces, standing, "guard", errors[0].text)
    return 0


def come_back(wanted: dict[str, bytes], standing: dict[str, bytes], by: str, why: str) -> bool:
    """Whether the files of a boot that was proven stand there now."""
    try:
        save(SETS, {"sets": [*seen(), digest_of(standing)]})  # first: whoever is cut off does not do it twice
        folder, changed = put_back(wanted, standing)
        save(
            NOTE,
            {
                "when": int(time.time()),
                "by": by,
                "why": why,
                "files": changed,
                "aside": folder,
            },
        )
    except OSError as error:
        announce(f"network guard: {error.filename or 'the proven files'} cannot be put back: {error.strerror}", "crit")
        return False
    announce(f"network guard: {told_of(load(NOTE))}", "crit")
    return True


def seen() -> list[str]:
    """Sets of files that were put aside before, by digest."""
    return [str(each) for each in load(SETS).get("sets", [])][-50:]


def told_of(note: dict[str, object]) -> str:
    files = note.get("files")
    names = ", ".join(map(str, files)) if isinstance(files, list) else ""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(int(str(note.get("when", 0)))))
    outcome = f"; {note['outcome']}" if note.get("outcome") else ""
    return printable(
        f"{when} the {note.get('by')} put {names} back as last proven, because: {note.get('why')}; what stood there is kept in {note.get('aside')}{outcome}"
    )


# -------------------- a boot


def settings() -> tuple[str, str, float]:
    """The management address, the node's name, and the window in seconds."""
    read = read_settings(ROOT + CONF)
    return read.get("ADDRESS", ""), os.uname().nodename, float(read.get("BOOT_WINDOW", "300"))


def boot() -> int:
    address, name, window = settings()
    booted = now_standing()
    began = time.monotonic()
    fault: str | None = "the watch has not looked yet"
    while time.monotonic() - began < LONGEST_BOOT:
        fault = fault_of(address, name)
        if fault is None and has_ended():
            return note_proven(booted, "boot")
        if time.monotonic() - began >= window and (fault is not None or is_in_emergency()):
            return give_up_on(booted, fault or "the boot has ended in emergency mode", address, name)
        time.sleep(2)
    announce(f"boot watch: this boot has not ended after {LONGEST_BOOT} s, so its files are not proven", "warning")
    return 1


def has_ended() -> bool:
    return state_of_system() in ("running", "degraded")


def is_in_emergency() -> bool:
    return state_of_system() == "maintenance"


def state_of_system() -> str:
    return run(["systemctl", "is-system-running"], 10).output.strip()


def note_proven(files: dict[str, bytes], how: str) -> int:
    standing, proven = now_standing(), load_proven()
    if proven and standing == proven.files and standing != files:
        return 0  # the guard has put them back before the network started
    if standing != files:
        announce("boot watch: the network's files were changed since the boot, so they are not proven", "notice")
        return 0
    errors = errors_of(judge(read_interfaces()))
    if errors:
        announce(f"boot watch: this boot came up, but its files are not kept as proven: {errors[0].text}", "warning")
        return 0
    try:
        keep_proven(files, how)
    except OSError as error:
        announce(f"boot watch: {PROVEN} cannot be written: {error.strerror}", "warning")
        return 1
    announce(f"boot watch: {len(files)} files are proven by this {'boot' if how == 'boot' else 'running network'}", "info")
    return 0


def give_up_on(booted: dict[str, bytes], fault: str, address: str, name: str) -> int:
    """At most once for each set of files, and only where they can be the reason."""
    announce(f"boot watch: after the boot window: {fault}")
    proven = load_proven()
    why_not = reason_to_leave(booted, proven, address, name)
    if why_not or proven is None:
        announce(f"boot watch: nothing is put back: {why_not}", "warning")
        return 1
    if not come_back(proven.files, booted, "boot watch", fault):
        return 1
    outcome = bring_up(address, name)
    save(NOTE, {**load(NOTE), "outcome": outcome})
    announce(f"boot watch: {outcome}", "crit")
    return watch()


def reason_to_leave(booted: dict[str, bytes], proven: Proven | None, address: str, name: str) -> str | None:
    if proven is None:
        return "no boot was proven yet"
    if digest_of(proven.files) == digest_of(booted):
        return "the files are those that a boot was proven with, so the reason is elsewhere"
    if now_standing() != booted:
        return "somebody has changed the files since the boot"
    if digest_of(booted) in seen():
        return "these files were put aside once before, and somebody has written them again"
    if is_in_emergency():
        return None if proven.files.get("/etc/fstab") != booted.get("/etc/fstab") else "fstab is as proven"
    if link_fault(address):
        cards = cards_under(address, proven.interfaces)
        if not cards:
            return "none of the network cards of the proven files is in this node"
        return None if any_finds_link(cards) else f"no cable answers at {', '.join(sorted(cards))}"
    if name_fault(name) and name not in names_in_hosts(proven.files.get("/etc/hosts", b"")):
        return f"the proven hosts file does not name {name} either, so DNS is the reason"
    return None


def bring_up(address: str, name: str) -> str:
    """With the files that stand there now: first what spares the guests' links, a reload, then a restart. What came of
    it."""
    run(["systemctl", "daemon-reload"], 60)
    if is_in_emergency():
        run(["systemctl", "--no-block", "default"], 10)
    for verb in ("reload", "restart"):
        if link_fault(address):
            run(["systemctl", verb, "networking.service"], 180)
            wait_for_link(address, 30)
    if run(["systemctl", "is-failed", "pve-cluster.service"], 10).code == 0:
        run(["systemctl", "reset-failed", "pve-cluster.service"], 10)
        run(["systemctl", "--no-block", "start", "pve-cluster.service"], 10)
    left = fault_of(address, name)
    return f"with them it is still so that {left}" if left else "with them the node answers again"


def wait_for_link(address: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and link_fault(address):
        time.sleep(0.5)


def prove(address: str) -> int:
    """A push asks, before it writes: until a boot has been watched what runs is the best that is known."""
    if load_proven() is not None:
        return 0
    started = [os.stat(path).st_mtime for path in glob.glob(f"{ROOT}/run/network/ifstate*")]
    files = now_standing()
    newest = max((os.stat(ROOT + path).st_mtime for path in files if path.startswith("/etc/network/")), default=0)
    if not started or newest > max(started):
        announce("network guard: the network does not run with the files that stand there: the next boot has to prove them", "notice")
        return 0
    fault = fault_of(address, os.uname().nodename)
    if fault:
        announce(f"network guard: nothing is proven yet: {fault}", "notice")
        return 0
    return note_proven(files, "running")


def restore() -> int:
    """For whoever stands at the console: the runbook names it."""
    proven = load_proven()
    if proven is None:
        announce("network guard: no boot was proven yet, so there is nothing to put back", "warning")
        return 1
    standing = now_standing()
    if standing == proven.files:
        print(f"nothing differs from the files that were proven on {time.strftime('%Y-%m-%d %H:%M', time.localtime(proven.when))}")
        return 0
    return 0 if come_back(proven.files, standing, "operator", "it was asked for by hand") else 1


def status() -> int:
    note = load(NOTE)
    print(told_of(note) if note else "nothing was put back")
    return 0


def clear() -> int:
    """The digests stay: the boot watch does not put aside twice."""
    forget(ROOT + NOTE)
    return watch()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
