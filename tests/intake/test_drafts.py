"""What a format states through a draft stands under the names that manifests use."""

from __future__ import annotations

from envsnap.intake.formats.draft import Draft
from envsnap.model.python import Package
from envsnap.model.wanted import Choice


def test_a_distribution_stands_under_the_index_spelling_of_its_name() -> None:
    draft = Draft("a list")
    draft.package("Ruamel.Yaml_clib", Package(version="1"))
    draft.package("_libgcc_mutex")  # conda's own: no name of a distribution
    draft.want("Pillow", Choice())
    sections = draft.sections()
    assert list(sections.packages.entries) == ["ruamel-yaml-clib", "_libgcc_mutex"]
    assert list(sections.wanted.entries) == ["pillow"]
