"""A policy: what its entries match, what becomes of findings, and what is refused."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap import api
from envsnap.errors import InputError
from envsnap.model.paths import text
from envsnap.rules import policy, rollout
from envsnap.rules.engine import Result
from envsnap.rules.finding import Severity
from tests import examples
from tests.golden import hosts


def ruled(toml: str, reference: Any = None, other: Any = None) -> Result:
    """Diff two manifests (the golden pair) under a policy."""
    parsed = policy.parse(tomllib.loads(toml), "envsnap.toml")
    return api.diff(reference or hosts.dev(), other or hosts.prod(), policy=parsed)


def severities(result: Result) -> dict[str, Severity]:
    return {text(finding.path): finding.severity for finding in result.findings}


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("packages.numpy.version", ("packages", "numpy", "version"), True),
        ("packages.numpy", ("packages", "numpy", "version"), True),
        ("packages", ("packages", "numpy"), True),
        ("packages.nump", ("packages", "numpy", "version"), False),
        ("packages.numpy.version", ("packages", "numpy"), False),
        ("packages.nvidia-*", ("packages", "nvidia-cublas-cu12", "version"), True),
        ("packages.*.version", ("packages", "ruamel.yaml", "version"), True),
        ("packages.*.version", ("packages", "ruamel.yaml", "wheel"), False),
        ('packages["ruamel.yaml"]', ("packages", "ruamel.yaml", "version"), True),
        ('packages["ruamel.*"]', ("packages", "ruamel.yaml", "version"), False),
        ('packages["ruamel.*"]', ("packages", "ruamel.*", "version"), True),
        ("gpus[*].vbios", ("gpus", "3", "vbios"), True),
        ("gpus[0].vbios", ("gpus", "1", "vbios"), False),
        ("gpus[0].vbios", ("gpus", "0", "vbios"), True),
        ("*.torch.version", ("frameworks", "torch", "version"), True),
        ("env_vars.OMP_*", ("env_vars", "OMP_NUM_THREADS"), True),
        ("env_vars.OMP_*", ("env_vars", "OMPI"), False),
    ],
)
def test_patterns(pattern: str, path: tuple[str, ...], fits: bool) -> None:
    assert policy.covers(pattern, path) is fits


@given(path=st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple))
def test_every_path_is_a_pattern_for_itself(path: tuple[str, ...]) -> None:
    assert policy.covers(text(path), path)
    assert not policy.covers(text((*path, "more")), path)
    assert not policy.covers(text(path), (path[0] + "x", *path[1:]))


@pytest.mark.parametrize(
    "pattern", ["", ".a", "a.", "a..b", "a b", "[x]", 'a["b]', "a[", "a]", "a/b"]
)
def test_what_is_no_path(pattern: str) -> None:
    assert policy.keys_of(pattern) == ()


def test_ignore_takes_findings_out_and_keeps_them_with_the_reason() -> None:
    result = ruled('[[ignore]]\nrule = "seeds"\nreason = "prod seeds by the clock"')
    assert "seeds.torch" not in severities(result)
    (ruling,) = result.ruled.rulings
    assert text(ruling.finding.path) == "seeds.torch"
    assert ruling.severity is None
    assert ruling.entry.reason == "prod seeds by the clock"
    before = api.diff(hosts.dev(), hosts.prod())
    assert len(before.findings) == len(result.findings) + 1
    assert before.compared == result.compared


def test_rule_and_path_must_both_fit() -> None:
    entry = '[[ignore]]\nrule = "seeds"\npath = "driver"\nreason = "r"'
    result = ruled(entry)
    assert result.ruled.rulings == ()
    assert result.ruled.matched == ()
    assert len(result.findings) == 9


def cards(ecc: bool | None) -> Any:
    """A host of three cards, of which the second and the third have another ECC."""
    entries = {
        str(place): {"name": "NVIDIA A100", "ecc": True if place == 0 else ecc}
        for place in range(3)
    }
    return examples.manifest({"gpus": {"entries": entries}})


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ('ignore]]\npath = "gpus[1]"', {"gpus[2].ecc": Severity.WARNING}),
        ('ignore]]\npath = "gpus[2].ecc"', {"gpus[1].ecc": Severity.WARNING}),
        ('ignore]]\npath = "gpus"', {}),
        (
            'severity]]\npath = "gpus[2]"\nseverity = "error"',
            {"gpus[1].ecc": Severity.WARNING, "gpus[2].ecc": Severity.ERROR},
        ),
    ],
)
def test_an_entry_about_one_card_is_not_about_the_others(
    entry: str, wanted: dict[str, Severity]
) -> None:
    """Equal changes of several cards are one finding; the policy names one of them."""
    result = ruled(f'[[{entry}\nreason = "r"', cards(ecc=True), cards(ecc=False))
    assert severities(result) == wanted


def test_an_entry_about_a_package_holds_for_its_framework_too() -> None:
    result = ruled(
        '[[severity]]\npath = "packages.torch"\nseverity = "error"\nreason = "r"\n'
        '[[ignore]]\npath = "frameworks.torch.cuda"\nreason = "r"'
    )
    assert severities(result)["frameworks.torch.version"] is Severity.ERROR


def test_severity_changes_the_rank_and_the_worst() -> None:
    result = ruled(
        '[[severity]]\npath = "weights"\nseverity = "info"\nreason = "the model is retrained"\n'
        '[[severity]]\nrule = "python-version"\nseverity = "error"\nreason = "pickles travel"'
    )
    found = severities(result)
    assert found['weights["model.pt"].sha256'] is Severity.INFO
    assert next(iter(found)) == "python.version"
    assert result.worst() is Severity.ERROR
    assert {(ruling.finding.severity, ruling.severity) for ruling in result.ruled.rulings} == {
        (Severity.ERROR, Severity.INFO),
        (Severity.WARNING, Severity.ERROR),
    }
    assert list(found.values()) == sorted(found.values(), key=lambda severity: severity.rank)


def test_the_first_entry_counts_and_one_that_changes_nothing_is_no_change() -> None:
    result = ruled(
        '[[severity]]\nrule = "seeds"\nseverity = "warning"\nreason = "as it is"\n'
        '[[severity]]\nrule = "seeds"\nseverity = "error"\nreason = "never reached"'
    )
    assert severities(result)["seeds.torch"] is Severity.WARNING
    assert result.ruled.rulings == ()
    assert result.ruled.matched == ("severity[0]",)


def test_an_allowed_version_is_no_difference_to_speak_of() -> None:
    result = ruled('[[allow]]\npath = "python"\nversions = ">=3.8,<3.10"\nreason = "both run"')
    assert "python.version" not in severities(result)
    assert [ruling.entry.path for ruling in result.ruled.rulings] == ["python.version"]


def test_a_version_outside_is_a_finding_of_its_own() -> None:
    allow = '[[allow]]\npath = "driver"\nversions = ">=525"\nreason = "what we tested"\n'
    result = ruled(allow)
    told = [finding for finding in result.findings if finding.rule == "policy"]
    assert [(text(one.path), one.severity, one.other) for one in told] == [
        ("driver.version", Severity.WARNING, "470.182.03")
    ]
    assert "what we tested" in told[0].why
    assert len(result.findings) == 10
    harder = ruled(allow + 'outside = "error"\n')
    assert harder.findings[1].rule == "policy"
    assert harder.findings[1].severity is Severity.ERROR


def test_a_range_never_hides_an_error() -> None:
    facts = {
        "frameworks": {"entries": {"torch": {"version": "2.6.0", "cuda": "12.4"}}},
    }
    reference = examples.manifest({**facts, "driver": {"version": "550.54.15"}})
    other = examples.manifest({**facts, "driver": {"version": "450.51.06"}})
    result = ruled('[[allow]]\npath = "driver"\nversions = ">=400"\nreason = "r"', reference, other)
    assert result.worst() is Severity.ERROR


def test_a_package_s_range_holds_for_its_framework_too() -> None:
    result = ruled('[[allow]]\npath = "packages.torch"\nversions = ">=1.12,<2"\nreason = "r"')
    assert "frameworks.torch.version" not in severities(result)
    assert "frameworks.torch.cuda" in severities(result)


@pytest.mark.parametrize(
    ("version", "versions", "allowed"),
    [
        ("1.12.0+cu113", ">=1.12,<2", True),
        ("1.12.0+cu113", "==1.12.*", True),
        ("2.0.0rc1", "<2.1", True),
        ("2.0.0rc1", ">=2.0.0", False),
        ("not a version", ">=0", False),
        ("9" * 600, ">=0", False),
    ],
)
def test_ranges(version: str, versions: str, allowed: bool) -> None:
    assert policy._is_in(version, versions) is allowed


def test_check_is_judged_too() -> None:
    parsed = policy.parse(
        {"allow": [{"path": "packages.numpy", "versions": "<1.20", "reason": "old wheels"}]}, "p"
    )
    found = api.check(hosts.prod(), policy=parsed)
    assert [finding.other for finding in found.findings if finding.rule == "policy"] == ["1.23.5"]


def test_what_is_not_known_is_not_judged() -> None:
    result = ruled('[[allow]]\npath = "packages.scipy"\nversions = ">=1"\nreason = "r"')
    assert len(result.findings) == 9
    assert result.ruled.matched == ()


def test_the_policy_of_the_docs_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    parsed = policy.parse(tomllib.loads(example), "envsnap.toml")
    assert [entry.place for entry in parsed.entries] == ["ignore[0]", "severity[0]", "allow[0]"]
    assert parsed.entries[2].path == "driver.version"


BAD = {
    "an unknown table": ({"ignored": []}, 'unknown key "ignored"'),
    "an unknown key": (
        {"ignore": [{"rule": "seeds", "reason": "r", "until": "x"}]},
        'ignore[0]: unknown key "until"',
    ),
    "no table": ({"ignore": {"rule": "seeds"}}, "[[ignore]]"),
    "no reason": ({"ignore": [{"rule": "seeds"}]}, "ignore[0]: has no reason"),
    "an empty reason": ({"ignore": [{"rule": "seeds", "reason": " "}]}, "ignore[0]: reason must"),
    "a reason that is no text": ({"ignore": [{"rule": "seeds", "reason": 3}]}, "reason must"),
    "neither rule nor path": ({"ignore": [{"reason": "r"}]}, "neither a rule nor a path"),
    "an unknown rule": ({"ignore": [{"rule": "seed", "reason": "r"}]}, 'no rule "seed"'),
    "a path that is none": ({"ignore": [{"path": "a b", "reason": "r"}]}, 'path "a b"'),
    "an unknown section": (
        {"ignore": [{"rule": "seeds", "reason": "r"}, {"path": "package.x", "reason": "r"}]},
        'ignore[1]: no section of a manifest is called "package"',
    ),
    "no severity": ({"severity": [{"rule": "seeds", "reason": "r"}]}, "has no severity"),
    "an unknown severity": (
        {"severity": [{"rule": "seeds", "severity": "fatal", "reason": "r"}]},
        "error, warning or info",
    ),
    "a bad specifier": (
        {"allow": [{"path": "python", "versions": "3.8+", "reason": "r"}]},
        'versions "3.8+" is no version specifier',
    ),
    "no versions": ({"allow": [{"path": "python", "reason": "r"}]}, "needs a path and versions"),
    "a range without a path": ({"allow": [{"versions": ">1", "reason": "r"}]}, "neither a rule"),
    "a range for many": (
        {"allow": [{"path": "packages.*", "versions": ">1", "reason": "r"}]},
        "path may not hold *",
    ),
}


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6) | st.sampled_from(["seeds", "python", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ignore", "severity", "allow", "rule", "path", "versions", "reason", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(tree=st.dictionaries(st.sampled_from(["ignore", "severity", "allow", "x"]), JSON))
def test_any_tree_is_a_policy_or_one_line(tree: dict[str, Any]) -> None:
    try:
        parsed = policy.parse(tree, "envsnap.toml")
    except InputError as error:
        assert len(str(error).splitlines()) == 1
        assert str(error).startswith("envsnap.toml: ")
    else:
        assert all(entry.reason for entry in parsed.entries)
        api.diff(hosts.dev(), hosts.prod(), policy=parsed)


@pytest.mark.parametrize("case", BAD)
def test_mistakes_are_told_with_their_place(case: str) -> None:
    tree, told = BAD[case]
    with pytest.raises(InputError) as caught:
        policy.parse(tree, "envsnap.toml")
    assert str(caught.value).startswith("envsnap.toml: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


ROLLOUT = (
    '[[rollout]]\npath = "driver"\nfrom = "470.182.03"\nto = "525.60.13"\nuntil = 2026-12-15\n'
    'reason = "ticket 7"\n'
)
LAST_DAY = date(2026, 12, 15)


def rolled(written: str, day: date) -> Result:
    """What is found of dev and prod on a day."""
    parsed = policy.parse(tomllib.loads(written), "envsnap.toml")
    return policy.apply(parsed, api.diff(hosts.dev(), hosts.prod()), hosts.prod(), day)


def test_a_rollout_allows_both_versions_until_its_day_and_then_the_later() -> None:
    reasons = {
        text(ruling.finding.path): ruling.entry.reason
        for ruling in rolled(ROLLOUT, LAST_DAY).ruled.rulings
    }
    assert reasons == {"driver.version": "ticket 7"}
    late = rolled(ROLLOUT, LAST_DAY + timedelta(days=1))
    assert late.ruled.rulings == ()
    (told,) = [finding for finding in late.findings if finding.rule == "policy"]
    assert told.message == (
        "driver.version is 470.182.03; the policy allows 525.60.13 since the rollout ended on"
        " 2026-12-15"
    )
    assert told.expected == "525.60.13 since the rollout ended on 2026-12-15"


def test_a_third_version_is_outside_a_rollout_on_every_day() -> None:
    other = ROLLOUT.replace("470.182.03", "515.48.07") + 'outside = "error"\n'
    for day in (LAST_DAY, LAST_DAY + timedelta(days=1)):
        (told,) = [item for item in rolled(other, day).findings if item.rule == "policy"]
        assert (told.severity, told.other) == (Severity.ERROR, "470.182.03")


def test_a_rollout_never_hides_an_error() -> None:
    facts = {"frameworks": {"entries": {"torch": {"version": "2.6.0", "cuda": "12.4"}}}}
    reference = examples.manifest({**facts, "driver": {"version": "550.54.15"}})
    other = examples.manifest({**facts, "driver": {"version": "450.51.06"}})
    parsed = policy.parse(tomllib.loads(ROLLOUT.replace("470.182.03", "450.51.06")), "envsnap.toml")
    result = policy.apply(parsed, api.diff(reference, other), other, LAST_DAY)
    assert result.worst() is Severity.ERROR


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("6.1.0-18-amd64", "6.1.0-18-amd64", True),  # a kernel is no version of PEP 440
        ("6.1.0-19-amd64", "6.1.0-18-amd64", False),
        ("2.6.0+cu126", "2.6.0", True),
        ("2.6.0+cu126", "2.6.0+cu124", False),
        ("550.54.15", "==550.54.*", True),
        ("550.90.07", "550.54.15", False),
        ("12.4", "12.4.0", True),
        ("9" * 600, ">=0", False),
        ("2.6.0", "no version", False),
    ],
)
def test_what_fits_a_side_of_a_rollout(version: str, wanted: str, fits: bool) -> None:
    assert rollout.fits(version, wanted) is fits


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"from": None}, "rollout[0]: has no from"),
        ({"to": None}, "rollout[0]: has no to"),
        ({"until": None}, "rollout[0]: has no until"),
        ({"path": None}, "names neither a rule nor a path"),
        ({"until": "soon"}, "until must be a date, for example 2026-12-15"),
        ({"until": "2026-13-01"}, "until must be a date"),
        ({"until": datetime(2026, 1, 1, tzinfo=UTC)}, "until must be text"),
        ({"to": "1"}, "from and to are the same"),
        ({"path": "packages.*"}, "may not hold *"),
        ({"reason": None}, "has no reason"),
        ({"versions": "1"}, 'unknown key "versions"'),
    ],
)
def test_a_rollout_that_cannot_be_read_is_refused(changed: dict[str, Any], told: str) -> None:
    row = {"path": "driver", "from": "1", "to": "2", "until": "2026-12-15", "reason": "r"}
    row = {key: value for key, value in {**row, **changed}.items() if value is not None}
    with pytest.raises(InputError, match=re.escape(told)):
        policy.parse({"rollout": [row]}, "p")


def test_a_rollout_s_day_may_be_text_or_a_date() -> None:
    quoted = policy.parse(tomllib.loads(ROLLOUT.replace("2026-12-15", '"2026-12-15"')), "p")
    assert quoted.entries[0].window == policy.parse(tomllib.loads(ROLLOUT), "p").entries[0].window
