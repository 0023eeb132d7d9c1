"""An encoder whose rows a decoder is given: other batches and more padding are no fault."""

from __future__ import annotations

from functools import partial

import pytest

from tests.replay.conftest import Changed

pytestmark = pytest.mark.torch

SCRIPT = """
import torch
from torch import nn
torch.set_num_threads(1)
SIZE, WIDTH, START = {size}, {width}, {start}
SENTENCES = [[3, 5], [7, 2, 9], [4], [8, 6, 3, 2], [5, 5, 9], [2, 7]]

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.out = nn.Embedding(12, 8), nn.Linear(8, 8)
    def forward(self, input_ids, attention_mask):
        tokens = self.embedding(input_ids) * attention_mask[..., None]
        mean = tokens.sum(1, keepdim=True) / attention_mask.sum(1)[:, None, None]
        return self.out(tokens + mean)

class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(12, 8), nn.Linear(8, 12)
    def forward(self, encoded, attention_mask, ids):
        kept = (encoded * attention_mask[..., None]).sum(1) / attention_mask.sum(1)[:, None]
        return self.head(kept + self.embedding(ids).sum(1))

torch.manual_seed(0)
encoder, decoder = Encoder().eval(), Decoder().eval()
for at in range(0, len(SENTENCES), SIZE):
    part = SENTENCES[at : at + SIZE]
    width = max(WIDTH, max(map(len, part)))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in part])
    mask = (ids != 0).long()
    with torch.no_grad():
        encoded = encoder(ids, mask)
        made = torch.full((len(part), 1), START)
        for step in range(3):
            chosen = decoder(encoded, mask, made).argmax(-1, keepdim=True)
            made = torch.cat([made, chosen], 1)
    for row in made.tolist():
        print(*row[1:])
"""


def _script(size: int = 2, width: int = 0, start: int = 1) -> str:
    return SCRIPT.format(size=size, width=width, start=start)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (_script(size=3), "Encoder is given another batch, shape [2, 3] -> [3, 3]"),
        (_script(width=6), "more padding ids"),
    ],
)
def test_other_batches_and_more_padding_give_the_same(rerun: Changed, other: str, why: str) -> None:
    told = partial(rerun, "")(_script(), other, 0)
    assert "Equivalent" in told
    assert why in told
    assert "all rows of the run are the same" in told


@pytest.mark.parametrize("other", [_script(size=3, start=2), _script(width=6, start=2)])
def test_another_answer_is_told_all_the_same(rerun: Changed, other: str) -> None:
    told = partial(rerun, "")(_script(), other, 1)
    assert "Diverged" in told
    assert "START" in told
