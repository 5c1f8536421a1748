"""The fleet of the stack's ``holdfast:fleet``, hardened."""

from typing import Any

import pulumi


class HardenedFleet(pulumi.ComponentResource):
    """A component that the provider constructs; ``pulumi package add`` generates classes like this one."""

    nodes: pulumi.Output[dict[str, Any]]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Take the stack's fleet: a property ``fleet`` beside ``nodes`` gives another."""
        super().__init__("holdfast:components:HardenedFleet", name, {"nodes": None}, opts, remote=True)


pulumi.export("nodes", HardenedFleet("paris").nodes)
