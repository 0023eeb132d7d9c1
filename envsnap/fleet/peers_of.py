"""A handful of manifests as peers: which one stands for most, and what the others differ in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from envsnap.fleet import judge, kinds
from envsnap.fleet.kinds import Kinds, Same
from envsnap.intake.many import Part
from envsnap.model.manifest import Manifest, present

if TYPE_CHECKING:
    from envsnap.rules.engine import Result
    from envsnap.rules.ruling import Policy


def grouped(manifests: Sequence[Manifest]) -> Kinds:
    """The kinds of manifests; hosts are their numbers."""
    return kinds.grouped(
        [
            Same(
                parts=[
                    Part(name, section)
                    for name, section in present(manifest.sections).items()
                    if name != "identity"
                ],
                hosts=[number],
                build=partial(_itself, manifest),
            )
            for number, manifest in enumerate(manifests)
        ]
    )


def _itself(manifest: Manifest) -> Manifest:
    return manifest


def most_alike(manifests: Sequence[Manifest]) -> tuple[int, str]:
    """The number of the manifest that stands for most, and a sentence that says for how many."""
    found = judge.reference(grouped(manifests).kinds, None)
    assert found.kind is not None
    return found.kind.hosts[0], found.sentence


def results(
    manifests: Sequence[Manifest],
    policy: Policy | None,
    error_text: str,
    symptom: str | None = None,
) -> list[Result]:
    """What each differs in from the first, as one among peers; those of one kind share a result."""
    found = grouped(manifests)
    left_out = frozenset(noise.path for noise in found.noise)
    told: dict[int, Result] = {}
    for kind in found.kinds:
        other = manifests[0] if 0 in kind.hosts else kind.build()
        result = judge.compared(manifests[0], other, left_out, policy, error_text, symptom)
        told.update(dict.fromkeys(kind.hosts, result))
    return [told[number] for number in range(1, len(manifests))]
