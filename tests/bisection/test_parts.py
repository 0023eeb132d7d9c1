"""The parts of a bisection by themselves: outcomes, configs, sequential tests, folders."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from random import Random

import pytest

from envsnap.bisection import configs, files, outcome, sequential
from envsnap.bisection.places import Layout
from envsnap.bisection.search import Verdict
from envsnap.errors import InputError

TRACEBACK = """starting
Traceback (most recent call last):
  File "/x/first.py", line 1, in <module>
    raise ValueError
ValueError

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/u/app/main.py", line 7, in <module>
    load()
    ~~~~^^
  File "/v/lib/python3.11/site-packages/lib/core.py", line {line}, in load
    raise lib.errors.LoadError("File \\"x\\", line 3")
lib.errors.LoadError: File "x", line 3
"""


def test_the_last_traceback_tells_how_a_run_failed() -> None:
    for line in (12, 99):  # a line moves from release to release
        told = outcome.raised(TRACEBACK.format(line=line))
        assert told == ("lib.errors.LoadError", "lib/core.py:load")
    assert outcome.raised("Segmentation fault") == (None, None)
    assert outcome.raised("Traceback (most recent call last):\n") == (None, None)
    assert outcome.files(TRACEBACK.format(line=1))[0].endswith("lib/core.py")


def test_a_syntax_error_is_told_by_its_file() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/a/main.py", line 1, in <module>\n    import b\n'
        '  File "/a/site-packages/b.py", line 3\n    def (\n        ^\nSyntaxError: invalid syntax\n'
    )
    assert outcome.raised(text) == ("SyntaxError", "b.py")


FORMS = {
    "json": ('{"a": {"x": 1, "y": [1, 2]}, "n": 1}', '{"a": {"x": 2, "y": [1, 3]}, "m": null}'),
    "yaml": ("a:\n  x: no\n  y: [1, 2]\n", "a:\n  x: off\n  y: [1, 2, 3]\nb: 2024-01-02\n"),
    "toml": (
        '[a]\nx = 1.0\ny = [{z = "q\\"\\n"}]\nd = 2024-01-02\n',
        '[a]\nx = 1\ny = [{z = "r"}]\nd = 2024-01-03\nn = true\n',
    ),
    "ini": ("[a]\nx = 1\n[b]\ny = 2\n", "[a]\nx = 2\nK = %(x)s\n[b]\ny = 3\n"),
    "env": ("A=1\nB='x y'\n", "A=2\nC=3\n"),
}


@pytest.mark.parametrize("kind", FORMS)
def test_any_mixture_of_two_configs_is_read_back_as_it_was_mixed(kind: str) -> None:
    good, bad = (text.encode() for text in FORMS[kind])
    try:
        mixed = configs.Mixed(kind, good, bad)
    except ValueError:
        assert kind == "yaml"  # `no` and `off` are one value to a program
        mixed = configs.Mixed(kind, good, bad.replace(b"off", b"maybe"))
    paths = list(mixed.values)
    assert mixed.contents([]) == good
    assert mixed.contents(paths) != good
    chance = Random(5)
    for _ in range(20):
        chosen = [path for path in paths if chance.random() < 0.5]
        tree = configs._read(kind, mixed.contents(chosen))
        for path in set(paths) - {configs.REST}:
            side = mixed.values[path][path in chosen]
            assert configs._same(configs.value_at(tree, path), side) or side is configs.ABSENT


def test_numbers_and_texts_are_different_values() -> None:
    mixed = configs.Mixed("json", b'{"a": 1, "b": 1, "c": 1}', b'{"a": 1.0, "b": true, "c": 1}')
    assert set(mixed.values) == {("a",), ("b",)}
    with pytest.raises(ValueError, match="no differences"):
        configs.Mixed("json", b'{"a": 1}', b'{ "a": 1 }')
    assert tomllib.loads(configs._write_toml({"a b": {"c": [1, {"d": "\x7f"}]}})) == {
        "a b": {"c": [1, {"d": "\x7f"}]}
    }


@pytest.mark.parametrize(("argument", "words"), [
    ("app", "NAME=GOOD:BAD"),
    ("app=only", "NAME=GOOD:BAD"),
    ("app=a.txt:missing", "missing: no such file"),
    ("app=a.txt:.", "is a folder"),
])  # fmt: skip
def test_files_that_cannot_be_varied_are_refused(argument: str, words: str) -> None:
    Path("a.txt").write_text("a")
    with pytest.raises(InputError, match=words):
        files.read([argument])


def test_equal_files_are_nothing_to_vary_and_names_are_taken_once() -> None:
    for name in ("a.txt", "b.txt", "c:d.txt"):
        Path(name).write_text(name[0] if name != "b.txt" else "a")
    assert files.read(["w=a.txt:b.txt"]) == ()
    assert files.read(["w=a.txt:c:d.txt"])[0].bad.path.endswith("c:d.txt")
    with pytest.raises(InputError, match="given before"):
        files.read(["w=a.txt:c:d.txt", "w=a.txt:c:d.txt"])


@pytest.mark.parametrize(("good", "bad"), [(0.0, 0.3), (0.0, 0.05), (0.02, 0.3)])
def test_a_sequential_verdict_is_wrong_as_rarely_as_it_says(good: float, bad: float) -> None:
    chance = Random(29)
    rates = sequential.Rates(good=max(good, 0.001), bad=bad)
    wrong = 0
    for expected, rate in ((Verdict.GOOD, good), (Verdict.BAD, bad)):
        for _ in range(1000):
            failures = passes = 0
            while (verdict := rates.verdict(failures, passes)) is None:
                fails = chance.random() < rate
                failures, passes = failures + fails, passes + (not fails)
            wrong += verdict is not expected
    assert wrong <= 2 * 1000 * 2 * rates.error


def test_rates_are_cautious_and_too_close_ones_are_refused() -> None:
    rates = sequential.rates(6, 20, 0, 20)
    assert rates is not None
    assert rates.good < 0.03 < rates.bad < 0.3
    assert rates.runs_if_good() > 13
    assert sequential.rates(6, 20, 4, 20) is None
    assert sequential.missed(90) == pytest.approx(0.033, abs=0.001)


def test_words_of_a_command_lead_into_the_trial(tmp_path: Path) -> None:
    Path("model.bin").write_text("m")
    outside = tmp_path / "elsewhere.bin"
    outside.write_text("e")
    script = tmp_path / "scripts"
    script.mkdir()
    (script / "run.py").write_text("")
    (script / "beside.txt").write_text("b")
    file = files.read([f"w={outside}:model.bin"])[0]
    here = os.getcwd()
    layout = Layout(["python", str(script / "run.py")], here, [file], in_place=False)
    trial = tmp_path / "trial"
    trial.mkdir()
    prepared = layout.prepare(str(trial), {"w": b"mixed"})
    assert prepared.folder == str(trial / "work")
    assert prepared.word(str(script / "run.py")) == str(trial / "script" / "run.py")
    assert (trial / "script" / "beside.txt").read_text() == "b"
    assert Path(prepared.word(str(outside))).read_text() == "mixed"
    assert (trial / "work" / "model.bin").read_text() == "mixed"
    assert prepared.word(f"--weights={here}/model.bin") == f"--weights={trial}/work/model.bin"
    assert prepared.word(f"{here}/a:{here}/b:/usr") == f"{trial}/work/a:{trial}/work/b:/usr"
    assert (
        prepared.word(f"cd {here}/sub && ls '{here}'")
        == f"cd {trial}/work/sub && ls '{trial}/work'"
    )
    assert prepared.word(f"{here}-other/x") == f"{here}-other/x"
    assert prepared.word("fp16") == "fp16"
    assert prepared.word("https://host/x:y") == "https://host/x:y"
    assert Path("model.bin").read_text() == "m"
    assert outside.read_text() == "e"


def test_a_trial_gets_no_environment_and_no_link_to_ours(tmp_path: Path) -> None:
    Path("venv").mkdir()
    Path("venv/pyvenv.cfg").write_text("")
    secret = tmp_path / "theirs.txt"
    secret.write_text("theirs")
    Path("link.txt").symlink_to(secret)
    os.mkfifo("pipe")
    Path("new.txt").write_text("new")
    file = files.read(["w=link.txt:new.txt"])[0]
    layout = Layout(["true"], os.getcwd(), [file], in_place=False)
    trial = tmp_path / "trial"
    trial.mkdir()
    layout.prepare(str(trial), {"w": b"mixed"})
    assert sorted(os.listdir(trial / "work")) == ["link.txt", "new.txt"]
    assert (trial / "work" / "link.txt").read_text() == "mixed"
    assert secret.read_text() == "theirs"
    assert json.dumps(layout.notes) == "[]"


def test_a_mixture_keeps_the_lines_of_both() -> None:
    good = b"# model\nname: 'resnet'   # kept\nsizes:\n- 1\n- 2\nscale: 0.50\nlast: yes\n"
    bad = b"# other\nname: 'vit'   # kept\nsizes:\n- 1\n- 3\nscale: 0.25\nnew: {a: 1}\nlast: yes\n"
    mixed = configs.Mixed("yaml", good, bad)
    assert set(mixed.values) == {("name",), ("sizes", "1"), ("scale",), ("new",), configs.REST}
    assert mixed.contents([("name",), ("scale",), ("new",)]) == (
        b"# model\nname: 'vit'   # kept\nsizes:\n- 1\n- 2\nscale: 0.25\nnew: {a: 1}\nlast: yes\n"
    )


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"lr: 1\n# mode=exact\n", b"lr: 2\n# mode=fast\n"),
        (b"lr: 1\nb: 3\n", b"lr: 2\r\nb: 3\r\n"),
        (b"lr: 1\nb: 3\n", b"b: 3\nlr: 2\n"),
        (b"lr: 1\nb: 3\n", b"lr: 2\nb:   3\n"),
    ],
)
def test_what_is_no_value_is_a_difference_of_its_own(good: bytes, bad: bytes) -> None:
    """A program may read its file by lines: with the value alone undone it is not the good file."""
    mixed = configs.Mixed("yaml", good, bad)
    assert set(mixed.values) == {("lr",), configs.REST}
    value, rest = mixed.contents([("lr",)]), mixed.contents([configs.REST])
    assert value == good.replace(b"1", b"2")
    assert rest == bad.replace(b"2", b"1")
    assert [mixed.at(data, configs.REST) for data in (good, value, rest, bad)] == [
        configs.OF_SIDES[0], configs.OF_SIDES[0], configs.OF_SIDES[1], configs.OF_SIDES[1],
    ]  # fmt: skip


def test_values_alone_have_no_rest() -> None:
    mixed = configs.Mixed("yaml", b"lr: 1  # x\nb: 3\n", b"lr: 2  # x\nb: 4\n")
    assert set(mixed.values) == {("lr",), ("b",)}


def test_two_values_of_one_line_are_mixed_all_the_same() -> None:
    mixed = configs.Mixed("json", b'{"a": 1, "b": 1}\n', b'{"a": 2, "b": 2}\n')
    assert configs._read("json", mixed.contents([("b",)])) == {"a": 1, "b": 2}
