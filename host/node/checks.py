"""Checks that need more than one native command. Called as data: argv ["holdfast", NAME, …]. Each returns None or a complaint."""

import os
import re

import commands
import durable
import facts
import probes


def check(name, arguments, timeout):
    function = CHECKS.get(name)
    return function(timeout, *arguments) if function else f"the node's program has no check `{name}`"


def resolver(timeout, name, address):
    """The node's name must give its LAN address and no loopback one: pmxcfs resolves it at boot (pve-cluster)."""
    addresses = probes.resolve(name)
    loopback = [found for found in addresses if probes.is_loopback(found)]
    if loopback:
        return f"{name} still resolves to {', '.join(loopback)}; look for it in /etc/hosts, or in libnss-myhostname and DNS"
    if address not in addresses:
        return f"{name} resolves to {', '.join(addresses) or 'nothing'}, not to {address}"
    return None


def findmnt(timeout, staged):
    """`findmnt --verify`, which also fails what is merely absent: a disk or folder of a `nofail` entry is no reason to stop."""
    checked = commands.run(["findmnt", "--verify", "--tab-file", staged], timeout)
    if checked.ok:
        return None
    if checked.code is None:
        return checked.explain()
    entries = entries_of(staged)
    target, complaints, excused = None, [], False
    for line in (checked.output + checked.errors).splitlines():
        if "parse error" in line and "ignored" in line:
            complaints.append(line.strip())
        elif "[E]" in line and is_excused(line, *entries.get(target, ("", []))):
            excused = True
        elif "[E]" in line:
            complaints.append(f"{target}: {line.replace('[E]', '').strip()}")
        elif line and not line[0].isspace():
            target = line
    # It may die of a line that it cannot parse (2.41 does): only errors that are excused make it pass.
    return "; ".join(complaints) or (None if excused and checked.code > 0 else checked.explain())


def is_excused(line, fstype, options):
    if "required target: No such file" in line:
        return True  # systemd makes the folder that it mounts on
    if "unsupported source tag" in line:
        return fstype == "ceph"  # admin@.cephfs=/
    is_absence = any(word in line for word in ("unreachable", "non-existing", "cannot be found", "does not exist", "cannot detect on-disk filesystem type"))
    return is_absence and ("nofail" in options or "noauto" in options)


def entries_of(path):
    """{target: (type, options)}."""
    entries = {}
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            fields = line.split()
            if len(fields) >= 4 and not line.lstrip().startswith("#"):
                entries[facts.unescape(fields[1])] = (fields[2], fields[3].split(","))
    return entries


def fstab_generator(timeout, staged, *essential):
    """Dry run of systemd's own generator: a mount under local-fs.target.requires stops the boot when its disk is missing.

    In a container /sys is read-only and the generator then ignores every device, so the run gets a /sys of its own.
    """
    generator = "/usr/lib/systemd/system-generators/systemd-fstab-generator"
    folder = f"{durable.RUN}/fstab-generator-{os.getpid()}"
    commands.remove_tree(folder)  # a killed one's, of the same number
    os.makedirs(folder, 0o700)
    try:
        script = 'mount -t tmpfs none /sys && exec "$0" "$@"'
        ran = commands.run(
            ["unshare", "--mount", "sh", "-c", script, generator, folder, folder, folder],
            timeout,
            {"SYSTEMD_FSTAB": staged, "SYSTEMD_LOG_TARGET": "console"},
        )
        if not ran.ok:
            return f"{generator}: {ran.explain()}"
        required = os.path.join(folder, "local-fs.target.requires")
        names = os.listdir(required) if os.path.isdir(required) else []
        targets = {mount_target(os.path.join(folder, name)) for name in names if name.endswith(".mount")}
    finally:
        commands.remove_tree(folder)
    blocking = sorted(target for target in targets if target and target not in essential)
    if blocking:
        return f"{', '.join(blocking)} would stop the boot when its disk is missing: add nofail, or declare it essential"
    return None


def mount_target(unit):
    with open(unit, encoding="utf-8") as stream:
        match = re.search(r"^Where=(.*)$", stream.read(), re.MULTILINE)
    return match.group(1) if match else None


# What ifupdown2 fails a file for that it brings up as it should.
HARMLESS = re.compile(
    r"\bovs[-_]|rt_tables"  # options of the Open vSwitch add-on, which it did not load
    r'|: bridge-ports: invalid value "(none|regex |glob )|: bridge-waitport: invalid value "\d'
    r"|bridge inherits mtu from its ports"
    r"|: veth-peer-name: invalid value"
    r"|^warning: ib\S*: mtu: value of out range"  # InfiniBand's 65520
    r"|template lookup path"  # a % in a comment
    r"|no ifaces found matching"  # a file that only sources others
)


def interfaces(timeout, staged):
    """The node's own ifup on the staged file, without applying it. It passes most mistakes (those are the lints' work)."""
    if not os.path.exists("/usr/share/ifupdown2"):
        return classic_ifup(timeout, staged)
    tried = commands.run(["ifup", "-a", "-s", "-i", staged], timeout)
    if tried.ok:
        return None
    if tried.code is None:
        return tried.explain()
    said = [line for line in (tried.errors + tried.output).splitlines() if line.startswith(("error:", "warning:"))]
    return "; ".join(line for line in said if not HARMLESS.search(line)) or None


def classic_ifup(timeout, staged):
    tried = commands.run(["ifup", "--no-act", "--force", "--all", f"--interfaces={staged}"], timeout)
    return None if tried.ok else tried.explain()


def smartd(timeout, staged):
    """Every disk of the staged file, once; without mails, state files or hooks. Status 17: this node has no disk to watch.

    With -d removable smartd also passes over a device type that it does not know, and over a disk that is there but not of
    the type that the file says.
    """
    tried = commands.run(["smartd", "-q", "onecheck", "-s", "-", "-A", "-", "-w", "/bin/true", "-c", staged], timeout)
    unsupported = [line for line in tried.output.splitlines() if "unsupported device type" in line]
    if tried.code in (0, 17):
        return "; ".join(unsupported + refused_devices(staged, tried.output.splitlines())) or None
    complaints = [line for line in (tried.output + tried.errors).splitlines() if re.search(r"(?i)invalid|error|unable|missing|unknown|syntax", line)]
    return "; ".join(complaints[-3:]) or tried.explain()


def refused_devices(staged, said):
    """smartd's own words about devices that the file names and the node has; an absent one may come back."""
    with open(staged, encoding="utf-8", errors="replace") as stream:
        devices = dict.fromkeys(line.split()[0] for line in stream if line.startswith("/"))
    words = []
    for device in filter(os.path.exists, devices):
        name = re.escape(device) + r"(?: \[[^]]*\])?"
        if any(re.match(rf"Device: {name}, not available", line) for line in said):
            words += [line for line in said if re.search(rf"(?i)(?:^Device: |device ){name}\b.*(?:unable|failed|not |lacks)|^Unable.* {name} ", line)]
    return words


def exporter(timeout, *arguments):
    import exporter as module  # only where a plan asks for it

    return module.complaint(timeout, *arguments)


def ip_filter(timeout):
    import exporter as module

    return module.filter_complaint(timeout)


CHECKS = {
    "resolver": resolver,
    "findmnt": findmnt,
    "fstab-generator": fstab_generator,
    "interfaces": interfaces,
    "smartd": smartd,
    "exporter": exporter,
    "ip-filter": ip_filter,
}
