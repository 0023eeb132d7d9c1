"""The steps of an image's history against its plan's, as each builder writes them down.

The engine here is a stand-in that only recites history and layers; `test_sabotage` has the real one.
"""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import held, steps
from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile, render
from envsnap.image.writing import instructions as ins
from tests.image.image_cases import CASES

BASE = ["/bin/sh -c #(nop) ADD file:abc in / ", "/bin/sh -c apt-get update"]


class Recited:
    """What an engine says of an image: its history, the oldest line first, and its layers."""

    def __init__(self, lines: list[str], layers: list[str]) -> None:
        self._lines, self.attrs = lines, {"RootFS": {"Layers": layers}}

    def history(self) -> list[dict[str, Any]]:
        return [{"CreatedBy": line} for line in reversed(self._lines)]


def written(plan: Plan, builder: str) -> list[str]:
    """The plan's own lines of history."""
    found = []
    for part in steps._ordered(plan):
        text = render.dockerfile([part]).strip()
        if isinstance(part, ins.Run):
            command = text.removeprefix("RUN ").replace("\\\n", "")
            classic = f"|1 EXTRA=x /bin/sh -c {command}"
            found.append(
                classic if builder == "classic" else f"RUN /bin/sh -c {command} # buildkit"
            )
        elif isinstance(part, ins.Copy | ins.Unpack | ins.Fetch):
            classic = f"/bin/sh -c #(nop) COPY file:0123 in {part.target} "
            found.append(classic if builder == "classic" else f"{text} # buildkit")
    return [*found, f"LABEL {dockerfile.PLAN_LABEL}=sha256:1"]


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
@pytest.mark.parametrize("name", CASES)
def test_the_plans_own_steps_are_all_known(name: str, builder: str) -> None:
    plan = make_plan(CASES[name]())
    assert list(steps.strange(plan, written(plan, builder))) == []


@pytest.mark.parametrize(
    "line",
    [
        "/bin/sh -c ln -sf bash /bin/sh",
        "RUN /bin/sh -c echo x > /etc/pip.conf # buildkit",
        "|2 A=1 B=2 /bin/sh -c chmod u+s /usr/bin/env",
        "COPY evil /usr/bin/ # buildkit",
        "/bin/sh -c #(nop) ADD file:9 in /etc ",
    ],
)
def test_a_step_more_is_told(line: str) -> None:
    plan = make_plan(CASES[next(iter(CASES))]())
    lines = written(plan, "classic")
    (found,) = steps.strange(plan, [*lines[:1], line, *lines[1:]])
    assert found.path.startswith("image.steps")


def test_steps_are_those_above_the_base_up_to_the_plans_end() -> None:
    ours = ["/bin/sh -c true", f"LABEL {dockerfile.PLAN_LABEL}=sha256:1"]
    image = Recited([*BASE, *ours, "/bin/sh -c later"], ["a", "b", "c", "d"])
    assert held.steps(image, ["a", "b"], len(BASE), "sha256:1") == ours


@pytest.mark.parametrize("layers", [["a", "x"], [], ["a", "b", "c", "d", "e"]])
def test_of_another_release_of_the_base_nothing_is_said(layers: list[str]) -> None:
    lines = [*BASE, "/bin/sh -c true", f"LABEL {dockerfile.PLAN_LABEL}=sha256:1"]
    image = Recited(lines, ["a", "b", "c", "d"])
    assert held.steps(image, layers, len(BASE), "sha256:1") is None


def test_a_step_that_was_edited_is_told_from_where_it_parts() -> None:
    plan = make_plan(next(iter(CASES.values()))())
    lines = written(plan, "classic")
    place, longest = max(enumerate(lines), key=lambda item: len(item[1]))
    assert len(longest) > 2 * steps.LONGEST
    lines[place] = f"{longest[:200]} EDITED {longest[200:]}"
    (found,) = steps.strange(plan, lines)
    assert "EDITED" in found.path


@pytest.mark.parametrize("flag", ["--chown=10001:10001", "--chmod=777"])
def test_an_owner_that_a_copy_gives_is_told(flag: str) -> None:
    """A service that owns its packages can change them."""
    plan = make_plan(next(iter(CASES.values()))())
    lines = written(plan, "classic")
    place = next(place for place, line in enumerate(lines) if "#(nop) COPY" in line)
    lines[place] = lines[place].replace("COPY file:", f"COPY {flag}file:")
    (found,) = steps.strange(plan, lines)
    assert flag in found.path
