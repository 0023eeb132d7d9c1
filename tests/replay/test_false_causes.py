"""Causes that were once told and were not true: each with what is to be said instead."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.report import verdict_formats
from tests.replay.test_field_of_view import net


def run(model: Any, *arguments: Any, **named: Any) -> Any:
    """A block that calls a model once."""
    return lambda: model(*arguments, **named)


@pytest.fixture
def tokens(torch: Any) -> Any:
    """A model of token ids and a mask, called by keyword."""

    class Tokens(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.fc = torch.nn.Embedding(50, 8), net(torch, 8, 3)
            values = torch.arange(400.0).reshape(50, 8) % 13 - 6
            self.table.weight.data.copy_(values)

        def forward(self, input_ids: Any, attention_mask: Any = None) -> Any:
            found = self.table(input_ids)
            if attention_mask is not None:
                found = found * attention_mask[..., None]
            return self.fc(found.mean(1))

    return Tokens().eval()


def test_a_model_called_by_keyword_that_raises(torch: Any, tokens: Any, played: Any) -> None:
    ids = torch.arange(8).reshape(1, 8)
    mask = torch.ones(1, 8)

    def bad() -> None:
        with pytest.raises(IndexError):
            tokens(input_ids=ids + 60, attention_mask=mask)

    found = played(run(tokens, input_ids=ids, attention_mask=mask), bad)
    assert found.exit_code == 1
    assert "token id 60 at row 0, position 0 of input_ids is outside of the 50 rows of table" in found.cause  # fmt: skip
    assert "the model raised IndexError: index out of range" in found.cause
    assert "table (Embedding)" in found.cause
    assert "number of tensors" not in found.cause


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("[[0, 5, 6, 7]]", "one more leading id here: 0"),
        ("[[5, 6]]", "one fewer trailing id here: 7"),
        ("[[5, 9, 7]]", "position 1: 6 -> 9"),
        ("[[5, 8, 6, 7]]", "3 ids -> 4, they part at position 1; here: 8"),
    ],
)
def test_token_ids_get_no_fix_for_pictures(
    change: str, word: str, torch: Any, tokens: Any, played: Any
) -> None:
    import json

    ids, other = torch.tensor([[5, 6, 7]]), torch.tensor(json.loads(change))
    found = played(run(tokens, ids), run(tokens, other))
    assert word in found.cause
    assert "izing" not in found.fix


def test_a_mask_that_is_missing_or_another(torch: Any, tokens: Any, played: Any) -> None:
    ids, mask = torch.tensor([[5, 6, 7]]), torch.tensor([[1, 1, 1]])
    found = played(run(tokens, ids, attention_mask=mask), run(tokens, ids))
    assert "attention_mask is not given here" in found.cause
    found = played(run(tokens, ids, attention_mask=mask), run(tokens, ids, attention_mask=mask * torch.tensor([1, 1, 0])))  # fmt: skip
    assert "attention_mask differs: 3 positions are on in the golden run, 2 here" in found.cause


def test_a_buffer_that_follows_from_the_config_is_no_weight(torch: Any, played: Any) -> None:
    class Rotary(torch.nn.Module):
        def __init__(self, theta: float) -> None:
            super().__init__()
            self.register_buffer("inv_freq", theta ** -torch.linspace(0, 1, 8), persistent=False)

        def forward(self, x: Any) -> Any:
            return x * self.inv_freq

    class Model(torch.nn.Module):
        def __init__(self, theta: float) -> None:
            super().__init__()
            self.config = {"rope_theta": theta, "hidden_size": 8}
            self.rotary, self.fc = Rotary(theta), net(torch, 8, 2)

        def forward(self, x: Any) -> Any:
            return self.fc(self.rotary(x))

    x = torch.ones(2, 8)
    found = played(run(Model(1e4).eval(), x), run(Model(5e5).eval(), x))
    assert found.exit_code == 1
    assert "rope_theta 10000.0 -> 500000.0" in found.cause
    assert "weights differ" not in found.cause
    assert "config.json" in found.fix


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_dynamic_quantisation_is_no_missing_weight(torch: Any, played: Any) -> None:
    model, x = net(torch, 8, 8, 2), torch.linspace(-1, 1, 16).reshape(2, 8)
    small = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear})
    found = played(run(model, x), run(small, x))
    assert "torch.nn.modules.linear.Linear -> torch.ao.nn.quantized" in found.cause
    assert "missing" not in found.cause


class Taking:
    """Makes models that take one input of a name."""

    def __init__(self, torch: Any, name: str) -> None:
        scope: dict[str, Any] = {"torch": torch}
        text = f"""
class Taking(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
    def forward(self, {name}):
        return {name}.double().mean() * self.weight
"""
        exec(text, scope)  # noqa: S102
        self.model = scope["Taking"]().eval()


@pytest.mark.parametrize("kind", ["int64", "float32"])
def test_a_step_is_a_value(kind: str, torch: Any, played: Any) -> None:
    model = Taking(torch, "timestep").model
    one, two = (torch.tensor(value, dtype=getattr(torch, kind)) for value in (750, 751))
    found = played(run(model, one), run(model, two))
    assert "timestep: 750 -> 751" in found.cause
    assert "batch axis" not in found.fix


def test_latents_spectrograms_and_rounded_pixels_are_no_pictures(torch: Any, played: Any) -> None:
    def noise(seed: int) -> Any:
        return torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))

    model = Taking(torch, "sample").model
    found = played(run(model, noise(0)), run(model, noise(1)))
    assert "other random numbers" in found.cause
    assert "seed" in found.fix
    days = torch.arange(1024).remainder(7).sub(3).div(2).reshape(1, 4, 16, 16)
    mixed = (days.flatten()[torch.randperm(1024)].view(1, 4, 16, 16) for _ in range(2))
    assert "random numbers" not in played(*(run(model, item) for item in mixed)).cause
    mel = torch.linspace(-1, 1, 80 * 300).sin().reshape(1, 80, 300)
    model = Taking(torch, "input_features").model
    found = played(run(model, mel), run(model, mel - 0.15))
    assert "scale: moved by -0.15" in found.cause
    pixels = torch.linspace(0, 1, 3 * 20 * 24).sqrt().reshape(1, 3, 20, 24)
    model = Taking(torch, "pixel_values").model
    found = played(run(model, pixels), run(model, pixels.half().float()))
    assert "values went through float16" in found.cause
    assert "izing" not in found.cause


def test_a_model_in_another_dtype(torch: Any, played: Any) -> None:
    x = torch.ones(2, 8)
    found = played(run(net(torch, 8, 2), x), run(net(torch, 8, 2).bfloat16(), x.bfloat16()))
    assert "the model is in bfloat16 here, in float32 in the golden run" in found.cause
    assert "dtype=torch.float32" in found.fix
    assert "Convert the input" not in found.fix


def test_forward_called_directly(torch: Any, played: Any) -> None:
    model, x = net(torch, 8, 4, 2), torch.ones(2, 8)
    found = played(run(model, x), lambda: model.forward(x))
    assert found.exit_code == 0
    assert "its forward() is called directly, or an engine calls its parts" in found.cause
    assert "weights differ" not in found.cause


def test_added_parameters_are_more_than_rounding(torch: Any, played: Any) -> None:
    class More(torch.nn.Module):
        def __init__(self, *, more: bool) -> None:
            super().__init__()
            self.fc = net(torch, 8, 2)
            if more:
                self.scale = torch.nn.Parameter(torch.full((2,), 3.0))

        def forward(self, x: Any) -> Any:
            return self.fc(x) * getattr(self, "scale", 1.0)

    x = torch.ones(2, 8)
    found = played(run(More(more=False).eval(), x), run(More(more=True).eval(), x))
    assert "only here: scale" in found.cause
    assert "rounding" not in found.cause


def test_a_replay_that_fails_by_chance_is_no_fault(torch: Any, played: Any) -> None:
    class Flaky(torch.nn.Module):
        """Works when it is called by the model, and fails when it is run again."""

        def __init__(self, calls: int) -> None:
            super().__init__()
            self._left = [calls]

        def __deepcopy__(self, memo: Any) -> Any:
            return self

        def forward(self, x: Any) -> Any:
            self._left[0] -= 1
            if self._left[0] < 0:
                raise RuntimeError("out of memory")
            return x

    def play(calls: int) -> Any:
        return run(torch.nn.Sequential(net(torch, 8, 8), Flaky(calls), net(torch, 8, 2)).eval(), torch.ones(2, 8))  # fmt: skip

    found = played(play(99), play(1))
    assert (found.outcome, found.cause) == ("same", "")


def test_every_fault_has_its_fix_and_the_answer_comes_first(torch: Any, played: Any) -> None:
    bad = net(torch, 8, 2)
    bad[0].weight.data.mul_(2)
    x = torch.ones(2, 8)
    found = played(run(net(torch, 8, 2), x), run(bad, x * 255))
    assert "255 x the golden values" in found.cause
    assert [item.cause.startswith("weights differ") for item in found.also] == [True]
    assert all(item.fix for item in found.also)
    text = verdict_formats.render(found, "terminal", color=False, width=None, ascii_only=True)
    assert text.startswith("X  Diverged: inputs differ")
    assert "Also: weights differ" in text.split("\n\n", maxsplit=1)[0]


def test_another_structure_with_the_same_result_is_equivalent(torch: Any, played: Any) -> None:
    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = net(torch, 8, 4, 2)
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x: Any) -> Any:
            return self.inner(x)

    x = torch.ones(2, 8)
    found = played(run(net(torch, 8, 4, 2), x), run(Wrapped().eval(), x))
    assert (found.outcome, found.exit_code) == ("equivalent", 0)
    assert "Wrapped, not Sequential" in found.cause
    assert played(run(net(torch, 8, 4, 2), x), run(Wrapped().eval(), x), strict=True).exit_code == 1  # fmt: skip


@pytest.mark.parametrize("change", ["places", "scale"])
def test_a_mask_of_the_largest_float64_is_compared(torch: Any, played: Any, change: str) -> None:
    class Masked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = net(torch, 16, 4).double()

        def forward(self, x: Any, mask: Any) -> Any:
            return self.fc(x + mask.clamp(-1, 1))

    low = torch.finfo(torch.float64).min
    x = torch.ones(8, 16, dtype=torch.float64)
    mask = torch.where(torch.arange(128).reshape(8, 16) % 3 == 0, low * x, 0 * x)
    other = mask.flip(1) if change == "places" else mask / 2
    model = Masked().eval()
    found = played(run(model, x, mask), run(model, x, other))
    assert (found.outcome, found.exit_code) == ("diverged", 1)
    assert "mask" in found.cause


@pytest.fixture
def head(torch: Any) -> Any:
    """Makes a model whose logits are multiplied by a factor, and partly filled with a value."""

    class Head(torch.nn.Module):
        def __init__(self, by: float, low: float | None, dtype: Any, every: int) -> None:
            super().__init__()
            self.fc, self.by, self.low, self.dtype = net(torch, 16, 8), by, low, dtype
            self.every = every

        def forward(self, x: Any) -> Any:
            found = (self.fc(x) * self.by).to(self.dtype)
            low = torch.finfo(self.dtype).min if self.low is None else self.low
            filled = torch.full_like(found, low)
            return torch.where(torch.arange(8) % self.every == 0, filled, found)

    def make(by: float = 1.0, low: float | None = -1e9, dtype: Any = torch.float32, every: int = 4) -> Any:  # fmt: skip
        return Head(by, low, dtype, every).eval()

    return make


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("low", [None, -1e9, -1e4, 65504.0])
def test_what_stands_beside_a_filled_value_is_seen(
    torch: Any, played: Any, head: Any, low: float | None, dtype: str
) -> None:
    kind, x = getattr(torch, dtype), torch.arange(64.0).reshape(4, 16) / 64
    golden = run(head(low=low, dtype=kind), x)
    assert played(golden, run(head(low=low, dtype=kind), x)).bits
    assert played(golden, run(head(1.25, low=low, dtype=kind), x)).exit_code == 1
    assert played(golden, run(head(low=low, dtype=kind, every=3), x)).exit_code == 1


def test_rounding_beside_a_filled_value_is_rounding(torch: Any, played: Any, head: Any) -> None:
    x = torch.arange(64.0).reshape(4, 16) / 64
    found = played(run(head(), x), run(head(1 + 2e-7), x))
    assert (found.outcome, found.bits) == ("equivalent", False)
