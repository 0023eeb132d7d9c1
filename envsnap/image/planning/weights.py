"""Which distributions are so large that they get a layer of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Frameworks and what carries their machine code: large, and changed least often.
HEAVY = re.compile(
    r"nvidia-.*|torch|torchvision|torchaudio|torchtext|triton|pytorch-triton.*|tensorflow(-.*)?|jaxlib"
    r"|jax-cuda.*|jax-rocm.*|onnxruntime(-.*)?|cupy-.*|tensorrt.*|xformers|vllm|sglang.*|flash-attn"
    r"|flashinfer.*|deepspeed|bitsandbytes|paddlepaddle.*|mxnet.*|intel-.*|mkl|oneccl.*|pyspark"
)
HEAVY_BYTES = 40 << 20  # of a file, where its size is known

# Libraries that stand under many: their files are many, and small pins beside them change more often.
SIZABLE = re.compile(
    r"numpy|scipy|pandas|scikit-(?:learn|image)|sympy|networkx|matplotlib|pyarrow|numba|llvmlite|pillow"
    r"|opencv-.*|transformers|tokenizers|datasets|grpcio|sqlalchemy|cryptography|botocore|h5py|polars"
    r"|pydantic-core|sentencepiece|ray|dask|statsmodels|lxml|aiohttp|babel"
)
SIZABLE_BYTES = 500_000


def sizable(names: Iterable[str], sizes: Mapping[str, int]) -> set[str]:
    """Return those that are worth a layer below the small ones: by size, or by what they are."""
    return {
        name
        for name in names
        if (sizes[name] >= SIZABLE_BYTES if name in sizes else SIZABLE.fullmatch(name))
    }


def large(names: Iterable[str], sizes: Mapping[str, int]) -> set[str]:
    """Return those that are large: by the size of their file in bytes, or by what they are."""
    return {name for name in names if HEAVY.fullmatch(name) or sizes.get(name, 0) >= HEAVY_BYTES}
