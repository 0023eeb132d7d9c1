"""CUDA toolkits differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class CudaToolkit(Rule):
    """The CUDA toolkit (nvcc) differs.

    The toolkit compiles extensions (cpp_extension, flash-attn, some Triton builds). Wheels of
    frameworks bring their own CUDA libraries and do not use it.

    Fix: install the reference's toolkit where extensions are compiled on the host.
    """

    id = "cuda-toolkit"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield at most one finding."""
        change = comparison.at("cuda", "toolkit")
        tool = list(comparison.under("tools", "nvcc"))
        first = change or (tool[0] if tool else None)
        if first is None:
            return
        reference, other = _version(first.reference), _version(first.other)
        paths = ((change.path,) if change else ()) + tuple(item.path for item in tool)
        yield Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=first.path,
            message=f"CUDA toolkit (nvcc) {reference or 'absent'} -> {other or 'absent'}",
            why="It compiles extensions; the CUDA inside the frameworks' wheels is not this one.",
            fix="Install the reference's toolkit if extensions are compiled there.",
            changes=paths,
        )


def _version(value: object) -> object:
    return value.get("version") if isinstance(value, dict) else value
