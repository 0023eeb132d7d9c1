"""Token ids of every kind of tokenizer: the finding names both ids, with their texts."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import lacking

pytestmark = pytest.mark.torch
CORPUS = [
    "the cat sat on the mat and the dog ran to the park",
    "a small bird sang while the cat slept under the old tree",
    "кошка сидит на окне и смотрит на птицу",
] * 20
GOLDEN, OTHER = "the cat sat on the mat", "the dog sat on the mat"
SIZE = 120
Encode = Callable[[str], list[int]]


def needed(name: str) -> ModuleType:
    """A library that a tokenizer comes from."""
    try:
        return import_module(name)
    except ImportError:
        lacking(f"{name} is not installed here")


def trained(kind: str) -> Any:
    """A tokenizer of `tokenizers`, trained on a few lines."""
    library = needed("tokenizers")
    models, trainers, before = library.models, library.trainers, library.pre_tokenizers
    special = ["<unk>", "<s>"]
    if kind == "bytes":
        found = library.Tokenizer(models.BPE())
        found.pre_tokenizer = before.ByteLevel(add_prefix_space=False)
        found.decoder = library.decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=SIZE + 256, initial_alphabet=before.ByteLevel.alphabet(),
            special_tokens=special, show_progress=False,
        )  # fmt: skip
    elif kind == "words":
        found = library.Tokenizer(models.WordPiece(unk_token="<unk>"))
        found.pre_tokenizer = before.Whitespace()
        found.decoder = library.decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(
            vocab_size=SIZE, special_tokens=special, show_progress=False
        )
    else:
        found = library.Tokenizer(models.Unigram())
        found.pre_tokenizer = before.Metaspace()
        found.decoder = library.decoders.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=SIZE, special_tokens=special, unk_token="<unk>", show_progress=False,
        )  # fmt: skip
    found.train_from_iterator(CORPUS, trainer)
    return found


def _fast(kind: str) -> Encode:
    """A fast tokenizer of transformers around it."""
    owner = needed("transformers").PreTrainedTokenizerFast
    fast = owner(tokenizer_object=trained(kind), unk_token="<unk>", bos_token="<s>")
    return lambda text: fast(text)["input_ids"]  # type: ignore[no-any-return]


def _raw(kind: str) -> Encode:
    """The same without transformers."""
    found = trained(kind)
    return lambda text: found.encode(text).ids  # type: ignore[no-any-return]


def _slow() -> Encode:
    """A slow tokenizer of transformers, written in Python."""
    words = sorted({word for line in CORPUS for word in line.split()})
    known = {word: number for number, word in enumerate(["<unk>", *words])}

    class Slow(needed("transformers").PreTrainedTokenizer):  # type: ignore[misc]
        @property
        def vocab_size(self) -> int:
            return len(known)

        def get_vocab(self) -> dict[str, int]:
            return {**known, **self.added_tokens_encoder}

        def _tokenize(self, text: str, **_: Any) -> list[str]:
            return text.split()

        def _convert_token_to_id(self, token: str) -> int:
            return known.get(token, 0)

        def _convert_id_to_token(self, index: int) -> str:
            return ["<unk>", *words][index]

    slow = Slow(unk_token="<unk>")
    return lambda text: slow(text)["input_ids"]  # type: ignore[no-any-return]


def _sentencepiece(folder: Path) -> Encode:
    library = needed("sentencepiece")
    library.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_prefix=str(folder / "m"), vocab_size=60,
        hard_vocab_limit=False, minloglevel=3,
    )  # fmt: skip
    found = library.SentencePieceProcessor(model_file=str(folder / "m.model"))
    return found.encode  # type: ignore[no-any-return]


def _tiktoken() -> Encode:
    ranks = {bytes([value]): value for value in range(256)}
    for word in (b" c", b" ca", b" cat", b" d", b" do", b" dog"):
        ranks[word] = len(ranks)
    found = needed("tiktoken").Encoding(
        "small", pat_str=r" ?\w+|\s+", mergeable_ranks=ranks, special_tokens={}
    )
    return found.encode  # type: ignore[no-any-return]


@pytest.fixture
def told(torch: ModuleType, played: Any) -> Callable[..., str]:
    """What is said of two runs that differ in a text."""

    class Reader(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(2000, 4)

        def forward(self, input_ids: Any) -> Any:
            return self.table(input_ids).mean(1)

    gc.collect()  # what earlier tests have left stands around no more
    torch.manual_seed(0)
    model = Reader().eval()

    def cause(encode: Encode, one: str = GOLDEN, two: str = OTHER) -> str:
        def play(text: str) -> Callable[[], None]:
            def run() -> None:
                model(input_ids=torch.tensor([encode(text)]))

            return run

        assert played(play(one), play(one)).outcome == "same"
        found = played(play(one), play(two))
        assert found.outcome == "diverged"
        return str(found.cause)

    return cause


@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [("bytes", "\u0120cat", "\u0120dog"), ("words", "cat", "dog"), ("pieces", "c", "d")],
)
@pytest.mark.parametrize("made", [_fast, _raw])
def test_a_trained_tokenizer(
    told: Any, made: Callable[[str], Encode], kind: str, one: str, two: str
) -> None:
    found = told(made(kind))
    assert re.search(rf"input_ids: position \d+: \d+ \({one}\) -> \d+ \({two}\)", found), found


def test_a_slow_tokenizer(told: Any) -> None:
    assert re.search(r"position 1: \d+ \(cat\) -> \d+ \(dog\)", told(_slow()))


def test_byte_level_tokens_are_readable_in_any_script(told: Any) -> None:
    assert "(кошка)" in told(_fast("bytes"), "кошка сидит", "the cat")


def test_the_tokenizer_that_worked_speaks(told: Any) -> None:
    """Others that stand around have other texts for the same ids."""
    others = [_fast("words"), _fast("pieces"), _slow()]
    assert re.search(r"position 1: \d+ \(.cat\) -> \d+ \(.dog\)", told(_fast("bytes")))
    assert others


@pytest.mark.full
def test_sentencepiece(told: Any, tmp_path: Path) -> None:
    assert re.search(r"position \d+: \d+ \(c\) -> \d+ \(d\)", told(_sentencepiece(tmp_path)))


@pytest.mark.full
def test_tiktoken(told: Any) -> None:
    assert re.search(r"position \d+: \d+ \( cat\) -> \d+ \( dog\)", told(_tiktoken()))
