"""What a look at scripts that nobody had seen found: batches, margins, seeds, files, long names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from envsnap.replay.compare import surroundings
from envsnap.replay.compare.numbers import _filled
from envsnap.report.verdict_terminal import Page
from tests.replay.conftest import Changed, SetOtherwise

HEAD = """
import json, sys, torch
from torch import nn
torch.manual_seed(0)
class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(40, 8)
        self.out = nn.Linear(8, 3)
    def forward(self, ids, mask):
        kept = self.table(ids) * mask[..., None]
        return self.out(kept.sum(1) / mask.sum(1, keepdim=True))
class Items(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(40, 8)
        self.out = nn.Linear(9, 3)
    def forward(self, item, price):
        return self.out(torch.cat([self.table(item), price[:, None]], 1))
class Mixed(nn.Module):
    def __init__(self, top):
        super().__init__()
        self.one, self.two, self._top = nn.Linear(4, 8), nn.Linear(8, 3), top
    def forward(self, x):
        hidden = self.one(x)
        kept = hidden.topk(self._top, 1)
        return self.two(torch.zeros_like(hidden).scatter(1, kept.indices, kept.values))
"""
PADDED = """
model = Words().eval()
texts = [[3, 4, 5], [6, 7], [8, 9, 10, 11, 12], [13], [14, 15, 16, 17], [18, 19]]
found = []
for at in range(0, 6, {}):
    rows = texts[at:at + {}]
    wide = max(map(len, rows))
    ids = torch.tensor([row + [0] * (wide - len(row)) for row in rows])
    found += model(ids, (ids != 0).long()).argmax(1).tolist()
print(found)
"""
FLAT = """
model = Items().eval()
found = []
for part in torch.arange(20).split({}):
    found += model(part, part / 7).argmax(1).tolist()
print(found)
"""
TOP = """
model = Mixed(json.load(open("top.json"))["top"]).eval()
print(model(torch.arange(8.0).reshape(2, 4)).tolist())
"""
SEEDED = """
model = nn.Linear(3, 2)
for talk in (1, 2):
    torch.manual_seed(talk)
    for turn in range({}):
        model(torch.full((1, 3), float(talk)))
print("done", {})
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(rerun: Changed) -> Compare:
    """Record a script below the head, and say what the changed one is told."""
    return partial(rerun, HEAD)


def test_other_batches_pad_the_same_rows_otherwise(compared: Compare) -> None:
    told = compared(PADDED.format(2, 2), PADDED.format(3, 3), 0)
    assert "another batch, shape [2, 3] -> [3, 5]; all rows of the run are the same" in told


def test_another_word_in_other_batches_is_told(compared: Compare) -> None:
    told = compared(PADDED.format(2, 2), PADDED.format(3, 3).replace("[13]", "[23]"), 1)
    assert "all rows" not in told


def test_rows_of_one_axis_in_other_batches(compared: Compare) -> None:
    told = compared(FLAT.format(8), FLAT.format(5), 0)
    assert "another batch, shape [8] -> [5]; all rows of the run are the same" in told


def test_a_setting_of_code_between_layers_is_named(set_otherwise: SetOtherwise) -> None:
    told = set_otherwise(HEAD + TOP, "top.json", '{"top": 4}', '{"top": 2}')
    assert "Diverged: top.json: top 4 -> 2: the runs diverge after one" in told
    assert "Fix: Use the golden run's top.json." in told


def test_fewer_calls_come_to_the_next_seed_earlier(compared: Compare) -> None:
    told = compared(SEEDED.format(3, 3), SEEDED.format(2, 2), 1)
    assert "the seed of torch" not in told


def test_a_margin_that_is_filled_otherwise() -> None:
    here = [0.5] * 20 + [0.1 * number for number in range(30)]
    there = [0.0] * 20 + here[20:]
    found = _filled(here, there, "x")
    assert found is not None
    assert "20 values are filled otherwise: 0.5 -> 0; all others are the same" in found.cause
    assert _filled(here, [*there[:-1], 9.0, 8.0][: len(here)], "x") is not None  # two of them
    assert _filled([0.0, 1.0] * 20, [1.0, 0.0] * 20, "x") is None  # turned round
    assert _filled(here, [value + 1 for value in here], "x") is None


def test_seeds_of_workers_are_no_difference() -> None:
    from tests import examples

    def run(own: int, worker: int) -> object:
        calls = {
            "torch.manual_seed": {"values": [str(own)]},
            "numpy.random.seed@1": {"values": [str(worker)]},
        }
        return examples.manifest({"seeds": {"calls": calls}})

    assert list(surroundings.seeds(run(1, 2), run(1, 3))) == []  # type: ignore[arg-type]
    assert [name for name, _ in surroundings.seeds(run(1, 2), run(4, 3))] == ["torch.manual_seed"]  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_name_that_is_longer_than_the_page(width: int) -> None:
    page = Page(color=False, width=width, ascii_only=False)
    page.marked(
        "   " + "encoder.layers.0.feed_forward." * 6,
        "bad",
        "first: 1.3e-04, 1,535x its own rounding",
    )
    assert "1,535x its" in page.finished()
