"""The verdict of a proof, without an engine: what counts, what does not, and what is only said."""

from __future__ import annotations

import json

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from envsnap.changes.change import ChangeKind
from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import announced, held, proof, settings
from envsnap.image.proving.expected import tree
from envsnap.image.records import BaseSettings
from envsnap.image.writing import dockerfile
from envsnap.model.compute import Cuda, Framework, Frameworks, Library
from envsnap.model.host import EnvVars, System, Tool, Tools
from envsnap.model.inputs import Config, Configs
from envsnap.model.manifest import Manifest
from envsnap.model.python import Package, Packages
from envsnap.probe.verdict import Verdict
from tests import examples
from tests.image.image_cases import CASES, DEBIAN_12, changed, gpu, manifest

NOTHING = announced.Announced()


def judged(left: Manifest, right: Manifest, known: announced.Announced = NOTHING) -> proof.Proof:
    return proof.judge(left, right, "image x", known)


def env(**values: str) -> EnvVars:
    return EnvVars(complete=True, entries=values)


def whole() -> Manifest:
    return manifest(
        "3.11.7",
        {"six": Package(version="1.16.0", record_sha256="a" * 64), "numpy": "1.26.4"},
        DEBIAN_12,
        env_vars={"OMP_NUM_THREADS": "3"},
        **gpu("550.90.07", "Card", "9.0", 1),
    )


@pytest.mark.parametrize("name", CASES)
def test_a_manifest_proves_itself(name: str) -> None:
    made = CASES[name]()
    found = judged(made, made)
    assert found.proven
    assert found.facts == found.reproduced > 0
    assert (found.differs, found.announced, found.by_nature) == ((), (), ())
    json.loads(proof.encode(found))


def test_what_no_image_carries_is_told_and_does_not_count() -> None:
    here = whole()
    there = changed(here, **gpu("470.182.03", "Other", "7.5", 2))
    found = judged(here, there)
    assert found.proven
    assert found.facts == found.reproduced
    assert "driver.version" in {item.path for item in found.by_nature}


def test_each_kind_of_difference_counts() -> None:
    here = whole()
    there = changed(
        here,
        packages=Packages(
            complete=True,
            entries={"six": Package(version="1.16.0", record_sha256="b" * 64), "toml": Package()},
        ),
    )
    found = judged(here, there)
    assert not found.proven
    kinds = {item.path: item.kind.value for item in found.differs}
    assert kinds == {
        "packages.numpy": "removed",
        "packages.six.record_sha256": "changed",
        "packages.toml": "added",
    }
    assert found.reproduced == found.facts - 3


def test_what_cannot_be_seen_inside_is_not_proven() -> None:
    here = whole()
    there = changed(here, system=System(complete=True, gaps={"glibc": "error: no libc"}))
    found = judged(here, there)
    assert not found.proven
    (glibc,) = [item for item in found.differs if item.path == "system.glibc"]
    assert (glibc.kind.value, glibc.captured, glibc.reason) == (
        "unknown", "2.36", "error: no libc",
    )  # fmt: skip


def test_what_the_manifest_does_not_state_is_not_asked_for() -> None:
    here = whole()
    partial = changed(here, packages=Packages(complete=False, entries={"six": Package()}))
    found = judged(partial, here)
    assert found.proven


def test_a_section_that_is_missing_inside_is_missed_by_entry() -> None:
    configs = Configs(complete=True, entries={"app": Config(sha256="0" * 64)})
    here = changed(whole(), configs=configs)
    found = judged(here, whole())
    assert [item.path for item in found.differs] == ["configs.app"]
    assert judged(whole(), here).proven


def test_announced_differences_have_their_reasons() -> None:
    here = changed(
        whole(),
        env_vars=env(LANG="en_US.UTF-8", LD_PRELOAD="x", OMP_NUM_THREADS="3"),
        tools=Tools(complete=True, entries={"gcc": Tool(version="12")}),
    )
    there = changed(
        whole(),
        env_vars=env(LANG="C.UTF-8", OMP_NUM_THREADS="3", PYTHON_VERSION="3.11.7"),
    )
    known = announced.by(
        make_plan(here), here, BaseSettings(variables={"PYTHON_VERSION": "3.11.7"})
    )
    found = judged(here, there, known)
    assert found.proven
    reasons = {item.path: item.reason for item in found.announced}
    assert set(reasons) == {
        "env_vars.LANG", "env_vars.LD_PRELOAD", "env_vars.PYTHON_VERSION", "tools.gcc",
    }  # fmt: skip
    assert reasons["env_vars.LD_PRELOAD"] == ("it would change which libraries every program loads")
    assert not judged(here, there).proven


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "LD_LIBRARY_PATH", "TZ"])
def test_a_published_image_sets_nothing_of_these(name: str) -> None:
    here = manifest()
    handed_down = BaseSettings(variables={"PYTHON_VERSION": "3.11.7", name: "1"})
    path = ("env_vars", name)
    assert announced.by(make_plan(here), here, handed_down).reason(path, ChangeKind.ADDED) is None
    mine = announced.by(make_plan(here, "mine:1"), here, handed_down)
    assert mine.reason(path, ChangeKind.ADDED) == announced.BASE_SETS


@pytest.mark.parametrize(
    ("build", "excused"), [("main May  9 2026", False), ("main Jun  1 2026", True)]
)
def test_the_same_build_of_python_has_the_same_library(build: str, excused: bool) -> None:
    def host(build: str, core: str) -> Manifest:
        python = {
            "version": "3.11.7",
            "build": build,
            "compiler": "GCC 12.2.0",
            "library": {"core": core * 64},
        }
        return examples.manifest({"python": python, "packages": examples.packages(six="1.16.0")})

    here, there = host("main May  9 2026", "0"), host(build, "1")
    known = announced.by(make_plan(manifest()), here)
    found = proof.judge(here, there, "x", known)
    assert ("python.library.core" in {item.path for item in found.announced}) is excused
    assert ("python.library.core" in {item.path for item in found.differs}) is not excused
    expected = json.loads(json.dumps(tree(here, known, frozenset())))
    verdict = Verdict(expected)
    sections = {
        name: {"facts": facts, "gaps": {}, "complete": False}
        for name, facts in (
            (
                "python",
                {
                    "version": "3.11.7",
                    "build": build,
                    "compiler": "GCC 12.2.0",
                    "library": {"core": "1" * 64},
                },
            ),
        )
    }
    verdict.compare(
        {"sections": {**sections, "packages": {"facts": {}, "gaps": {}, "complete": False}}}
    )
    assert ("python.library.core" in {row[0] for row in verdict.announced}) is excused


def test_files_that_no_distribution_claims_are_told_where_they_are_lost() -> None:
    """A cache, or data that a program put into the packages: no wheel brings it."""
    here = whole()
    packages = replace(here.sections.packages, unclaimed={"idna/tab.py": "a" * 64})
    captured = changed(here, packages=packages)
    inside = changed(here, packages=replace(packages, unclaimed={}))
    found = judged(captured, inside, announced.by(make_plan(captured), captured))
    assert found.proven
    lost = {item.path: item.reason for item in found.announced}
    assert "carry it with --app" in lost['packages.unclaimed["idna/tab.py"]']
    assert not judged(captured, inside).proven  # nobody said so


def test_another_value_of_a_carried_variable_is_never_announced() -> None:
    here = whole()
    there = changed(here, env_vars=env(OMP_NUM_THREADS="4"))
    assert not judged(here, there, announced.by(make_plan(here), here)).proven


@pytest.mark.parametrize("base", ["auto", "cuda", "mine:1"])
def test_another_python_is_never_announced(base: str) -> None:
    """Neither by a base of which nothing is known, nor by a Python that is copied into one."""
    here = manifest(
        "3.11.9", {"six": "1.16.0"}, DEBIAN_12, cuda=Cuda(complete=True, toolkit="12.4")
    )
    there = changed(here, python=replace(here.sections.python, version="3.11.8", gil=False))
    found = judged(here, there, announced.by(make_plan(here, base), here))
    assert {item.path for item in found.differs} >= {"python.version", "python.gil"}


def test_a_base_of_which_nothing_is_known_excuses_nothing() -> None:
    here = whole()
    there = changed(here, system=replace(here.sections.system, os_id="alpine", glibc="2.31"))
    found = judged(here, there, announced.by(make_plan(here, "mine:1"), here))
    assert {item.path for item in found.differs} == {"system.glibc", "system.os_id"}


def test_lost_packages_are_announced_by_nobody() -> None:
    """The plan says that it leaves an editable install behind; it is lost all the same."""
    here = manifest(packages={"app": Package(version="0.1", editable=True), "six": "1.16.0"})
    plan = make_plan(here)
    assert [item.path for item in plan.not_carried] == ["packages.app"]
    found = judged(here, manifest(packages={"six": "1.16.0"}), announced.by(plan, here))
    assert [item.path for item in found.differs] == ["packages.app"]


def test_the_system_s_libraries_may_differ_in_their_build_only() -> None:
    def with_library(build: str, version: str, path: str) -> Manifest:
        library = Library(path=path, version=version, build_id=build)
        framework = Framework(version="2.0", mapped_on_import={"libssl.so.3": library})
        return changed(whole(), frameworks=Frameworks(complete=True, entries={"torch": framework}))

    system = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
    here = with_library("aa", "3", system)
    known = announced.by(make_plan(here), here)
    assert judged(here, with_library("bb", "3", system), known).proven
    assert not judged(here, with_library("aa", "4", system), known).proven
    own = with_library("aa", "3", "/srv/venv/lib/python3.11/site-packages/x/libssl.so.3")
    known = announced.by(make_plan(own), own)
    assert not judged(own, with_library("bb", "3", "/srv/x"), known).proven


def test_limits_let_pass_what_is_less_severe() -> None:
    here = whole()
    found = judged(here, changed(here, env_vars=env(OMP_NUM_THREADS="4")))
    (item,) = found.differs
    assert not proof.only_at_least(found, {item.path: 1}, 1).proven
    assert proof.only_at_least(found, {item.path: 2}, 1).proven
    assert not proof.only_at_least(found, {}, 0).proven, "what no rule ranks counts as the worst"
    assert proof.only_at_least(found, {}, -1).proven


def test_the_verdict_comes_first_and_names_what_differs() -> None:
    here = whole()
    there = replace(changed(here, env_vars=env(OMP_NUM_THREADS="4")))
    told = list(proof.lines(judged(here, there), 5))
    assert told[0].startswith("NOT proven: ")
    assert told[0].endswith("1 differ, 0 otherwise as announced, in image x")
    assert told[1] == "differs: env_vars.OMP_NUM_THREADS: captured 3, inside 4"


@pytest.mark.parametrize("lost", ["python", "packages"])
def test_a_manifest_without_what_an_environment_is_proves_nothing(lost: str) -> None:
    here = whole()
    kept = replace(here.sections, **{lost: UNSET})
    cut = replace(here, sections=kept)
    found = judged(cut, here)
    assert not found.differs
    assert not found.proven
    assert lost not in found.covered
    assert any(line.startswith(f"{lost}: the manifest has no such") for line in found.not_covered)
    assert not proof.only_at_least(found, {}, 0).proven
    assert next(proof.lines(found, 3)).startswith("NOT proven")


@pytest.mark.parametrize("field", ["altered", "missing"])
def test_what_was_edited_where_it_was_captured_is_not_inside(field: str) -> None:
    def described(*files: str) -> Manifest:
        six = Package(version="1.16.0", record_sha256="a" * 64)
        six = replace(six, **{field: files}) if files else six
        here = manifest("3.11.7", {"six": six, "numpy": "1.26.4"}, DEBIAN_12)
        packages = replace(here.sections.packages, verified=True)
        return replace(here, sections=replace(here.sections, packages=packages))

    found = judged(described("six.py"), described())
    assert [item.path for item in found.differs] == [f"packages.six.{field}"]
    assert not found.proven
    assert judged(described("six.py"), described("six.py")).proven


@pytest.mark.parametrize(("zone", "proven"), [("Etc/UTC", True), ("UTC", True), ("Asia/Tokyo", False)])  # fmt: skip
def test_an_image_keeps_utc_and_no_other_zone(zone: str, proven: bool) -> None:
    here = manifest("3.11.7", {"six": "1.16.0"}, {**DEBIAN_12, "timezone": "Europe/Berlin"})
    there = manifest("3.11.7", {"six": "1.16.0"}, {**DEBIAN_12, "timezone": zone})
    known = announced.Announced({"system.timezone": "an image keeps UTC unless TZ is set"})
    assert judged(here, there, known).proven is proven


@pytest.mark.parametrize(("reference", "told"), [(None, True), ("mine:1", False)])
def test_what_a_published_base_does_not_hand_down_is_told(
    reference: str | None, told: bool
) -> None:
    plan = make_plan(manifest(), reference) if reference else make_plan(manifest())
    base = BaseSettings(
        variables={"PYTHON_VERSION": "3.11.7", "BASH_ENV": "/etc/x"},
        further={"Healthcheck": '{"Test":["CMD","kill","1"]}'},
    )
    ordered = dockerfile.variables(plan)
    image = held.Held(
        id="sha256:1",
        settings=BaseSettings(
            variables={**dict(base.variables), **ordered}, user="10001:10001", further=base.further
        ),
        command=("python",), folder="/app", labels={},
    )  # fmt: skip
    found = {item.path for item in settings.differences(plan, image, base)}
    assert ("image.env.BASH_ENV" in found) is told
    assert ("image.healthcheck" in found) is told
    assert "image.env.PYTHON_VERSION" not in found
