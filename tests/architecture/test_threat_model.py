"""Each defect that docs/threat-model.md lists names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_named_test_is_there() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    rows = text[text.index("## Defects") :].splitlines()
    rows = [row for row in rows if row.startswith("| ") and not row.startswith("| defect")]
    assert len(rows) >= 28
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        for path, name in named:
            assert f"def {name}(" in (ROOT / path).read_text(), (path, name)
