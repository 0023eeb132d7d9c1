"""junit, code-quality and in-toto, judged by their own readers; the command itself."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from envsnap import api
from envsnap.cli.export import FORMS
from envsnap.errors import InputError
from envsnap.export import registry
from tests.conftest import Run
from tests.export.conftest import TEXTS, foreign, hostile, mixed
from tests.golden import hosts

GOLDEN = Path(hosts.__file__).parent / "dev-prod"


def test_the_command_names_every_form() -> None:
    assert tuple(registry.FORMS) == FORMS
    assert api.forms()["junit"] == "JUnit XML"


def suite(text: bytes):
    parser = foreign("junitparser")
    (found,) = parser.JUnitXml.fromstring(text)
    return found


def test_junitparser_reads_failures_and_passes() -> None:
    data, _ = api.exported(hosts.prod(), "junit", reference=hosts.dev(), name="prod.json")
    found = suite(data)
    assert (found.tests, found.failures, found.errors, found.skipped) == (12, 7, 0, 0)
    failed = {case.name for case in found if case.result and case.result[0].type == "error"}
    assert failed == {'weights["model.pt"].sha256 (weights)'}
    passed = [case for case in found if not case.result]
    assert len(passed) == 5


def test_a_report_of_several_hosts_is_a_suite_each(envsnap: Run) -> None:
    names = [str(GOLDEN / f"{name}.json") for name in ("dev", "prod", "dev")]
    done = envsnap("diff", *names, "--format", "junit")
    assert done.returncode == 1, done.stderr
    found = list(foreign("junitparser").JUnitXml.fromstring(done.stdout.encode()))
    assert [(suite.failures, suite.tests > 0) for suite in found] == [(7, True), (0, True)]


def test_a_check_without_findings_is_one_case_that_passed() -> None:
    found = suite(api.exported(hosts.dev(), "junit")[0])
    assert (found.tests, found.failures, found.skipped) == (1, 0, 0)


def test_what_is_unknown_is_skipped_and_counted() -> None:
    from tests import examples

    other = examples.manifest({"python": {"version": "3.9.16"}}, gaps={"python": {"gil": "denied"}})
    found = suite(api.exported(other, "junit", reference=hosts.dev())[0])
    assert found.skipped == 1
    assert sum(bool(case.is_skipped) for case in found) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_stay_xml_and_json(text: str) -> None:
    reference, other = hosts.dev(), hostile(text)
    found = suite(api.exported(other, "junit", reference=reference, name=text)[0])
    assert found.tests == len(list(found))
    json.loads(api.exported(other, "code-quality", reference=reference, name=text)[0])


def test_code_quality_points_at_the_line_of_the_fact(envsnap: Run) -> None:
    done = envsnap(
        "export", GOLDEN / "dev.json", GOLDEN / "prod.json", "--format", "code-quality", cwd=GOLDEN
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    lines = (GOLDEN / "prod.json").read_text().splitlines()
    weights = next(item for item in found if item["check_name"] == "weights")
    assert weights["severity"] == "critical"
    assert hosts.OTHER_WEIGHTS in lines[weights["location"]["lines"]["begin"] - 1]
    prints = [item["fingerprint"] for item in found]
    assert len(set(prints)) == len(prints)
    # What GitLab's documentation says that an entry has to have.
    for item in found:
        assert set(item) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert item["severity"] in ("info", "minor", "major", "critical", "blocker")


def test_in_toto_s_own_library_takes_the_statement(envsnap: Run, tmp_path: Path) -> None:
    import hashlib

    module = foreign("in_toto_attestation.v1.statement")
    from google.protobuf.json_format import Parse

    pb = foreign("in_toto_attestation.v1.statement_pb2")
    api.save(mixed(), str(tmp_path / "it.json"))
    done = envsnap("export", "it.json", "--format", "in-toto")
    assert done.returncode == 0, done.stderr
    statement = module.Statement.copy_from_pb(Parse(done.stdout, pb.Statement()))
    statement.validate()
    digests = {item.name: item.digest["sha256"] for item in statement.pb.subject}
    file = hashlib.sha256((tmp_path / "it.json").read_bytes()).hexdigest()
    assert digests == {"file": file, "fingerprint": mixed().fingerprint.removeprefix("sha256:")}


def test_what_describes_one_environment_takes_one(envsnap: Run) -> None:
    for form, entry in registry.FORMS.items():
        if not entry.judges:
            done = envsnap("export", GOLDEN / "dev.json", GOLDEN / "prod.json", "--format", form)
            assert done.returncode == 2
            assert "describes one environment" in done.stderr


def test_bad_input_is_one_line(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "junk.txt").write_text("nothing\n")
    for arguments in (
        ("none.json", "--format", "junit"),
        ("junk.txt", "--format", "requirements"),
        (str(GOLDEN / "dev.json"), "--format", "junit", "-o", "none/it.xml"),
    ):
        done = envsnap("export", *arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
    done = envsnap("export", "-", "--format", "in-toto", stdin=(GOLDEN / "dev.json").read_bytes())
    assert done.returncode == 2


def test_a_manifest_on_standard_input(envsnap: Run) -> None:
    data = (GOLDEN / "prod.json").read_bytes()
    done = envsnap("export", "-", "--format", "requirements", stdin=data)
    assert done.returncode == 0
    assert "transformers==4.25.1" in done.stdout


def test_save_writes_a_form(tmp_path: Path) -> None:
    import envsnap

    path = tmp_path / "it.xml"
    envsnap.save(hosts.prod(), str(path), form="junit", reference=hosts.dev())
    assert suite(path.read_bytes()).failures == 7
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="no form of this name"):
        envsnap.save(hosts.prod(), str(path), form="pdf")
    with pytest.raises(InputError, match="needs a form"):
        envsnap.save(hosts.prod(), str(path), reference=hosts.dev())


def test_a_policy_is_followed(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "envsnap.toml").write_text(
        '[[ignore]]\nrule = "weights"\nreason = "tried on purpose"\n'
    )
    done = envsnap("export", GOLDEN / "dev.json", GOLDEN / "prod.json", "--format", "junit")
    assert suite(done.stdout.encode()).failures == 6
