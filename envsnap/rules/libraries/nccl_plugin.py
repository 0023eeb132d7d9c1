"""NCCL finds a network plugin on one side only."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

PLUGIN = "libnccl-net"


class NcclPlugin(Rule):
    """NCCL's network plugin is found on one side only, or at another place.

    NCCL talks over InfiniBand, EFA or RDMA through a plugin (libnccl-net.so) that it looks for in
    the library path. A node that does not find it falls back to sockets; a job whose nodes
    disagree hangs without an error.

    Fix: put the plugin's folder into LD_LIBRARY_PATH on every node, and compare what
    NCCL_DEBUG=INFO prints.
    """

    id = "nccl-plugin"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield at most one finding."""
        found = []
        for side in (comparison.reference, comparison.other):
            libraries = stated(side, "cuda", "on_disk")
            if not isinstance(libraries, dict):
                return
            plugin = next((name for name in sorted(libraries) if name.startswith(PLUGIN)), None)
            found.append(libraries[plugin].path if plugin else None)
        if (found[0] is None) is (found[1] is None):
            return
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=("cuda", "on_disk", f"{PLUGIN}.so"),
            message=f"NCCL's network plugin: {found[0] or 'not found'} -> {found[1] or 'not found'}",
            why="Without it NCCL uses sockets; nodes that disagree hang.",
            fix="Put the plugin's folder into LD_LIBRARY_PATH on every node.",
            source="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html",
            cites=(("env_vars", "LD_LIBRARY_PATH"),),
        )
