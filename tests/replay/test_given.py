"""Arguments, variables and lines of code: what is kept of them, and that they are named."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import msgspec
import pytest

from envsnap.replay.compare import code_lines
from envsnap.replay.recorder.inside import given, places
from envsnap.replay.recorder.inside.settings import digest
from tests.conftest import Run


class Told(msgspec.Struct):
    """The part of a record that lines are compared by."""

    recording_revision: int = 8
    code: dict[str, tuple[str, ...]] = {}
    blocks: dict[str, tuple[str, ...]] = {}


SCRIPT = """
import argparse, os, torch
parser = argparse.ArgumentParser()
parser.add_argument("--limit", type=float, default=0.5)
parser.add_argument("--mode", default="plain")
parser.add_argument("--out", default="")
parser.add_argument("--token", default="")
args = parser.parse_args()
torch.manual_seed(0)
net = torch.nn.Linear(4, 3)
found = net(torch.arange(4.0)).tolist()
print([item > args.limit for item in found], args.mode.upper() == "LOUD", os.environ.get("SHOWN_COUNT", "3"))
"""


def test_what_is_kept_of_arguments(tmp_path: Path) -> None:
    (tmp_path / "there.txt").touch()
    words = [
        "in.json", "--limit", "-0.5", "--fast", "--mode=loud", "-n", "3", "--tag", "1", "--tag", "x y",
        str(tmp_path / "there.txt"), "--out", "a/b", "model.eps=1e-5", "--use-cache", "True",
        "--sort-key", "score", "--stop-token=</s>", "--auth-token", "kV8sQ2xLp0Rt5Zw1",
        "--api-key", "4242424242", "--password=1234", "12", "--big", "12345678901234567890",
    ]  # fmt: skip
    found = given.options(words)
    assert found["--limit"] == -0.5
    assert found["--fast"] is True
    assert found["--mode"] == digest("loud")
    assert found["-n"] == 3
    assert found["--tag"] == f"1, {digest('x y')}"
    assert found["--out"] == given.PATH
    assert found["model.eps"] == 1e-5
    assert found["--use-cache"] is True
    assert found["1"] == digest("in.json")
    assert found["2"] == given.PATH
    assert found["3"] == 12
    assert found["--big"] == digest("12345678901234567890")
    assert found["--sort-key"] == digest("score")
    assert found["--stop-token"] in (digest("</s>"), given.PATH)
    assert not {"--api-key", "--password", "--auth-token"} & set(found)
    assert "4242424242" not in str(found)


def test_variables_that_the_code_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SHOWN_COUNT": "4", "UNNAMED_COUNT": "5", "APP_LIMIT": "0.25", "APP_TOKEN": "1234",
        "APP_SORT_KEY": "date", "APP_DB_PASSWORD": "Birkenhain", "APP_PW": "Birkenhain",
        "HOME": "/somewhere", "MODE": "quick", "DEBUG_IT": "false",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    found = given.variables(
        [b"os.environ['SHOWN_COUNT']; prefix='APP_'", b"getenv('MODE', HOME, DEBUG_IT)"]
    )
    assert found == {
        "SHOWN_COUNT": 4, "APP_LIMIT": 0.25, "APP_SORT_KEY": digest("date"), "MODE": digest("quick"), "DEBUG_IT": False,
    }  # fmt: skip


def test_they_are_named_where_an_answer_differs(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "it.py").write_text(SCRIPT)
    command = [
        torch_python,
        "it.py",
        "--limit",
        "0.1",
        "--mode",
        "plain",
        "--token",
        "s3cr3t-of-mine",
    ]
    assert envsnap("record", "-o", "golden.esr", "--", *command, "--out", "one/x").returncode == 0
    with zipfile.ZipFile(tmp_path / "golden.esr") as archive:
        record = json.loads(archive.read("record.json"))
    assert record["options"] == {
        "--limit": 0.1, "--mode": digest("plain"), "--out": given.PATH,
    }  # fmt: skip
    assert b"s3cr3t" not in (tmp_path / "golden.esr").read_bytes()

    def told(*changed: str, **variables: str) -> str:
        done = envsnap("compare", "golden.esr", "--", *command, *changed, env=variables)
        assert done.returncode == 1, done.stdout + done.stderr
        return " ".join(done.stdout.split("Compared")[0].split())

    limit = told("--limit", "9.5")
    assert "the argument --limit 0.1 -> 0.1, 9.5" in limit
    assert "the code after them differs" not in limit
    assert "Fix: Give the command the golden run's arguments." in limit
    assert "the argument --mode" in told("--mode", "loud")
    shown = told("--out", "two/y", SHOWN_COUNT="4")
    assert "the variable SHOWN_COUNT not set -> 4" in shown
    assert "--out" not in shown


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('client = dict(api_key="I4ROx8s7dsd77asdK2")', "client = dict(api_key="),
        ('open("r.txt", "w").write("password=Stachel_beere7")', 'open("r.txt", "w")'),
        ('get("https://u:Guertel_tier@x.org/a")', "x.org/a"),
        ("keep = scores[:, token_id] > 0.5", "keep = scores[:, token_id] > 0.5"),
    ],
)
def test_a_line_of_code_is_told_without_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("it.py").write_text(f"first = 1\n{line}\n")
    now = places.code(places.sources(str(tmp_path / "it.py"), []))
    lines = tuple(now["it.py"])
    golden = Told(code={"it.py": (lines[0], "11111111", *lines[2:])})
    found = list(code_lines.compare(golden, Told(code={"it.py": lines})))
    assert [line.place for line in found] == ["it.py:2-2"]
    assert told in found[0].told
    for secret in ("I4ROx8s7", "Stachel", "Guertel"):
        assert secret not in found[0].told


def test_a_value_is_no_name() -> None:
    """Base64 ends in a sign of assignment, and some programs take a password right behind its option."""
    secret = "BqCbVNge5dwWQh3nw5jhvw5jN2tvNDLq8LRg9TNEZkk"
    found = given.options([f"{secret}=", "-pS3cr3tPass99x", "-j8", "model.eps=1", "--name="])
    assert secret not in str(found)
    assert "S3cr3tPass99x" not in str(found)
    assert found["-j"] == 8
    assert found["model.eps"] == 1
    assert set(found) == {"1", "-p", "-j", "model.eps", "--name"}
