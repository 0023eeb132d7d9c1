"""Secrets planted everywhere appear nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envsnap.intake import config_trees, reader
from envsnap.probe import secrets
from envsnap.redact import kinds
from tests.conftest import Run
from tests.probe.test_broken_environments import install

ENV = {
    "HF_TOKEN": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "DB_PASSWORD": "hunter2-env",
    "PIP_INDEX_URL": "https://user:s3cr3t-index@index.example/simple",
    "UV_EXTRA_INDEX_URL": "https://tok3n-uv@index.example/simple?key=q-uv",
    "DATABASE_URL": "postgres://app:s3cr3t-db@db.example/app",
    "SLACK_WEBHOOK": "https://hooks.slack.com/services/T0/B0/s3cr3tHook99",
    "HF_ENDPOINT": "https://u:s3cr3t-hf@hf.example",
    "TORCH_API_KEY": "s3cr3t-torch",
    "HTTPS_PROXY": "http://me:s3cr3t-proxy@proxy.example:8080",
    "MYSQL_PWD": "s3cr3t-mysql",
    "OPENAI_APIKEY": "s3cr3t-openai",
    "VLLM_HEADER": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s3cr3tSig",
    "CI_REPOSITORY_URL": "https://gitlab-ci-token:s3cr3t-ci@gitlab.example/x.git",
    "TF_PRIVATE": "-----BEGIN RSA PRIVATE KEY-----\ns3cr3tPem\n-----END RSA PRIVATE KEY-----",
}
NEEDLES = (
    "hf_AbCd",
    "hunter2",
    "s3cr3t",
    "tok3n",
    "q-uv",
    "swordfish",
    "xyzzy",
    "plugh",
    "AKIAIOSFODNN7",
)
YAML = """
database:
  password: swordfish-yaml
  url: postgres://u:swordfish-url@db/x
api_key: "swordfish-key"
tokens_file: /run/tokens
tokenizer: bert-base   # not a secret
pad_token: "<pad>"
max_tokens: 256
nested: {token: swordfish-flow, keep: 1}
private_key: |
  -----BEGIN PRIVATE KEY-----
  swordfishPem
  -----END PRIVATE KEY-----
secrets:
  - swordfish-one
  - swordfish-two
aws: AKIAIOSFODNN7EXAMPLE
callback: https://hooks.slack.com/services/T000/B000/swordfishhook
password_anchor: &p swordfish-anchor
"""
JSON = json.dumps(
    {
        "auth": {"user": "me", "password": "xyzzy-json"},
        "endpoint": "https://k:xyzzy-url@h/p?sig=xyzzy-sas",
        "client_secret": ["xyzzy-list"],
        "eos_token_id": 2,
        "keep": "value",
    }
)
INI = "[db]\nuser = me\npassword = plugh-ini\nkeep = 1\n"
DOTENV = "export API_TOKEN='plugh-env'\nKEEP=1\nURL=redis://:plugh-redis@host/0\n"
TOML = 'title = "x"\nsecret_key = "plugh-toml"\nlong_secret = """\nplugh-multi\n"""\nkeep = 1\n'


def planted(folder: Path) -> None:
    """Put secrets into files, a git remote and a direct_url.json."""
    for name, text in {
        "a.yaml": YAML,
        "b.json": JSON,
        "c.ini": INI,
        ".env": DOTENV,
        "d.toml": TOML,
    }.items():
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(
        ["git", "remote", "add", "origin", "https://bot:s3cr3t-git@git.example/x.git"],
        cwd=folder,
        check=True,
    )
    info = install(folder / "site", "direct", "1.0")
    (info / "direct_url.json").write_text(
        json.dumps(
            {
                "url": "git+https://ci:s3cr3t-direct@git.example/d.git?token=s3cr3t-query",
                "vcs_info": {"vcs": "git", "commit_id": "0" * 40},
            }
        )
    )


CONFIGS = [
    option
    for name in ("a.yaml", "b.json", "c.ini", ".env", "d.toml")
    for option in ("--config", name)
]


def test_no_secret_enters_a_manifest_or_a_report(envsnap: Run, tmp_path: Path) -> None:
    planted(tmp_path)
    env = {**ENV, "PYTHONPATH": str(tmp_path / "site")}
    done = envsnap(
        "capture",
        "--no-import",
        "-o",
        "it.json",
        *CONFIGS,
        "--env",
        "DB_PASSWORD",
        "--env",
        "DATABASE_URL",
        "--seed",
        "torch=1",
        env=env,
    )
    assert done.returncode == 0, done.stderr
    other = envsnap("capture", "--no-import", "-o", "other.json")
    assert other.returncode == 0
    shown = [
        envsnap("diff", "it.json", "other.json", "--format", style).stdout
        for style in ("terminal", "markdown", "json")
    ]
    everything = "\n".join([(tmp_path / "it.json").read_text(), done.stdout, done.stderr, *shown])
    assert [needle for needle in NEEDLES if needle in everything] == []


def test_what_is_left_out_is_said_and_the_rest_is_kept(envsnap: Run, tmp_path: Path) -> None:
    planted(tmp_path)
    env = {**ENV, "PYTHONPATH": str(tmp_path / "site")}
    assert envsnap("capture", "--no-import", "-o", "it.json", *CONFIGS, env=env).returncode == 0
    sections = reader.load(str(tmp_path / "it.json")).manifest.sections
    assert sections.env_vars.entries["PIP_INDEX_URL"] == "https://index.example/simple"
    assert sections.env_vars.entries["HTTPS_PROXY"] == "http://proxy.example:8080"
    assert sections.env_vars.gaps["HF_TOKEN"].startswith("redacted: ")
    assert "DB_PASSWORD" in sections.env_vars.others
    assert sections.git.remote == "https://git.example/x.git"
    assert sections.packages.entries["direct"].origin.url == "git+https://git.example/d.git"
    assert sections.packages.entries["direct"].origin.commit == "0" * 40
    tree = sections.configs.entries["a.yaml"].tree
    assert tree["tokenizer"] == "bert-base"
    assert (tree["pad_token"], tree["max_tokens"]) == ("<pad>", "256")
    assert tree["nested"] == {"keep": "1"}
    assert sections.configs.gaps['["a.yaml"].database.password'].startswith("redacted: ")
    assert sections.configs.entries["b.json"].tree["eos_token_id"] == 2
    assert sections.configs.entries["c.ini"].tree == {"db": {"user": "me", "keep": "1"}}
    assert sections.configs.entries[".env"].tree["KEEP"] == "1"
    assert sections.configs.entries["d.toml"].tree["keep"] == 1


def test_no_secret_leaves_the_host_in_a_facts_file(envsnap: Run, tmp_path: Path) -> None:
    planted(tmp_path)
    assert envsnap("probe", "--no-import", *CONFIGS, "-o", "probe.py").returncode == 0
    import os

    done = subprocess.run(
        [sys.executable, "probe.py", "--api-key", "s3cr3t-argv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ENV, "PYTHONPATH": str(tmp_path / "site")},
    )
    assert [needle for needle in NEEDLES if needle in done.stdout] == []


def test_arguments_of_a_process_are_named_and_not_shown(envsnap: Run, tmp_path: Path) -> None:
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; time.sleep(60)",
            "--api-key",
            "s3cr3t-1",
            "--pw=s3cr3t-2",
        ]
    )
    try:
        done = envsnap("capture", "--pid", str(server.pid), "--no-import", "-o", "it.json")
    finally:
        server.kill()
        server.wait()
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "it.json").read_text()
    assert "s3cr3t" not in text
    flags = reader.load(str(tmp_path / "it.json")).manifest.sections.process.flags
    assert set(flags) == {"-c", "--api-key", "--pw"}


@pytest.mark.parametrize(
    "text",
    [
        "https://u:a/bS3CRET@h.example/x", "https://u:p@S3CRET@h.example/x", "//u:S3CRET@h/x",
        "u:S3CRET@proxy:8080", "admin:S3CRET@db:5432/x", "user:S3CRET@h:x.git",
        "https://h.example/x#access_token=S3CRET", "https://h.example/x;token=S3CRET",
        '{"password":"S3CRET"}', "--api-key S3CRET", "--flag=1 --api_key=S3CRET", "API_KEY=S3CRET",
        "Server=db;Pwd=S3CRET;", "Basic dXNlcjpTM0NSRVQ=S3CRET", "Authorization: Bearer S3CRET-abcdef",
        '{\\"password\\":\\"S3CRET\\"}', "sv=2020&sig=S3CRETabcdef%2F", "---- BEGIN SSH2 S3CRET",
    ],
)  # fmt: skip
def test_no_value_keeps_a_secret(text: str) -> None:
    assert "S3CRET" not in (secrets.clean_value(text) or "")


CONFIG_TREES = [
    {"name": "DB_PASSWORD", "value": "S3CRET"},
    {"value": "S3CRET", "Key": "api_token"},
    {"args": ["--api-key=S3CRET"]},
    {"args": ["--api-key", "S3CRET", "keep"]},
    {"api.key": "S3CRET"},
    {"api key": "S3CRET"},
    {"creds": "S3CRET"},
    {"jwt": "S3CRET"},
    {"tokens": "S3CRET"},
    {"access_tokens": ["S3CRET"]},
    {"auth_tokens": {"a": "S3CRET"}},
    {"x" * 300 + "_password": "S3CRET"},
    {"openaiKey": "S3CRET"},
    {"cmd": "serve --api-key S3CRET"},
    {"credentials": {"a": {"b": "S3CRET"}, "c": 2}},
    {"token": [["S3CRET"]]},
]


@pytest.mark.parametrize("tree", CONFIG_TREES, ids=repr)
def test_no_tree_keeps_a_secret(tree: dict[str, object]) -> None:
    gaps: dict[str, str] = {}
    assert "S3CRET" not in repr(config_trees.redact(tree, ("app",), gaps))
    assert gaps


HARMLESS = {
    "description": "invalid password: try again",
    "help": "pass a token: see docs",
    "lr": 1,
    "chat_template": "{{ {'token': eos_token} }}",
    "use_auth_token": False,
    "auth_required": "false",
    "token_shift": 2,
    "class_token": True,
    "eot_token": "<eot>",
    "max_tokens": 256,
    "patch_token": 1,
    "password": "",
}


def test_ordinary_configs_survive() -> None:
    gaps: dict[str, str] = {}
    assert config_trees.redact(HARMLESS, ("app",), gaps) == HARMLESS
    assert gaps == {}


def test_parse_errors_do_not_quote_the_file() -> None:
    for text, kind in (
        ("[db\nS3CRET", "ini"),
        ("a: ]S3CRET", "yaml"),
        ("a = S3CRET", "toml"),
        ('{"a" S3CRET', "json"),
    ):
        with pytest.raises(config_trees.UnparsedError) as caught:
            config_trees.parse(text, kind)
        assert "S3CRET" not in str(caught.value)


@given(
    password=st.text(
        alphabet=st.characters(
            codec="ascii", exclude_characters="/\"'<> \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x00"
        ),
        min_size=1,
        max_size=40,
    )
)
def test_user_information_never_stays_in_a_url(password: str) -> None:
    assume(not kinds.is_reference(password))  # {{ password }} and ***** say that it is elsewhere
    cleaned = secrets.clean_url(f"https://user:{password}@host.example/path")
    assert cleaned.startswith("https://host.example")


@pytest.mark.parametrize("password", ["op:0", "vault:kim", "\x1b[A"])
def test_a_password_that_looks_like_a_reference_does_not_stay(password: str) -> None:
    """Elsewhere these name where a secret is kept, or are a terminal's colour."""
    cleaned = secrets.clean_url(f"https://user:{password}@host.example/path")
    assert cleaned.startswith("https://host.example")


def test_a_password_that_begins_like_a_variable_does_not_stay() -> None:
    assert "dJ4k" not in secrets.clean_url("https://user:$dJ4kq8Zt2Lw@host.example/path")
    assert "$DB_PASSWORD" in secrets.clean_url("https://user:$DB_PASSWORD@host.example/path")


@given(
    value=st.text(
        alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=8, max_size=30
    ),
    key=st.sampled_from(["password", "api_key", "HF_TOKEN"]),
)
def test_no_format_lets_a_password_through(value: str, key: str) -> None:
    assume(not kinds.is_plain(value))  # numbers are shown whatever the key says
    assume(not kinds.is_setting(value))
    for text, kind in (
        (f"{key}: {value}\nkeep: 1\n", "yaml"),
        (f'{{"{key}": "{value}", "keep": 1}}', "json"),
        (f'{key} = "{value}"\nkeep = 1\n', "toml"),
        (f"[s]\n{key} = {value}\nkeep = 1\n", "ini"),
        (f"{key}={value}\nKEEP=1\n", "env"),
    ):
        gaps: dict[str, str] = {}
        tree = config_trees.redact(config_trees.parse(text, kind), ("app",), gaps)
        assert value not in json.dumps(tree)
        assert gaps


def test_hostile_configs_are_bounded(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text, kind in (
        (bomb, "yaml"),
        ("[" * 5000, "yaml"),
        ("!!python/object/apply:os.system ['touch x']", "yaml"),
        ("[" * 100_000, "json"),
        ('{"a": NaN}', "json"),
        ("a = ", "toml"),
        ("no section", "ini"),
        ("no equals sign", "env"),
        ("? [a, b]\n: c", "yaml"),
    ):
        try:
            tree = config_trees.parse(text, kind)
        except config_trees.UnparsedError as error:
            assert "\n" not in str(error)
        else:
            assert "os.system" not in repr(tree) or isinstance(tree, list)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "access_" * 15_000,
        "a:" * 50_000,
        "://" * 30_000,
        "token" * 20_000,
        '"' * 50_000,
        "eyJ" * 30_000,
        "-----BEGIN " * 9_000,
    ],
)
def test_no_text_makes_the_patterns_slow(text: str) -> None:
    import time

    started = time.process_time()
    secrets.clean_message(text)
    secrets.clean_value(text)
    # Not a measure of speed: a quadratic pattern takes minutes on these.
    assert time.process_time() - started < 20
