"""Sentences of other languages, and of a change, that tell a password; and those that tell of one."""

from __future__ import annotations

import pytest

from envsnap.redact import decision


@pytest.mark.parametrize(
    "said",
    [
        "das Passwort ist {}", 'Das Passwort für den Server lautet "{}".', "le mot de passe est {}",
        "la contraseña es {}", "Пароль: {}", "密码\uff1a{}", "パスワード: {}", "비밀번호: {}", "heslo je {}",
        "la password è «{}»", "Passwort: {} (nur intern)", "Usuario: m Contraseña: {}",
        "Kennwort wurde auf {} geändert", "hasło: {}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "lr: 0.1\n{}\nsteps: 5"])
def test_a_password_that_a_sentence_tells_is_left_out(said: str, around: str) -> None:
    shown, why = decision.value("note", around.format(said.format("sonnenblume")))
    assert "sonnenblume" not in (shown or "")
    assert why
    assert "0.1" not in around or "steps: 5" in (shown or "")


@pytest.mark.parametrize(
    "said",
    ["password changed from 'safran11' to 'piment22'", "rotated the API key from ab12cd34x to zz98yx76w"],
)  # fmt: skip
def test_both_sides_of_a_change_are_left_out(said: str) -> None:
    shown = decision.value("note", said)[0] or ""
    assert not any(word in shown for word in ("safran11", "piment22", "ab12cd34x", "zz98yx76w"))


@pytest.mark.parametrize(
    "said",
    [
        "das Passwort ist falsch", "le mot de passe est incorrect", "la contraseña es obligatoria",
        "Пароль неверный", "密码错误",
        "the key is moved from layer1 to layer2", "key changed from layers.0 to blocks.0", "secret moved from vault to disk",
        "token rate from 100 to 200 per second",
    ],
)  # fmt: skip
def test_what_tells_of_a_password_is_shown(said: str) -> None:
    assert decision.value("note", said) == (said, None)
