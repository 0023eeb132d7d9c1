"""Words of other languages for a password, and what stays of a text beside a secret."""

from __future__ import annotations

import json

import pytest

from envsnap.intake import config_trees
from envsnap.redact import decision, keys

NAMES = [
    "пароль",
    "пароля",
    "парольБД",
    "DBパスワード",
    "パスワード2",
    "hasło",
    "hasło_bazy",
    "mật_khẩu",
    "סיסמה",
    "كلمة_المرور",
    "รหัสผ่าน",
    "κωδικός",
    "암호",
    "db_密码",
    "geslo",
    "slaptažodis",
    "salasõna",
    "lozinka",
    "passord",
    "kodeord",
    "Geheimschlüssel",
    "SNMP_AUTHPASS",
    "MQPASS",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_password_has_other_names(name: str) -> None:
    for value in ("Kraanvogel", "берёзка", "Клён-12"):
        assert decision.value(name, value)[0] is None
    assert decision.value(name, "${FROM_VAULT}")[0] == "${FROM_VAULT}"


@pytest.mark.parametrize(
    "name", ["lowpass", "bypass", "compass", "two_pass", "forward_pass", "surpass"]
)
def test_what_passes_is_no_password(name: str) -> None:
    assert keys.weigh(name) < keys.PERHAPS


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("signed in using password Scholekster as joe", "signed in using password % as joe"),
        ("using passphrase Roerdomp as key", "using passphrase % as key"),
        ("logged in with token Kwak as bob", "logged in with token % as bob"),
        ("start with token embedding as input", "start with token embedding as input"),
    ],
)
def test_the_secret_is_cut_and_not_who_comes_with_it(line: str, stays: str) -> None:
    assert decision.part(line)[0] == stays.replace("%", decision.REDACTED)


def test_schedules_and_patterns_are_settings() -> None:
    for key, value in (
        ("rotate_credentials", "30 2 1 */3 *"),
        ("re_password", r"(?i)pass(word)?\s*[:=]"),
    ):
        assert decision.value(key, value) == (value, None)


def test_json_in_a_text_keeps_its_other_settings() -> None:
    gaps: dict[str, str] = {}
    text = json.dumps(
        {"user": "jsn", "password": "Pimpelmees4", "timeout": 35, "model": "gpt2-medium"}
    )
    shown = config_trees.redact({"service": text}, ("app",), gaps)["service"]
    assert json.loads(shown) == {**json.loads(text), "password": decision.REDACTED}
    assert list(gaps) == ["app.service"]


def test_arguments_behind_a_password_stay() -> None:
    words = ["train.py", "--db-pass=x9Lq7mTTe", "--tokenizer", "gpt2-medium"]
    assert config_trees.redact({"args": words}, ("app",), {})["args"] == [
        words[0],
        None,
        *words[2:],
    ]


def test_an_address_loses_its_token_alone() -> None:
    token = "ghp_" + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
    assert (
        decision.value("url", f"https://{token}@github.com/acme/b.git")[0]
        == "https://github.com/acme/b.git"
    )
