"""What a fourth set of changes, scored by the commands alone, showed to be wrong."""

from __future__ import annotations

from typing import Any

import pytest


def net(torch: Any, *, eps: float = 1e-5, approximate: str = "none") -> Any:
    """A small model as one graph."""
    torch.manual_seed(0)
    layers = torch.nn.LayerNorm(6, eps=eps), torch.nn.Linear(6, 8), torch.nn.GELU(approximate)
    return torch.compile(torch.nn.Sequential(*layers).eval(), backend="eager")


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"eps": 0.5}, "LayerNorm.eps 1e-05 -> 0.5"),
        ({"approximate": "tanh"}, "GELU.approximate none -> tanh"),
    ],
)
def test_a_setting_inside_a_compiled_model_is_told(
    options: Any, cause: str, torch: Any, played: Any
) -> None:
    given = torch.arange(12.0).reshape(2, 6).sin()
    golden, other = net(torch), net(torch, **options)
    found = played(lambda: golden(given), lambda: other(given))
    assert found.outcome == "diverged"
    assert cause in found.cause
    assert played(lambda: golden(given), lambda: net(torch)(given)).outcome == "same"
