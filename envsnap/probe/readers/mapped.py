"""Which shared libraries a process has really mapped, and which copies lie on the disk."""

import os
import re

from . import elf

# Libraries whose version or build can change results or decide whether anything runs.
RELEVANT = (
    r"^lib(cuda|cudart|cublas|cublasLt|cudnn\w*|cufft|curand|cusolver|cusparse|cusparseLt|cufile"
    r"|nccl|nccl-net[\w-]*?|nvrtc|nvJitLink|nvToolsExt|nvinfer\w*|nvidia-ml|nvidia-ptxjitcompiler|nvshmem\w*"
    r"|amdhip64|hsa-runtime64|rocblas|MIOpen|rccl|hipblas\w*"
    r"|torch\w*|c10\w*|tensorflow_framework|tensorflow_cc|onnxruntime\w*"
    r"|gomp|iomp5|omp|(scipy_)?openblas[\w.-]*?|mkl_\w+|blas|cblas|lapack|blis|dnnl|tbb"
    r"|stdc\+\+|jpeg|turbojpeg|png16|webp|tiff|ssl|crypto)"
    r"(-[0-9a-f]{6,})?\.so"
)
MOST_FILES = 1000
MANGLED = re.compile(r"-[0-9a-f]{8,}(?=[.-])")
VERSION_IN_NAME = re.compile(r"\.so\.(\d+(?:\.\d+)+)$")
NUMBER_IN_NAME = re.compile(r"\.so\.(\d+)")


def maps_path(pid: object = "self") -> str:
    """The file that lists what a process has mapped."""
    return "/proc/%s/maps" % pid


def libraries(maps_file: str) -> dict:
    """Return the relevant libraries of a maps file: {soname: {path, version, build_id}}.

    The soname leaves out the hash that wheel repair tools add, so that equal libraries of two
    installations meet; a second copy under one soname is told as `soname#2`, in path order.
    """
    paths, relevant = set(), re.compile(RELEVANT)
    with open(maps_file, "rb") as stream:
        for line in stream:
            at = line.find(b"/")
            if at < 0 or b".so" not in line:
                continue
            path = os.fsdecode(line[at:].rstrip(b"\n"))
            if path.endswith(" (deleted)"):
                path = path[: -len(" (deleted)")]
            if relevant.match(os.path.basename(path)):
                paths.add(path)
    return by_soname(sorted(paths))


def system_files(maps_file: str) -> list:
    """Return the library files that a process has mapped from outside of Python's packages."""
    found = set()
    with open(maps_file, "rb") as stream:
        for line in stream:
            at = line.find(b"/")
            if at >= 0 and b".so" in line and b"-packages/" not in line:
                found.add(os.fsdecode(line[at:].rstrip(b"\n")))
    return sorted(found)[:MOST_FILES]


def own_system_files() -> list:
    """Return what `system_files` tells of this process; nothing where there is no /proc."""
    return system_files(maps_path()) if os.path.exists(maps_path()) else []


def by_soname(paths: list) -> dict:
    """Describe library files, keyed by soname."""
    found = {}
    for path in paths:
        key = name = soname(path)
        copy = 1
        while key in found:
            copy += 1
            key = "%s#%d" % (name, copy)
        found[key] = describe(path)
    return found


def soname(path: str) -> str:
    """Name a library file by what programs ask for: libcudart.so.12, libgomp.so.1."""
    name = MANGLED.sub("", os.path.basename(path))
    stem = name.split(".so")[0]
    major = NUMBER_IN_NAME.search(name)
    if major:
        return "%s.so.%s" % (stem, major.group(1))
    return stem + ".so"


def describe(path: str) -> dict:
    """Return path, version (from the file's real name) and build id of one library file."""
    facts = {"path": path}
    version = file_version(path)
    if version:
        facts["version"] = version
    try:
        identity = elf.build_id(path)
    except (OSError, ValueError):
        identity = None
    if identity:
        facts["build_id"] = identity
    return facts


def file_version(path: str) -> str:
    """Return the version that a library's real file name carries, or None."""
    match = VERSION_IN_NAME.search(MANGLED.sub("", os.path.basename(os.path.realpath(path))))
    return match.group(1) if match else None
