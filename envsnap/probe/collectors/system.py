"""The machine and its operating system, as far as they can shape a result."""

import locale
import os
import platform
import re
import sys
import time

from . import buses, fabric, locales, virtual
from ..readers import elf, loader
from ..record import Record, first_text, read_bytes, read_text

GLIBCXX = re.compile(rb"GLIBCXX_(\d+\.\d+(?:\.\d+)?)\0")
# Section 3.1.1 of the x86-64 psABI, table of micro-architecture levels, in the kernel's
# spelling: SSE3 is pni, LZCNT is abm, OSXSAVE shows as xsave.
CPU_LEVELS = (
    ("x86-64-v1", "lm cmov cx8 fpu fxsr mmx syscall sse sse2"),
    ("x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86-64-v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
    ("x86-64-v4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
)
LIMITS = (
    ("open_files_limit", "RLIMIT_NOFILE"),
    ("locked_memory_limit", "RLIMIT_MEMLOCK"),
    ("processes_limit", "RLIMIT_NPROC"),
)
CGROUP_NO_LIMIT = 1 << 60
SHARED_MEMORY = "/dev/shm"
# A file or a variable that only this kind of container has.
CONTAINER_FILES = (("podman", "/run/.containerenv"), ("docker", "/.dockerenv"))
CONTAINER_VARIABLES = (
    ("kubernetes", "KUBERNETES_SERVICE_HOST"),
    ("apptainer", "APPTAINER_CONTAINER"),
    ("apptainer", "SINGULARITY_CONTAINER"),
)


def collect(record: Record) -> None:
    """Fill the `system` section."""
    record.facts["platform"] = sys.platform
    record.learn("architecture", platform.machine)
    record.learn("kernel", platform.release)
    record.learn("os", _os_name)
    for key, name in (("os_id", "ID"), ("os_version", "VERSION_ID")):
        record.learn_present(key, lambda name=name: _os_release().get(name))
    _c_library(record)
    path = record.learn_present("libstdcxx_path", _libstdcxx_path)
    if path:
        record.learn_present("libstdcxx", _libstdcxx, path)
    _processor(record)
    _memory(record)
    for key, name in LIMITS:
        record.learn_present(key, _limit, name)
    record.learn_present("container", _container)
    flags = record.facts.get("cpu_flags")
    record.learn_present("virtualization", virtual.kind, flags)
    buses.collect(record)
    fabric.collect(record)
    _locale(record)
    if "glibc" in record.facts:
        record.learn("locales", locales.of_this_system)
    record.learn_present("timezone", _timezone)


def _limit(name: str) -> int:
    """Return a soft limit of this process, or None where there is none."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    found = resource.getrlimit(getattr(resource, name))[0]
    return None if found == resource.RLIM_INFINITY else found


def _os_release() -> dict:
    text = first_text("/etc/os-release", "/usr/lib/os-release") or ""
    pairs = [line.partition("=") for line in text.splitlines() if "=" in line]
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def _os_name() -> str:
    if sys.platform == "darwin":
        return "macOS " + platform.mac_ver()[0]
    if sys.platform == "win32":
        return "Windows " + platform.version()
    return _os_release().get("PRETTY_NAME") or platform.system()


def _c_library(record: Record) -> None:
    """Glibc states its version; musl is known by the loader that the interpreter names."""
    if not sys.platform.startswith("linux"):
        return
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        version = None
    if version:
        record.facts["glibc"] = version.split()[-1]
        return
    loader = record.learn("musl", elf.interpreter, os.path.realpath(sys.executable))
    record.facts.pop("musl", None)
    if loader and "musl" in loader:
        record.learn_present("musl", _musl_version, loader)


def _musl_version(loader: str) -> str:
    """Musl's loader holds its own version as text."""
    with open(loader, "rb") as stream:
        match = re.search(rb"\0(1\.\d+\.\d+)(?:-git[^\0]*)?\0", stream.read())
    return match.group(1).decode() if match else None


def _libstdcxx_path() -> str:
    """The C++ library that extensions of this Python get, unless they bring their own."""
    own = "/proc/self/exe"
    return loader.find("libstdc++.so.6", os.path.realpath(own)) if os.path.exists(own) else None


def _libstdcxx(path: str) -> str:
    """The newest GLIBCXX symbol version of a C++ library."""
    names = elf.section(path, b".dynstr")
    found = set(GLIBCXX.findall(read_bytes(path) if names is None else names))
    numbers = [tuple(int(part) for part in version.split(b".")) for version in found]
    return "GLIBCXX_" + ".".join(str(part) for part in max(numbers)) if numbers else None


def _processor(record: Record) -> None:
    if not os.path.exists("/proc/cpuinfo"):
        record.learn_present("cpu", lambda: platform.processor() or None)
        record.learn_present("cpus", os.cpu_count)
        return
    fields = record.learn("cpuinfo", _cpuinfo) or {}
    record.facts.pop("cpuinfo", None)
    for key, names in (
        ("cpu", ("model name", "Model", "cpu model", "CPU part")),
        ("cpu_vendor", ("vendor_id", "CPU implementer")),
        ("cpu_family", ("cpu family", "CPU architecture")),
        ("cpu_model", ("model", "CPU part")),
        ("cpu_stepping", ("stepping", "CPU revision")),
        ("microcode", ("microcode",)),
    ):
        for name in names:
            if fields.get(name):
                record.facts[key] = fields[name]
                break
    flags = fields.get("flags") or fields.get("Features")
    if flags:
        record.facts["cpu_flags"] = sorted(set(flags.split()))
        level = cpu_level(set(flags.split()))
        if level:
            record.facts["cpu_level"] = level
    record.learn_present("cpus", os.cpu_count)
    if hasattr(os, "sched_getaffinity"):
        record.learn("cpus_usable", lambda: len(os.sched_getaffinity(0)))
    record.learn_present("transparent_hugepages", _hugepages)


def cpu_level(flags: set) -> str:
    """Return the highest level of the x86-64 psABI that flags of /proc/cpuinfo reach, or None."""
    reached = None
    for level, wanted in CPU_LEVELS:
        if not flags.issuperset(wanted.split()):
            break
        reached = level
    return reached


def _cpuinfo() -> dict:
    """The first processor's fields."""
    fields = {}
    for line in read_text("/proc/cpuinfo").splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() not in fields:
            fields[key.strip()] = value.strip()
    return fields


def _hugepages() -> str:
    text = first_text("/sys/kernel/mm/transparent_hugepage/enabled")
    match = re.search(r"\[(\w+)\]", text or "")
    return match.group(1) if match else None


def _memory(record: Record) -> None:
    if hasattr(os, "sysconf"):
        record.learn(
            "memory_total", lambda: os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        )
    record.learn_present("cgroup_memory_limit", _cgroup_memory)
    record.learn_present("cgroup_cpu_limit", _cgroup_cpu)
    if os.path.isdir(SHARED_MEMORY):
        record.learn("shm_size", _size_of, SHARED_MEMORY)


def _size_of(path: str) -> int:
    facts = os.statvfs(path)
    return facts.f_frsize * facts.f_blocks


def _cgroup_files(two: str, one: str) -> str:
    """Read a control group's setting: version 2 (own group, then root), else version 1."""
    own = ""
    for line in (first_text("/proc/self/cgroup") or "").splitlines():
        if line.startswith("0::"):
            own = line[3:].lstrip("/")
    return first_text(
        os.path.join("/sys/fs/cgroup", own, two),
        os.path.join("/sys/fs/cgroup", two),
        os.path.join("/sys/fs/cgroup", one),
    )


def _cgroup_memory() -> int:
    text = _cgroup_files("memory.max", "memory/memory.limit_in_bytes")
    if not text or text == "max" or int(text) >= CGROUP_NO_LIMIT:
        return None
    return int(text)


def _cgroup_cpu() -> float:
    """The CPU limit in processors, from quota over period."""
    text = _cgroup_files("cpu.max", "cpu/cpu.cfs_quota_us")
    words = (text or "max").split()
    if words[0] in ("max", "-1"):
        return None
    period = (
        words[1]
        if len(words) > 1
        else first_text("/sys/fs/cgroup/cpu/cpu.cfs_period_us") or "100000"
    )
    return round(int(words[0]) / int(period), 3)


def _container() -> str:
    """The kind of container this runs in, or None on a plain host."""
    for kind, variable in CONTAINER_VARIABLES:
        if os.environ.get(variable):
            return kind
    for kind, path in CONTAINER_FILES:
        if os.path.exists(path):
            return kind
    if "microsoft" in platform.release().lower():
        return "wsl"
    return first_text("/run/systemd/container") or None


def _locale(record: Record) -> None:
    names = ("LC_ALL", "LANG") if locales.coerced() else ("LC_ALL", "LC_CTYPE", "LANG")
    named = next(filter(None, map(os.environ.get, names)), "C")
    record.facts["locale"] = named
    record.learn("encoding", lambda: locale.getpreferredencoding(False))
    record.learn("filesystem_encoding", sys.getfilesystemencoding)
    record.learn_present("locale_installed", _is_installed, named)


def _is_installed(named: str) -> bool:
    """Tell whether the C library knows the locale that the environment names."""
    if named in ("C", "POSIX"):
        return True
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, named)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True


def _timezone() -> str:
    named = os.environ.get("TZ")
    if named:
        return named
    target = os.path.realpath("/etc/localtime")
    if "/zoneinfo/" in target:
        return target.split("/zoneinfo/", 1)[1]
    return first_text("/etc/timezone") or time.strftime("%Z") or None
