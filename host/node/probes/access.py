"""Whether a folder is root's alone."""

import os

from engine import safe


def root_alone(folder: str) -> str:
    """Whether root's programs may write there: nobody else could have them write elsewhere."""
    if not os.path.isdir(folder):
        return "absent"
    return safe.why_unsafe(f"{folder}/any") or "root's alone"
