"""Real keys and the system's ssh-keygen: what is signed, and what is refused with exit 5."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from envsnap import api
from tests.conftest import Run, lacking
from tests.golden import hosts


@pytest.fixture
def signed(envsnap: Run, tmp_path: Path) -> Path:
    """A signed manifest, its key, another key, and a file of allowed signers."""
    if shutil.which("ssh-keygen") is None:
        lacking("ssh-keygen is not installed")
    for name in ("mine", "stranger"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name], cwd=tmp_path, check=True
        )
    allow(tmp_path, "mine")
    api.save(hosts.dev(), str(tmp_path / "dev.json"))
    api.save(hosts.prod(), str(tmp_path / "prod.json"))
    done = envsnap("sign", "dev.json", "--key", "mine", "--statement", "statement.json")
    assert done.returncode == 0, done.stderr
    return tmp_path


def allow(folder: Path, key: str, options: str = 'namespaces="envsnap"') -> None:
    public = (folder / f"{key}.pub").read_text().split()
    (folder / "allowed").write_text(f"ci@example.org {options} {public[0]} {public[1]}\n")


def test_a_signature_names_the_file_and_the_fingerprint(signed: Path) -> None:
    import hashlib

    statement = json.loads((signed / "statement.json").read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    digests = {item["name"]: item["digest"]["sha256"] for item in statement["subject"]}
    data = (signed / "dev.json").read_bytes()
    assert digests["file"] == hashlib.sha256(data).hexdigest()
    assert f"sha256:{digests['fingerprint']}" == json.loads(data)["fingerprint"]


def test_the_system_verifies_it_without_us(signed: Path) -> None:
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ci@example.org", "-n", "envsnap", "-s", "dev.json.sig"],
        cwd=signed, input=(signed / "statement.json").read_bytes(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_good_signature_is_told(signed: Path, envsnap: Run) -> None:
    assert envsnap("sign", "prod.json", "--key", "mine").returncode == 0
    for command in (["diff", "dev.json", "prod.json"], ["check", "dev.json"]):
        done = envsnap(*command, "--allowed-signers", "allowed", "--fail-on", "never")
        assert done.returncode == 0, done.stderr
        assert "dev.json: signed by ci@example.org" in done.stderr


def test_every_manifest_has_to_be_signed(signed: Path, envsnap: Run) -> None:
    arguments = (
        "diff",
        "dev.json",
        "prod.json",
        "--fail-on",
        "never",
        "--allowed-signers",
        "allowed",
    )
    done = envsnap(*arguments)
    assert done.returncode == 5, done.stderr  # only the first one is
    assert "prod.json" in done.stderr
    assert envsnap("sign", "prod.json", "--key", "stranger").returncode == 0
    done = envsnap(*arguments)
    assert done.returncode == 5
    assert "signed by nobody" in done.stderr
    assert envsnap("sign", "prod.json", "--key", "mine").returncode == 0
    done = envsnap(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("signed by ci@example.org") == 2


def test_where_signatures_are_named_the_others_are_not_asked_for(
    signed: Path, envsnap: Run
) -> None:
    done = envsnap(
        "diff", "dev.json", "prod.json", "--fail-on", "never", "--allowed-signers", "allowed",
        "--signature", "dev.json.sig",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "dev.json: signed by ci@example.org" in done.stderr
    assert "prod.json: its signature was not asked for" in done.stderr


def refused(envsnap: Run, *arguments: str) -> str:
    done = envsnap("check", "dev.json", "--allowed-signers", "allowed", *arguments)
    assert done.returncode == 5, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_changed_byte_is_refused(signed: Path, envsnap: Run) -> None:
    data = (signed / "dev.json").read_text()
    (signed / "dev.json").write_text(data + " ")  # the same facts, label and fingerprint
    assert "does not match this file" in refused(envsnap)


def test_a_changed_label_is_refused(signed: Path, envsnap: Run) -> None:
    tree = json.loads((signed / "dev.json").read_text())
    tree["label"] = "another"
    (signed / "dev.json").write_text(json.dumps(tree))
    refused(envsnap)


def test_another_signer_is_refused(signed: Path, envsnap: Run) -> None:
    assert envsnap("sign", "dev.json", "--key", "stranger").returncode == 0
    assert "signed by nobody" in refused(envsnap)


def test_an_expired_signer_is_refused(signed: Path, envsnap: Run) -> None:
    allow(signed, "mine", 'valid-before="20200101"')
    refused(envsnap)


def test_another_namespace_is_refused(signed: Path, envsnap: Run) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", "mine", "-n", "git", "statement.json"],
        cwd=signed,
        check=True,
    )
    refused(envsnap, "--signature", "statement.json.sig")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "junk",
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
        "x" * 70_000,
    ],
)
def test_what_is_no_signature_is_refused(text: str, signed: Path, envsnap: Run) -> None:
    (signed / "dev.json.sig").write_text(text)
    refused(envsnap)


def test_a_missing_signature_is_refused(signed: Path, envsnap: Run) -> None:
    (signed / "dev.json.sig").unlink()
    refused(envsnap)


def test_verify_and_build_ask_for_it_before_anything_else(signed: Path, envsnap: Run) -> None:
    (signed / "dev.json").write_text((signed / "dev.json").read_text() + "\n")
    for command in (["verify", "dev.json"], ["build", "dev.json", "-t", "x:1"]):
        done = envsnap(*command, "--allowed-signers", "allowed")
        assert done.returncode == 5, (command, done.stderr)


def test_plans_and_proofs_are_signed_as_what_they_are(signed: Path, envsnap: Run) -> None:
    plan = next((Path(__file__).parents[2] / "dockerfiles").rglob("dockerfile.json"))
    shutil.copy(plan, signed / "plan.json")
    done = envsnap("verify", "dev.json", "--facts", "prod.json", "-o", "proof.json")
    assert done.returncode == 5, done.stderr  # prod is not dev: a proof can say so, too
    for kind in ("plan", "proof"):
        done = envsnap("sign", f"{kind}.json", "--key", "mine", "--statement", "it.json")
        assert done.returncode == 0, done.stderr
        assert json.loads((signed / "it.json").read_text())["predicate"]["kind"] == kind
        done = subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ci@example.org", "-n", "envsnap", "-s", f"{kind}.json.sig"],
            cwd=signed, input=(signed / "it.json").read_bytes(), capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_a_signature_without_signers_says_nothing(signed: Path, envsnap: Run) -> None:
    done = envsnap("check", "dev.json", "--signature", "dev.json.sig")
    assert done.returncode == 2
    assert "--allowed-signers" in done.stderr


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema_version": 1}', '{"schema_version": 1, "fingerprint": 5}']
)
def test_only_what_we_write_is_signed(text: str, signed: Path, envsnap: Run) -> None:
    (signed / "x.json").write_text(text)
    done = envsnap("sign", "x.json", "--key", "mine")
    assert done.returncode == 2
    assert not (signed / "x.json.sig").exists()


def test_a_key_that_is_none_is_refused(signed: Path, envsnap: Run) -> None:
    for key in ("nowhere", "dev.json"):
        done = envsnap("sign", "prod.json", "--key", key)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_the_same_text_in_another_encoding_is_not_the_signed_file(
    signed: Path, envsnap: Run, encoding: str
) -> None:
    text = (signed / "dev.json").read_text()
    assert envsnap("check", "dev.json", "--allowed-signers", "allowed").returncode != 5
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    (signed / "dev.json").write_bytes(mark + text.encode(encoding))
    assert envsnap("check", "dev.json", "--allowed-signers", "allowed").returncode == 5


def test_a_file_with_a_byte_order_mark_is_signed_as_it_lies(signed: Path, envsnap: Run) -> None:
    path = signed / "prod.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    done = envsnap("sign", "prod.json", "--key", "mine", "--statement", "made.json")
    assert done.returncode == 0, done.stderr
    import hashlib

    (file, _) = json.loads((signed / "made.json").read_text())["subject"]
    assert file["digest"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert envsnap("check", "prod.json", "--allowed-signers", "allowed").returncode != 5
    exported = envsnap("export", "prod.json", "--format", "in-toto", "-o", "exported.json")
    assert exported.returncode == 0, exported.stderr
    assert (signed / "exported.json").read_bytes() == (signed / "made.json").read_bytes()


def test_more_signatures_than_manifests_are_refused(signed: Path, envsnap: Run) -> None:
    named = ["--signature", "dev.json.sig", "--signature", "dev.json.sig"]
    done = envsnap("check", "dev.json", "--allowed-signers", "allowed", *named)
    assert done.returncode == 2
    assert "more signatures than manifests" in done.stderr
