"""The blackbox exporter's image: there before anything is written, and its program asked about the staged file."""

from __future__ import annotations

import shutil

from engine import commands
from look.verdict import Verdict, bad, passed

TRIAL = 60  # seconds for a container that only reads a file


def check(timeout: float, engine: str, image: str, staged: str) -> Verdict:
    """Pulled where it is not there: a registry that cannot be reached leaves what runs as it is."""
    if shutil.which(engine) is None:
        remedy = "install docker-cli (Debian 13 has it apart from docker.io)" if engine == "docker" else "install podman"
        return bad("blackbox-image", f"there is no {engine} on this machine", remedy)
    if not commands.run([engine, "image", "inspect", image], TRIAL).ok:
        pulled = commands.run([engine, "pull", "--quiet", image], timeout - 2 * TRIAL)
        if not pulled.ok:
            said = f"{engine} pull {image}: {pulled.explain()}"
            return bad("blackbox-image", said, "is the registry reached from there, and is the digest right?")
    volume = f"--volume={staged}:/blackbox.yml:ro"
    confined = ["--rm", "--network=none", "--cap-drop=ALL", "--user=0:0", "--read-only", volume]
    asked = commands.run([engine, "run", *confined, image, "--config.check", "--config.file=/blackbox.yml"], TRIAL)
    if not asked.ok:
        reason = asked.explain().splitlines()[-1]  # what comes before is what it says at every start
        return bad("blackbox-image", f"{image} refuses its configuration, or does not run: {reason}", "is it a blackbox exporter's?")
    return passed()
