"""What a comparison looks at: every model, every call, what is named, printed and written."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import envsnap
from envsnap.replay.compare import ladder
from envsnap.replay.esr import archive

Play = Callable[[], Any]


def net(torch: ModuleType, *sizes: int) -> Any:
    """A small model with weights that are the same everywhere."""
    parts: list[Any] = []
    for one, two in pairwise(sizes):
        parts += [torch.nn.Linear(one, two), torch.nn.ReLU()]
    model = torch.nn.Sequential(*parts[:-1]).eval()
    for number, item in enumerate(model.parameters()):
        values = (torch.arange(item.numel()) * 7 % 23 - 11).reshape(item.shape) / 16
        item.data.copy_(values + number / 8)
    return model


def chain(torch: ModuleType, *, bad: bool = False, warm: float = 0.0, scale: float = 1.0) -> Play:
    """An encoder, then a decoder, as in a pipeline of models; the encoder warms up first."""

    def play() -> None:
        encoder, decoder = net(torch, 8, 8), net(torch, 8, 4, 2)
        if bad:
            decoder[0].weight.data.mul_(-3)
        encoder(torch.full((1, 8), warm))
        print(decoder(encoder(torch.ones(1, 8) * scale)).argmax().item())  # noqa: T201

    return play


def test_every_model_is_looked_into(torch: ModuleType, played: Any) -> None:
    found = played(chain(torch), chain(torch))
    assert found.outcome == "same"
    seen = [(item.root, item.detailed, item.calls, item.further) for item in found.compared]
    assert seen == [
        ("Sequential", 2, (2, 2), ""),
        ("Sequential#2", 1, (1, 1), ""),
    ]
    found = played(chain(torch), chain(torch, bad=True))
    assert (found.outcome, found.exit_code) == ("diverged", 1)
    assert "Sequential#2" in found.cause
    assert "weights differ" in found.cause


def test_what_follows_a_warm_up_counts(torch: ModuleType, played: Any) -> None:
    found = played(chain(torch), chain(torch, scale=255.0))
    assert found.outcome == "diverged"
    assert "between call 1 of Sequential and call 2 of Sequential" in found.cause
    found = played(chain(torch), chain(torch, warm=1.0))
    assert found.outcome == "same"
    assert (
        "1 call of Sequential before, with an unused result, given another input"
        in found.compared[0].apart
    )


def test_a_call_that_differs_is_named_and_how_to_see_more(torch: ModuleType, played: Any) -> None:
    """A state that no module shows, from the third call on."""

    class Counting(torch.nn.Module):
        def __init__(self, at: int) -> None:
            super().__init__()
            self.fc, self._left = net(torch, 4, 4), at

        def forward(self, x: Any) -> Any:
            self._left -= 1
            return self.fc(x) * (1.01 if self._left < 0 else 1.0)

    def play(at: int) -> Play:
        def run() -> None:
            model = Counting(at).eval()
            for number in range(4):
                model(torch.ones(2, 4) * number)

        return run

    found = played(play(9), play(2))
    assert found.exit_code == 1
    assert "call 3 of Counting gives another result" in found.cause
    assert "--calls 3 --root Counting" in found.fix
    assert found.compared[0].further == "differ from call 3 on"
    found = played(play(9), play(2), calls=4)
    assert "code outside of layers" in found.cause


@pytest.mark.parametrize("how", ["data", "inplace", "train"])
def test_a_model_that_changes_while_the_run_goes_on(
    how: str, torch: ModuleType, played: Any
) -> None:
    def play(bad: bool) -> Play:
        def run() -> None:
            model = torch.nn.Sequential(net(torch, 4, 4), torch.nn.Dropout(0.5)).eval()
            for number in range(3):
                if bad and number == 2 and how == "train":
                    model.train()
                elif bad and number == 2:
                    target = model[0][0].weight
                    (target.data if how == "data" else target).mul_(2)
                model(torch.ones(2, 4) * (number + 1))

        return run

    found = played(play(False), play(True))
    assert found.outcome == "diverged"
    word = "training mode" if how == "train" else "weights were changed while the run went on"
    assert word in found.cause
    assert how == "train" or "0.0.weight" in found.cause


def test_the_answer_that_is_printed(torch: ModuleType, played: Any) -> None:
    def play(threshold: float) -> Play:
        def run() -> None:
            score = float(net(torch, 4, 1)(torch.ones(1, 4)))
            print("cat" if score > threshold else "dog")  # noqa: T201

        return run

    found = played(play(-100.0), play(100.0))
    assert found.exit_code == 1
    assert "what is printed differs, line 1" in found.cause
    assert "the models' results are the same" in found.cause


def test_taps(torch: ModuleType, played: Any) -> None:
    def play(limit: float) -> Play:
        def run() -> None:
            boxes = net(torch, 4, 3)(torch.ones(5, 4))
            kept = envsnap.tap("boxes", boxes[boxes[:, 0] > limit])
            assert kept is not None

        return run

    assert played(play(-1e9), play(-1e9)).outcome == "same"
    found = played(play(-1e9), play(1e9))
    assert found.exit_code == 1
    assert found.cause.startswith("tap boxes differs (float32 [5, 3] -> float32 [0, 3])")


def test_a_tap_does_nothing_where_nobody_records() -> None:
    value = [object()]
    assert envsnap.tap("anything", value) is value


def test_another_number_of_calls(torch: ModuleType, played: Any) -> None:
    def play(batch: int, rows: int = 8) -> Play:
        def run() -> None:
            model, data = net(torch, 4, 2), torch.arange(32.0).reshape(8, 4)[:rows]
            print(sum(int(model(part).argmax(1).sum()) for part in data.split(batch)))  # noqa: T201

        return run

    found = played(play(2), play(4))
    assert (found.outcome, found.exit_code) == ("equivalent", 0)
    assert "another batch" in found.cause
    assert played(play(2), play(2, rows=6)).exit_code == 1


def test_each_input_in_other_batches(torch: ModuleType, played: Any) -> None:
    """A table that all rows share is given whole to each call: it is no batch of theirs."""

    class Model(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 3)

        def forward(self, x: Any, table: Any) -> Any:
            return self.linear(x) + table.sum()

    def play(batch: int, entries: int = 5) -> Play:
        def run() -> None:
            torch.manual_seed(0)
            model, data = Model().eval(), torch.arange(32.0).reshape(8, 4)
            table = torch.arange(12.0)[: 2 * entries].reshape(entries, 2)
            print(sum(int(model(x, table).argmax(1).sum()) for x in data.split(batch)))  # noqa: T201

        return run

    assert played(play(2), play(4)).outcome == "equivalent"
    shorter = played(play(2), play(2, entries=4))
    assert shorter.exit_code == 1
    assert "table" in shorter.cause
    assert "results agree" not in shorter.cause


def test_a_few_rows_of_a_large_input_are_enough(torch: ModuleType, played: Any, tmp_path: Path) -> None:  # fmt: skip
    """A norm whose input is more than a layer's share is replayed on some of its rows."""

    def play(eps: float) -> Play:
        def run() -> None:
            model = torch.nn.Sequential(torch.nn.Linear(64, 512), torch.nn.LayerNorm(512, eps=eps))
            for number, item in enumerate(model.parameters()):
                item.data.copy_(((torch.arange(item.numel()) % 13 - 6).reshape(item.shape) + number) / 64)  # fmt: skip
            model.eval()(torch.linspace(-1, 1, 1 * 4096 * 64).reshape(1, 4096, 64))

        return run

    found = played(play(1e-5), play(1e-6))
    assert "LayerNorm.eps 1e-05 -> 1e-06" in found.cause
    golden = archive.read(str(tmp_path / "golden.esr"))
    leaf = golden.record.calls[0].leaves[1]
    assert leaf.sample is not None
    assert leaf.replay is not None
    assert leaf.replay.state == "exact"
    assert Path(golden.name).stat().st_size < 64 << 20
    layer = next(item for item in found.layers if item.name == "1")
    assert layer.alone
    assert played(play(1e-5), play(1e-5)).bits


def test_version_1_loads_and_compares(torch: ModuleType, request: pytest.FixtureRequest) -> None:
    path = request.config.rootpath / "tests" / "archive" / "recordings" / "v1.esr"
    old = archive.read(str(path))
    assert [root.name for root in old.record.roots] == ["Net"]
    assert [call.key for call in old.record.calls] == [("Net", 0), ("Net", 1)]
    assert len(archive.as_task(old, str(path))["calls"]) == 2
    found = ladder.compare(old, old)
    assert (found.outcome, found.bits) == ("same", True)


ROUNDED = 1.0 + 2.0**-52
# What a script names, in two runs, and whether the second is another.
NAMED = [
    (1.0, ROUNDED, False),
    ({"score": 0.1, "time": 3.0}, {"time": 4.0, "score": 0.1}, False),
    ([1.0, 2], [ROUNDED, 2], False),
    (0.5, 0.51, True),
    ([1.0, 2], [ROUNDED, 3], True),
    ("cat", "dog", True),
    (None, 3, True),
    ([1, 2], [1, 2, 3], True),
    (float("nan"), 1.0, True),
    (float("nan"), float("nan"), False),
]


@pytest.mark.parametrize(("one", "two", "differs"), NAMED)
def test_a_tap_is_judged_as_a_result_is(
    played: Any, torch: ModuleType, one: Any, two: Any, differs: Any
) -> None:
    model = net(torch, 4, 3)

    def play(value: Any) -> Play:
        def run() -> None:
            model(torch.ones(5, 4))
            envsnap.tap("found", value)

        return run

    found = played(play(one), play(two))
    assert found.outcome == ("diverged" if differs else "same"), found.cause
    if differs:
        assert found.cause.startswith("tap found differs (")


def test_a_tap_that_is_rounded_is_not_every_bit(torch: ModuleType, played: Any) -> None:
    model = net(torch, 4, 3)

    def play(value: float) -> Play:
        def run() -> None:
            model(torch.ones(5, 4))
            envsnap.tap("loss", value)

        return run

    assert played(play(1.0), play(1.0)).bits
    assert not played(play(1.0), play(ROUNDED)).bits
    assert played(play(1.0), play(ROUNDED), strict=True).exit_code == 1
    assert played(play(1.0), play(1.0), strict=True).exit_code == 0
