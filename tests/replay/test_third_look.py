"""What a third set of changes, and two versions of one library, showed to be wrong."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from envsnap.replay.esr import archive
from envsnap.replay.recorder.program import Recording
from tests.replay.test_field_of_view import net


@pytest.fixture
def series(torch: Any) -> Any:
    """A model of series with three features, and twenty-four steps of one."""

    class Forecast(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc = net(torch, 3, 2)

        def forward(self, x: Any) -> Any:
            weights = torch.arange(1.0, x.shape[1] + 1)[:, None]
            return (self.fc(x) * weights).sum(1)

    steps = torch.arange(30.0)
    x = torch.stack([(steps / 5).sin() * 3, (steps / 7).cos(), steps % 4], -1)[None]
    return Forecast().eval(), x


@pytest.mark.parametrize(
    ("first", "word"), [(4, "it begins 4 steps later here"), (-1, "it begins 1 steps earlier here")]
)
def test_a_window_that_was_cut_elsewhere_is_told(
    first: int, word: str, series: Any, played: Any
) -> None:
    model, x = series
    begin = 2 + first
    found = played(lambda: model(x[:, 2:26]), lambda: model(x[:, begin : begin + 24]))
    assert "x: the same series shifted" in found.cause
    assert word in found.cause


def test_a_series_with_three_features_is_no_picture(series: Any, played: Any) -> None:
    model, x = series
    found = played(lambda: model(x[:, :24]), lambda: model(x[:, :24].flip(1)))
    assert "x: the same steps in reverse order" in found.cause
    factors = x.new_tensor([1.0, 2.0, 1.0])
    found = played(lambda: model(x[:, :24]), lambda: model(x[:, :24] * factors))
    assert "columns [1] scaled by 2" in found.cause


def test_other_steps_are_not_called_shifted(torch: Any, series: Any, played: Any) -> None:
    model, x = series
    other = x[:, 3:27].clone()
    other[:, 5] += 1
    found = played(lambda: model(x[:, :24]), lambda: model(other))
    assert found.outcome == "diverged"
    assert "shifted" not in found.cause


def build(torch: Any, first: str, *, factor: float = 1.0) -> Any:
    """Two layers, the first of which has a name to choose."""

    class Net(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.add_module(first, net(torch, 4, 5))
            self.head = net(torch, 5, 3)
            self.head[0].bias.data *= factor

        def forward(self, x: Any) -> Any:
            return self.head(getattr(self, first)(x).relu())

    return Net().eval()


def test_weights_under_other_names_are_the_same_weights(torch: Any, played: Any) -> None:
    x = torch.arange(8.0).reshape(2, 4)
    found = played(lambda: build(torch, "encoder")(x), lambda: build(torch, "body")(x))
    assert found.outcome == "equivalent"
    assert "weights under other names: encoder.0.weight -> body.0.weight" in found.cause
    rung = next(item for item in found.rungs if item.name == "weights")
    assert rung.state == "same"
    assert "2 under another name" in rung.summary


def test_another_weight_is_seen_beside_other_names(torch: Any, played: Any) -> None:
    x = torch.arange(8.0).reshape(2, 4)
    found = played(lambda: build(torch, "encoder")(x), lambda: build(torch, "body", factor=2)(x))
    assert found.outcome == "diverged"
    assert "weights differ" in found.cause
    assert "head.0.bias" in found.cause
    assert "encoder" not in found.cause


@pytest.fixture
def typed(torch: Any) -> Any:
    """A model with an argument that is zeros where it is not given."""

    class Typed(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.words, self.types = torch.nn.Embedding(9, 4), torch.nn.Embedding(2, 4)
            self.fc = net(torch, 4, 3)
            for number, item in enumerate((self.words.weight, self.types.weight)):
                item.data.copy_(torch.arange(item.numel()).reshape(item.shape) % 7 + number)

        def forward(self, ids: Any, types: Any = None) -> Any:
            types = torch.zeros_like(ids) if types is None else types
            return self.fc(self.words(ids) + self.types(types))

    return Typed().eval()


def test_an_argument_that_the_model_takes_by_itself_is_equivalent(
    torch: Any, typed: Any, played: Any
) -> None:
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    zeros = torch.zeros_like(ids)

    def twice(**more: Any) -> None:
        typed(ids, **more)
        typed(ids + 1, **more)

    found = played(lambda: twice(types=zeros), twice)
    assert found.outcome == "equivalent"
    assert "types is not given here" in found.cause
    found = played(twice, lambda: twice(types=zeros))
    assert found.outcome == "equivalent"


def test_an_argument_that_is_missed_is_a_fault(torch: Any, typed: Any, played: Any) -> None:
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    found = played(lambda: typed(ids, types=torch.ones_like(ids)), lambda: typed(ids))
    assert found.outcome == "diverged"
    assert "types is not given here" in found.cause


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_tracing_calls_is_no_call_of_the_script(torch: Any, played: Any) -> None:
    model, x = net(torch, 4, 3), torch.arange(8.0).reshape(2, 4)

    def traced() -> None:
        graph = torch.jit.trace(model, torch.zeros(2, 4))
        graph(x)

    found = played(lambda: model(x), traced)
    assert found.outcome in ("same", "equivalent")


def test_the_settings_of_what_calls_its_parts_are_told(torch: Any, played: Any) -> None:
    class Coder(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, *, tiled: bool) -> None:
            super().__init__()
            self.inner, self.use_tiling = net(torch, 4, 3), tiled

        def encode(self, x: Any) -> Any:
            return self.inner(x[:1]) if self.use_tiling else self.inner(x)

    x = torch.arange(8.0).reshape(2, 4) % 5
    whole, tiled = Coder(tiled=False).eval(), Coder(tiled=True).eval()
    found = played(lambda: whole.encode(x), lambda: tiled.encode(x))
    assert found.outcome == "diverged"
    assert "Coder.use_tiling False -> True" in found.cause


def test_a_tone_curve_on_one_side_is_no_resizing(torch: Any, played: Any) -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten()).eval()
    rows = torch.arange(40.0)
    planes = [(rows[:, None] * a).sin() * 90 + (rows * b).cos() * 30 + 125 for a, b in ((0.11, 0.05), (0.07, 0.13), (0.05, 0.09))]  # fmt: skip
    picture = torch.stack(planes)[None].to(torch.uint8).float() / 255
    found = played(lambda: model(picture), lambda: model(picture**1.2))
    assert "another curve (gamma, contrast)" in found.cause


def test_a_model_that_the_script_lets_go_of_is_not_kept(torch: Any, tmp_path: Path) -> None:
    models = [net(torch, 4, 3), net(torch, 4, 3)]
    seen = weakref.ref(models[0])
    weight = weakref.ref(models[0][0].weight)
    with Recording(str(tmp_path / "run.esr"), lambda: None):
        for model in models:
            model(torch.ones(2, 4))
            model(torch.ones(1, 4))
        del models[0]
        gc.collect()
        assert seen() is None
        assert weight() is None


def test_a_weight_is_seen_when_it_is_written_or_exchanged(torch: Any, tmp_path: Path) -> None:
    model, x = net(torch, 4, 3, 2), torch.ones(2, 4)

    def run() -> None:
        model(x)
        model(x)
        with torch.no_grad():
            model[0].bias.add_(1)
        model(x)
        model[2].weight = torch.nn.Parameter(torch.zeros(2, 3))
        model(x)
        model[0] = torch.nn.Linear(4, 3)
        model(x)

    path = str(tmp_path / "run.esr")
    with Recording(path, lambda: None):
        run()
    calls = archive.read(path).record.calls
    assert [list(call.written) for call in calls] == [
        [], [], ["0.bias"], ["2.weight"], ["0.weight", "0.bias"],
    ]  # fmt: skip
