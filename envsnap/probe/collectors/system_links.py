"""What compiled files need of the system and of CUDA, and nothing here has.

Wheels for manylinux keep to its table, which a rule asks; the versions of the C and C++ libraries
are read in the files of all others. Libraries of CUDA come from the loader's folders, or from
NVIDIA's wheels, which frameworks load by themselves.
"""

import glob
import os
import re
import time

from ..record import read_bytes
from ..readers import elf, loader, versions

MOST_READ, MOST_LINKS, MOST_TOLD = 4, 24, 5
CPP = "libstdc++.so.6"
CUDA = re.compile(
    r"lib(?:cudart|cublas|cublasLt|cudnn|nccl|cufft|curand|cusolver|cusparse|cusparseLt|nvrtc|nvJitLink"
    r"|nvinfer|cupti)\.so\.\d+$"
)
# What computes or decodes; the names of copies in wheels end in a digest.
COMPUTES = re.compile(
    r"lib(?:scipy_)?(torch|c10|cudart|cublas|cublasLt|cudnn|nccl|cufft|curand|cusolver|cusparse|nvrtc"
    r"|nvinfer|amdhip64|rocblas|hipblas|hipblaslt|MIOpen|rccl|rocfft|sycl|ze_loader"
    r"|openblas|blas|cblas|lapack|mkl|blis|gfortran|quadmath|gomp|omp|iomp5|fftw3f?|gsl|hdf5"
    r"|tensorflow_framework|onnxruntime|dnnl|turbojpeg|jpeg|openjp2|avcodec|swscale|sndfile|sox)"
    r"(?:_\w{1,40}|64_|p)?(?:-[\w.]{1,60}){0,3}\.so"
)
OF_THE_WHEELS = ("nvidia/*/lib", "nvidia/*/*/lib", "torch/lib", "tensorrt_libs", "jaxlib/cuda")
PUBLISHED = ("manylinux", "musllinux", "macosx", "win")
DEFINES = re.compile(rb"(GLIBCXX|CXXABI)_(\d+(?:\.\d+){1,3})\0")


def needs_of_all(record, places: dict, files: dict, until: float) -> None:
    """Add to packages what their files link, and the libraries and versions of them that lack."""
    entries = record.facts.get("entries", {})
    offers = Offers()
    for name in sorted(entries):
        if not files.get(name) or not is_compiled(entries[name]):
            continue
        if time.monotonic() > until:
            record.gap("%s.missing_versions" % name, "timeout: too many files")
            return
        paths = [os.path.join(os.path.dirname(places[name]), path) for path in files[name]]
        _link(entries[name], paths)
        _judge(entries[name], paths[:MOST_READ], offers)


class Offers:
    """What the C and C++ libraries define, each file read once."""

    def __init__(self) -> None:
        self._known = {}
        self.glibc = _glibc()

    def of(self, path: str) -> dict:
        """The newest versions of a C++ library's file, by kind; empty where it cannot be read."""
        if path not in self._known:
            try:
                names = elf.section(path, b".dynstr") or read_bytes(path)
            except (OSError, ValueError):
                names = b""
            found = {}
            for kind, text in DEFINES.findall(names):
                version = tuple(int(part) for part in text.split(b"."))
                key = kind.decode()
                found[key] = max(found.get(key, version), version)
            self._known[path] = found
        return self._known[path]

    def lacks(self, asker: str, wanted: dict) -> list:
        """The versions that a file needs and its libraries do not define."""
        offered = {"GLIBC": self.glibc} if self.glibc else {}
        if set(wanted) - {"GLIBC"}:
            for who in (asker, os.path.realpath("/proc/self/exe")):
                path = loader.find(CPP, who)
                for kind, version in (self.of(path) if path else {}).items():
                    offered[kind] = max(offered.get(kind, version), version)
        return [
            "%s_%s" % (kind, ".".join(map(str, version)))
            for kind, version in sorted(wanted.items())
            if kind in offered and version > offered[kind]
        ]


def _glibc() -> tuple:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        text = ""
    numbers = re.findall(r"\d+", text)
    return tuple(int(part) for part in numbers[:3])


def _link(entry: dict, files: list) -> None:
    """Add what the files link of what computes or decodes: it tells what a distribution is for."""
    found = set()
    for path in files[:MOST_LINKS]:
        try:
            needed = elf.dependencies(path)[0]
        except (OSError, ValueError):
            continue
        found.update(match.group(1) for match in map(COMPUTES.match, needed) if match)
    if found:
        entry["links"] = sorted(found)


def _judge(entry: dict, files: list, offers: Offers) -> None:
    lacking, absent = set(), set()
    for file in files:
        try:
            names = elf.dependencies(file)[0]
            if not _is_published(entry):
                lacking.update(offers.lacks(file, versions.newest(file)))
            wanted = [name for name in names if CUDA.match(name)]
            there = loader.find_needed(file, lambda names: names) if wanted else {}
        except (OSError, ValueError):
            continue
        absent.update(
            name for name in wanted if name not in there and not _in_wheels(name, entry["folder"])
        )
    if lacking:
        entry["missing_versions"] = sorted(lacking)[:MOST_TOLD]
    if absent:
        entry["missing_cuda_libraries"] = sorted(absent)[:MOST_TOLD]


def is_compiled(entry: dict) -> bool:
    """Tell whether its wheel is for one platform; where nothing says so, it may be."""
    tags = entry.get("wheel_tags")
    return not tags or any(not tag.endswith("-any") for tag in tags)


def _is_published(entry: dict) -> bool:
    """Whether its wheel says which systems it is for; a rule holds that against this one."""
    return any(word in tag for tag in entry.get("wheel_tags") or () for word in PUBLISHED)


def _in_wheels(name: str, folder: str) -> bool:
    """Whether NVIDIA's wheels, or a framework's, bring a library."""
    start = glob.escape(folder)
    return any(glob.glob(os.path.join(start, place, name)) for place in OF_THE_WHEELS)
