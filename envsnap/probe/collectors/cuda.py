"""CUDA is never one number: the driver's, the toolkit's, and the libraries found and loaded."""

import glob
import json
import os
import re
import sys

from . import driver
from ..readers import mapped
from ..record import Record, first_text

LIBRARIES = re.compile(
    r"^lib(cudart|cublas|cublasLt|cudnn|cufft|curand|cusolver|cusparse|cusparseLt|nccl|nccl-net[\w-]*?"
    r"|nvrtc|nvJitLink|nvinfer|amdhip64|hsa-runtime64|gomp|iomp5|tbb)(-[0-9a-f]{6,})?\.so"
)
NVCC_RELEASE = re.compile(r"\bV(\d+\.\d+\.\d+)")
TOOLKIT_FOLDERS = ("/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda")


def collect(record: Record, sys_path: list, nvcc_output: str) -> None:
    """Fill the `cuda` section, except for what the driver itself answers."""
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    record.learn_present("toolkit", _toolkit, home, nvcc_output)
    if home:
        record.facts["home"] = home
    record.learn("on_disk", _on_disk, sys_path, home)


def _toolkit(home: str, nvcc_output: str) -> str:
    """The toolkit's version: what nvcc says, else the version file of its folder."""
    match = NVCC_RELEASE.search(nvcc_output or "")
    if match:
        return match.group(1)
    for folder in (home,) + TOOLKIT_FOLDERS:
        if not folder:
            continue
        text = first_text(os.path.join(folder, "version.json"))
        if text:
            return json.loads(text)["cuda"]["version"]
        text = first_text(os.path.join(folder, "version.txt"))
        if text:
            return text.split()[-1]
    return None


def _on_disk(sys_path: list, home: str) -> dict:
    """Every library of this kind a program here could load: {soname: {path, version, build_id}}."""
    folders = driver.folders() + [
        "/usr/local/cuda/lib64",
        "/usr/local/cuda/targets/x86_64-linux/lib",
        "/usr/local/cuda/targets/sbsa-linux/lib",
        "/opt/cuda/lib64",
        "/opt/rocm/lib",
        os.path.join(sys.prefix, "lib"),
    ]
    if home:
        folders.insert(0, os.path.join(home, "lib64"))
    for entry in sys_path:
        folders.extend(sorted(glob.glob(os.path.join(glob.escape(entry), "nvidia", "*", "lib"))))
        folders.append(os.path.join(entry, "torch", "lib"))
    paths = {}
    for folder in folders:
        for path in _libraries_in(folder):
            paths.setdefault(os.path.realpath(path), path)
    return mapped.by_soname(sorted(paths.values()))


def _libraries_in(folder: str) -> list:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names) if LIBRARIES.match(name)]
