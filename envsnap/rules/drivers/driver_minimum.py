"""The driver is too old for the CUDA that a framework was built for."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.knowledge import drivers
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import stated, version
from envsnap.rules.built_here import built, told_by
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

# Distributions whose version is that of the CUDA in them.
RUNTIMES = (
    "nvidia-cuda-runtime",
    "nvidia-cuda-runtime-cu12",
    "nvidia-cuda-runtime-cu11",
    "cuda-python",
    "cuda-bindings",
    "cuda-cudart",
)
NGC = ".nv"  # in the version of a build for NVIDIA's images, which bring compatibility libraries
REFERENCE = "https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html"


class DriverMinimum(Rule):
    """A framework's CUDA needs a newer driver than this machine has.

    Each CUDA release states the driver it needs. From CUDA 11 on, a driver at or above the
    family's floor (450.80.02 for 11.x, 525.60.13 for 12.x, 580 for 13.x) runs every release of
    the family in minor-version mode. Compiled kernels work there. PTX that the driver must
    compile does not (Triton, torch.compile, NVRTC). Below the floor nothing runs. A newer driver
    runs every older CUDA. Where a forward-compatibility libcuda is loaded (cuda-compat, on
    data-center GPUs), its version counts instead.

    Where no framework states its CUDA, that of the installed CUDA runtime or Python bindings counts.

    Versions are compared in full, part by part: 570.26 is older than 570.124.06.

    Fix: update the driver, or install a build for an older CUDA.
    """

    id = "driver-minimum"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Check every framework with a CUDA build against the driver."""
        here = stated(manifest, "driver", "version")
        if not on_linux(manifest):
            return
        if here is None:
            yield from self._of_its_cuda(manifest)
            return
        compat = stated(manifest, "driver", "libcuda_is_compat")
        libcuda = stated(manifest, "driver", "libcuda")
        # A forward-compatibility libcuda stands for a newer driver, whatever the kernel module is.
        effective = libcuda if compat is True and libcuda is not None else here
        if not drivers.is_driver(effective):
            return
        known = built(manifest)
        for name, framework in known.items():
            if isinstance(framework.cuda, str) and numbers(framework.cuda):
                brings = NGC in str(framework.version) and compat is None
                path = told_by(manifest, name, "cuda")
                yield from self._judge(path, framework.cuda, effective, brings_compat=brings)
        if compat is None and not any(isinstance(item.cuda, str) for item in known.values()):
            yield from self._runtime(manifest, effective)

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """The driver's other facts follow from its version."""
        follow = tuple(
            change.path
            for key in ("kernel_module", "nvml", "libcuda", "libnvidia_ml")
            if (change := comparison.at("driver", key))
        )
        return replace(finding, changes=finding.changes + follow) if finding.changes else finding

    def _runtime(self, manifest: Manifest, driver: str) -> Iterator[Finding]:
        """CUDA itself among the packages, where no framework says which one it uses."""
        for name in RUNTIMES:
            installed = version(manifest, name)
            need = (
                drivers.needed_by(".".join(map(str, numbers(installed)[:2]))) if installed else None
            )
            if installed is None or need is None or numbers(driver) >= numbers(need.floor):
                continue
            sure = need.is_trusted and name.startswith("nvidia-")
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR if sure else Severity.WARNING,
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY,
                path=("driver", "version"),
                message=f"driver {driver} is too old for {name} {installed}",
                why=f"CUDA {need.toolkit} needs driver {need.exact}, at the very least {need.floor}.",
                fix=f"Update the driver to {need.exact} or newer, or install an older {name}.",
                source=REFERENCE,
                expected=f"driver {need.exact}",
                cites=(("packages", name, "version"),),
            )
            return

    def _of_its_cuda(self, manifest: Manifest) -> Iterator[Finding]:
        """A driver of which the CUDA alone is known: it runs that release's family, and older ones."""
        newest = stated(manifest, "cuda", "driver")
        if not isinstance(newest, str) or not numbers(newest):
            return
        for name, framework in built(manifest).items():
            cuda = framework.cuda
            if not isinstance(cuda, str) or numbers(cuda)[:1] <= numbers(newest)[:1]:
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING if NGC in str(framework.version) else Severity.ERROR,
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY,
                path=("cuda", "driver"),
                message=f"the driver runs CUDA {newest}; {name} is built for CUDA {cuda}",
                why=f"A driver runs its own CUDA family and older ones, and {cuda} is of a newer one, "
                "unless forward-compatibility libraries are used.",
                fix=f"Update the driver, or install a build of {name} for CUDA {newest} or older.",
                source=REFERENCE,
                expected=f"CUDA {cuda}",
                cites=(told_by(manifest, name, "cuda"),),
            )

    def _judge(
        self, told: Path, cuda: str, driver: str, *, brings_compat: bool
    ) -> Iterator[Finding]:
        name = told[1]
        need = drivers.needed_by(cuda)
        if need is None:
            return
        exact, floor = need.exact, need.floor
        if numbers(driver) >= numbers(exact):
            return
        runs = numbers(driver) >= numbers(floor)
        sure = need.is_trusted and not brings_compat
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING if runs or not sure else Severity.ERROR,
            effect=Effect.BEHAVIOR if runs else Effect.CRASH,
            confidence=Confidence.POSSIBLE if runs else Confidence.CERTAIN,
            path=("driver", "version"),
            message=(
                f"{name} is built for CUDA {cuda}; driver {driver} runs it in minor-version mode"
                if runs
                else f"driver {driver} is too old for {name}, which is built for CUDA {cuda}"
            ),
            why=(
                f"CUDA {need.toolkit} asks for driver {exact}. From {floor} on, compiled "
                "kernels run, but PTX of the newer toolkit is refused (error 222: NVRTC, "
                "PTX-only builds)."
                if runs
                else f"CUDA {need.toolkit} needs driver {exact}, at the very least {floor}"
                + (
                    ", unless the image's forward-compatibility libraries are used."
                    if brings_compat
                    else "."
                )
            ),
            fix=f"Update the driver to {exact} or newer, or install a build for an older CUDA.",
            source=REFERENCE,
            expected=f"driver {exact}",
            cites=(told,),
        )


def on_linux(manifest: Manifest) -> bool:
    """The table is for Linux on servers and desktops: not for Windows, nor for Jetson's drivers."""
    described = " ".join(
        str(stated(manifest, "system", key)) for key in ("platform", "os", "kernel")
    ).lower()
    return not any(word in described for word in ("windows", "win32", "darwin", "macos", "tegra"))
