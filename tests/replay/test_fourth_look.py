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


def test_a_dropout_that_was_set_otherwise_is_told(torch: Any, played: Any) -> None:
    def play(share: float) -> Any:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 64), torch.nn.Dropout(share))
        return lambda: (torch.manual_seed(1), model(torch.ones(2, 6)))

    assert "Dropout.p 0.1 -> 0.3 (1)" in played(play(0.1), play(0.3)).cause


def test_training_that_goes_another_way_names_the_lines(torch: Any, played: Any) -> None:
    def play(rate: float) -> Any:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 64), torch.nn.Linear(64, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)

        def train() -> None:
            with torch.enable_grad():
                for _ in range(3):
                    optimizer.zero_grad()
                    model(torch.ones(2, 6)).square().mean().backward()
                    optimizer.step()

        return train

    found = played(play(0.1), play(0.02))
    assert found.outcome == "diverged"
    assert "call 2" in found.cause
    assert "both runs update its weights before it, and otherwise here" in found.cause
    assert played(play(0.1), play(0.1)).outcome == "same"
