"""Sketches: what they promise, and that they are the same in every version and place."""

from __future__ import annotations

import math
import zlib

import pytest

from envsnap.replay.recorder.inside import channels, summary


@pytest.fixture(scope="module")
def measure(torch) -> summary.Measure:
    return summary.Measure(torch)


def relative(torch, measure, one, other) -> tuple[float, float]:
    """The difference as sketches tell it, and as it is."""
    here, there = measure(one)[1], measure(other)[1]
    told = math.dist(here, there) / math.hypot(*here)
    return told, float((one - other).double().norm() / one.double().norm())


@pytest.mark.parametrize(
    "shape", [(10,), (3, 64, 56, 56), (2, 256, 256), (8, 256, 512), (5_000_000,)]
)
@pytest.mark.parametrize("fault", ["all", "channel", "row", "half", "offset"])
def test_sketches_estimate_a_difference(shape: tuple, fault: str, torch, measure) -> None:
    generator = torch.Generator().manual_seed(1)
    one = torch.randn(shape, generator=generator)
    other = one.clone()
    if fault == "all":
        other += 1e-4 * torch.randn(shape, generator=generator)
    elif fault == "offset":
        other += 1e-3
    else:
        part = {"channel": other[..., 0], "row": other[0], "half": other[: len(other) // 2 + 1]}
        part[fault].mul_(1.001)
    told, exact = relative(torch, measure, one, other)
    assert exact > 0
    assert told == pytest.approx(exact, rel=0.3)


def test_the_signs_never_change(torch, measure) -> None:
    """Recordings of different versions are compared: these bytes are part of the format."""
    signs = (measure._signs[: summary.SPAN] > 0).tolist()
    shifts = ",".join(map(str, measure._shifts))
    assert (len(signs), len(measure._shifts)) == (251 * 1021, 4096)
    assert f"{zlib.crc32(bytes(signs)):08x}" == "f27a9883"
    assert f"{zlib.crc32(shifts.encode()):08x}" == "dcf2c518"


def test_pieces_make_no_difference(torch, measure) -> None:
    """A long tensor is read piece by piece; the sum of sketches is the sketch of the sum."""
    one = torch.zeros(17 * summary.SPAN + 1000)
    other = torch.zeros_like(one)
    one[: 16 * summary.SPAN] = 0.5
    other[16 * summary.SPAN :] = 0.25
    added = [a + b for a, b in zip(measure(one)[1], measure(other)[1], strict=True)]
    assert added == pytest.approx(measure(one + other)[1], abs=1e-6)


def test_statistics_of_what_is_not_finite(torch, measure) -> None:
    values = torch.tensor([1.0, float("nan"), -3.0, float("inf"), float("-inf")])
    stats, sketch = measure(values)
    assert (stats["nan"], stats["inf"]) == (1, 2)
    assert (stats["min"], stats["max"], stats["mean"]) == (-3, 1, -1)
    assert stats["l2"] == pytest.approx(math.sqrt(10))
    assert all(map(math.isfinite, sketch))
    assert measure(torch.empty(0))[0] == {"nan": 0, "inf": 0}


def test_digests_look_at_values_not_at_strides(torch) -> None:
    values = torch.arange(24.0).view(2, 3, 2, 2)
    lasting = summary.settled(values.to(memory_format=torch.channels_last))
    assert summary.digest(lasting) == summary.digest(values)
    assert summary.digest(summary.settled(values.flip(1))) != summary.digest(values)
    with pytest.raises(ValueError, match="sparse"):
        summary.settled(values.view(2, 12).to_sparse())


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((2, 3, 8, 8), 1), ((2, 8, 8, 3), 3), ((3, 8, 8), 0), ((8, 8, 1), 2), ((2, 7, 8, 8), None),
     ((2, 3), None), ((2, 3, 8, 3), None)],
)  # fmt: skip
def test_which_axis_holds_colours(shape: tuple, axis: int | None) -> None:
    assert channels.channel_axis(shape) == axis
