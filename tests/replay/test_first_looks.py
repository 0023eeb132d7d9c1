"""What changes that nobody had tuned for showed to be wrong, and what a call that is waited for costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.replay.test_field_of_view import net


class Config:
    """A configuration as transformers have it."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def to_dict(self) -> dict[str, Any]:
        return self._values


def test_columns_that_were_exchanged_are_told_where_some_rows_stay(torch: Any, played: Any) -> None:
    model = net(torch, 5, 3)
    table = torch.arange(40.0).reshape(8, 5) % 7
    table[:, 3:] = torch.tensor([[0.0, 1], [1, 0], [0, 0], [0, 1], [1, 1], [1, 0], [0, 0], [0, 1]])
    found = played(lambda: model(table), lambda: model(table[:, [0, 1, 2, 4, 3]]))
    assert "columns are in another order: [3, 4] hold those of [4, 3]" in found.cause


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (slice(2, 3), slice(None), "1 of 8 rows differ (2)"),
        (slice(None), slice(1, 2), "columns [1] of 5 hold other values"),
    ],
)
def test_the_smaller_part_of_a_table_is_told(
    row: slice, column: slice, word: str, torch: Any, played: Any
) -> None:
    model = net(torch, 5, 3)
    table = torch.arange(40.0).reshape(8, 5) % 7
    other = table.clone()
    noise = torch.tensor([9.0, 3, -4, 8, 1, 7, -2, 5])
    other[row, column] = other[row, column] + noise[row, None] * torch.tensor([1.0, 2, 0, 3, 1])[column]  # fmt: skip
    found = played(lambda: model(table), lambda: model(other))
    assert word in found.cause


def test_a_setting_that_is_no_longer_set_is_told(torch: Any, played: Any) -> None:
    class Capped(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, cap: float | None) -> None:
            super().__init__()
            self.fc, self.config = net(torch, 4, 3), Config(softcapping=cap, layers=1)

        def forward(self, x: Any) -> Any:
            x, cap = self.fc(x), self.config.to_dict()["softcapping"]
            return x if cap is None else (x / cap).tanh() * cap

    x = torch.arange(8.0).reshape(2, 4)
    golden, other = Capped(2.0), Capped(None)
    found = played(lambda: golden(x), lambda: other(x))
    assert "softcapping 2.0 -> not set" in found.cause


def test_a_cache_that_is_no_longer_passed_is_told(torch: Any, played: Any) -> None:
    class Cache:
        def __init__(self) -> None:
            self.sum = 0.0

    class Carrying(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = net(torch, 4, 4), net(torch, 4, 3)

        def forward(self, x: Any, past: Any = None) -> Any:
            x = self.one(x)
            if past is not None:
                past.sum = past.sum + x
                x = past.sum
            return self.two(x)

    model, x, cache = Carrying(), torch.arange(8.0).reshape(2, 4), Cache()

    def twice(*given: Any) -> None:
        model(x, *given)
        model(x[:1], *given)

    found = played(lambda: twice(cache), twice)
    assert "past (Cache) is not given here" in found.cause


def test_a_weight_that_is_computed_is_no_model(torch: Any, played: Any) -> None:
    model = net(torch, 4, 3)
    layer = next(item for item in model.modules() if isinstance(item, torch.nn.Linear))
    torch.nn.utils.parametrizations.weight_norm(layer)
    x = torch.arange(8.0).reshape(2, 4)

    def looks_first() -> None:
        assert layer.weight is not None
        model(x)

    found = played(lambda: model(x), looks_first)
    assert found.outcome == "same"
    assert [item.root for item in found.compared] == [type(model).__name__]


def test_calls_that_are_not_looked_into_hook_nothing_below(torch: Any, tmp_path: Path) -> None:
    from envsnap.replay.recorder.inside.recorder import Recorder

    hooks = torch.nn.modules.module
    seen: list[bool] = []

    class Deep(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = net(torch, 4, 4)

        def forward(self, x: Any, *, again: bool = False, fails: bool = False) -> Any:
            seen.append(bool(hooks._global_forward_pre_hooks))
            if fails:
                raise ValueError("no")
            return self.fc(self(x) if again else x)

    model, other, x = Deep(), net(torch, 4, 2), torch.ones(2, 4)
    recorder = Recorder(torch, str(tmp_path), full=False)
    recorder.start()
    model(x)
    assert seen == [True]
    seen.clear()
    for _ in range(3):
        model(x)
    assert seen == [False] * 3
    model(x, again=True)  # it calls itself: one call
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            model(x, fails=True)
        other(x)
    model(x)
    recorder.finish()
    told = json.loads((tmp_path / "record.json").read_text())
    assert [root["calls"] for root in told["roots"]] == [8, 2]
    assert sum(call.get("raised") is not None for call in told["calls"]) == 2
    assert all(call.get("result") for call in told["calls"] if call.get("raised") is None)
    assert not model._forward_hooks
    assert not model._forward_pre_hooks
    assert not hooks._global_forward_hooks
