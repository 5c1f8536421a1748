"""pyinfra's half of the comparison: `job.json` in the working folder says what."""

import json

from pyinfra.operations import apt, files, systemd

with open("job.json", encoding="utf-8") as stream:
    job = json.load(stream)["job"]

apt.packages(name="packages", packages=job["packages"])
changed = [files.put(name=path, src=f"files{path}", dest=path, mode="644", user="root", group="root") for path in job["files"]]
systemd.daemon_reload(name="reload", _if=lambda: any(each.did_change() for each in changed))
for unit in job["units"]:
    systemd.service(name=unit, service=unit, running=True, enabled=True)
