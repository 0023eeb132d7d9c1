"""Machine-learning frameworks: what their files say, without importing them.

What only an import shows is asked in a child of its own (`framework_import`), started early so
that it runs while the other collectors work.
"""

import os
import re

from ..record import Record, read_text

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


STATIC = {
    "torch": _torch,
    "torchvision": _torch_companion,
    "torchaudio": _torch_companion,
    "tensorflow": _tensorflow,
    "onnxruntime": _onnxruntime,
    "vllm": _vllm,
    "numpy": _numpy,
}
