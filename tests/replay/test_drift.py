"""Drift of a data set's features: no alarm where there is none, one where there is."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from envsnap.errors import InputError
from envsnap.replay.compare import drift
from envsnap.replay.compare.verdict import Drift
from envsnap.replay.esr import archive
from envsnap.replay.esr.recording import Feature
from envsnap.replay.recorder import datasets
from tests.conftest import Run, lacking

try:
    import numpy as np
    import scipy.stats
except ImportError:
    np = scipy = None

ROWS, FEATURES = 5000, 50


@pytest.fixture(autouse=True)
def _needs_the_extra() -> None:
    if scipy is None:
        lacking("numpy or scipy is not installed (the extra is called drift)")


def described(values: Any, folder: Path) -> dict[str, Feature]:
    np.save(folder / "it.npy", values)
    return datasets.describe(str(folder / "it.npy"))[0]


def compared(one: Any, two: Any, folder: Path) -> Drift:
    return drift.compare(described(one, folder), described(two, folder))


DRAWS = {
    "normal": lambda generator, shape: generator.standard_normal(shape),
    "exponential": lambda generator, shape: generator.exponential(size=shape),
    "heavy tails": lambda generator, shape: generator.standard_t(2, shape),
    "counts": lambda generator, shape: generator.poisson(1.0, shape),
    "yes and no": lambda generator, shape: generator.random(shape) < 0.2,
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize(("rows", "rounds", "most"), [(100, 40, 6), (2000, 15, 0)])
def test_features_without_drift_do_not_alarm(
    name: str, rows: int, rounds: int, most: int, tmp_path: Path
) -> None:
    """With few rows one comparison in twenty may alarm, with many none: the effect is too small."""
    alarms = 0
    for seed in range(rounds):
        generator = np.random.default_rng(seed)
        one, two = (DRAWS[name](generator, (rows, FEATURES)) for _ in range(2))
        alarms += bool(compared(one, two, tmp_path).drifted)
    assert alarms <= most


def test_many_rows_do_not_make_a_small_shift_large(tmp_path: Path) -> None:
    for seed in range(5):
        generator = np.random.default_rng(seed)
        one, two = (generator.standard_normal((100_000, 3)) for _ in range(2))
        two[:, 1] += 0.02
        assert scipy.stats.ks_2samp(one[:, 1], two[:, 1]).pvalue < 0.05
        assert not compared(one, two, tmp_path).drifted


def test_a_shift_that_matters_is_found(tmp_path: Path) -> None:
    for seed in range(30):
        generator = np.random.default_rng(seed)
        one, two = (generator.standard_normal((ROWS, FEATURES)) for _ in range(2))
        two[:, 7] += 0.3
        (found,) = compared(one, two, tmp_path).drifted
        assert found.name == "7"
        assert "mean" in found.why
        assert 0.2 < found.moved < 0.4


def test_spread_and_missing_values(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    one, two = (generator.standard_normal((ROWS, 4)) for _ in range(2))
    two[:, 0] *= 2
    two[: ROWS // 10, 1] = np.nan
    two[: ROWS // 10, 2] = np.inf
    found = {item.name: item.why for item in compared(one, two, tmp_path).drifted}
    assert found == {"0": ("distribution",), "1": ("missing",), "2": ("missing",)}


def test_constants(tmp_path: Path) -> None:
    same, other = np.zeros((100, 2)), np.zeros((100, 2))
    other[:, 1] = 1
    assert not compared(same, same, tmp_path).drifted
    (found,) = compared(same, other, tmp_path).drifted
    assert (found.name, found.distance) == ("1", 1.0)


@pytest.mark.parametrize("name", DRAWS)
def test_the_distance_is_that_of_all_values(name: str, tmp_path: Path) -> None:
    for seed in range(3):
        generator = np.random.default_rng(seed)
        one = DRAWS[name](generator, (3000, 1)).astype(float)
        two = DRAWS[name](generator, (2000, 1)) * 1.2 + (0.1 if name == "normal" else 0)
        exact = scipy.stats.ks_2samp(one[:, 0], two[:, 0]).statistic
        sides = described(one, tmp_path)["0"], described(two, tmp_path)["0"]
        assert drift.distance(*sides) == pytest.approx(exact, abs=0.01)
        assert drift.distance(*sides[::-1]) == pytest.approx(drift.distance(*sides))


def test_the_commands(envsnap: Run, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name, age in (("train", 40), ("same", 40), ("live", 46)):
        rows = [f"{generator.normal(age, 10):.3f},{generator.random():.4f},x" for _ in range(2000)]
        rows[5] = ",0.5,NA"
        (tmp_path / f"{name}.csv").write_text("\n".join(["age,score,word", *rows]))
        done = envsnap("record", "--data", f"{name}.csv", "--label", name, "-o", f"{name}.esr")
        assert done.returncode == 0, done.stderr
        assert "2 features" in done.stderr
        assert "'word' holds text" in done.stderr
    record = archive.read(str(tmp_path / "train.esr")).record
    assert record.features["age"].count == 1999
    done = envsnap("compare", "train.esr", "same.esr")
    assert done.returncode == 0, done.stdout
    assert "Same: none of 2 features" in done.stdout
    done = envsnap("compare", "train.esr", "live.esr", "--format", "json")
    verdict = json.loads(done.stdout)
    assert done.returncode == 1
    assert verdict["cause"].startswith("input drift: 1 of 2 features have drifted: age: mean 4")
    assert [item["name"] for item in verdict["drift"]["drifted"]] == ["age"]
    for style in ("terminal", "markdown", "html"):
        assert "age" in envsnap("compare", "train.esr", "live.esr", "--format", style).stdout


def test_other_features_are_no_drift_but_another_data_set(tmp_path: Path) -> None:
    one = {"a": described(np.zeros(30), tmp_path)["0"]}
    found = drift.compare(one, {"b": one["a"]})
    assert drift.rung(found).state == "diverged"
    assert drift.rung(found).summary == "other features: missing here: a; only here: b"
    few = {"a": described(np.arange(9), tmp_path)["0"]}
    assert drift.rung(drift.compare(few, few)).state == "undecided"


def test_a_data_set_is_not_compared_with_a_run(envsnap: Run, golden: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "it.npy", np.zeros(30))
    envsnap("record", "--data", "it.npy", "-o", "it.esr")
    done = envsnap("compare", "it.esr", golden)
    assert done.returncode == 6
    assert "one recording is of a data set" in done.stdout


def test_formats_hold_the_same_columns(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((300, 2))
    np.save(tmp_path / "c.npy", values)
    np.save(tmp_path / "f.npy", np.asfortranarray(values))
    np.savez(tmp_path / "z.npz", a=values[:, 0], b=values[:, 1])
    np.savez_compressed(tmp_path / "y.npz", a=values[:, 0], b=values[:, 1])
    text = "a,b\n" + "\n".join(",".join(map(repr, row)) for row in values.tolist())
    (tmp_path / "t.csv").write_text(text)
    found = [
        list(datasets.describe(str(tmp_path / name))[0].values())
        for name in ("c.npy", "f.npy", "z.npz", "y.npz", "t.csv")
    ]
    assert all(item == found[0] for item in found)
    assert list(datasets.describe(str(tmp_path / "t.csv"))[0]) == ["a", "b"]


def test_parquet(tmp_path: Path) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        lacking("pyarrow is not installed")
    columns = {
        "a": [1.0, None, 3.0],
        "b": [1, 2, 3],
        "c": [True, None, False],
        "d": ["x", "y", "z"],
    }
    parquet.write_table(pa.table(columns), tmp_path / "it.parquet")
    found, notes = datasets.describe(str(tmp_path / "it.parquet"))
    assert {name: item.count for name, item in found.items()} == {"a": 2, "b": 3, "c": 2}
    assert "'d'" in notes[0]


def npy(shape: str = "(3,)", dtype: str = "<f8", data: bytes = b"\0" * 24) -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def npz(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("x.npy", b"", "cannot be read"),
        ("x.npy", npy(dtype="|O"), "pickled"),
        ("x.npy", npy(dtype="<c16", data=b"\0" * 48), "no numbers"),
        ("x.npy", npy(dtype="<U2"), "no numbers"),
        ("x.npy", npy(shape="(10**12,)"), "cannot be read"),
        ("x.npy", npy(shape="(1000000000000,)"), "another size"),
        ("x.npy", npy(shape="(-3,)"), "cannot be read"),
        ("x.npy", npy(shape="(1, 3000)", data=b"\0" * 24000), "more than 2000"),
        ("x.npz", b"PK\x05\x06" + b"\0" * 18, "no column"),
        ("x.npz", npz({"a.npy": npy(shape="(900000000,)")}), "another size"),
        ("x.npz", npz({"a.npy": npy(dtype="|O")}), "pickled"),
        ("x.npz", b"PK", "cannot be read"),
        ("x.csv", b"a,b\n1,2\n3\n", "line 3"),
        ("x.csv", b"a,a\n1,2\n", "a name twice"),
        ("x.csv", b"a\n\xff\n", "cannot be read"),
        ("x.csv", b"a\nword\n", "no column of numbers"),
        ("x.csv", b"", "no column of numbers"),
        ("x.parquet", b"PAR1", "cannot be read"),
        ("x.pkl", b"", "data is read from"),
        ("x.npy", npy(data=b"\xff\xff\xff\xff\xff\xff\xef\x7f" * 3), "too large"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_a_line(
    name: str, data: bytes, word: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        datasets.describe(str(path))
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"quantiles": [1.0] * 256},
        {"quantiles": [1.0] * 258},
        {"quantiles": [*([0.0] * 256), -1.0]},
        {"count": 0},
        {"missing": 1.5},
        {"std": -1.0},
        {"mean": "x"},
        {"count": 1 << 60},
    ],
)
def test_features_that_cannot_be(change: dict[str, Any], tmp_path: Path) -> None:
    from tests.replay.test_archive import members, write

    feature = {"count": 9, "missing": 0.0, "mean": 1.0, "std": 0.0, "quantiles": [1.0] * 257}
    archive.read(write(tmp_path / "x.esr", members(features={"a": feature})))
    with pytest.raises(InputError):
        archive.read(write(tmp_path / "x.esr", members(features={"a": {**feature, **change}})))


def test_without_the_extra_it_says_so(
    envsnap: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "it.npy").write_bytes(npy())
    for module, call in (
        ("numpy", lambda: datasets.describe(str(tmp_path / "it.npy"))),
        ("scipy", lambda: drift.compare({}, {})),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(__import__("sys").modules, module, None)
            with pytest.raises(InputError, match="the extra `drift`"):
                call()


@pytest.mark.parametrize("mean", [1e308, -1e308, 5e-324])
@pytest.mark.parametrize("std", [0.0, 5e-324, 1e308])
def test_numbers_at_the_end_of_the_line(mean: float, std: float) -> None:
    """A stranger's recording may hold them: a verdict that JSON can hold, and no warning."""
    one = Feature(count=1 << 53, missing=0.0, mean=0.0, std=1.0, quantiles=(0.0,) * 257)
    ends = (-1e308,) * 100 + (1e308,) * 157
    for count in (1, 2, 1 << 53):
        two = Feature(count=count, missing=1 - 1e-16, mean=mean, std=std, quantiles=ends)
        for pair in ((one, two), (two, one)):
            found = drift.compare({"a": pair[0]}, {"a": pair[1]})
            json.dumps(msgspec.to_builtins(found), allow_nan=False)
            assert drift.rung(found).details
