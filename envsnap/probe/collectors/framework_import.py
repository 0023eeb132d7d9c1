"""What only a loaded framework can tell: builds, libraries in use, CPU capability, threads.

`describe` works on modules that are already imported: in a child that imported them for this
purpose, or in the user's own program. Every getter has its own guard: torch raises on some of
them once a program has used the newer precision API.
"""

import re
import sys

from ..readers import mapped
from ..record import Record, reason


def describe(name: str, module, record: Record) -> None:
    """Add the facts of one imported framework to its record."""
    version = getattr(module, "__version__", None)
    if version is not None:
        record.facts["version"] = str(version)
    if name in DESCRIBE:
        DESCRIBE[name](module, record)


def run_child(options: dict) -> dict:
    """Import one framework and describe it; this is the child's whole life."""
    import importlib

    name = options["framework"]
    record = Record()
    sys.path[:] = options["sys_path"]
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # SystemExit too: whatever an import does is a finding
        record.gap("imported", reason(error))
        record.facts["imported"] = False
        return {"facts": record.facts, "gaps": record.gaps}
    record.facts["imported"] = True
    describe(name, module, record)
    if sys.platform.startswith("linux"):
        record.learn("mapped_on_import", mapped.libraries, mapped.maps_path())
    return {"facts": record.facts, "gaps": record.gaps, "mapped": mapped.own_system_files()}


def _torch(torch, record: Record) -> None:
    version = torch.version
    record.learn("cuda", lambda: version.cuda)
    record.learn("rocm", lambda: getattr(version, "hip", None))
    record.learn_present("git_version", lambda: version.git_version)
    record.learn_present("debug", lambda: version.debug)
    record.learn_present("cxx11_abi", lambda: bool(torch._C._GLIBCXX_USE_CXX11_ABI))
    record.learn("build_config", lambda: _lines(torch.__config__.show()))
    record.learn_present("cpu_capability", lambda: _torch_cpu_capability(torch))
    record.learn("threads", torch.get_num_threads)
    record.learn("interop_threads", torch.get_num_interop_threads)
    record.learn_present("blas", lambda: _setting(torch.__config__.show(), "BLAS_INFO"))
    record.learn_present("openmp", lambda: _after(torch.__config__.show(), "OpenMP "))
    record.learn_present(
        "mkl", lambda: _after(torch.__config__.show(), "Math Kernel Library Version ")
    )
    record.learn_present("onednn", lambda: _after(torch.__config__.show(), "MKL-DNN v"))
    _torch_cuda(torch, record)


def _torch_cuda(torch, record: Record) -> None:
    """What a CUDA or ROCm build adds; a CPU build has explicit nulls."""
    if record.facts.get("cuda") is None and record.facts.get("rocm") is None:
        for key in ("cudnn", "cudnn_loaded", "nccl", "nccl_loaded", "arch_list"):
            record.facts[key] = None
        record.facts["cuda_available"] = False
        return
    record.learn("arch_list", lambda: torch._C._cuda_getArchFlags().split())
    record.learn("cudnn", lambda: ".".join(str(n) for n in torch._C._cudnn.getCompileVersion()))
    record.learn("cudnn_loaded", lambda: cudnn_text(torch._C._cudnn.getRuntimeVersion()))
    record.learn("nccl", lambda: _nccl(torch))
    record.learn("cuda_available", torch.cuda.is_available)


def _nccl(torch) -> str:
    number = torch._C._nccl_version()
    return "%d.%d.%d" % (number >> 32, (number >> 16) & 65535, number & 65535)


def cudnn_text(number) -> str:
    """Spell cuDNN's number: 8302 is 8.3.2, 90100 is 9.1.0 (four digits before 9)."""
    if isinstance(number, (tuple, list)):
        return ".".join(str(part) for part in number)
    if number >= 90000:
        return "%d.%d.%d" % (number // 10000, number % 10000 // 100, number % 100)
    return "%d.%d.%d" % (number // 1000, number % 1000 // 100, number % 100)


def _torch_cpu_capability(torch) -> str:
    backend = getattr(torch.backends, "cpu", None)
    if backend is not None and hasattr(backend, "get_cpu_capability"):
        return backend.get_cpu_capability()
    return _after(torch.__config__.show(), "CPU capability usage: ")


def _lines(text: str) -> list:
    return [line.strip(" -") for line in text.strip().splitlines()]


def _setting(text: str, name: str) -> str:
    found = _after(text, name + "=")
    return found.split(",")[0] if found else None


def _after(text: str, marker: str) -> str:
    if marker not in text:
        return None
    words = text.split(marker, 1)[1].split("\n", 1)[0].split()
    return words[0].rstrip(",") if words else None


def _tensorflow(tensorflow, record: Record) -> None:
    record.learn_present("git_version", lambda: str(tensorflow.version.GIT_VERSION))
    build = record.learn_present(
        "build_config", lambda: dict(tensorflow.sysconfig.get_build_info())
    )
    if build is None:
        return
    record.facts["build_config"] = ["%s=%s" % (key, build[key]) for key in sorted(build)]
    record.facts["cuda"] = build.get("cuda_version") or None
    record.facts["rocm"] = build.get("rocm_version") or None
    record.facts["cudnn"] = build.get("cudnn_version") or None
    record.learn_present(
        "cxx11_abi",
        lambda: "-D_GLIBCXX_USE_CXX11_ABI=1" in tensorflow.sysconfig.get_compile_flags(),
    )


def _jax(jax, record: Record) -> None:
    def platforms() -> list:
        from jax._src import xla_bridge  # the registered factories; asking starts no device

        return sorted(xla_bridge._backend_factories)

    record.learn_present("providers", platforms)


def _onnxruntime(onnxruntime, record: Record) -> None:
    record.learn("providers", onnxruntime.get_available_providers)
    build = record.learn_present("build_config", lambda: [onnxruntime.get_build_info()])
    commit = re.search(r"git-commit-id=([0-9a-f]{7,40})", build[0]) if build else None
    if commit:
        record.facts["git_version"] = commit.group(1)
    if "CUDAExecutionProvider" not in (record.facts.get("providers") or []):
        record.facts.setdefault("cuda", None)


def _numpy(numpy, record: Record) -> None:
    record.learn_present("blas", lambda: _numpy_blas(numpy))
    record.learn_present("cpu_capability", lambda: _numpy_cpu(numpy))


def _numpy_blas(numpy) -> str:
    from inspect import signature

    if "mode" not in signature(numpy.show_config).parameters:
        return None  # older numpy prints its configuration, which tells file names only
    blas = numpy.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return "%s %s" % (blas.get("name"), blas.get("version")) if blas.get("name") else None


def _numpy_cpu(numpy) -> str:
    try:
        from numpy._core import _multiarray_umath as core
    except ImportError:
        from numpy.core import _multiarray_umath as core
    features = getattr(core, "__cpu_features__", None)
    if features is None:
        return None
    used = [name for name in core.__cpu_dispatch__ if features.get(name)]
    return used[-1] if used else "baseline"


DESCRIBE = {
    "torch": _torch,
    "tensorflow": _tensorflow,
    "jax": _jax,
    "onnxruntime": _onnxruntime,
    "numpy": _numpy,
}
