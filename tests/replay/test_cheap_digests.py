"""What makes recording cheap misses nothing: rounding from some results, weights piece by piece."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.replay.recorder.inside import products, weights


def true_error(module: Any, given: Any, result: Any) -> float:
    """The rounding error of a linear layer, from all of its results."""
    exact = given.double() @ module.weight.double().t() + module.bias.double()
    return float((result.double() - exact).norm() / exact.norm())


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_some_results_tell_the_error_of_all(torch: Any, scale: float) -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(512, 2048)
    with torch.no_grad():
        module.weight[::97] *= scale  # a few results are far larger than the others
        given = torch.randn(2, 9, 512)
        given[:, 0] *= scale
        result = module(given)
        told = products.error(torch, module, given, result)
        assert told is not None
        assert told == pytest.approx(true_error(module, given, result), rel=0.4)


def test_an_error_that_only_few_results_have_is_measured(torch: Any) -> None:
    torch.manual_seed(0)
    module = torch.nn.Linear(64, 1024)
    with torch.no_grad():
        module.weight[7] *= 1e4
        given = torch.randn(3, 64)
        result = module(given)
        result[:, 7] *= 1.001
        told = products.error(torch, module, given, result)
        assert told is not None
        assert told == pytest.approx(true_error(module, given, result), rel=0.1)


def test_what_is_no_plain_product_is_left_to_the_whole_computation(torch: Any) -> None:
    class Doubled(torch.nn.Linear):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return super().forward(x) * 2

    given = torch.randn(3, 64)
    for module in (Doubled(64, 1024), torch.nn.Linear(64, 10), torch.nn.LayerNorm(64)):
        with torch.no_grad():
            assert products.error(torch, module, given, module(given)) is None
    whole = torch.randint(0, 9, (3, 64))
    with torch.no_grad():
        assert products.error(torch, torch.nn.Linear(64, 1024), whole, torch.ones(3, 1024)) is None


def test_the_last_state_is_the_digest(torch: Any) -> None:
    from envsnap.replay.recorder.inside.summary import digest

    for count in (0, 5, weights.PIECE // 4, weights.PIECE // 4 + 1, 3 * weights.PIECE // 4):
        tensor = torch.arange(float(count))
        assert f"{weights.states(tensor)[-1]:08x}" == digest(tensor)


def test_a_changed_bit_anywhere_is_found_in_a_round(torch: Any) -> None:
    large = torch.rand(5 * weights.PIECE)  # twenty pieces, five looks
    tensors = {"small": torch.rand(7), "large": large, "last": torch.rand(3)}
    looks = weights.Looks({name: weights.states(item) for name, item in tensors.items()})
    rounds = len(weights.states(large)) * weights.PIECE // weights.LOOKED_AT + 1
    for place in (0, weights.PIECE // 4, large.numel() - 1):
        assert [looks.changed(tensors) for _ in range(2 * rounds)] == [[]] * (2 * rounds)
        large[place] += 1
        found = [name for _ in range(2 * rounds) for name in looks.changed(tensors)]
        assert found == ["large"]


def test_a_weight_that_is_gone_or_elsewhere_is_passed_by(torch: Any) -> None:
    tensors = {"a": torch.rand(3), "b": torch.rand(4), "c": torch.rand(2)}
    looks = weights.Looks({name: weights.states(item) for name, item in tensors.items()})
    there = {"b": torch.empty(4, device="meta"), "c": tensors["c"] + 1}
    assert looks.changed(there) == ["c"]
