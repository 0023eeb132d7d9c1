"""What the manifests of two recorded processes say of what shapes numbers."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from envsnap.changes import walk
from envsnap.changes.change import ChangeKind
from envsnap.model.paths import text
from envsnap.replay.compare.verdict import Rung
from envsnap.replay.esr.archive import Recording

# What shapes numbers or pictures; everything else is for `envsnap diff`.
PACKAGES = (
    "numpy", "torch", "torchvision", "torchaudio", "pillow", "opencv-python",
    "opencv-python-headless", "transformers", "tokenizers", "timm", "scipy", "scikit-image",
)  # fmt: skip
SECTIONS = ("determinism", "codecs")
VARIABLES = (
    "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NVIDIA_TF32_OVERRIDE",
)  # fmt: skip


class Environment(Struct, frozen=True, kw_only=True):
    """What the two manifests say of what shapes numbers."""

    rung: Rung
    changes: dict[str, str]


def compare(golden: Recording, other: Recording) -> Environment:
    """Compare the manifests of the two processes, where both are known."""
    if golden.manifest is None or other.manifest is None:
        rung = Rung(name="environment", state="unknown", summary="not recorded on both sides")
        return Environment(rung=rung, changes={})
    found: dict[str, str] = {}
    for change in walk.compare(golden.manifest, other.manifest).changes:
        path = change.path
        matters = (
            path[0] in SECTIONS
            or (path[0] == "packages" and path[1] in PACKAGES and path[2:3] in ((), ("version",)))
            or (path[0] == "frameworks" and path[2:3] == ("version",))
            or (path[0] == "env_vars" and path[1] in VARIABLES)
            or path in (("python", "version"), ("system", "cpu", "model"))
        )
        if matters and change.kind is not ChangeKind.UNKNOWN:
            found[text(path)] = f"{_brief(change.reference)} -> {_brief(change.other)}"
    details = tuple(f"{path} {told}" for path, told in found.items())
    summary = (
        f"{many(len(found), 'fact')} that shape numbers differ"
        if found
        else "nothing that shapes numbers differs"
    )
    state: Literal["differs", "same"] = "differs" if found else "same"
    return Environment(
        rung=Rung(name="environment", state=state, summary=summary, details=details), changes=found
    )


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("version", "present"))
    return "absent" if value is None else str(value)[:80]


def many(count: int, word: str) -> str:
    """A count with its word."""
    return f"{count} {word}{'' if count == 1 else 's'}"
