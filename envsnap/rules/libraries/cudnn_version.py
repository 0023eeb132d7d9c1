"""A framework loads, or finds installed, another cuDNN than it was built with."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import torch_builds
from envsnap.knowledge.tables import is_trusted, source
from envsnap.knowledge.versions import numbers
from envsnap.model.compute import Framework
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class CudnnVersion(Rule):
    """A framework loads another cuDNN than it was built with, or another one is installed.

    torch requires the major release that it was built with, and at least that minor one. Otherwise
    it raises "cuDNN version incompatibility". TensorFlow and JAX ask for the same. The wheels of
    torch pin the exact cuDNN that they were tested with.

    Fix: take the other cuDNN out of LD_LIBRARY_PATH, and install the one that the wheel pins.
    """

    id = "cudnn-version"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare what is loaded with what was compiled in, and what is installed with the pin."""
        for name, framework in frameworks(manifest).items():
            yield from self._loaded(name, framework)
        torch = frameworks(manifest).get("torch")
        if torch is not None and not isinstance(torch.cudnn_loaded, str):
            yield from self._installed(manifest, torch)

    def _loaded(self, name: str, framework: Framework) -> Iterator[Finding]:
        built, loaded = framework.cudnn, framework.cudnn_loaded
        if not isinstance(built, str) or not isinstance(loaded, str):
            return
        have, want = parts(loaded), parts(built)
        if not have or not want or (have[0] == want[0] and have[1:2] >= want[1:2]):
            return
        yield Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.CERTAIN,
            path=("frameworks", name, "cudnn_loaded"),
            message=f"{name} was built with cuDNN {built} and loads {loaded}",
            why="It has to be the same major release and at least that minor one.",
            fix="Take the other cuDNN out of LD_LIBRARY_PATH; install the one of the wheel.",
            source="torch/backends/cudnn/__init__.py of torch 2.13.0",
            cites=(("frameworks", name, "cudnn"), ("env_vars", "LD_LIBRARY_PATH")),
        )

    def _installed(self, manifest: Manifest, torch: Framework) -> Iterator[Finding]:
        release, _, label = str(torch.version).partition("+")
        row = torch_builds.wheel(release, label)
        if row is None or not row.get("cudnn"):
            return
        for name, package in packages(manifest).items():
            if name.startswith("nvidia-cudnn-cu") and isinstance(package.version, str):
                have, want = numbers(package.version)[:2], numbers(row["cudnn"])[:2]
                if have and (have[0] != want[0] or have[1:] < want[1:]):
                    sure = is_trusted(row["basis"])
                    yield Finding(
                        rule=self.id,
                        severity=Severity.ERROR
                        if sure and have[0] != want[0]
                        else Severity.WARNING,
                        effect=Effect.CRASH,
                        confidence=Confidence.LIKELY,
                        path=("packages", name, "version"),
                        message=f"torch {torch.version} pins cuDNN {row['cudnn']}, and {package.version} is installed",
                        why="torch refuses another major release and an older minor one.",
                        fix=f"Install {name}=={row['cudnn']}.",
                        source=source("torch_wheels", row["source"]),
                        expected=f"cuDNN {row['cudnn']}",
                        cites=(("frameworks", "torch", "version"),),
                    )


def parts(version: str) -> tuple[int, ...]:
    """A cuDNN version in parts; libraries also write it as one number (8907, 90100)."""
    found = numbers(version)
    if len(found) == 1 and found[0] >= 1000:
        number = found[0]
        step = (10000, 100) if number >= 90000 else (1000, 100)
        return (number // step[0], number % step[0] // step[1], number % step[1])
    return found
