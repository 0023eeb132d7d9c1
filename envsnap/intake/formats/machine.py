"""What reports say of Python and the machine, in the words of the model.

Each function takes a value as some report prints it and adds what is certain in it; what says
nothing ("Could not collect", "N/A") becomes a gap.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import Draft
from envsnap.knowledge.names import canonical
from envsnap.knowledge.tables import table
from envsnap.model.compute import Cuda, Driver, Framework, Gpu
from envsnap.model.host import GpuIdentity, System
from envsnap.model.python import Package, Python

SILENT = frozenset(
    ("", "-", "n/a", "na", "[n/a]", "could not collect", "no cuda", "none", "not found", "unknown",
     "not available", "<fill in>", "any", "all", "undefined", "not set", "<not set>", "null", "(null)", "no")
)  # fmt: skip
ABSENT = frozenset(("not installed", "module not found", "not installed (na)", "not available"))
# Modules that two distributions have, or that are libraries without one of their own.
FRAMEWORKS = ("tensorflow", "onnxruntime")
NO_DISTRIBUTION = frozenset(("psycopg2", "libhdf5", "libnetcdf", "gdal", "pyqt5", "pydap"))
PARTS = {"lxml.etree": "lxml"}
MACHINES = (
    "x86_64",
    "AMD64",
    "aarch64",
    "arm64",
    "ppc64le",
    "s390x",
    "riscv64",
    "i686",
    "ARM64",
    "x86",
)
PLATFORM = re.compile(
    r"(?P<system>Linux|macOS|Darwin|Windows)-(?P<release>\S{1,120}?)"
    r"(?:-(?P<machine>x86_64|AMD64|aarch64|arm64|ppc64le|s390x|riscv64|i386|i686)(?:-(?P<rest>\S*))?)?"
)
LIBC = re.compile(r"(?:with-)?(?:glibc(?P<glibc>\d+\.\d+)|musl(?P<musl>[\d.]+))")
PYTHON = re.compile(
    r"(?:Python\s+)?(\d\.\d{1,2}(?:\.\d{1,3})?(?:(?:a|b|rc)\d{1,3})?\+?)(?=[\s|,;:(]|$)"
)
SHORT_PYTHON = re.compile(r"(?<![\d.])[23]\.\d{1,2}(?:\.\d{1,3})?(?![\d.])")
RELEASE = re.compile(r"\bV(\d{1,3}\.\d{1,3}\.\d{1,5})\b")
SHORT_RELEASE = re.compile(r"^(?:CUDA )?(\d{1,3}\.\d{1,3}(?:\.\d{1,5}){0,2})$")
DRIVER = re.compile(r"^(\d{2,4}\.\d{1,3}(?:\.\d{1,3}){0,2})\b")
UNAME = re.compile(r"(system|release|machine)='([^'\n]{0,100})'")
TWO_VERSIONS = re.compile(r"\d\S*,? (?:or|and|&|/|-) ?v?\d+\.\d")
ALTERNATIVE = re.compile(r"\bor\b", re.IGNORECASE)
AMD_TARGET = re.compile(r"\s*\((gfx[0-9a-f]{3,5})(?::[^()]*)?\)\s*$")
SYSTEMS = (("Microsoft Windows", "win32"), ("macOS", "darwin"), ("Mac OSX", "darwin"))
PLATFORMS = {"Linux": "linux", "Darwin": "darwin", "macOS": "darwin", "Windows": "win32"}


def says_nothing(value: str) -> bool:
    """Whether a value only says that its author does not know."""
    return value.strip().lower() in SILENT


def python(draft: Draft, value: str) -> None:
    """`3.10.12 (main, …) [GCC 11.4.0]`, also behind the word Python."""
    found = PYTHON.match(value.strip())
    told = re.split(r"[(|\[\n]", value, maxsplit=1)[0]
    if found is None or len(set(SHORT_PYTHON.findall(told))) > 1:  # 3.10 or 3.11
        draft.gap(
            "python", ("version",), f"not stated: the report says {value.strip()[:40] or 'nothing'}"
        )
        return
    draft.add(Python(complete=False, version=found[1]))
    if "[MSC" in value:
        draft.add(System(complete=False, platform="win32"))
        machine = re.search(r"\((AMD64|ARM64)\)\]", value)
        if machine is not None:
            draft.add(System(complete=False, architecture=machine[1]))


def platform(draft: Draft, value: str) -> None:
    """What `platform.platform()` says: system, kernel, machine, C library."""
    found = PLATFORM.fullmatch(value.strip().split(" ")[0])
    if found is None:
        return
    machine, linux = found["machine"], found["system"] == "Linux"
    libc = LIBC.search(found["rest"] or "")
    draft.add(
        System(
            complete=False,
            platform=PLATFORMS[found["system"]],
            kernel=found["release"] if linux and machine else UNSET,
            architecture=machine or UNSET,
            musl=(libc["musl"] if libc is not None else None) or UNSET,
        )
    )
    if libc is not None and libc["glibc"]:
        draft.libc_of_python(libc["glibc"], 9)


def uname(draft: Draft, value: str) -> None:
    """What `platform.uname()` says."""
    found = dict(UNAME.findall(value))
    system = PLATFORMS.get(found.get("system", ""))
    if system is None:
        return
    kernel = found.get("release") if system == "linux" else None
    machine = found.get("machine")
    draft.add(
        System(
            complete=False,
            platform=system,
            kernel=kernel or UNSET,
            architecture=machine or UNSET,
        )
    )


def operating_system(draft: Draft, value: str) -> None:
    """`Ubuntu 22.04.3 LTS (x86_64)`."""
    if says_nothing(value):
        draft.gap("system", ("os",), f"not stated: the report says {value.strip() or 'nothing'}")
        return
    found = re.search(r"\s*\((x86_64|aarch64|arm64|ppc64le|s390x|AMD64)\)$", value.strip())
    name = value.strip()[: found.start()] if found is not None else value.strip()
    name = re.sub(
        r" release (?=\d)", " ", name
    )  # as lsb_release has what os-release has without it
    known = next((kind for start, kind in SYSTEMS if name.startswith(start)), UNSET)
    draft.add(System(complete=False, os=name, platform=known))
    if found is not None:
        draft.add(System(complete=False, architecture=found[1]))


def toolkit(draft: Draft, value: str) -> None:
    """The CUDA toolkit, as nvcc says it (V12.6.68) or as a plain number."""
    found = RELEASE.search(value) or SHORT_RELEASE.fullmatch(value.strip())
    if found is None:
        draft.gap(
            "cuda", ("toolkit",), f"not stated: the report says {value.strip()[:40] or 'nothing'}"
        )
    else:
        draft.add(Cuda(complete=False, toolkit=found[1]))


def cuda_home(draft: Draft, value: str) -> None:
    """Where the toolkit lies."""
    home = value.strip().removesuffix(" - invalid!")
    if not says_nothing(home) and re.match(r"/|[A-Za-z]:\\", home):
        draft.add(Cuda(complete=False, home=home))


def driver(draft: Draft, value: str) -> None:
    """The version of NVIDIA's driver; several equal ones on several lines are one."""
    found = DRIVER.match(value.strip())
    if found is None:
        draft.gap(
            "driver", ("version",), f"not stated: the report says {value.strip()[:40] or 'nothing'}"
        )
    else:
        draft.add(Driver(complete=False, version=found[1]))


def gpu_name(draft: Draft, index: int | str, value: str) -> None:
    """A GPU's model; torch writes AMD's target behind it, nvidia-smi -L the UUID."""
    value = value.strip()
    uuid = re.search(r"\s*\(UUID: (GPU-[0-9a-fA-FxX*-]{8,60})\)", value)
    if uuid is not None:
        if re.search("[xX*]", uuid[1]) is None:  # whoever pasted it may have masked it
            draft.card(index, GpuIdentity(uuid=uuid[1]))
        value = value[: uuid.start()].strip()
    target = AMD_TARGET.search(value)
    name = value[: target.start()].strip() if target is not None else value
    if "..." in name or says_nothing(name) or ALTERNATIVE.search(name):
        draft.gpu(index)
        why = "names several" if ALTERNATIVE.search(name) else "cuts the name"
        draft.gap("gpus", (str(index), "name"), f"not stated: the report {why}")
        return
    draft.gpu(index, Gpu(name=name, compute_capability=target[1] if target is not None else UNSET))


def flag(value: str) -> bool | UnsetType:
    """Yes or no in the words of reports."""
    word = value.strip().lower()
    if word in ("true", "yes", "1"):
        return True
    return False if word in ("false", "no", "0") else UNSET


def version(value: str) -> str | UnsetType:
    """The version that a value begins with: `0.6 @/home/…`, `2.4.1+cu121 (True)`; of two, none."""
    if TWO_VERSIONS.match(value.strip()):
        return UNSET
    first = value.strip().split(" ")[0].rstrip(",;")
    return first if names.is_version(first) and first[:1].isdigit() else UNSET


def package(draft: Draft, name: str, value: str) -> bool:
    """A distribution's version, or that it is absent; tells whether it was one of both."""
    key = canonical(name)
    if value.strip().lower() in ABSENT or value.strip().lower().startswith("not installed"):
        draft.gap("packages", (key,), "absent: the report says that it is not installed")
        return True
    found = version(value)
    if isinstance(found, str):
        draft.package(key, Package(version=found))
        return True
    return False


def module(draft: Draft, key: str, value: str) -> None:
    """A distribution by the name of its module; none is stated where several have that module."""
    owners = table("import_names")["names"].get(key) or [PARTS.get(key, key)]
    name = canonical(str(owners[0]))
    if key in _of_several():
        if key in FRAMEWORKS and isinstance(found := version(value), str):
            draft.framework(key, Framework(version=found))  # the module's, whoever installed it
        draft.leave("modules that are in several distributions, or in none")
        return
    if key in NO_DISTRIBUTION or len(owners) > 1 or not names.is_name(name):
        draft.leave("modules that are in several distributions, or in none")
    elif value in ("None", "<not installed>", "not installed"):
        draft.gap("packages", (name,), "absent: the report says that it is not installed")
    else:
        if name == "torch":
            torch(draft, value)
        package(draft, name, value)


@cache
def _of_several() -> frozenset[str]:
    """Modules that several distributions have, of which an environment has one: a GPU's, a CPU's."""
    return frozenset(row["imports"] for row in table("competing_distributions")["rows"])


def torch(draft: Draft, value: str) -> None:
    """PyTorch's own version, with its local label; the label names what it was built for."""
    found = version(value)
    if not isinstance(found, str):
        if value.strip().lower().startswith("not installed"):
            draft.gap("packages", ("torch",), "absent: the report says that it is not installed")
        return
    draft.framework("torch", Framework(version=found))
    local = found.partition("+")[2]
    if local == "cpu":
        draft.framework("torch", Framework(cuda=None, rocm=None))


def silent(draft: Draft, section: str, path: tuple[str, ...], value: str) -> None:
    """Keep that a report names a fact and does not know it."""
    draft.gap(section, path, f"not stated: the report says {value.strip() or 'nothing'}")


def is_silent(value: str) -> str | UnsetType:
    """A text that says something, or nothing."""
    return UNSET if says_nothing(value) else value.strip()
