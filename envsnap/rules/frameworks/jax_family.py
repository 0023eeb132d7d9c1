"""jax, jaxlib and the CUDA plugins do not belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.drivers import is_driver
from envsnap.knowledge.tables import table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, stated, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

PLUGINS = ("jax-cuda12-plugin", "jax-cuda12-pjrt", "jax-cuda13-plugin", "jax-cuda13-pjrt")
DRIVER_13 = (580,)
REFERENCE = "jax-ml/jax docs/installation.md and CHANGELOG.md"


class JaxFamily(Rule):
    """jax, jaxlib, the CUDA plugins or NumPy do not belong together.

    jaxlib and the CUDA plugins are released with jax and must have its minor release. Each jax
    states the oldest NumPy and the cuDNN that it runs with. JAX checks this at import.

    Fix: install them together: `jax[cuda12]` or `jax[cuda13]` in one release.
    """

    id = "jax-family"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare minor releases, and hold the table against NumPy and cuDNN."""
        jax = version(manifest, "jax")
        if jax is None or not numbers(jax):
            return
        yield from self._parts(manifest, jax)
        yield from self._driver(manifest)
        rows = [row for row in table("jax_releases")["rows"] if numbers(row["jax"]) <= numbers(jax)]
        if rows:
            yield from self._needs(manifest, jax, rows[-1])

    def _driver(self, manifest: Manifest) -> Iterator[Finding]:
        driver = stated(manifest, "driver", "version")
        plugin = version(manifest, "jax-cuda13-plugin")
        if plugin and isinstance(driver, str) and is_driver(driver) and numbers(driver) < DRIVER_13:
            message = f"jax-cuda13-plugin {plugin} needs driver 580, and here is {driver}"
            yield self._finding(("driver", "version"), message, "driver 580")

    def _needs(self, manifest: Manifest, jax: str, row: dict[str, Any]) -> Iterator[Finding]:
        """NumPy, and beside the plugin for CUDA 12 its cuDNN, of a release at the least."""
        wanted = {"numpy": ("NumPy", row["numpy"])}
        if row["cudnn"] and version(manifest, "jax-cuda12-plugin"):
            names = [name for name in packages(manifest) if name.startswith("nvidia-cudnn-cu")]
            wanted |= dict.fromkeys(names, ("cuDNN", row["cudnn"]))
        for name, (word, first) in wanted.items():
            have = version(manifest, name)
            if have and numbers(have) < numbers(first):
                message = f"jax {jax} needs {word} {first}, and {have} is installed"
                yield self._finding(("packages", name, "version"), message, f"{word} {first}")

    def _parts(self, manifest: Manifest, jax: str) -> Iterator[Finding]:
        """Jaxlib and the plugins: of one minor release, not newer than jax, and equal to each other."""
        jaxlib = version(manifest, "jaxlib")
        for name in ("jaxlib", *PLUGINS):
            other = version(manifest, name)
            if other is None or not numbers(other):
                continue
            path = ("packages", name, "version")
            if numbers(other)[:2] != numbers(jax)[:2]:
                yield self._finding(
                    path, f"{name} {other} does not belong to jax {jax}", f"jax {jax}"
                )
            elif numbers(other) > numbers(jax):
                message = f"{name} {other} is newer than jax {jax} (unverified)"
                yield self._finding(path, message, f"jax {jax}", sure=False)
            elif name != "jaxlib" and jaxlib and numbers(other) != numbers(jaxlib):
                message = (
                    f"{name} {other} is not of jaxlib {jaxlib}: JAX may leave it out (unverified)"
                )
                yield self._finding(path, message, f"jaxlib {jaxlib}", sure=False)

    def _finding(
        self, path: tuple[str, ...], message: str, expected: str, *, sure: bool = True
    ) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.ERROR if sure else Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
            path=path,
            message=message,
            why="JAX checks the versions of what it is built with, and refuses others.",
            fix="Install jax, jaxlib and the plugins together, in one release.",
            source=REFERENCE,
            expected=expected,
            cites=(("packages", "jax", "version"),),
        )
