"""Values first, then the key; every cut leaves a reason, and nothing else is touched."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.redact import decision, digests, keys, trees

SECRET_NAMES = ("password", "api_key", "token", "secret", "credentials", "x", "WANDB_KEY", "auth")


@given(
    number=st.one_of(st.integers(), st.floats(), st.booleans(), st.none()),
    name=st.sampled_from(SECRET_NAMES),
)
def test_no_number_and_no_switch_is_ever_hidden(number: object, name: str) -> None:
    tree = {name: number, "args": [number], "env": [{"name": name, "value": number}]}
    gaps: list[object] = []
    walk = trees.Walk(lambda *cut: gaps.append(cut))
    assert repr(walk.tree(tree, ("app",))) == repr(tree)
    assert gaps == []
    if number is not None:
        text = str(number).lower() if isinstance(number, bool) else str(number)
        assert decision.value(name, text) == (text, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resize", "1920:1080@30"), ("aspect", "16:9@60"), ("low_pass", "8000"), ("dsn", "sqlite:///a.db"),
        ("token_pooling", "mean"), ("args", "--max-num-batched-tokens=8192"), ("api_key", "EMPTY"),
        ("weights", "https://models.example/m.pt?versionId=3sL4kqtJlcpXroDTDmJ"), ("password", "${DB_PASSWORD}"),
        ("checkpoint", "s3://bucket/m.pt#step-1000"), ("commit", "9fceb02d0ae598e95dc970b74767f19372d61af8"),
        ("device", "GPU-8f5e1c2a-1234-5678-9abc-def012345678"), ("help", "pass a token: see docs"),
        ("memory", "512Mi"), ("version", "2.1.0+cu118"), ("betas", "0.9, 0.999"), ("password", "123456"),
        ("image", "nvcr.io/nvidia/pytorch:23.10-py3@sha256:" + "9b2a28eb" * 8), ("repo", "git@host:org/repo.git"),
    ],
)  # fmt: skip
def test_settings_are_shown_whatever_the_key_says(key: str, value: str) -> None:
    assert decision.value(key, value) == (value, None)


@pytest.mark.parametrize(
    "value",
    ["AKIA" + "IOSFODNN7ABCDEFG", "ghp_" + "a1B2" * 9, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc123",
     "-----BEGIN EC PRIVATE KEY-----\nabc\n", "q7Jx2LmPz9Rk4TnWv8Ys3Bc6Df1Gh5Ua",
     base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nabcdefgh\n-----END PRIVATE KEY-----\n").decode()],
)  # fmt: skip
def test_tokens_are_left_out_whatever_the_key_says(value: str) -> None:
    for key in ("note", "tokenizer", "model", ""):
        assert decision.value(key, value)[0] is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Bearer S3CRET-abcdef", "Bearer …"),
        ("redis-server --requirepass S3CRETab --maxmemory 768mb", "redis-server --requirepass … --maxmemory 768mb"),
        ("Server=db7;Port=5432;Password=S3CRETab;Encrypt=yes", "Server=db7;Port=5432;Password=…;Encrypt=yes"),
        ('{"temperature": 0.35, "api_key": "S3CRETab"}', '{"temperature": 0.35, "api_key": "…"}'),
        ("<conf><url>db7</url><sig>q7Jx2LmPz9Rk4TnWv8Ys3Bc6Df1Gh5Ua</sig></conf>", "<conf><url>db7</url><sig>…</sig></conf>"),
    ],
)  # fmt: skip
def test_of_one_line_the_rest_is_shown(value: str, shown: str) -> None:
    for key in ("note", "command", "ARGS"):
        found, why = decision.value(key, value, variable=key.isupper())
        assert (found or "").replace(decision.REDACTED, "…") == shown
        assert why


def test_certificates_are_public() -> None:
    text = "-----BEGIN CERTIFICATE-----\nMIIB4TCCAYugAwIBAgIU\n-----END CERTIFICATE-----\n"
    for shown in (text, base64.b64encode(text.encode()).decode()):
        assert decision.value("certificate-authority-data", shown) == (shown, None)


def test_an_address_keeps_what_is_no_secret() -> None:
    text = "https://me:s3cr3t@h.example/m.pt?sig=abcd&versionId=7&token=q9w8e7#step-1000"
    shown, why = decision.value("weights", text)
    assert shown == "https://h.example/m.pt?versionId=7#step-1000"
    assert why == "user information of an address"


CUT = [
    {"name": "DB_PASSWORD", "value": "S3CRET"}, {"value": "S3CRET", "Key": "api_token"},
    {"args": ["--api-key=S3CRET"]}, {"args": ["--api-key", "S3CRET", "keep"]}, {"api key": "S3CRET"},
    {"creds": "S3CRET"}, {"tokens": "S3CRET"}, {"access_tokens": ["S3CRET"]}, {"auth_tokens": {"a": "S3CRET"}},
    {"openaiKey": "S3CRET"}, {"cmd": "serve --api-key S3CRET"}, {"credentials": {"a": {"b": "S3CRET"}, "c": 2}},
    {"token": [["S3CRET"]]}, {"headers": [["Authorization", "Bearer S3CRET"]]}, {"env": {"WANDB_KEY": "S3CRET"}},
    {"kind": "Secret", "stringData": {"any": "S3CRET"}}, {"kty": "EC", "d": "S3CRETS3CRET"},
    {"data": {"c.yaml": "a: 1\npassword: S3CRET\n"}}, {"data": {".env": "A=1\nWANDB_KEY=S3CRET\n"}},
    {"data": {"x": "a: |\n  b: |\n    password: S3CRET\n    lr: 1\n"}}, {"args": ["redis-cli", "-a", "S3CRET"]},
    {"data": {"c.json": '{"a": {"password": "S3CRET", "b": 1}}'}}, {"run": "# password: S3CRET\npython t.py\n"},
    {"args": ["curl", "-u", "me:S3CRET", "https://x.example"]}, {"note": "the password is S3CRET"},
    {"jdbc": "jdbc:oracle:thin:me/S3CRET@//db:1521/x"}, {"password_hash": "S3CRET"},
]  # fmt: skip


def redacted(tree: object) -> tuple[object, dict[str, str]]:
    from envsnap.intake import config_trees

    gaps: dict[str, str] = {}
    return config_trees.redact(tree, ("app",), gaps), gaps


@pytest.mark.parametrize("tree", CUT, ids=repr)
def test_no_tree_keeps_a_secret(tree: dict[str, object]) -> None:
    kept, gaps = redacted(tree)
    assert "S3CRET" not in json.dumps(kept)
    assert gaps
    assert all(why.startswith("redacted: ") for why in gaps.values())


def test_settings_beside_a_secret_inside_a_text_stay() -> None:
    kept, gaps = redacted({"data": {"c.yaml": "max_tokens: 256\npassword: hunter2\nlr: 0.1\n"}})
    assert kept == {
        "data": {"c.yaml": f"max_tokens: 256\npassword: {decision.REDACTED}\nlr: 0.1\n"}
    }
    assert list(gaps) == ['app.data["c.yaml"]']


def test_references_of_kubernetes_stay() -> None:
    tree = {
        "env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "app-db", "key": "db-password"}}}],
        "imagePullSecrets": [{"name": "regcred"}],
        "volumes": [{"name": "s", "secret": {"secretName": "app-tls", "items": [{"key": "tls.crt", "path": "c.crt"}]}}],
        "automountServiceAccountToken": False,
    }  # fmt: skip
    assert redacted(tree) == (tree, {})


def test_a_key_tells_equal_secrets_and_nothing_else() -> None:
    one, two = b"k" * 32, b"l" * 32
    first = digests.reason("why", "hunter2", one)
    assert "hunter2" not in first
    assert digests.agree(first, digests.reason("why", "hunter2", one)) is True
    assert digests.agree(first, digests.reason("why", "hunter3", one)) is False
    assert digests.agree(first, digests.reason("why", "hunter2", two)) is None
    assert digests.agree(first, digests.reason("why", "hunter2")) is None
    assert digests.agree("redacted", "redacted") is None


@given(st.text(max_size=200))
def test_whatever_the_text_is_the_decision_ends_and_gives_a_reason_for_each_cut(text: str) -> None:
    for key in ("x", "password", "DB_KEY"):
        shown, why = decision.value(key, text)
        assert (shown == text) == (why is None)
    assert isinstance(decision.message(text, {}), str)


def test_short_words_of_a_setting_are_shown_under_a_token_and_hidden_under_a_password() -> None:
    assert decision.value("token", "mean") == ("mean", None)
    assert decision.value("password", "mean")[0] is None
    assert not decision.hides("true", keys.PASSWORD)


@pytest.mark.parametrize(
    "symbol",
    [
        "_ZN3c106detail14torchCheckFailEPKcS2_jRKSs",
        "_ZNK5torch8autograd4Node4nameB5cxx11Ev",
        "_ZN2at4_ops10zeros_like4callERKNS_6TensorESt8optionalIN3c1010ScalarTypeEE",
        "_ZTIN3c105ErrorE",
    ],
)
def test_a_mangled_symbol_is_shown(symbol: str) -> None:
    """A check shows it as evidence; each part of it says how long it is."""
    tree = {"missing_symbols": [symbol]}
    decision.sweep(tree, lambda *_: None)
    assert tree == {"missing_symbols": [symbol]}
    assert decision.part(symbol)[0] == symbol


def test_what_tells_no_length_is_no_symbol() -> None:
    for text in ("ZkQx7Lm2VbN4tR8wYcA1sD6f", "_ZkQxLmVbN99tRwYcA1sD6fGh7Jk"):
        tree = {"name": text}
        decision.sweep(tree, lambda *_: None)
        assert tree["name"] != text
