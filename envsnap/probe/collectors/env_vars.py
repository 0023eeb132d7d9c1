"""Environment variables: values only where the name is on the list, everything else by name.

The list holds what is known to change results, the choice of a library, or behaviour of the
frameworks; which of them does what is knowledge and lives with the rules.
"""

import os
import re

from . import locales
from ..record import Record, key_text
from ..secrets import judge

PREFIXES = (
    "CUDA_",
    "CUBLAS",
    "CUDNN_",
    "CUFFT_",
    "NCCL_",
    "NVIDIA_",
    "NV_CUDA_",
    "NV_CUDNN_",
    "NV_LIBNCCL_",
    "NVTE_",
    "TORCH",
    "PYTORCH_",
    "ATEN_",
    "TRITON_",
    "XLA_",
    "TF_",
    "JAX_",
    "OMP_",
    "KMP_",
    "GOMP_",
    "MKL_",
    "OPENBLAS_",
    "GOTO_",
    "BLIS_",
    "NUMEXPR_",
    "VECLIB_",
    "DNNL_",
    "ONEDNN_",
    "NPY_",
    "OPENCV_",
    "VLLM_",
    "SGLANG_",
    "FLASHINFER_",
    "FLASH_ATTENTION_",
    "XFORMERS_",
    "HF_",
    "TRANSFORMERS_",
    "TOKENIZERS_",
    "ACCELERATE_",
    "DS_",
    "DEEPSPEED_",
    "BNB_",
    "BITSANDBYTES_",
    "ORT_",
    "ONNX",
    "TRT_",
    "TENSORRT_",
    "HIP_",
    "HSA_",
    "ROCR_",
    "ROCM_",
    "MIOPEN_",
    "PYTHON",
    "PIP_",
    "UV_",
    "CONDA_",
    "LC_",
    "KERAS_",
    "FSDP_",
    "DIST_",
    "UCX_",
    "FI_",
    "RDMAV_",
)
NAMES = (
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_BIND_NOW",
    "LD_DEBUG",
    "PATH",
    "LANG",
    "LANGUAGE",
    "TZ",
    "VIRTUAL_ENV",
    "USE_TORCH",
    "USE_TF",
    "USE_JAX",
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "NODE_RANK",
    "GROUP_RANK",
    "GROUP_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "SLURM_JOB_ID",
    "SLURM_NODEID",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_NTASKS",
    "SLURM_NTASKS_PER_NODE",
    "SLURM_NNODES",
    "SLURMD_NODENAME",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_LOCAL_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "PMI_RANK",
    "PMI_SIZE",
    "PMIX_RANK",
    "PMIX_SIZE",
    "GLIBC_TUNABLES",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "MALLOC_ARENA_MAX",
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_CONF",
    "SOURCE_DATE_EPOCH",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    "CURL_CA_BUNDLE",
    "GPU_DEVICE_ORDINAL",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    "DYLD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "MKLROOT",
    "SETUPTOOLS_USE_DISTUTILS",
    "CC",
    "CXX",
)
# A shell's own prompts, and values that name a session, under the prefixes above.
NEVER = re.compile(r"^CONDA_(PROMPT_MODIFIER|SHLVL)$|^CONDA_PREFIX_\d+$|^TORCHELASTIC_RUN_ID$")
# By which the host finds what a capture started.
OURS = "ENVSNAP_STARTED_HERE"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]{0,255}")


def is_listed(name: str) -> bool:
    """Tell whether the value of a variable is captured without being asked for."""
    return (name.startswith(PREFIXES) or name in NAMES) and not NEVER.match(name)


def collect(record: Record, asked: list) -> None:
    """Fill the `env_vars` section; `asked` names further variables whose values are wanted."""
    entries = record.facts["entries"] = {}
    others = record.facts["others"] = []
    for name, value in sorted(os.environ.items()):
        if name == OURS or not NAME.fullmatch(name) or (name == "LC_CTYPE" and locales.coerced()):
            continue
        if not is_listed(name) and name not in asked:
            others.append(name)
            continue
        shown, why = judge(name, value)
        if why is not None:
            record.left_out(key_text(name), why, value)
        if shown is not None:
            entries[name] = shown.encode("utf-8", "backslashreplace").decode("utf-8")
