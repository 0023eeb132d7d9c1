"""What another look at scripts that nobody had seen found."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.replay.conftest import Changed

HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
"""
FORMS = """
class Items(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(40, 8), nn.Linear(8, 3)
    def forward(self, history, weight):
        return self.out((self.table(history) * weight[..., None]).sum(1))
wide = {}
history, weight = torch.zeros(2, wide, dtype=torch.long), torch.zeros(2, wide)
history[0, :3], weight[0, :3] = torch.tensor([5, 6, 7]), 0.3
history[1, :2], weight[1, :2] = torch.tensor([8, {}]), 0.5
print(Items().eval()(history, weight).argmax(1).tolist())
"""
JOINED = """
class Graphs(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 2)
    def forward(self, x, adjacency, of):
        sums = torch.zeros(int(of.max()) + 1, 4).index_add(0, of, adjacency @ x)
        return self.out(sums)
graphs = [torch.arange(4.0 * size).reshape(size, 4) / 9 for size in (2, 3, 2, 4)]
model, found = Graphs().eval(), []
for at in range(0, 4, {}):
    part = graphs[at:at + {}]
    of = torch.cat([torch.full((len(one),), place) for place, one in enumerate(part)])
    adjacency = torch.block_diag(*[torch.ones(len(one), len(one)) for one in part])
    found += model(torch.cat(part), adjacency, of).argmax(1).tolist()
print(found)
"""
ROWS = """
class Anchored(nn.Module):
    def __init__(self):
        super().__init__()
        self.anchors, self.names = {}, [["a", "b"], ["c"]]
        self.out = nn.Linear(3, 2)
    def forward(self, x):
        return self.out(x) * self.anchors[0][0]
print(Anchored()(torch.ones(1, 3)).tolist())
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(rerun: Changed) -> Compare:
    """Record a script below the head, and say what the changed one is told."""
    return partial(rerun, HEAD)


def test_another_form_that_gives_the_same(compared: Compare) -> None:
    told = compared(FORMS.format(4, 9), FORMS.format(6, 9), 0)
    assert "is given another form and gives the same: history: " in told
    assert "Diverged" in compared(FORMS.format(4, 9), FORMS.format(6, 10), 1)


def test_graphs_that_are_joined_otherwise(compared: Compare) -> None:
    told = compared(JOINED.format(2, 2), JOINED.format(4, 4), 0)
    assert (
        "Graphs is given another batch, shape [5, 4] -> [11, 4]; all results of the run are the same"
        in told
    )
    other = JOINED.replace("/ 9", "/ (9 if size < 4 else 8)")
    assert "Diverged" in compared(JOINED.format(2, 2), other.format(4, 4), 1)


def test_settings_that_are_rows_of_rows(compared: Compare) -> None:
    told = compared(ROWS.format([(10, 13), (16, 30)]), ROWS.format([(12, 13), (16, 30)]), 1)
    assert "Anchored.anchors [[10, 13], [16, 30]] -> [[12, 13], [16, 30]]" in told
