"""SARIF as GitHub's code scanning asks for it, from the command itself."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.report import sarif
from tests import examples
from tests.conftest import Run
from tests.golden import hosts
from tests.report.test_sanitize import HOSTILE, render

GOLDEN = Path(hosts.__file__).parent / "dev-prod"
LEVELS = {"error", "warning", "note"}


def required(log: dict[str, Any]) -> list[dict[str, Any]]:
    """Assert what GitHub's page on SARIF support requires, and its limits; return the results."""
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "envsnap"
    assert len(run["results"]) <= 5000
    for rule in driver["rules"]:
        assert 0 < len(rule["id"]) <= 255
        for key in ("shortDescription", "fullDescription"):
            assert 0 < len(rule[key]["text"]) <= 1024
        assert rule["help"]["text"]
        assert "helpUri" not in rule or urlsplit(rule["helpUri"]).scheme == "https"
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    prints = set()
    for result in run["results"]:
        assert result["level"] in LEVELS
        assert result["message"]["text"]
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert re.fullmatch(r"[!-~]+", uri)
        assert place["region"]["startLine"] >= 1
        if place["artifactLocation"].get("uriBaseId"):
            assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
            assert not urlsplit(uri).scheme
            assert not uri.startswith("/")
        else:
            assert uri.startswith("file:///")
        prints.add((uri, result["ruleId"], result["partialFingerprints"]["envsnapFinding/v1"]))
    assert len(prints) == len(run["results"])
    return list(run["results"])


def results(envsnap: Run, *arguments: str | Path, cwd: Path) -> list[dict[str, Any]]:
    """Run a command and look at its SARIF."""
    done = envsnap(*arguments, "--format", "sarif", cwd=cwd)
    assert done.returncode in (0, 1), done.stderr
    return required(json.loads(done.stdout))


def test_findings_stand_on_the_lines_of_the_other_manifest(envsnap: Run) -> None:
    lines = (GOLDEN / "prod.json").read_text().split("\n")
    found = results(envsnap, "diff", "dev.json", "prod.json", cwd=GOLDEN)
    assert len(found) == 9
    shown = {}
    for result in found:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "prod.json", "uriBaseId": "%SRCROOT%"}
        name = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        shown[name] = lines[place["region"]["startLine"] - 1].strip()
    assert shown["python.version"] == '"version": "3.8.10",'
    assert shown["frameworks.torch.version"] == '"version": "1.12.0+cu113",'
    assert shown["driver.version"] == '"version": "470.182.03",'
    assert shown["configs.app.logging.path"] == '"path": "/var/log/app"'
    assert [result["level"] for result in found] == ["error", *["warning"] * 6, *["note"] * 2]


def test_a_removed_fact_stands_on_its_parent_s_line(envsnap: Run, tmp_path: Path) -> None:
    import envsnap as library

    for name, packages in (("a", {"numpy": "2.0", "torch": "2.6"}), ("b", {"numpy": "2.0"})):
        made = examples.manifest({"packages": examples.packages(**packages)})
        library.save(made, str(tmp_path / f"{name}.json"))
    (result,) = results(envsnap, "diff", "a.json", "b.json", cwd=tmp_path)
    line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert (tmp_path / "b.json").read_text().split("\n")[line - 1].strip() == '"packages": {'


def test_check_points_at_its_own_manifest(envsnap: Run, tmp_path: Path) -> None:
    """Two findings of one rule about one fact keep two prints."""
    import envsnap as library

    built = {"version": "2.6.0", "cuda": "12.4"}
    old = examples.manifest(
        {
            "driver": {"version": "450.51.06"},
            "frameworks": {"entries": {"torch": built, "jax": built}},
        }
    )
    library.save(old, str(tmp_path / "it.json"))
    found = results(envsnap, "check", "it.json", cwd=tmp_path)
    minimum = [result for result in found if result["ruleId"] == "driver-minimum"]
    assert len(minimum) == 2
    for result in minimum:
        line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert "450.51.06" in (tmp_path / "it.json").read_text().split("\n")[line - 1]
        assert result["level"] == "error"


def test_addresses_of_files(envsnap: Run, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "a:b").mkdir(parents=True)
    inside, outside = work / "a:b" / "prod ü#1.json", tmp_path / "prod 100%.json"
    for path in (inside, outside):
        shutil.copy(GOLDEN / "prod.json", path)
    for name, path in (("a:b/prod ü#1.json", inside), ("../prod 100%.json", outside)):
        found = results(envsnap, "diff", GOLDEN / "dev.json", name, cwd=work)
        place = found[0]["locations"][0]["physicalLocation"]["artifactLocation"]
        base = work if "uriBaseId" in place else Path("/")
        told = unquote(place["uri"].removeprefix("file://"))
        assert (base / told).resolve() == path
        assert ("uriBaseId" in place) is (path == inside)


def test_reports_of_other_tools_are_pointed_into(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("click==8.1.7\nnumpy==1.26.4\ntorch==2.3.0\n")
    (tmp_path / "prod.txt").write_text("click==8.1.7\n# by hand\nnumpy==2.0.1\ntorch==2.3.0\n")
    (result,) = results(envsnap, "diff", "dev.txt", "prod.txt", cwd=tmp_path)
    place = result["locations"][0]["physicalLocation"]
    assert place["region"]["startLine"] == 3
    assert place["artifactLocation"]["uri"] == "prod.txt"


def test_standard_input_is_refused(envsnap: Run) -> None:
    data = (GOLDEN / "prod.json").read_bytes()
    for command in (("diff", GOLDEN / "dev.json", "-"), ("check", "-")):
        done = envsnap(*command, "--format", "sarif", stdin=data)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "standard input" in done.stderr
    done = envsnap("diff", "-", "prod.json", "--format", "sarif", stdin=data, cwd=GOLDEN)
    assert done.returncode == 0


def test_prints_stay_when_lines_and_values_change(envsnap: Run, tmp_path: Path) -> None:
    cut = (GOLDEN / "prod.json").read_text().replace("3.8.10", "3.7.1")
    (tmp_path / "cut.json").write_text(cut)
    assert envsnap("capture", "--seal", "cut.json", "-o", "prod.json").returncode == 0
    sealed = (tmp_path / "prod.json").read_text()
    (tmp_path / "prod.json").write_text(sealed.replace("{\n", "{\n\n"))
    (tmp_path / "dev.json").write_bytes((GOLDEN / "dev.json").read_bytes())
    first, second = (
        {
            result["partialFingerprints"]["primaryLocationLineHash"]: result["locations"][0][
                "physicalLocation"
            ]["region"]["startLine"]
            for result in results(envsnap, "diff", "dev.json", "prod.json", cwd=folder)
        }
        for folder in (GOLDEN, tmp_path)
    )
    assert set(first) <= set(second)
    assert all(second[key] > line for key, line in first.items())


def test_several_others_each_keep_their_file(envsnap: Run, tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        shutil.copy(GOLDEN / f"{name}.json", tmp_path / f"{name}.json")
    shutil.copy(GOLDEN / "prod.json", tmp_path / "second.json")
    found = results(envsnap, "diff", "dev.json", "prod.json", "second.json", cwd=tmp_path)
    files = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in found
    ]
    assert sorted(files) == ["prod.json"] * 9 + ["second.json"] * 9


def test_too_many_findings_are_cut_and_said(envsnap: Run, tmp_path: Path) -> None:
    import envsnap as library

    for name in ("a", "b"):
        variables = {f"OMP_X{index}": name for index in range(sarif.MOST_RESULTS + 7)}
        made = examples.manifest({"env_vars": {"entries": variables}})
        library.save(made, str(tmp_path / f"{name}.json"))
    assert len(results(envsnap, "diff", "a.json", "b.json", cwd=tmp_path)) == sarif.MOST_RESULTS
    done = envsnap("diff", "a.json", "b.json", "--format", "sarif", cwd=tmp_path)
    (note,) = json.loads(done.stdout)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("7 findings are left out")


@given(text=st.text(max_size=40) | st.sampled_from([*HOSTILE, "[a](1)", "{0}", "../../x", "-"]))
def test_hostile_text(text: str) -> None:
    found = required(json.loads(render(text, "sarif")))
    for result in found:
        assert "](" not in result["message"]["text"]
        assert not re.search(r"(?<!\{)\{\d+\}", result["message"]["text"])


@pytest.mark.parametrize("identifier", ["weights", "difference", "policy", "\x1b[2J"])
def test_every_rule_has_a_page(identifier: str) -> None:
    assert sarif._page(identifier).isprintable() or "\n" in sarif._page(identifier)
