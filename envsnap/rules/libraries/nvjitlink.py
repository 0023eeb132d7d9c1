"""nvJitLink is older than the CUDA libraries that call it."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class Nvjitlink(Rule):
    """The installed nvJitLink is older than the CUDA runtime beside it.

    cuSPARSE calls functions of the nvJitLink of its own release or newer; with an older one the
    import of torch fails: "undefined symbol: __nvJitLinkComplete_12_4". Some torch releases do
    not pin it, so that one pin installs different libraries at different times.

    Fix: install the nvidia-nvjitlink of the CUDA release that the wheel is built for.
    """

    id = "nvjitlink"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare by CUDA major release."""
        installed = packages(manifest)
        for name, package in installed.items():
            if not name.startswith("nvidia-nvjitlink") or not isinstance(package.version, str):
                continue
            runtime = installed.get(name.replace("nvjitlink", "cuda-runtime"))
            if runtime is None or not isinstance(runtime.version, str):
                continue
            have, want = numbers(package.version)[:2], numbers(runtime.version)[:2]
            if have and want and have < want:
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=("packages", name, "version"),
                    message=f"{name} {package.version} is older than the CUDA runtime {runtime.version}",
                    why="cuSPARSE calls functions that it does not have yet; the import fails.",
                    fix=f"Install the {name} of CUDA {'.'.join(map(str, want))}.",
                    source="pytorch/pytorch#134929, #131312, #111469",
                    cites=(("packages", name.replace("nvjitlink", "cuda-runtime"), "version"),),
                )
