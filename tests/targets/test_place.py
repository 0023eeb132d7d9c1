"""On this machine the probe's modules are read where they lie; the facts are those of the sent ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.intake import facts
from envsnap.probe import packing
from envsnap.targets import script
from envsnap.targets.interpreter import Interpreter

OPTIONS: dict[str, object] = {"import": False, "deadline": 60}
OF_THE_RUN = {"identity", "process"}


def _answer(python: str, text: str) -> dict[str, object]:
    done = subprocess.run(
        [python, *packing.READ_STDIN], input=text.encode(), capture_output=True, check=True
    )
    sections = facts.parse(done.stdout, "x").facts["sections"]
    return {name: item for name, item in sections.items() if name not in OF_THE_RUN}


def test_modules_that_lie_here_tell_the_same_as_those_that_are_sent() -> None:
    here = script.build({**OPTIONS, **script.place()}, "ab" * 16, nvml=False)
    sent = script.build(OPTIONS, "ab" * 16)
    assert len(here) < 20_000 < len(sent)
    assert json.dumps(_answer(sys.executable, here), sort_keys=True) == json.dumps(
        _answer(sys.executable, sent), sort_keys=True
    )


def test_nothing_is_written_where_the_modules_lie(tmp_path: Path) -> None:
    """The probe leaves no byte code in a copy of the package, which has none."""
    room = Path(packing.__file__).parent.parent
    for part in ("probe", "probe/collectors", "probe/readers", "redact"):
        (tmp_path / part).mkdir(parents=True)
        for source in (room / part).glob("*.py"):
            (tmp_path / part / source.name).write_bytes(source.read_bytes())
    before = sorted(tmp_path.rglob("*"))
    text = packing.pack({}, {**OPTIONS, "marker": "ab" * 16, "place": str(tmp_path)})
    assert _answer(sys.executable, text)
    assert sorted(tmp_path.rglob("*")) == before


def test_byte_code_is_kept_for_pythons_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept = Path(script.cache_from_source(packing.__file__))
    place = script.place()
    assert place == {"place": str(Path(packing.__file__).parent.parent)}
    assert kept.exists()


def test_one_that_runs_as_somebody_else_is_sent_the_modules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Interpreter, "identity", lambda _: (1000, 1000, []))
    assert Interpreter(sys.executable).options() == {}
    monkeypatch.setattr(Interpreter, "identity", lambda _: None)
    assert "place" in Interpreter(sys.executable).options()
