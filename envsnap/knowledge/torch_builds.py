"""Which wheels of torch were published: their CUDA, cuDNN and the folder that has them."""

from __future__ import annotations

import re
from typing import Any

from envsnap.knowledge.tables import table

# Distributions that PyTorch's own index has, a folder for each kind of build.
OF_PYTORCH = (
    "fbgemm-gpu", "functorch", "pytorch-triton", "pytorch-triton-rocm", "pytorch-triton-xpu",
    "torch", "torch-tensorrt", "torchao", "torchaudio", "torchdata", "torchrec", "torchtext",
    "torchvision", "xformers",
)  # fmt: skip
LABEL = r"cpu|xpu|cu[0-9]{2,3}|rocm[0-9]{1,2}(?:\.[0-9]{1,2}){1,2}"
INDEX = "https://download.pytorch.org/whl/"


def index_of(name: str, version: str) -> str | None:
    """The index that has a build, by its local version label; None where no such index is known."""
    public, _, label = version.partition("+")
    if name not in OF_PYTORCH or re.fullmatch(LABEL, label) is None:
        return None
    return INDEX + (f"nightly/{label}" if ".dev" in public else label)


def cuda(release: str, label: str) -> str | None:
    """The CUDA X.Y that a wheel of torch was built for; None for a CPU build or an unknown one.

    `label` is the local version label (cu124), empty for the wheel of the Python index.
    """
    return next(
        (
            str(row["cuda"])
            for row in table("torch_wheels")["rows"]
            if (row["torch"], row["label"] or "") == (release, label) and row["cuda"]
        ),
        None,
    )


def wheel(release: str, label: str) -> dict[str, Any] | None:
    """The row of a wheel (`cuda`, `cudnn`, `basis`, `source`); without a label the index's own."""
    labels = (label, None) if label else (None,)
    rows = table("torch_wheels")["rows"]
    return next((row for row in rows if row["torch"] == release and row["label"] in labels), None)


def is_in_folder(release: str, label: str) -> bool:
    """Whether the folder that a label names has this build of torch."""
    return any(
        (row["torch"], row["label"], row.get("index")) == (release, label, "folder")
        for row in table("torch_wheels")["rows"]
    )
