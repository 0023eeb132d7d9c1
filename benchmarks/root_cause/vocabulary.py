"""The words of the cases for facts, and where a manifest has them.

Cases name some facts by other words than manifests do (`native_libs.libjpeg`, `host.iommu`), and
state some outside any agreed name (`other.cpu_isa`). This is the one place that knows both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.model.paths import Path as FactPath
from envsnap.model.paths import text

SEPARATORS = re.compile(r"[-_.]+")
FRAMEWORK = ("version", "cuda", "rocm", "cudnn", "cudnn_loaded", "nccl", "arch_list")
FLAG = re.compile(
    r"\b(?P<no>no |without |not )?(?P<flag>avx512f?|avx2|avx|fma|f16c|amx\w*|sve2?|neon|sse4_[12])\b"
)
MODELS = ("torch", "tensorflow", "jax", "onnxruntime", "vllm")
SECTIONS = (
    "python",
    "packages",
    "frameworks",
    "cuda",
    "driver",
    "gpus",
    "system",
    "env_vars",
    "configs",
)
# Facts that are stated outside those sections, by the fact of a manifest that they are; the key
# without its section is `other`'s.
OTHER: dict[str, FactPath] = {
    "machine": ("system", "architecture"),
    "driver_userland": ("driver", "libnvidia_ml"),
    "driver_cuda": ("cuda", "driver"),
    "intel_gpu_driver": ("driver", "version"),
    "python_platform": ("python", "platform"),
    "python_arch": ("python", "platform"),
    "nccl": ("frameworks", "torch", "nccl"),
    "rocm_userland": ("rocm", "version"),
    "libjpeg": ("codecs", "pillow", "jpeg"),
    "pillow_channel": ("packages", "pillow", "installer"),
    "iommu": ("system", "iommu"),
    "native_libs.libjpeg": ("codecs", "pillow", "jpeg"),
    "native_libs.libstdcxx": ("system", "libstdcxx"),
    "native_libs.libnccl": ("frameworks", "torch", "nccl"),
    "host.iommu": ("system", "iommu"),
    "locale.preferred_encoding": ("system", "encoding"),
    "services.nvidia-fabricmanager": ("driver", "fabric_manager"),
    "services.nvidia_fabricmanager": ("driver", "fabric_manager"),
    "ldconfig.libcuda": ("driver", "libcuda_path"),
    "python.arch": ("python", "platform"),
}
FLAGS = {
    "determinism.tf32": ("determinism", "matmul_allow_tf32"),
    "determinism.allow_tf32": ("determinism", "matmul_allow_tf32"),
    "determinism.cudnn_benchmark": ("determinism", "cudnn_benchmark"),
    "determinism.cudnn_deterministic": ("determinism", "cudnn_deterministic"),
    "determinism.deterministic_algorithms": ("determinism", "deterministic_algorithms"),
}
SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SIZE = re.compile(r"(\d+)\s*([kmg]?)i?b?", re.IGNORECASE)
# The cases' names of culprits, by the beginning of a finding's path.
CULPRITS: tuple[tuple[FactPath, tuple[str, ...]], ...] = (
    (("driver",), ("driver.version", "other.driver_userland", "other.intel_gpu_driver")),
    (("driver", "fabric_manager"), ("services.nvidia-fabricmanager",)),
    (("driver", "fabric_manager_running"), ("services.nvidia-fabricmanager",)),
    (("driver", "libcuda_linkable"), ("ldconfig.libcuda",)),
    (("driver", "libcuda_path"), ("ldconfig.libcuda",)),
    (("system", "cpu_flags"), ("system.cpu", "other.cpu_isa", "other.avx512")),
    (("system", "cpu_level"), ("system.cpu", "other.cpu_isa")),
    (("system", "architecture"), ("system.machine", "other.machine")),
    (("system", "pcie_acs"), ("host.pcie_acs",)),
    (("system", "iommu"), ("host.iommu",)),
    (("system", "shm_size"), ("container.shm_size",)),
    (("system", "libstdcxx"), ("native_libs.libstdcxx",)),
    (("system", "encoding"), ("locale.preferred_encoding",)),
    (("system", "locale"), ("locale.preferred_encoding",)),
    (("system", "locale_installed"), ("system.locales_installed",)),
    (("system", "locales"), ("system.locales_installed",)),
    (("python", "platform"), ("python.arch", "other.python_arch", "other.python_platform")),
    (("codecs", "pillow"), ("native_libs.libjpeg", "other.libjpeg", "other.pillow_channel")),
    (("packages", "pillow", "installer"), ("other.pillow_channel", "native_libs.libjpeg")),
    (("rocm",), ("other.rocm_userland",)),
    (("cuda", "on_disk", "libnccl-net.so"), ("other.nccl_net_plugin",)),
)  # fmt: skip


def framework(found: dict[str, dict[str, Any]]) -> str:
    """The framework that a case is about: the first that it states."""
    stated = {
        *found.get("frameworks", {}).get("entries", {}),
        *(name.partition("-")[0] for name in found.get("packages", {}).get("entries", {})),
    }
    stated |= {"jax"} if "jaxlib" in stated else set()
    return next((name for name in MODELS if name in stated), "torch")


def facts(section: str, key: str, value: str, framework: str) -> Iterator[tuple[FactPath, Any]]:
    """The facts of a manifest that a fact outside the agreed names is; none where there is no such."""
    name = key if section == "other" else f"{section}.{key}"
    if key in ("cpu_isa", "avx512"):
        described = value if key == "cpu_isa" else f"{'no ' * (value == 'no')}avx512f"
        yield ("system", "cpu_flags"), flags(described) or ["sse2"]
    elif key == "nccl_net_plugin":
        present = value.startswith("/")
        yield ("cuda", "on_disk"), {"libnccl-net.so": {"path": value}} if present else {}
    elif key == "pcie_acs":
        yield ("system", "pcie_acs"), [value]
    elif key == "mig":
        yield ("gpus", "0", "mig"), value == "enabled"
    elif key == "sm_count" and value.isdigit():
        yield ("gpus", "0", "sm_count"), int(value)
    elif key in ("cudnn_runtime", "cudnn_compiled", "libcudnn"):
        yield (
            ("frameworks", framework, "cudnn" if key == "cudnn_compiled" else "cudnn_loaded"),
            value,
        )
    elif key == "shm_size" and (match := SIZE.fullmatch(value.strip())):
        yield ("system", "shm_size"), int(match[1]) * SIZES[match[2].lower()]
    elif name in FLAGS:
        yield FLAGS[name], value.lower() in ("true", "1", "on", "yes", "enabled")
    elif name in OTHER:
        yield OTHER[name], value


def flags(described: str) -> list[str]:
    """The instruction sets that a text says a processor has; what it says is missing is left out."""
    named = list(FLAG.finditer(described.lower()))
    if not named:
        return []
    return sorted({"sse2"} | {match["flag"] for match in named if not match["no"]})


def names(path: FactPath) -> set[str]:
    """All names under which a case may know the fact at a path."""
    spelled = {text(path), text(path[:2]), path[0]} if path[0] != "packages" else {text(path)}
    spelled |= {text(path[:length]) for length in range(2, len(path))}
    if path[0] == "gpus":
        spelled |= {f"gpus[].{path[-1]}"}
    if path[0] in ("packages", "frameworks") and len(path) > 1:
        spelled |= {f"packages.{path[1]}", f"frameworks.{path[1]}.version"}
    if path[0] == "frameworks" and path[-1] in ("cudnn", "cudnn_loaded"):
        spelled |= {"packages.cudnn", "native_libs.libcudnn", "other.cudnn_runtime"}
        spelled |= {f"frameworks.{path[1]}.cudnn"}  # a case may state both versions in one fact
    if path[0] == "determinism":
        spelled |= {path[-1].replace("matmul_", "determinism.").replace("cudnn_", "determinism.")}
        spelled |= {"determinism.tf32"} if "tf32" in path[-1] else set()
    if path[0] == "configs":
        spelled |= {
            text((word, *path[first:])) for word in ("config", "configs") for first in (1, 2)
        }
    for word, fact in OTHER.items():
        if path[: len(fact)] == fact:
            spelled |= {word, f"other.{word}"}
    for start, others in CULPRITS:
        if path[: len(start)] == start:
            spelled |= set(others)
    return spelled


def hits(path: FactPath, keys: list[str]) -> bool:
    """Tell whether a finding's path names the culprit by one of its acceptable keys."""
    normal = {SEPARATORS.sub("-", key) for key in names(path)}
    return any(SEPARATORS.sub("-", key) in normal for key in keys)
