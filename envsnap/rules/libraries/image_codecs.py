"""Images are decoded by other libraries."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

DECODERS = ("jpeg", "webp", "openjpeg", "tiff")


class ImageCodecs(Rule):
    """An image library decodes with another codec.

    Equal versions of Pillow or OpenCV can be linked with other codecs: wheels bring
    libjpeg-turbo, a distribution's or conda's build may use another libjpeg. JPEG decoders do
    not agree: between libjpeg 9 and libjpeg-turbo 48.7 % of the samples of a 4:2:0 image differ,
    by up to 16 levels. Releases of libjpeg-turbo decode alike (measured from Pillow 9.0.1 to
    12.3), except scaled decoding for thumbnails; lossless formats decode alike everywhere. Intel's
    IPP, with which some builds of OpenCV filter and resize, is stated too.

    Fix: install the image library from the reference's source (wheel or conda), or decode once
    and store what is decoded.
    """

    id = "image-codecs"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding an image library."""
        libraries = {
            change.path[1] for change in comparison.under("codecs") if len(change.path) > 2
        }
        for library in sorted(libraries):
            changes = list(comparison.under("codecs", library))
            decoders = [change for change in changes if change.path[2] in DECODERS]
            ipp = [change for change in changes if change.path[2] == "ipp"]
            if decoders:
                yield self._finding(library, decoders, changes)
            elif ipp:
                yield self._ipp(ipp[0])

    def _ipp(self, change: Change) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NUMERICS,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{change.path[1]} computes with IPP: {change.told}",
            why="Filters and resizing of IPP round otherwise than OpenCV's own, and are faster.",
            fix="Install OpenCV from the reference's source.",
            changes=(change.path,),
        )

    def _finding(self, library: str, decoders: list[Change], changes: list[Change]) -> Finding:
        first = min(decoders, key=lambda change: DECODERS.index(change.path[2]))
        other_library = first.path[2] == "jpeg" and _name(first.reference) != _name(first.other)
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if other_library else Severity.INFO,
            effect=Effect.NUMERICS if other_library else Effect.NONE,
            confidence=Confidence.CERTAIN if other_library else Confidence.POSSIBLE,
            path=first.path,
            message=f"{library} decodes {first.path[2].upper()} with {first.told}",
            why=(
                "These libraries give other pixels (measured: up to 16 levels in 48.7 % of samples)."
                if other_library
                else "Releases of libjpeg-turbo were measured to decode alike; from 2.x to 3.x only"
                " thumbnails and drafts change (Pillow 9.5 to 10.4: up to 5 levels)."
                if first.path[2] == "jpeg"
                else "No difference between releases of this decoder is known."
            ),
            fix="Install the image library from the reference's source.",
            source="measured with Pillow's wheels on four images",
            changes=tuple(change.path for change in changes),
        )


def _name(codec: object) -> str:
    """The library without its version; of plain libjpeg, whose releases disagree, with it."""
    text = str(codec)
    return text.partition(" ")[0] if text.startswith("libjpeg-turbo") else text
