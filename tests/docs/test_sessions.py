"""Each session that a page shows is run, and prints what the page says it prints.

`python -m tools.sessions PAGE` writes what is printed now; read the difference before you commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import lacking
from tools import sessions

ROOT = Path(__file__).parents[2]
# What a page needs, and the session of nox that has it.
MARKS = {"torch": pytest.mark.torch, "engine": pytest.mark.engine}


def pages() -> Iterator[object]:
    for name in sessions.with_sessions():
        needs = sessions.read((ROOT / name).read_text()).needs
        yield pytest.param(name, marks=[MARKS[need] for need in needs if need in MARKS], id=name)


@pytest.mark.parametrize("name", list(pages()))
def test_a_page_shows_what_is_printed(name: str, tmp_path: Path) -> None:
    page = sessions.read((ROOT / name).read_text())
    for need in sessions.lacking(page):
        lacking(f"{name} needs: {need}")
    folder = tmp_path / "demo"
    folder.mkdir()
    ran = sessions.run(page, folder)
    steps = [step for _, inside in ran for step in inside]
    assert steps
    for step in steps:
        assert step.agrees(), (
            f"$ {step.command}\nshown:\n"
            + "\n".join(step.shown)
            + "\nprinted:\n"
            + "\n".join(step.printed or [])
        )


def test_every_tutorial_is_run() -> None:
    tutorials = {f"docs/tutorials/{path.name}" for path in (ROOT / "docs/tutorials").glob("*.md")}
    assert len(tutorials) >= 5
    assert tutorials | {"README.md", "docs/quickstart.md"} <= set(sessions.with_sessions())


def test_a_block_is_left_out_only_with_a_reason() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for reason in re.findall(r"<!-- not run: (.*) -->", path.read_text()):
            assert len(reason.split()) > 2, path


SHOWN = """\
<!-- needs: torch, engine -->
```python title="a.py"
print("one", 2)
```

```console
$ python a.py
one …
$ false || echo $?
> echo more
1
more

$ printf 'x\\ny\\nz\\n'
x
…
z
```
"""


def test_a_page_is_read_and_run(tmp_path: Path) -> None:
    page = sessions.read(SHOWN)
    assert page.needs == ("torch", "engine")
    (tmp_path / "demo").mkdir()
    ((_, steps),) = sessions.run(page, tmp_path / "demo")
    assert [step.agrees() for step in steps] == [True, True, True]
    assert sessions.rewritten(page, [(page.blocks[1], steps)]) == SHOWN


def test_what_is_printed_now_is_written(tmp_path: Path) -> None:
    page = sessions.read(SHOWN.replace("one …", "two"))
    (tmp_path / "demo").mkdir()
    ran = sessions.run(page, tmp_path / "demo")
    assert not ran[0][1][0].agrees()
    written = sessions.rewritten(page, ran)
    assert "$ python a.py\none 2\n$ false" in written
    assert "x\n…\nz\n" in written


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["…", "c"], ["a", "b"], False),
        (["took … s"], ["took 3.5 s"], True),
        (["took … s"], ["took 3.5"], False),
        ([], ["a"], False),
        ([], [], True),
    ],
)
def test_what_stands_for_anything(shown: list[str], printed: list[str], agree: bool) -> None:
    assert sessions.matches(shown, printed) is agree


def test_a_shell_that_ends_early_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    with pytest.raises(RuntimeError, match="ended early"):
        sessions.run(
            sessions.read("```console\n$ exit 3\n$ echo more\nmore\n```\n"), tmp_path / "demo"
        )
