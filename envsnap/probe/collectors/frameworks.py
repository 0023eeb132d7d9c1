"""Machine-learning frameworks: what their files say, without importing them.

What only an import shows is asked in a child of its own (`framework_import`), started early so
that it runs while the other collectors work.
"""

import os
import re

from ..readers import elf
from ..record import Record, read_bytes, read_text

# Import name -> distributions that provide it. The first one installed names the version.
KNOWN = {
    "torch": ("torch",),
    "torchvision": ("torchvision",),
    "torchaudio": ("torchaudio",),
    "tensorflow": ("tensorflow", "tensorflow-gpu", "tensorflow-cpu", "tensorflow-rocm"),
    "keras": ("keras",),
    "jax": ("jax",),
    "jaxlib": ("jaxlib",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-rocm", "onnxruntime-openvino"),
    "onnx": ("onnx",),
    "tensorrt": ("tensorrt", "tensorrt-cu12", "tensorrt-cu13", "tensorrt-cu11"),
    "triton": ("triton", "pytorch-triton", "pytorch-triton-rocm", "triton-nightly"),
    "vllm": ("vllm",),
    "sglang": ("sglang",),
    "transformers": ("transformers",),
    "flash_attn": ("flash-attn",),
    "xformers": ("xformers",),
    "bitsandbytes": ("bitsandbytes",),
    "deepspeed": ("deepspeed",),
    "accelerate": ("accelerate",),
    "cupy": ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
    "paddle": ("paddlepaddle", "paddlepaddle-gpu"),
    "mxnet": ("mxnet",),
    "sklearn": ("scikit-learn",),
    "xgboost": ("xgboost",),
    "lightgbm": ("lightgbm",),
    "numpy": ("numpy",),
}
# The ones whose full facts need an import.
IMPORTED = ("torch", "tensorflow", "jax", "onnxruntime", "tensorrt", "numpy")

# Where releases of Triton keep the assembler.
PTXAS = ("backends/nvidia/bin/ptxas", "third_party/cuda/bin/ptxas")
PTXAS_VERSION = rb"Cuda compilation tools, release [\d.]+, V(\d+\.\d+\.\d+)"

ASSIGNMENT = re.compile(r"^(\w+)(?:\s*:[^=\n]+)?\s*=\s*(.+?)\s*(?:#.*)?$", re.MULTILINE)


def find(sys_path: list) -> dict:
    """Return {import name: package folder} of the known frameworks on sys.path, first one wins."""
    found = {}
    for folder in sys_path:
        try:
            names = set(os.listdir(folder))
        except OSError:
            continue
        for name in KNOWN:
            if name in names and name not in found:
                path = os.path.join(folder, name)
                if os.path.isdir(path) and "__init__.py" in os.listdir(path):
                    found[name] = path
    return found


def collect(record: Record, found: dict, packages: dict) -> None:
    """Fill the `frameworks` section with what needs no import."""
    entries = record.facts["entries"] = {}
    for name in sorted(found):
        part = Record(record.gaps, "%s." % name)
        entries[name] = part.facts
        for distribution in KNOWN[name]:
            if distribution in packages:
                part.facts["distribution"] = distribution
                part.facts["version"] = packages[distribution]["version"]
                break
        if name in STATIC:
            STATIC[name](part, found[name])
        if name in ("jax", "jaxlib"):
            _jax_cuda(part, found, packages)
        if "version" not in part.facts:
            part.gap("version", "not stated: no metadata and no version file")


def assignments(path: str) -> dict:
    """Read the literal assignments of a small Python file without running it."""
    import ast

    values = {}
    for name, text in ASSIGNMENT.findall(read_text(path)):
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            continue
        if isinstance(value, (str, bool, type(None))):  # versions are text, switches are truths
            values.setdefault(name, value)
    return values


def _torch(record: Record, folder: str) -> None:
    values = record.learn_present("version_file", assignments, os.path.join(folder, "version.py"))
    record.facts.pop("version_file", None)
    if values is None:
        record.gaps.pop(record.prefix + "version_file", None)
        record.gap("cuda", "not stated: torch/version.py cannot be read")
        return
    for key, name in (
        ("version", "__version__"),
        ("git_version", "git_version"),
        ("cuda", "cuda"),
        ("rocm", "hip"),
        ("debug", "debug"),
    ):
        if name in values:
            record.facts[key] = values[name]


def _torch_companion(record: Record, folder: str) -> None:
    path = os.path.join(folder, "version.py")
    if not os.path.exists(path):
        return
    values = assignments(path)
    for key, name in (("version", "__version__"), ("git_version", "git_version"), ("cuda", "cuda")):
        if name in values:
            record.facts[key] = values[name]


def _tensorflow(record: Record, folder: str) -> None:
    path = os.path.join(folder, "python", "platform", "build_info.py")
    if not os.path.exists(path):
        return
    text = read_text(path)
    for key, name in (("cuda", "cuda_version"), ("cudnn", "cudnn_version")):
        match = re.search(r"[\"']%s[\"']\s*:\s*[\"']([^\"']+)[\"']" % name, text)
        record.facts[key] = match.group(1) if match else None


def _onnxruntime(record: Record, folder: str) -> None:
    path = os.path.join(folder, "capi", "build_and_package_info.py")
    if not os.path.exists(path):
        return
    values = assignments(path)
    record.facts["cuda"] = values.get("cuda_version") or None
    if values.get("cudnn_version"):
        record.facts["cudnn"] = values["cudnn_version"]


def _vllm(record: Record, folder: str) -> None:
    path = os.path.join(folder, "_version.py")
    if not os.path.exists(path):
        return
    values = assignments(path)
    if values.get("__version__"):
        record.facts["version"] = values["__version__"]
    if values.get("__commit_id__"):
        record.facts["git_version"] = values["__commit_id__"]


def _numpy(record: Record, folder: str) -> None:
    path = os.path.join(folder, "version.py")
    if os.path.exists(path):
        values = assignments(path)
        version = values.get("full_version") or values.get("version")
        if version:
            record.facts["version"] = version
        if values.get("git_revision"):
            record.facts["git_version"] = values["git_revision"]


def _jax_cuda(record: Record, found: dict, packages: dict) -> None:
    """The CUDA, cuDNN or ROCm that JAX's plugin, or an older jaxlib itself, was built for."""
    label = str(packages.get("jaxlib", {}).get("version") or "").partition("+")[2]
    built_in = re.match(r"cuda(\d\d)(\d?)(?:\.cudnn(\d+))?$", label)
    plugins = (re.match(r"jax-(cuda|rocm)(\d+)-plugin$", name) for name in packages)
    plugin = next((match for match in plugins if match), None)
    if built_in:
        record.facts["cuda"] = ".".join(filter(None, built_in.group(1, 2)))
        if built_in.group(3):
            record.facts["cudnn"] = ".".join(built_in.group(3))  # 805 is 8.0.5
    elif plugin:
        kind, digits = plugin.groups()
        record.facts[kind] = digits if kind == "cuda" else ".".join(digits)  # rocm60 is 6.0
    elif "jaxlib" not in found:
        return
    elif not os.path.isdir(os.path.join(found["jaxlib"], "cuda")):
        record.facts["cuda"] = None
    else:
        record.gap("cuda", "not stated: jaxlib has CUDA in it and does not say which")


def _triton(record: Record, folder: str) -> None:
    """The version of the PTX assembler, which states it in its file; it is not run."""
    for inside in PTXAS:
        path = os.path.normpath(os.path.join(folder, inside))
        if not os.path.exists(path):
            continue
        data = record.learn("ptxas", elf.section, path, b".rodata")
        record.facts.pop("ptxas", None)
        match = re.search(PTXAS_VERSION, read_bytes(path) if data is None else data)
        if match:
            record.facts["ptxas"] = match.group(1).decode("ascii")
        else:
            record.gap("ptxas", "not stated: %s does not say its version" % path)
        return


STATIC = {
    "torch": _torch,
    "torchvision": _torch_companion,
    "torchaudio": _torch_companion,
    "tensorflow": _tensorflow,
    "onnxruntime": _onnxruntime,
    "vllm": _vllm,
    "numpy": _numpy,
    "triton": _triton,
}
