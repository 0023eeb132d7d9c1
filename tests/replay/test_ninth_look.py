"""A text that is tokenised follows from other causes, and training from what a run reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.replay.conftest import Changed, SetOtherwise

HEAD = """
import torch
from torch import nn
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast
torch.manual_seed(0)
words = "[PAD] the cat sat on a mat The Cat dog ran to it".split()
core = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, "[PAD]"))
core.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="[PAD]")
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(14, 8), nn.Linear(8, 14)
    def forward(self, input_ids, attention_mask):
        kept = attention_mask[..., None]
        return self.out((self.table(input_ids) * kept).sum(1) / kept.sum(1))
model = Net().eval()
def answer(texts):
    given = tokenizer(texts, padding=True, return_tensors="pt")
    return given["input_ids"], given["attention_mask"]
"""
ANSWERED = """
texts = ["The Cat sat", "a dog ran to the mat"]
ids, mask = answer(texts)
found = model(ids, mask).argmax(1)
said = [tokenizer.decode([one]) + " it" * int(one % 3) for one in found]
again = tokenizer(said, padding=True)
print(said, found.tolist())
"""
TRAINED = """
import json
import torch
from torch import nn
told = json.load(open("train.json"))
torch.manual_seed(told["seed"])
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
steps = torch.optim.SGD(model.parameters(), lr=told["lr"])
x, y = torch.arange(24.0).reshape(6, 4) / 24, torch.tensor([0, 1, 0, 1, 0, 1])
for _ in range(4):
    loss = nn.functional.cross_entropy(model(x), y)
    steps.zero_grad(); loss.backward(); steps.step()
print(round(loss.item(), 6))
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(rerun: Changed) -> Compare:
    """Record a script below the head, and say what the changed one is told."""
    return partial(rerun, HEAD)


def test_a_text_made_of_the_results_is_no_cause(compared: Compare) -> None:
    ones = ANSWERED.replace("model(ids, mask)", "model(ids, torch.ones_like(mask))")
    told = compared(ANSWERED, ones, 1)
    assert "attention_mask differs" in told
    assert "torch.ones_like(mask)" in told
    assert "the text that is tokenised differs" not in told


def test_the_line_that_makes_another_text_is_told_before_it(compared: Compare) -> None:
    lower = ANSWERED.replace("answer(texts)", "answer([one.lower() for one in texts])")
    told = compared(ANSWERED, lower, 1)
    headline = told.partition("Fix:")[0]
    assert "one.lower() for one in texts" in headline
    assert headline.find("one.lower()") < headline.find("the text that is tokenised differs")


@pytest.mark.parametrize(
    ("other", "says"),
    [('{"seed": 0, "lr": 0.3}', "lr 0.1 -> 0.3"), ('{"seed": 1, "lr": 0.1}', "seed 0 -> 1")],
)
def test_training_follows_from_what_the_run_reads(
    set_otherwise: SetOtherwise, other: str, says: str
) -> None:
    told = set_otherwise(TRAINED, "train.json", '{"seed": 0, "lr": 0.1}', other)
    assert says in told.partition("Compared")[0]
    assert "Use the golden run's train.json" in told


def test_what_made_an_input_that_the_model_cannot_take_is_named(compared: Compare) -> None:
    script = ANSWERED.replace("model(ids, mask)", "model(ids + 0, mask)")
    told = compared(script, script.replace("ids + 0", "ids + 9"), 1)
    headline = told.partition("Fix:")[0]
    assert "is outside of the 14 rows" in headline
    assert "model(ids + 9, mask)" in headline
