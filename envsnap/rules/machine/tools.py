"""Serving and building tools differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.versions import Distance, distance
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

DECODERS = ("ffmpeg", "sox")  # what reads media through them gets other samples, or fails
SERVING = ("tritonserver", "trtexec")


class Tools(Rule):
    """A program beside Python has another version, or is on one side only.

    An inference server brings its own CUDA, TensorRT and back ends: another Triton release is
    another runtime. A compiler or ffmpeg matters where extensions are built or media decoded.

    Fix: use the same release of the server.
    """

    id = "tools"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a tool."""
        for change in list(comparison.under("tools")):
            name = change.path[1]
            reference, other = _version(change.reference), _version(change.other)
            serves = name in SERVING
            far = distance(reference, other) in (Distance.MAJOR, Distance.MINOR, Distance.OTHER)
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING if serves else Severity.INFO,
                effect=Effect.BEHAVIOR if serves or name in DECODERS else Effect.NONE,
                confidence=Confidence.LIKELY if serves and far else Confidence.POSSIBLE,
                path=change.path,
                message=f"{name} {reference or 'absent'} -> {other or 'absent'}",
                why="It brings its own runtime."
                if serves
                else "It matters where it builds or decodes.",
                fix=f"Use {name} {reference}." if reference else "",
                changes=(change.path,),
            )


def _version(value: object) -> object:
    return value.get("version") if isinstance(value, dict) else value
