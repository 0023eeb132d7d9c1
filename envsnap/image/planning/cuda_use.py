"""Whether the environment used the system's CUDA libraries, and which; from evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.image.facts import Facts, Mapped, framework_cuda, major_minor, numbers
from envsnap.knowledge.tables import table
from envsnap.wording import few

# Not libcuda and libnvidia-ml: those come with the driver and always lie in the system's folders.
CUDA_LIBRARY = re.compile(
    r"lib(cudart|cublas|cublasLt|cudnn\w*|cufft|curand|cusolver|cusparse|cusparseLt|cufile"
    r"|nccl|nvrtc|nvJitLink|nvToolsExt|nvinfer\w*|nvshmem\w*)\.so(?:\.[0-9]{1,6})*"
)
WHEEL = re.compile(
    r"nvidia-(cublas|cuda-runtime|cuda-nvrtc|cuda-cupti|cudnn|cufft|cufile|curand|cusolver"
    r"|cusparse|cusparselt|nccl|nvjitlink|nvshmem|nvtx)(-cu[0-9]{2})?"
)
MOST_NAMED = 3
FOLDER_VERSION = re.compile(r"/cuda-([0-9]{2}\.[0-9]{1,2})/")


class CudaNeed(Struct, frozen=True, kw_only=True):
    """The system CUDA that the image must offer."""

    version: str  # 12, 12.4, 12.4.1 or, as components number themselves, 12.4.127
    cudnn: str | None  # major version; None where cuDNN is not needed
    flavor: str
    why: str


def wheels(facts: Facts) -> tuple[str, ...]:
    """Return the installed distributions that hold CUDA libraries."""
    return tuple(sorted(name for name in facts.packages if WHEEL.fullmatch(name)))


def mapped(facts: Facts) -> tuple[Mapped, ...]:
    """Return the CUDA libraries that were really loaded from the system's folders."""
    return tuple(item for item in facts.libraries if CUDA_LIBRARY.fullmatch(item.soname))


def system_cuda(facts: Facts) -> CudaNeed | None:
    """Return the system CUDA that was used; None where the wheels brought all, or there is none."""
    loaded = mapped(facts)
    bare = None if wheels(facts) else _bare_package(facts)
    if loaded:
        return _from_libraries(facts, loaded, bare)
    return bare


def forced(facts: Facts) -> CudaNeed:
    """Return the CUDA for `--base cuda`, from the best evidence there is."""
    need = system_cuda(facts)
    if need is not None:
        return need
    built = [framework_cuda(item, name) for name, item in facts.frameworks.items()]
    for version, why in (
        (facts.asked_cuda, "as asked with --cuda"),
        (next((found for found in built if found), None), "the framework was built for it"),
        (facts.toolkit, "the toolkit on the captured machine"),
        (facts.driver_cuda, "the newest that the captured driver supports"),
    ):
        if version:
            return CudaNeed(version=version, cudnn=None, flavor=_flavor(facts, "runtime"), why=why)
    raise InputError("cuda: no CUDA version was captured; name the base with --base IMAGE")


def _from_libraries(
    facts: Facts, loaded: tuple[Mapped, ...], bare: CudaNeed | None
) -> CudaNeed | None:
    """Read version, cuDNN and flavor off the libraries that were loaded."""
    version = _loaded_version(facts, loaded) or (bare.version if bare else None)
    if version is None:
        built = [framework_cuda(item, name) for name, item in facts.frameworks.items()]
        version = next((found for found in built if found), facts.toolkit)
    if version is None:
        names = ", ".join(sorted({item.soname for item in loaded})[:3])
        raise InputError(
            f"cuda: {names} came from the system, but no CUDA version was captured;"
            " name the base with --base IMAGE"
        )
    only_runtime = all(item.soname.startswith("libcudart.") for item in loaded)
    flavor = "base" if only_runtime and bare is None else "runtime"
    return CudaNeed(
        version=version,
        cudnn=_loaded_cudnn(loaded) or (bare.cudnn if bare else None),
        flavor=_flavor(facts, flavor),
        why=f"{_some(item.soname for item in loaded)} loaded from the system's folders",
    )


def _loaded_version(facts: Facts, loaded: tuple[Mapped, ...]) -> str | None:
    """The CUDA version of the loaded libraries: the file's, the folder's, or the toolkit's."""
    for item in loaded:
        if item.soname.startswith("libcudart.") and item.version and "." in item.version:
            return item.version
    for item in loaded:
        folder = FOLDER_VERSION.search(item.path)
        if folder:
            return folder[1]
    majors = {
        item.version.split(".")[0]
        for item in loaded
        if item.version and item.soname.startswith(("libcudart.", "libcublas"))
    }
    if facts.toolkit and (not majors or facts.toolkit.split(".")[0] in majors):
        return facts.toolkit
    return None


def _loaded_cudnn(loaded: tuple[Mapped, ...]) -> str | None:
    for item in loaded:
        match = re.fullmatch(r"libcudnn\w*\.so\.([0-9]{1,2})", item.soname)
        if match:
            return match[1]
    return None


def _flavor(facts: Facts, flavor: str) -> str:
    """Choose devel only where the toolkit was plainly meant; nvcc on PATH alone shows nothing."""
    return "devel" if facts.has_nvcc and facts.toolkit_named else flavor


def _bare_package(facts: Facts) -> CudaNeed | None:
    """Return what an installed distribution needs that brings no CUDA of its own."""
    for name in dict.fromkeys(row["package"] for row in table("cuda_bundling")["rows"]):
        if name not in facts.packages:
            continue
        # Plain tensorflow also serves machines without a GPU; the others are for GPUs alone.
        if name == "tensorflow" and (facts.no_gpu or facts.architecture != "amd64"):
            continue
        version = facts.packages[name].version
        row = _row_for(name, version if isinstance(version, str) else "")
        if row is not None and row["cuda"] is not None:
            return CudaNeed(
                version=_better(facts, name, row["cuda"]),
                cudnn=row["cudnn"],
                flavor=_flavor(facts, "runtime"),
                why=f"{name} brings no CUDA libraries, and no nvidia-* wheels are installed",
            )
    return None


def _row_for(name: str, version: str) -> dict[str, str] | None:
    """Find the row of the release at hand: the newest that starts at or before it."""
    from packaging.version import Version

    try:
        wanted = Version(version[:100]).release
    except ValueError:
        wanted = ()
    rows = [row for row in table("cuda_bundling")["rows"] if row["package"] == name]
    older = [row for row in rows if numbers(row["from"]) <= wanted]
    best: dict[str, str] | None = max(older, key=lambda row: numbers(row["from"]), default=None)
    return best


def _better(facts: Facts, package: str, needed: str) -> str:
    """Prefer what was captured, where it is of the major version that is needed."""
    major = needed.split(".", maxsplit=1)[0]
    own: list[str] = []
    others: list[str] = []
    for name, item in facts.frameworks.items():
        built = framework_cuda(item, name)
        if built and built.split(".")[0] == major:
            (own if item.distribution == package else others).append(major_minor(built))
    if facts.toolkit and facts.toolkit.split(".")[0] == major:
        return facts.toolkit
    if own:
        return own[0]
    return others[0] if others and "." not in needed else needed


def _some(names: Iterable[str]) -> str:
    return few(sorted(set(names)), MOST_NAMED)
