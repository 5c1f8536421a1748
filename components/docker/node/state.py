"""Which of the declared containers run: in the words of the program that brings them back."""

import json
import os
from typing import Any

from engine import commands
from look.verdict import Verdict, unknown
from probes import for_one_look

PROGRAM = "/usr/local/lib/holdfast/redeploy"


def docker(what: str) -> str | Verdict:
    """`daemon` or `disk`."""
    word = told().get(what)
    return word if isinstance(word, str) and word != "not known" else silent()


def deployment(name: str) -> str | Verdict:
    deployments = told().get("deployments")
    word = deployments.get(name) if isinstance(deployments, dict) else None
    return word if isinstance(word, str) and not word.startswith("could not be told") else silent(word)


def silent(word: object = None) -> Verdict:
    return unknown("docker-silent", f"unknown: {word or 'Docker does not answer'}")


@for_one_look
def told() -> dict[str, Any]:
    """Empty where it does not answer."""
    if not os.path.exists(PROGRAM):
        return {}
    try:
        answer = json.loads(commands.run([PROGRAM, "--state"], timeout=90, limit=1 << 20).output)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
