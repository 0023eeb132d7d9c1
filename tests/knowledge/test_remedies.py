"""What releases' rows say to do, as sentences."""

from __future__ import annotations

import pytest

from envsnap.knowledge import releases


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        ("torch.export, or Python 3.13", "use torch.export, or Python 3.13"),
        ("pass weights_only=False", "pass weights_only=False"),
        ("remove; use_cpu", "remove; use_cpu"),
        ("reshape(-1) the inverse", "use reshape(-1) the inverse"),
        ("a newer driver", "use a newer driver"),
    ],
)
def test_a_remedy_begins_with_a_verb(fix: str, told: str) -> None:
    assert releases.remedy({"fix": fix}) == told
