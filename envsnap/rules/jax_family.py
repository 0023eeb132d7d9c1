"""jax, jaxlib and the CUDA plugins do not belong together."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule, packages, version
from envsnap.rules.versions import numbers

PLUGINS = ("jax-cuda12-plugin", "jax-cuda12-pjrt", "jax-cuda13-plugin", "jax-cuda13-pjrt")
REFERENCE = "jax-ml/jax docs/installation.md and CHANGELOG.md"


class JaxFamily(Rule):
    """jax, jaxlib, the CUDA plugins or NumPy do not belong together.

    jaxlib and the CUDA plugins are released with jax and have to be of its minor release; each
    jax states the oldest NumPy and the cuDNN that it runs with. JAX checks this at import.

    Fix: install them together: `jax[cuda12]` or `jax[cuda13]` in one release.
    """

    id = "jax-family"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare minor releases, and hold the table against NumPy and cuDNN."""
        jax = version(manifest, "jax")
        if jax is None or not numbers(jax):
            return
        for name in ("jaxlib", *PLUGINS):
            other = version(manifest, name)
            if other and numbers(other)[:2] != numbers(jax)[:2]:
                yield self._finding(
                    name, f"{name} {other} does not belong to jax {jax}", jax, other
                )
        rows = [row for row in table("jax_releases")["rows"] if numbers(row["jax"]) <= numbers(jax)]
        if not rows:
            return
        row = rows[-1]
        numpy = version(manifest, "numpy")
        if numpy and numbers(numpy) < numbers(row["numpy"]):
            yield self._finding(
                "numpy",
                f"jax {jax} needs NumPy {row['numpy']}, and {numpy} is installed",
                row["numpy"],
                numpy,
            )
        for name in packages(manifest):
            cudnn = version(manifest, name) if name.startswith("nvidia-cudnn-cu") else None
            plugin = version(manifest, "jax-cuda12-plugin")
            if cudnn and plugin and row["cudnn"] and numbers(cudnn) < numbers(row["cudnn"]):
                yield self._finding(
                    name,
                    f"jax {jax} needs cuDNN {row['cudnn']}, and {cudnn} is installed",
                    row["cudnn"],
                    cudnn,
                )

    def _finding(self, name: str, message: str, left: str, right: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "version"),
            message=message,
            why="JAX checks the versions of what it is built with, and refuses others.",
            fix="Install jax, jaxlib and the plugins together, in one release.",
            reference=REFERENCE,
            left=left,
            right=right,
        )
