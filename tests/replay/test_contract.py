"""The input contract: what the golden run's inputs declare, checked before values are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from envsnap.replay.compare import ladder
from envsnap.replay.compare.verdict import Verdict
from envsnap.replay.esr import archive
from envsnap.replay.recorder.program import Recording

Compared = Callable[[Any, Any], Verdict]


@pytest.fixture
def compared(torch: ModuleType, tmp_path: Path) -> Compared:
    """The verdict on a model that is given one thing, then another."""

    class Taking(torch.nn.Module):
        """Takes whatever there is."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, image, mask=None, **more):
            return image.float().sum() * self.weight

    def verdict(one: Any, two: Any) -> Verdict:
        found = []
        for name, (arguments, named) in (("a.esr", one), ("b.esr", two)):
            path = str(tmp_path / name)
            with Recording(path, lambda: None):
                Taking()(*arguments, **named)
            found.append(archive.read(path))
        return ladder.compare(*found)

    return verdict


def picture(torch: ModuleType, *shape: int) -> Any:
    """Normalised values, the same every time."""
    count = 1
    for side in shape:
        count *= side
    values = torch.linspace(-2.1, 2.6, count)
    return values[torch.randperm(count, generator=torch.Generator().manual_seed(0))].view(shape)


def rung(verdict: Verdict) -> Any:
    """The contract's."""
    return next(item for item in verdict.rungs if item.name == "contract")


@pytest.mark.parametrize(
    ("change", "told", "cause", "fix"),
    [
        (lambda x: x, "kept: image float32 [N, 3, 20, 24] in -2.1…2.6", "", ""),
        (
            lambda x: (x.permute(0, 2, 3, 1) * 50 + 120).byte(),
            "image expects float32 [N, 3, 20, 24] in -2.1…2.6, got uint8 [2, 20, 24, 3] in 15…250",
            "layout: the axes are in another order",
            "Convert the input to float32 before the model. Permute the input: x.permute(0, 3, 1, 2).",
        ),
        (lambda x: x[0], "got float32 [3, 20, 24]", "no batch axis", "x[None]"),
        (lambda x: x[None], "got float32 [1, 2, 3, 20, 24]", "one axis more", "x[0]"),
        (lambda x: x[:, :1], "got float32 [2, 1, 20, 24]", "shape [2, 3, 20, 24] -> [2, 1", "Resize, crop"),
        (lambda x: x.double(), "got float64", "dtype float32 -> float64", "numpy 2 keeps float64"),
        (lambda x: x.half(), "got float16", "dtype float32 -> float16", "Convert the input"),
        (lambda x: x * 53 + 125, "in 13.7…262.8", "normalisation: channels are 53, 53, 53 x", "Scale and normalise"),
        (lambda x: x.masked_fill(x > 2.5, float("nan")), "NaN", "NaN", "missing values"),
        (lambda x: x / (x > -2), "Inf", "Inf", "divisions by zero"),
    ],
)  # fmt: skip
def test_what_is_declared_and_what_came(
    change: Callable[[Any], Any], told: str, cause: str, fix: str, compared: Compared,
    torch: ModuleType,
) -> None:  # fmt: skip
    x = picture(torch, 2, 3, 20, 24)
    verdict = compared(([x], {}), ([change(x)], {}))
    found = rung(verdict)
    assert told in found.summary
    assert found.state == ("diverged" if cause else "same")
    assert cause in verdict.cause
    assert fix in verdict.fix
    if cause:
        assert verdict.outcome == "diverged"
        assert verdict.cause.startswith("inputs differ: image expects float32 [N, 3, 20, 24]")


def test_other_values_keep_the_contract(compared: Compared, torch: ModuleType) -> None:
    x = picture(torch, 2, 3, 20, 24)
    for other in (x.flip(3), x * 0.5, x[:1], x + 0.5):
        verdict = compared(([x], {}), ([other], {}))
        assert rung(verdict).state == "same"
        assert verdict.outcome == "diverged"
        assert "expects" not in verdict.cause
    assert "another batch" in compared(([x], {}), ([x[:1]], {})).cause


def test_names_are_those_of_the_forward(compared: Compared, torch: ModuleType) -> None:
    x, ids = picture(torch, 2, 8), torch.arange(6)
    verdict = compared(([x, ids], {"extra": {"k": x}}), ([x, ids.int()], {"extra": {"k": x}}))
    found = rung(verdict)
    assert found.summary == "mask expects int64 [6] in 0…5, got int32 [6] in 0…5"
    verdict = compared(([x], {"mask": ids, "extra": {"k": x}}), ([x], {"extra": {"k": x}}))
    assert rung(verdict).summary == "expects image, mask, extra.k; got image, extra.k"
    assert "mask is not given here; the golden run gives it" in verdict.cause
    # Other token ids are other values, not another contract.
    verdict = compared(([ids], {}), ([ids + 900], {}))
    assert rung(verdict).state == "same"
    assert "position 0: 0 -> 900" in verdict.cause
