"""Every reader of foreign input, on mutated real inputs: a result or one sentence, never a crash.

Each run takes the same inputs, so that a change is judged by what it changes, and a faster machine
meets nothing new: INPUTS for each reader, or fewer where they take longer than SECONDS. The full
session takes other seeds (ENVSNAP_FUZZ_SEED) for ten minutes a reader (ENVSNAP_FUZZ_SECONDS, which
lifts the number), and what it finds becomes a test of its own.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from envsnap import api
from envsnap.errors import EnvsnapError
from envsnap.intake import config_trees, facts, messages, reader
from envsnap.model import codec
from envsnap.model.manifest import Target
from envsnap.probe import packing
from envsnap.report import reading as report_reading
from envsnap.targets import script
from tests.fuzz import mutations
from tests.fuzz.coverage import lines_reached

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("ENVSNAP_FUZZ_SECONDS", "5"))
INPUTS = 10**9 if "ENVSNAP_FUZZ_SECONDS" in os.environ else 500
SEED = int(os.environ.get("ENVSNAP_FUZZ_SEED", "1"))
FORMATS = sorted((ROOT / "tests" / "intake" / "formats").glob("*/"))


@cache
def golden() -> tuple[bytes, ...]:
    folder = ROOT / "tests" / "golden" / "dev-prod"
    return tuple((folder / name).read_bytes() for name in ("dev.json", "prod.json"))


@cache
def answer() -> bytes:
    """What a real probe said, with few packages: mutations should meet the rest, too."""
    text = script.build({"import": False, "deadline": 20}, "abcd1234", nvml=False)
    done = subprocess.run(
        [sys.executable, *packing.READ_STDIN], input=text.encode(), capture_output=True, check=True
    )
    line = next(line for line in done.stdout.split(b"\n") if line.startswith(b"facts "))
    tree = json.loads(line[6:])
    entries = tree["sections"]["packages"]["facts"]["entries"]
    tree["sections"]["packages"]["facts"]["entries"] = dict(list(entries.items())[:5])
    return json.dumps(tree).encode()


def forged(rng: random.Random) -> None:
    """An answer of a probe, which a target may forge."""
    if rng.random() < 0.8:
        data = (
            b"envsnap-abcd1234-begin\nfacts "
            + mutations.json_of(answer(), rng)
            + b"\nenvsnap-abcd1234-end\n"
        )
    else:
        whole = (
            b"envsnap-abcd1234-begin\nfacts " + answer() + b"\nweights {}\nenvsnap-abcd1234-end\n"
        )
        data = mutations.bytes_of(whole, rng)
    found = facts.to_manifest(facts.parse(data, "it"), Target(kind="file"), None, {}, "it")
    judged(found, rng)


def judged(found: object, rng: random.Random) -> None:
    if rng.random() < 0.2:
        api.check(found)  # type: ignore[arg-type]
        api.diff(codec.decode(golden()[0], "dev").manifest, found)  # type: ignore[arg-type]


def manifest(rng: random.Random) -> None:
    """A manifest that was edited."""
    data = rng.choice(golden())
    data = mutations.json_of(data, rng) if rng.random() < 0.8 else mutations.bytes_of(data, rng)
    judged(codec.decode_unchecked(data, "it").manifest, rng)


@cache
def foreign() -> tuple[bytes, ...]:
    """The inputs of the formats' cases."""
    names = ("expected", "facts.json", "notes")
    files = [path for folder in FORMATS for path in folder.rglob("*") if path.is_file()]
    kept = [
        path for path in files if not path.name.startswith(names) and path.stat().st_size < 200_000
    ]
    return tuple(path.read_bytes() for path in kept)


def report(rng: random.Random) -> None:
    """A file of another tool."""
    path = Path(os.environ["ENVSNAP_FUZZ_FOLDER"]) / "it.txt"
    path.write_bytes(mutations.bytes_of(rng.choice(foreign()), rng))
    judged(reader.load(str(path)).manifest, rng)


CONFIGS = (
    ("yaml", b"a: {password: x, lr: 1e-4}\nb: &x [1, 2, *x]\nc: |\n  k: v\n  token: abc\nenv: [{name: A, value: b}]\n"),
    ("json", b'{"a": {"args": ["--api-key", "x", "-p", "y"]}, "b": [1, 2.5, null, "https://u:p@h/x?a=b"]}'),
    ("toml", b'[a]\nb = 1\ntoken = "x"\nd = 1979-05-27T07:32:00Z\n[[c]]\nx = [1, 2]\n'),
    ("ini", b"[a]\npassword = x\nb: 2\n c\n[DEFAULT]\nk=v\n"),
    ("env", b"export A=1\nPASSWORD='x'\n# c\nURL=postgres://u:p@h/x\n"),
)  # fmt: skip


def config(rng: random.Random) -> None:
    """A config file: parsed, and without its secrets."""
    kind, data = rng.choice(CONFIGS)
    text = mutations.bytes_of(data, rng).decode("utf-8", "replace")
    gaps: dict[str, str] = {}
    try:
        tree = config_trees.parse(text, kind, quotes=True)
    except config_trees.UnparsedError as error:
        assert "\n" not in str(error)
        return
    json.dumps(config_trees.redact(tree, ("app",), gaps))


TEXTS = (
    b'Traceback (most recent call last):\n  File "x.py", line 1, in f\nRuntimeError: CUDA error: no kernel image\n',
    b"curl -H 'Authorization: Bearer abc' https://u:p@h/x?sig=a&b=c password=hunter2 token is abcdef12\n",
    b"ImportError: libcudart.so.11.0: cannot open shared object file\nundefined symbol: _ZNK3c10\n",
)  # fmt: skip


def text(rng: random.Random) -> None:
    """A message, or a log that fails."""
    said = mutations.bytes_of(rng.choice(TEXTS), rng).decode("utf-8", "replace")
    messages.clean_message(said)
    if rng.random() < 0.2:
        api.check(codec.decode(golden()[0], "dev").manifest, error_text=said)


def policy(rng: random.Random) -> None:
    """A policy."""
    data = b'[[ignore]]\nrule = "driver-version"\nreason = "known"\nuntil = 2030-01-01\n[fail]\non = "error"\n'
    path = Path(os.environ["ENVSNAP_FUZZ_FOLDER"]) / "envsnap.toml"
    path.write_bytes(mutations.bytes_of(data, rng))
    api.load_policy(str(path))


@cache
def recorded() -> tuple[dict[str, bytes], ...]:
    """The members of recordings that older versions wrote."""
    found = []
    for path in sorted((ROOT / "tests" / "archive" / "recordings").glob("*.esr")):
        with zipfile.ZipFile(path) as archive:
            found.append({name: archive.read(name) for name in archive.namelist()})
    return tuple(found)


def recording(rng: random.Random) -> None:
    """A recording that somebody else made: its members changed, or the bytes of the zip."""
    members = dict(rng.choice(recorded()))
    name = rng.choice(sorted(members))
    if name.endswith(".json") and rng.random() < 0.8:
        members[name] = mutations.json_of(members[name], rng)
    elif rng.random() < 0.8:
        members[name] = mutations.bytes_of(members[name], rng)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    data = made.getvalue() if rng.random() < 0.8 else mutations.bytes_of(made.getvalue(), rng)
    path = Path(os.environ["ENVSNAP_FUZZ_FOLDER"]) / "it.esr"
    path.write_bytes(data)
    found = api.load_recording(str(path))
    if rng.random() < 0.3:
        golden_run = ROOT / "tests" / "archive" / "recordings" / "v1.esr"
        api.compare(api.load_recording(str(golden_run)), found)
        api.compare(found, api.load_recording(str(golden_run)))


@cache
def judgements() -> tuple[bytes, ...]:
    folder = ROOT / "tests" / "archive" / "reports"
    return tuple(path.read_bytes() for path in sorted(folder.rglob("*.json")))


def own_report(rng: random.Random) -> None:
    """A report of ours that was edited."""
    report_reading.decode(mutations.json_of(rng.choice(judgements()), rng), "it")


@cache
def plans() -> tuple[bytes, ...]:
    return tuple(
        path.read_bytes() for path in sorted((ROOT / "dockerfiles").rglob("dockerfile.json"))
    )


def plan(rng: random.Random) -> None:
    """A plan that was edited, and a statement about it."""
    data = mutations.json_of(rng.choice(plans()), rng)
    path = Path(os.environ["ENVSNAP_FUZZ_FOLDER"]) / "dockerfile.json"
    path.write_bytes(data)
    api.load_plan(str(path))


READERS: tuple[Callable[[random.Random], None], ...] = (
    forged,
    manifest,
    report,
    config,
    text,
    policy,
    recording,
    own_report,
    plan,
)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_whatever_comes_there_is_one_sentence_at_most(
    read: Callable[[random.Random], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ENVSNAP_FUZZ_FOLDER", str(tmp_path))
    fuzzed(read, capsys)


def fuzzed(read: Callable[[random.Random], None], capsys: pytest.CaptureFixture[str]) -> None:
    """Run a reader for its seconds, and print how much of envsnap its inputs reach."""
    until, count = time.monotonic() + SECONDS, 0
    while count < 20 or (count < INPUTS and time.monotonic() < until):
        once(read, SEED + count)
        count += 1
    with lines_reached() as reached:
        until, number = time.monotonic() + SECONDS / 5, 0
        while number < 20 or (number < INPUTS and time.monotonic() < until):
            once(read, SEED + number)
            number += 1
    with capsys.disabled():
        print(
            f"\n{read.__name__}: {count} inputs from seed {SEED}, {len(reached)} lines of envsnap reached"
        )


def once(read: Callable[[random.Random], None], seed: int) -> None:
    rng = random.Random(seed)
    try:
        read(rng)
    except EnvsnapError as error:
        assert "\n" not in str(error), (seed, error)
        assert error.exit_code != 70
    except Exception as error:
        raise AssertionError(f"ENVSNAP_FUZZ_SEED={seed} breaks {read.__name__}") from error


def test_a_policy_of_a_number_without_end(tmp_path: Path) -> None:
    (tmp_path / "envsnap.toml").write_text("a = " + "9" * 6000)
    with pytest.raises(EnvsnapError, match="not TOML"):
        api.load_policy(str(tmp_path / "envsnap.toml"))


def test_a_python_of_five_thousand_digits() -> None:
    tree = json.loads(answer())
    tree["sections"]["python"]["facts"]["version"] = "9" * 5000
    entries = tree["sections"]["packages"]["facts"]["entries"]
    entries["x"] = {"version": "1", "requires": ["y; python_version < '3.8'"]}
    data = (
        b"envsnap-abcd1234-begin\nfacts " + json.dumps(tree).encode() + b"\nenvsnap-abcd1234-end\n"
    )
    found = facts.to_manifest(facts.parse(data, "it"), Target(kind="file"), None, {}, "it")
    api.check(found)


def test_a_moment_of_two_lines() -> None:
    with pytest.raises(EnvsnapError) as caught:
        facts.to_manifest(
            facts.Messages({"probe": 1, "created_at": "a\nb", "sections": {}}),
            Target(kind="file"),
            None,
            {},
            "it",
        )
    assert "\n" not in str(caught.value)
