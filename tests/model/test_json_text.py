"""Both ways of writing JSON give the same bytes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from envsnap.model.json_text import indented

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_it_is_what_the_standard_library_writes(value: object) -> None:
    text = indented(value)
    assert text.isascii()
    assert json.loads(text) == value
    if not any(sign in text for sign in "e.\x7f"):  # floats may be spelled otherwise
        assert text == json.dumps(value, indent=2, ensure_ascii=True)
