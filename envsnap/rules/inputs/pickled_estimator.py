"""A pickled model was written by another release."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.versions import Distance, distance
from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

CLOSE = (Distance.PATCH, Distance.BUILD)


class PickledEstimator(Rule):
    """A pickle in the weights was written by another scikit-learn than is installed.

    A pickle is not promised to load across releases. Linear models mostly load. Trees and forests
    fail ("node array from the pickle has an incompatible dtype") or have lost attributes. The
    pickle itself states the release that wrote it.

    Fix: install the release that wrote it, or train and save the model anew.
    """

    id = "pickled-estimator"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare what each file states with what is installed."""
        for name, weight in entries(manifest, "weights").items():
            for distribution, wrote in (weight.written_by or {}).items():
                installed = version(manifest, distribution)
                if installed is None or distance(wrote, installed) in CLOSE:
                    continue
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=("weights", name, "written_by"),
                    message=f"{name} was written by {distribution} {wrote}, and {installed} is installed",
                    why="Pickled estimators are not promised to load, or to predict alike, in another release.",
                    fix=f"Install {distribution}=={wrote}, or train and save the model anew.",
                    source="measured: scikit-learn 1.3.2 -> 1.5.2 and 1.2.2",
                    cites=(("packages", distribution),),
                )
