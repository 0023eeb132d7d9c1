"""jax, jaxlib and the CUDA plugins do not belong together."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, stated, version
from envsnap.rules.drivers.driver_minimum import is_driver
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule
from envsnap.rules.versions import numbers

PLUGINS = ("jax-cuda12-plugin", "jax-cuda12-pjrt", "jax-cuda13-plugin", "jax-cuda13-pjrt")
DRIVER_13 = (580,)
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
        yield from self._parts(manifest, jax)
        driver = stated(manifest, "driver", "version")
        plugin = version(manifest, "jax-cuda13-plugin")
        if plugin and isinstance(driver, str) and is_driver(driver) and numbers(driver) < DRIVER_13:
            message = f"jax-cuda13-plugin {plugin} needs driver 580, and here is {driver}"
            yield self._finding(("driver", "version"), message, "driver 580")
        rows = [row for row in table("jax_releases")["rows"] if numbers(row["jax"]) <= numbers(jax)]
        if not rows:
            return
        row = rows[-1]
        numpy = version(manifest, "numpy")
        if numpy and numbers(numpy) < numbers(row["numpy"]):
            yield self._finding(
                ("packages", "numpy", "version"),
                f"jax {jax} needs NumPy {row['numpy']}, and {numpy} is installed",
                f"NumPy {row['numpy']}",
            )
        for name in packages(manifest):
            cudnn = version(manifest, name) if name.startswith("nvidia-cudnn-cu") else None
            plugin = version(manifest, "jax-cuda12-plugin")
            if cudnn and plugin and row["cudnn"] and numbers(cudnn) < numbers(row["cudnn"]):
                yield self._finding(
                    ("packages", name, "version"),
                    f"jax {jax} needs cuDNN {row['cudnn']}, and {cudnn} is installed",
                    f"cuDNN {row['cudnn']}",
                )

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
