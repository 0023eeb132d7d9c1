"""What a model computes at positions that its attention mask drops is nobody's result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.replay.conftest import Changed

HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.out = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
    def forward(self, hidden, kept):
        scores = self.query(hidden) @ self.key(hidden).transpose(1, 2)
        whole = scores.masked_fill(~kept[:, None, :], -1e9).softmax(-1)
        mixed = whole @ hidden
        if PADDED:
            mixed = torch.where(kept[..., None], mixed, mixed + 3)
        return self.out(mixed)
class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.attention = nn.Embedding(40, 8), Attention()
        self.head = nn.Linear(8, 40)
    def forward(self, input_ids, attention_mask):
        hidden = self.attention(self.table(input_ids), attention_mask != 0)
        return self.head(hidden) if EACH else self.head(hidden.mean(1))
ids = torch.tensor([[3, 4, 5, 6], [0, 0, 7, 8], [0, 9, 10, 11]])
PADDED, EACH = False, True
"""
SCRIPT = """
model = Words().eval()
out = model(input_ids=ids, attention_mask=(ids != 0).long())
print(out[:, -1].argmax(-1).tolist() if EACH else out.argmax(-1).tolist())
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(rerun: Changed) -> Compare:
    """Record a script below the head, and say what the changed one is told."""
    return partial(rerun, HEAD)


def test_other_values_at_dropped_positions_are_no_fault(compared: Compare) -> None:
    told = compared(SCRIPT, "PADDED = True\n" + SCRIPT, 0)
    assert "all differences are within rounding" in told


def test_a_model_that_uses_them_is_not_the_same(compared: Compare) -> None:
    script = "EACH = False\n" + SCRIPT
    assert "Diverged" in compared(script, "PADDED = True\n" + script, 1)


def test_other_values_at_kept_positions_are_a_fault(compared: Compare) -> None:
    told = compared(SCRIPT, "nn.Linear.forward = lambda self, x: x @ self.weight.T\n" + SCRIPT, 1)
    assert "Diverged" in told


def test_which_positions_are_kept(torch: Any) -> None:
    from envsnap.replay.recorder.inside import attended

    mask, ids = torch.tensor([[0, 1, 1], [1, 1, 1]]), torch.ones(2, 3, dtype=torch.long)
    kept = [[False, True, True], [True, True, True]]
    assert attended.positions(["input_ids", "attention_mask"], [ids, mask]).tolist() == kept
    assert attended.positions(["src_key_padding_mask"], [mask == 0]).tolist() == kept
    assert attended.positions(["attention_mask"], [ids]) is None  # all are kept
    assert attended.positions(["attention_mask"], [ids * 0]) is None
    assert attended.positions(["attention_mask"], [mask.float()]) is None  # it is added to scores
    names = ["attention_mask", "decoder_input_ids"]
    assert attended.positions(names, [mask, ids]) is None  # which sequence a result is of is open
    values = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor(kept)
    assert attended.of(mask, values).flatten().tolist() == [2.0, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert attended.of(mask, values.reshape(6, 2)).shape == (5, 2)
    assert attended.of(mask, values.long()) is None
    assert attended.of(mask, values[..., 0]) is None
