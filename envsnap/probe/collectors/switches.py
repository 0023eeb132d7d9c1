"""Random states and determinism switches of the running program.

Nothing is imported that the program did not import, and no generator is advanced. Each getter
has its own guard: reading `allow_tf32` raises once a program has used `fp32_precision`.
"""

import hashlib
import os
import sys

from ..record import Record


def collect_seeds(record: Record, in_process: bool, given: dict) -> None:
    """Fill the `seeds` section: given ones, the hash seed, and digests of loaded generators."""
    entries = record.facts["entries"] = dict(given)
    if "PYTHONHASHSEED" in os.environ:
        entries["PYTHONHASHSEED"] = os.environ["PYTHONHASHSEED"][:64]
    if not in_process:
        return
    states = record.facts["rng"] = {}
    part = Record(record.gaps, "rng.")
    part.facts = states
    random = sys.modules.get("random")
    if random is not None:
        part.learn("random", lambda: _digest(repr(random.getstate()).encode()))
    if "numpy.random" in sys.modules:
        part.learn("numpy", lambda: _numpy_state(sys.modules["numpy.random"]))
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        part.learn("torch", lambda: _digest(bytes(torch.get_rng_state().tolist())))
        record.learn("torch_initial_seed", lambda: str(torch.initial_seed()))
        if getattr(torch.version, "cuda", None) and torch.cuda.is_initialized():
            for index in range(torch.cuda.device_count()):
                part.learn("torch_cuda_%d" % index, _cuda_state, torch, index)


def _digest(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()


def _numpy_state(numpy_random) -> str:
    name, keys, position, has_gauss, cached = numpy_random.get_state()
    rest = repr((name, position, has_gauss, cached)).encode()
    return _digest(keys.tobytes() + rest)


def _cuda_state(torch, index: int) -> str:
    return _digest(bytes(torch.cuda.get_rng_state(index).tolist()))


def collect_determinism(record: Record) -> None:
    """Fill the `determinism` section from the frameworks that the program has loaded."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_default_dtype"):
        for key, read in sorted(_torch_switches(torch).items()):
            record.learn_present(key, read)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and hasattr(tensorflow, "config"):
        record.learn_present(
            "tensorflow_tf32", tensorflow.config.experimental.tensor_float_32_execution_enabled
        )
    jax = sys.modules.get("jax")
    if jax is not None and hasattr(jax, "config"):
        record.learn_present("jax_x64", lambda: bool(jax.config.jax_enable_x64))
        record.learn_present(
            "jax_matmul_precision", lambda: jax.config.jax_default_matmul_precision
        )


def _torch_switches(torch) -> dict:
    backends = torch.backends
    return {
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled,
        "deterministic_warn_only": torch.is_deterministic_algorithms_warn_only_enabled,
        "cudnn_enabled": lambda: backends.cudnn.enabled,
        "cudnn_deterministic": lambda: backends.cudnn.deterministic,
        "cudnn_benchmark": lambda: backends.cudnn.benchmark,
        "cudnn_allow_tf32": lambda: backends.cudnn.allow_tf32,
        "matmul_allow_tf32": lambda: backends.cuda.matmul.allow_tf32,
        "matmul_precision": torch.get_float32_matmul_precision,
        "fp32_precision": lambda: getattr(backends, "fp32_precision", None),
        "fp16_reduced_precision_reduction": lambda: _reduction(
            backends.cuda.matmul.allow_fp16_reduced_precision_reduction
        ),
        "bf16_reduced_precision_reduction": lambda: _reduction(
            backends.cuda.matmul.allow_bf16_reduced_precision_reduction
        ),
        "mkldnn_enabled": lambda: bool(backends.mkldnn.enabled),
        "flash_sdp": backends.cuda.flash_sdp_enabled,
        "math_sdp": backends.cuda.math_sdp_enabled,
        "default_dtype": lambda: str(torch.get_default_dtype()).replace("torch.", ""),
        "threads": torch.get_num_threads,
        "interop_threads": torch.get_num_interop_threads,
    }


def _reduction(value: object) -> bool:
    return bool(value[0]) if isinstance(value, tuple) else bool(value)
