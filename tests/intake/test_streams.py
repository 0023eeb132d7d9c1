"""Several hosts in one stream are several hosts, whatever the order of their lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.errors import InputError
from envsnap.intake import facts, many, reader
from envsnap.targets import script
from tests.conftest import Run

MARKER = "0123456789abcdef"


@pytest.fixture(scope="module")
def answer() -> bytes:
    """What one real probe says."""
    text = script.build({"import": False, "deadline": 60}, MARKER, nvml=False)
    return subprocess.run(
        [sys.executable, "-"], input=text.encode(), stdout=subprocess.PIPE, check=True
    ).stdout


def lines(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\n") if line]


def labelled(answer: bytes, label: bytes) -> bytes:
    return b"".join(label + line + b"\n" for line in lines(answer))


def mixed(answer: bytes) -> bytes:
    begin, said, end = lines(answer)
    return b"\n".join([begin, begin, said, end, said, end, b""])


@pytest.mark.parametrize(
    ("make", "hosts"),
    [
        (lambda answer: answer, 1),
        (lambda answer: b"Welcome to n1\n" + answer + b"bye\n" + answer, 2),
        (mixed, 2),
        (
            lambda answer: b"".join(
                b"%d: %s\n" % (task, line) for line in lines(answer) for task in (3, 10, 0)
            ),
            3,
        ),
        (lambda answer: answer.replace(b"\n", b"\r\n"), 1),
        (lambda answer: labelled(answer, b"n3: "), 1),
        (lambda answer: labelled(answer, b"[1,3]<stdout>:"), 1),
        (lambda answer: labelled(answer, b"n3\t"), 1),
        (lambda answer: labelled(answer, b"[pod/worker-3/main] "), 1),
        (lambda answer: labelled(answer, b"worker-3  | "), 1),
    ],
    ids=[
        "one",
        "after another",
        "mixed",
        "labelled",
        "carriage returns",
        "clush",
        "mpirun",
        "parallel",
        "kubectl",
        "compose",
    ],
)
def test_hosts_of_a_stream(make: object, hosts: int, answer: bytes, tmp_path: Path) -> None:
    path = tmp_path / "all.facts"
    path.write_bytes(make(answer))  # type: ignore[operator]
    found = list(many.Reader().file(str(path)))
    assert len(found) == hosts
    assert all(item.manifest().sections.packages.entries for item in found)
    assert len({item.name for item in found}) == hosts
    if hosts == 1:
        assert reader.load(str(path)).manifest.sections.python.version
    else:
        with pytest.raises(InputError, match=f"{hosts} hosts"):
            reader.load(str(path))


def test_a_cut_answer_is_refused(answer: bytes) -> None:
    cut = answer[: answer.rindex(b"envsnap-")]
    with pytest.raises(InputError, match="cut off"):
        facts.parse(cut, "x")


def test_an_answer_that_is_cut_off_costs_no_other(answer: bytes, tmp_path: Path) -> None:
    cut = answer[: answer.rindex(b"envsnap-")]
    (tmp_path / "all.facts").write_bytes(answer + cut[: cut.rindex(b"\n") + 1] + answer)
    read = many.Reader().file(str(tmp_path / "all.facts"))
    assert [item.name for item in (next(read), next(read))] == ["all", "all-2"]
    with pytest.raises(InputError, match="1 of 3 answers in it: the probe's output is cut off"):
        next(read)


def test_many_openings_are_refused() -> None:
    with pytest.raises(InputError, match="mixed"):
        facts.parse_several(b"envsnap-0123456789abcdef-begin\n" * 100_000, "x")


def test_the_command_says_what_to_use(answer: bytes, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "all.facts").write_bytes(answer * 2)
    done = envsnap("check", "all.facts")
    assert done.returncode == 2
    assert "fleet diff" in done.stderr
