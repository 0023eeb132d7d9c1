"""A result is what people use: another score, token or label is never the same."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from envsnap.replay.compare.results import concentrated
from tests.replay.test_field_of_view import net

# What a model gives, as a function of torch, and the same where one thing in it changed.
ROWS, WIDE = 10, (1000, 400)


def _ids(torch: Any, *, changed: bool) -> Any:
    found = torch.arange(20000, 60000).repeat(4)
    found[77] += changed
    return found


def _classes(torch: Any, *, changed: bool) -> Any:
    found = torch.full((1000, 1000), 7, dtype=torch.uint8)
    found[3, 3] += changed
    return found


def _switches(torch: Any, *, changed: bool) -> Any:
    found = torch.ones(3000, 300, dtype=torch.bool)
    found[3, 3] = not changed
    return found


def _table(torch: Any, *, changed: bool) -> Any:
    """Prices, each with a probability beside it."""
    found = torch.stack([torch.linspace(1e5, 1e6, ROWS), torch.linspace(0.1, 0.2, ROWS)], 1)
    found[3, 1] *= 1 + changed
    return found


def _boxes(torch: Any, *, changed: bool) -> Any:
    found = torch.cat([torch.linspace(10, 1000, 400).reshape(100, 4), torch.full((100, 1), 0.5)], 1)
    found[3, 4] -= 0.05 * changed
    return found


def _one_of_many(torch: Any, *, changed: bool) -> Any:
    found = torch.sin(torch.arange(400_000.0)).reshape(WIDE)
    found[3, 3] += 0.05 * changed
    return found


def _missing(torch: Any, *, changed: bool) -> Any:
    found = torch.zeros(10, 10)
    found[5 * changed, 5 * changed] = float("nan")
    return found


def _endless(torch: Any, *, changed: bool) -> Any:
    found = torch.ones(10, 10)
    found[0, 0] = float("-inf" if changed else "inf")
    return found


def _label(torch: Any, *, changed: bool) -> Any:
    return {"label": "dog" if changed else "cat", "scores": torch.ones(3)}


def _count(torch: Any, *, changed: bool) -> Any:
    return torch.ones(3), 4 + changed


def _number(torch: Any, *, changed: bool) -> Any:
    return {"loss": 0.25 + 0.001 * changed}


def _array(torch: Any, *, changed: bool) -> Any:
    return torch.linspace(0, 1 + changed, 12).numpy()


def _scalar(torch: Any, *, changed: bool) -> Any:
    return [sys.modules["numpy"].float32(1 + changed)]


def _names(torch: Any, *, changed: bool) -> Any:
    return {"cat", "dog" if changed else "cow"}


class Answer:
    """A class of the script's own."""

    def __init__(self, boxes: Any) -> None:
        self.boxes, self.inner = boxes, {"all": [self]} if boxes is None else None


def _object(torch: Any, *, changed: bool) -> Any:
    return [Answer(torch.ones(4) + changed)]


RESULTS = (
    _ids, _classes, _switches, _table, _boxes, _one_of_many, _missing, _endless, _label, _count,
    _number, _array, _scalar, _names, _object,
)  # fmt: skip


@pytest.fixture
def gives(torch: Any) -> Any:
    """Calls a model that gives what a function makes."""

    class Gives(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = net(torch, 8, 8)

        def forward(self, x: Any) -> Any:
            self.fc(x)
            return self.result()

    def make(result: Any, calls: int = 1) -> Any:
        model = Gives().eval()
        model.result = result
        return lambda: [model(torch.ones(2, 8)) for _ in range(calls)]

    return make


@pytest.mark.parametrize("made", RESULTS, ids=lambda made: made.__name__[1:])
def test_one_changed_part_of_a_result_is_seen(
    torch: Any, played: Any, gives: Any, made: Any
) -> None:
    pytest.importorskip("numpy")
    golden = gives(lambda: made(torch, changed=False))
    again = played(golden, golden)
    assert (again.outcome, again.bits) == ("same", True)
    assert played(golden, gives(lambda: made(torch, changed=True))).exit_code == 1


def test_what_nobody_can_look_into_is_not_called_the_same(torch: Any, played: Any, gives: Any) -> None:  # fmt: skip
    found = played(gives(lambda: iter([1])), gives(lambda: iter([2])))
    assert (found.outcome, found.exit_code) == ("undecided", 6)
    some = played(
        gives(lambda: (torch.ones(2), iter([1]))), gives(lambda: (torch.ones(2), iter([2])))
    )
    assert some.exit_code == 0
    outputs = next(rung for rung in some.rungs if rung.name == "outputs")
    assert outputs.details == ("not looked at: 1 (list_iterator)",)


def test_an_object_that_holds_itself_ends(played: Any, gives: Any) -> None:
    def made() -> Any:
        found = Answer(None)
        found.boxes = found
        return found

    assert played(gives(made), gives(made)).exit_code in (0, 6)


def test_how_long_it_took_is_no_difference(torch: Any, played: Any, gives: Any) -> None:
    def took(seconds: float) -> Any:
        return lambda: {"boxes": torch.ones(4), "speed": {"inference": seconds}, "time_ms": seconds}

    assert played(gives(took(0.25)), gives(took(0.5))).exit_code == 0


def test_a_later_call_of_which_the_values_are_not_measured(torch: Any, played: Any, gives: Any) -> None:  # fmt: skip
    def calls(last: float) -> Any:
        values = iter([1.0, 1.0, last])
        return gives(lambda: torch.full((1 << 22, 2), next(values)), calls=3)

    assert played(calls(1.0), calls(1.0)).bits
    found = played(calls(1.0), calls(2.0))
    assert (found.outcome, found.exit_code) == ("undecided", 6)
    assert "--calls 3" in found.fix


def _sketch(values: list[float]) -> list[float]:
    return [*values, *[0.0] * (251 - len(values))]


def test_rounding_in_every_part_is_not_concentrated() -> None:
    here = [1.0 + place % 7 for place in range(251)]
    there = [value * (1 + 2e-7 * ((place * 7919) % 13 - 6)) for place, value in enumerate(here)]
    assert concentrated(here, there) < 1e-5


def test_a_part_near_zero_is_rounded_as_the_others_are() -> None:
    assert concentrated(_sketch([5.0, 1e-3, -3.0]), _sketch([5.0 + 4e-7, 1e-3 + 3e-7, -3.0])) < 1e-5
    assert concentrated(_sketch([5.0, 0.0, -3.0]), _sketch([5.0, 1e-9, -3.0])) < 1e-5


def test_a_huge_part_is_rounded_by_its_own_size() -> None:
    here = [1.0] * 250 + [4e3]
    assert concentrated(here, [*here[:250], 4e3 * (1 + 3e-7)]) < 1e-5
