"""cloud-init rewrites /etc/hosts at each boot, and puts 127.0.1.1 back."""

import re

from look.verdict import Verdict, bad, passed, skipped

from ..machine import Machine

GROUP = "name"
CODES = {
    "boot-cloud-init-hosts": "cloud-init is told to manage /etc/hosts, and its module for that runs",
    "boot-no-cloud-init": "cloud-init is not installed, or is switched off",
}
MAIN = "/etc/cloud/cloud.cfg"


def check(machine: Machine) -> Verdict:
    if machine.read(MAIN) is None or machine.exists("/etc/cloud/cloud-init.disabled"):
        return skipped("boot-no-cloud-init", "cloud-init does not run here")
    texts = [machine.read(path) or "" for path in (MAIN, *machine.find("/etc/cloud/cloud.cfg.d/*.cfg"))]
    lists = [modules_of(text) for text in texts]
    effective = next((each for each in reversed(lists) if each is not None), [])
    told = [*texts, machine.read("/var/lib/cloud/instance/user-data.txt") or ""]
    is_told = any(re.search(r"^\s*manage_etc_hosts:\s*['\"]?(?:true|yes|on|localhost|template)\b", text, re.MULTILINE | re.IGNORECASE) for text in told)
    if is_told and "update_etc_hosts" in effective:
        return bad("boot-cloud-init-hosts", "cloud-init rewrites /etc/hosts at each boot", "`pulumi up` puts a file beside it that ends this")
    return passed()


def modules_of(text: str) -> list[str] | None:
    block = re.search(r"^cloud_init_modules:[ \t]*(\[.*\])?[ \t]*\n((?:[ \t]*-.*\n?|[ \t]*#.*\n|[ \t]*\n)*)", text, re.MULTILINE)
    if block is None:
        return None
    return re.findall(r"[a-z][a-z_-]+", (block.group(1) or "") + "\n".join(line.partition("#")[0] for line in block.group(2).splitlines()))
