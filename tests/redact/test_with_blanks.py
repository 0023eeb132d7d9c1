"""Passwords with blanks, in languages, and beside names in dots; and what only looks like one."""

from __future__ import annotations

import pytest

from envsnap.redact import decision, digests
from envsnap.redact.trees import Walk

MARK = decision.REDACTED


@pytest.mark.parametrize(
    "line",
    [
        "curl -u 'bot:{}' https://h.example",
        "sshpass -p '{}' ssh h.example",
        "mysql -u root -p'{}' db",
        '7z x -p"{}" a.7z',
        'redis-cli -a "{}" ping',
        "openssl rsa -passin 'pass:{}' -in k",
        "smbclient -U 'bob%{}' //h/s",
        "Server=x;Password={};Timeout=3",
    ],
)
def test_a_password_ends_where_its_quotes_end(line: str) -> None:
    assert decision.message(line.format("drei Worte da"), {}) == line.format(MARK)


@pytest.mark.parametrize(
    "line",
    [
        "\u015fifre: {}",
        "has\u0142o to {}",
        "l\u00f6senordet \u00e4r {}",
        "salasana on {}",
        "\u5bc6\u7801\u662f{}",
        "\ube44\ubc00\ubc88\ud638: {}",
        "\u043f\u0430\u0440\u043e\u043b\u044c \u2014 {}",
        "\u092a\u093e\u0938\u0935\u0930\u094d\u0921: {}",
        "spring.rabbitmq.password:{}",
        "pw:{}",
        '{{password, "{}"}}',
    ],
)
def test_a_name_with_its_value(line: str) -> None:
    assert decision.message(line.format("kiesel12"), {}) == line.format(MARK)


def test_the_other_half_of_a_pair_of_aws_goes_with_its_id() -> None:
    pair = "AKIA" + "Q7" * 8 + ":" + "wJalrXUtnF/MIaK7MDEN+GabPxRfiCYExampl3kY"[:40]
    assert decision.message(pair, {}) == MARK


@pytest.mark.parametrize(
    "line",
    [
        "02:42:ac:11:00:1f",
        "srun -p gpu-h100 -u python x.py",
        "docker login --password-stdin registry.example.com",
        "loss:0.5123 lr:1e-4 model.key:encoder",
    ],
)
def test_settings_that_look_like_a_login_are_shown(line: str) -> None:
    assert decision.message(line, {}) == line


def test_a_checksum_of_secrets_is_a_checksum() -> None:
    tree = {"checksum/secret": "7c" * 32, "authorization": "rbac"}
    assert Walk(lambda *_: None).tree(tree, ()) == tree


def test_of_an_argument_the_address_remains() -> None:
    lost: list[str] = []
    walk = Walk(lambda *cut: lost.append(cut[-1]))
    shown = walk.tree({"args": ["--uri", "mysql://u:kiesel12@db13/mlflow"]}, ())
    assert len(lost) == 1
    assert "db13/mlflow" in shown["args"][1]
    assert "kiesel" not in str(shown)
    script = walk.tree({"command": ["sh", "-c", "mysql -pkiesel12 -h calm"]}, ())
    assert script["command"][2] == f"mysql -p{MARK} -h calm"


def test_a_digest_is_no_part_of_the_reason() -> None:
    why = digests.reason("user and password", "x", b"k" * 32)
    words, made = digests.split(why)
    assert words == "redacted: user and password"
    assert why == words + made
    for other in ("redacted: x; hmac-sha256 zz:1", "error: y", why[:-1], "a" + why):
        assert digests.split(other) == (other, "")
