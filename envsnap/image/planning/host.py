"""What the machine must offer: driver, GPU, architecture. No image can carry these."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from envsnap.image import validate
from envsnap.image.facts import (
    Facts,
    checked,
    framework_cuda,
    major_minor,
    numbers,
    string,
)
from envsnap.image.planning.cuda_use import wheels
from envsnap.image.records import Decision, HostRequirement
from envsnap.knowledge import drivers, torch_builds
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text

# From CUDA 11 on, a driver of the same family runs any of its toolkits (minor-version mode).
FIRST_WITH_MINOR_MODE = 11


class HostNeeds(Struct, frozen=True, kw_only=True):
    """What the host must offer, and the variables by which a container asks for it."""

    requirements: tuple[HostRequirement, ...]
    environment: dict[str, str]
    decisions: tuple[Decision, ...]


def needs(manifest: Manifest, facts: Facts, base_cuda: str | None) -> HostNeeds:
    """Return the host's requirements; `base_cuda` is the base image's CUDA, if it has one."""
    cuda, why = (base_cuda, "the base image") if base_cuda else _built_for(facts)
    environment: dict[str, str] = {}
    decisions: tuple[Decision, ...] = ()
    if cuda is not None and base_cuda is None:
        environment, decisions = _asks(cuda, why)
    requirements = [
        HostRequirement(
            subject="system.architecture",
            needs=facts.architecture,
            captured=facts.architecture,
            why="programs and wheels are built for it",
        )
    ]
    if cuda is not None:
        requirements.append(_driver(manifest, cuda, in_base=base_cuda is not None))
        requirements += _gpus(manifest)
    return HostNeeds(requirements=tuple(requirements), environment=environment, decisions=decisions)


def _built_for(facts: Facts) -> tuple[str | None, str]:
    """Return the newest CUDA X.Y that the frameworks were built for, and who says so."""
    found = [
        (major_minor(version), path_text(("frameworks", name[:40], "cuda")))
        for name, item in facts.frameworks.items()
        if (version := framework_cuda(item, name)) and "." in version
    ]
    if not found:
        found = [pair for name in ("torch", *wheels(facts)) if (pair := _stated_by(facts, name))]
    return max(found, key=lambda pair: numbers(pair[0]), default=(None, ""))


def _stated_by(facts: Facts, name: str) -> tuple[str, str] | None:
    """Read CUDA off torch's build or off the version of the CUDA runtime's wheel."""
    version = string(facts.packages[name].version) if name in facts.packages else None
    if version is None:
        return None
    if name.startswith("nvidia-cuda-runtime") and validate.NUMBERS.fullmatch(version):
        return major_minor(version), path_text(("packages", name))
    public, _, label = version.partition("+")
    if name == "torch" and (label or facts.architecture == "amd64"):
        built_for = torch_builds.cuda(public, label)
        if built_for is not None:
            return built_for, "packages.torch"
    return None


def _asks(cuda: str, why: str) -> tuple[dict[str, str], tuple[Decision, ...]]:
    """Ask the NVIDIA container runtime for the GPU, and for a driver that is new enough."""
    major = numbers(cuda)[0]
    floor = f"{major}.0" if major >= FIRST_WITH_MINOR_MODE else cuda
    condition = f"cuda>={floor}"
    decision = Decision(
        subject="driver",
        choice=f"NVIDIA_REQUIRE_CUDA={condition}",
        why=f"{why} says CUDA {cuda}; a driver of CUDA {floor} runs it in minor-version mode,"
        " except for code that is compiled from PTX at run time",
        certainty="exact",
    )
    variables = {
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
        "NVIDIA_REQUIRE_CUDA": condition,
        "NVIDIA_VISIBLE_DEVICES": "all",
    }
    return variables, (decision,)


def _driver(manifest: Manifest, cuda: str, *, in_base: bool) -> HostRequirement:
    stated = reading.stated(manifest, "driver", "version")
    captured = checked(stated, validate.NUMBERS, "driver.version")
    floor, why = _floor(cuda, exact=in_base)
    return HostRequirement(
        subject="driver.version",
        needs=f">={floor}" if floor else None,
        captured=captured,
        why=why,
    )


def _floor(cuda: str, *, exact: bool) -> tuple[str | None, str]:
    """Return the oldest driver that runs a CUDA X.Y, and what kind of floor that is.

    An nvidia/cuda image refuses drivers older than its toolkit's own floor, except on data-centre
    cards; wheels on another base also run on the floor of the driver's family.
    """
    need = drivers.needed_by(cuda)
    if need is None:
        return None, f"no table has the driver that CUDA {cuda} needs"
    if need.has_minor_mode and not exact:
        return need.floor, f"CUDA {cuda}: the floor of the driver's family"
    return need.exact, f"CUDA {cuda}: the toolkit's own floor"


def _gpus(manifest: Manifest) -> Iterator[HostRequirement]:
    """Describe the captured cards: results are only comparable on the same kind."""
    for index, gpu in reading.entries(manifest, "gpus").items():
        place = path_text(("gpus", index[:20]))
        name = string(gpu.name)
        capability = checked(
            gpu.compute_capability, validate.NUMBERS, f"{place}.compute_capability"
        )
        memory = f"{gpu.memory_total >> 20} MiB" if isinstance(gpu.memory_total, int) else None
        known = [
            name if name and validate.PRINTABLE.fullmatch(name) else None,
            f"compute capability {capability}" if capability else None,
            memory,
        ]
        yield HostRequirement(
            subject=place,
            needs=f"compute capability {capability}" if capability else None,
            captured=", ".join(part for part in known if part) or None,
            why="another kind of card computes other low bits, or lacks machine code",
        )
