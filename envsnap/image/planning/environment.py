"""Sorts the captured environment variables: what the image sets, and what it must not."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.image import validate
from envsnap.image.records import Decision, NotCarried
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text

# These change results or behaviour and mean the same in every container.
NAMES = frozenset((
    "ATEN_CPU_CAPABILITY", "BLIS_NUM_THREADS", "CUBLASLT_WORKSPACE_SIZE",
    "CUBLAS_WORKSPACE_CONFIG", "CUDA_DEVICE_ORDER", "CUDA_DISABLE_PTX_JIT",
    "CUDA_FORCE_PTX_JIT", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING",
    "DNNL_DEFAULT_FPMATH_MODE", "DNNL_MAX_CPU_ISA", "GLIBC_TUNABLES", "GOTO_NUM_THREADS",
    "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET", "HF_HUB_OFFLINE",
    "JAX_DEFAULT_MATMUL_PRECISION", "JAX_ENABLE_X64", "JAX_PLATFORMS", "KERAS_BACKEND",
    "KMP_AFFINITY", "KMP_BLOCKTIME", "KMP_DETERMINISTIC_REDUCTION", "KMP_DUPLICATE_LIB_OK",
    "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "MKL_CBWR", "MKL_DEBUG_CPU_TYPE",
    "MKL_DOMAIN_NUM_THREADS", "MKL_DYNAMIC", "MKL_ENABLE_INSTRUCTIONS", "MKL_NUM_THREADS",
    "MKL_SERVICE_FORCE_INTEL", "MKL_THREADING_LAYER", "NCCL_ALGO", "NCCL_BUFFSIZE",
    "NCCL_COLLNET_ENABLE", "NCCL_MAX_NCHANNELS", "NCCL_MIN_NCHANNELS", "NCCL_NTHREADS",
    "NCCL_NVLS_ENABLE", "NCCL_PROTO", "NPY_DISABLE_CPU_FEATURES", "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS", "NVIDIA_TF32_OVERRIDE", "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OPENCV_CPU_DISABLE",
    "OPENCV_FOR_THREADS_NUM", "OPENCV_IO_MAX_IMAGE_PIXELS", "OPENCV_IPP",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "PYTHONCOERCECLOCALE",
    "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "PYTHONHASHSEED", "PYTHONINTMAXSTRDIGITS",
    "PYTHONIOENCODING", "PYTHONMALLOC", "PYTHONNOUSERSITE", "PYTHONOPTIMIZE", "PYTHONSAFEPATH",
    "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHON_CPU_COUNT", "PYTHON_GIL",
    "TOKENIZERS_PARALLELISM", "TRANSFORMERS_OFFLINE", "TRITON_INTERPRET", "USE_JAX", "USE_TF",
    "USE_TORCH", "VLLM_ATTENTION_BACKEND", "VLLM_BATCH_INVARIANT",
    "VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_FLASH_ATTN_VERSION", "VLLM_USE_V1",
    "VLLM_WORKER_MULTIPROC_METHOD", "XLA_FLAGS", "XLA_PYTHON_CLIENT_ALLOCATOR",
    "XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_PREALLOCATE",
))  # fmt: skip
PREFIXES = ("OMP_", "PYTORCH_", "TORCH_", "TORCHDYNAMO_", "TORCHINDUCTOR_", "TF_")
# Under those prefixes: where one machine's cluster, cards or logs are, and code loaded at start.
NEVER = frozenset((
    "OMP_DISPLAY_ENV", "OMP_TOOL_LIBRARIES", "PYTORCH_KERNEL_CACHE_PATH", "TF_CONFIG",
    "TORCH_LOGS_OUT", "TORCH_NCCL_ASYNC_ERROR_HANDLING_FILE", "TORCH_SHOW_CPP_STACKTRACES_FILE",
    "TORCH_TRACE",
))  # fmt: skip
# Dropped with a reason of their own; the rest is dropped as not on the list.
REASONS = (
    (re.compile(r"LD_.*|DYLD_.*"), "it would change which libraries every program loads"),
    (
        re.compile(r"PIP_(?:EXTRA_)?INDEX_URL|UV_(?:EXTRA_|DEFAULT_)?INDEX(?:_URL)?"),
        "packages may come from that index: name it with --index, or the build asks the default one",
    ),
    (re.compile(r"PIP_.*|UV_.*|CONDA_.*"), "it would steer the build, not the program"),
    (re.compile(r"DOCKER_.*|BUILDKIT_.*"), "it would steer the build, not the program"),
    (
        re.compile(r"PYTHONSTARTUP|PYTHONPATH|PYTHONHOME|BASH_ENV|ENV|PROMPT_COMMAND"),
        "it would run or import code from the captured machine",
    ),
    (re.compile(r".*_VISIBLE_DEVICES|.*MIG_.*_DEVICES"), "it names GPUs of one machine"),
    (re.compile(r"NVIDIA_(REQUIRE|DRIVER|DISABLE).*"), "the image states its own needs"),
    (re.compile(r"(?i:(http|https|no|all)_proxy)"), "it names a host of one network"),
    (
        re.compile(r"(LOCAL_|NODE_)?RANK|(LOCAL_)?WORLD_SIZE|MASTER_(ADDR|PORT)"),
        "it belongs to one run",
    ),
    (re.compile(r"PATH|VIRTUAL_ENV"), "the image has its own"),
)
UNLISTED = "not among the variables that a container may carry"
# A path anywhere in a value: at its start, or after a separator.
HOST_PATH = re.compile(r"(?:^|[\s:;,='\"])(?:/|~|\.\.?/)|[A-Za-z]:\\")
LOCALE = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+")
PLAIN_LOCALES = frozenset(("C", "POSIX", "C.UTF-8", "C.utf8", ""))
UTF8 = re.compile(r"[A-Za-z_@.]*\.(?:UTF-8|utf8|UTF8|utf-8)(?:@[a-z]+)?")


class Variables(Struct, frozen=True, kw_only=True):
    """What becomes of the captured environment variables."""

    kept: dict[str, str]
    dropped: tuple[NotCarried, ...]
    decisions: tuple[Decision, ...]


def sort(manifest: Manifest) -> Variables:
    """Sort the captured variables; each that is left out is listed with its reason."""
    installed = reading.stated(manifest, "system", "locale_installed")
    kept: dict[str, str] = {}
    dropped: list[NotCarried] = []
    decisions: list[Decision] = []
    for name, value in sorted(reading.entries(manifest, "env_vars").items()):
        place = path_text(("env_vars", name[:40]))
        validate.matched(name, validate.VARIABLE, place, "name of an environment variable")
        reason = _reason(name)
        carried = value
        if reason is None and LOCALE.fullmatch(name):
            carried, reason = _locale(name, value, place, decisions, keep=installed is False)
        elif reason is None and HOST_PATH.search(value):
            reason = "its value names a path of the captured machine"
        if reason is None:
            kept[name] = validate.variable_value(carried, place)
        else:
            dropped.append(NotCarried(path=place, reason=reason))
    return Variables(kept=kept, dropped=tuple(dropped), decisions=tuple(decisions))


def refusal(name: str) -> str | None:
    """Return why no image should set a variable, even if it was asked for; None if it may."""
    if name in ("PATH", "VIRTUAL_ENV", "HOME"):
        return "the image has its own"
    if re.fullmatch(r"LD_PRELOAD|LD_AUDIT|PYTHONSTARTUP|PYTHONHOME|BASH_ENV|ENV", name):
        return _reason(name) or "it would run code before every program"
    return None


def _reason(name: str) -> str | None:
    """Return why a variable must not be carried, or None if it may."""
    for pattern, reason in REASONS:
        if pattern.fullmatch(name):
            return reason
    if name in NAMES or name == "TZ" or LOCALE.fullmatch(name):
        return None
    if name.startswith(PREFIXES) and name not in NEVER:
        return None
    return UNLISTED


def _locale(
    name: str, value: str, place: str, decisions: list[Decision], *, keep: bool
) -> tuple[str, str | None]:
    """Carry a locale that every image has; stand in for one that only full systems have."""
    if value in PLAIN_LOCALES or keep:
        return value, None
    if name != "LANGUAGE" and UTF8.fullmatch(value):
        decisions.append(
            Decision(
                subject=place,
                choice="C.UTF-8",
                why=f"{value} was captured; images have no such locale, and the encoding is equal",
                certainty="nearest",
            )
        )
        return "C.UTF-8", None
    return value, "images have no such locale"
