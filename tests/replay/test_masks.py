"""What a command prints over several lines: private keys, and a name above its value."""

from __future__ import annotations

import pytest

from envsnap.replay.recorder.masks import MARK, Masks


def shown(*lines: str) -> list[str]:
    masks = Masks(100)
    return [masks.shown(line) for line in lines]


@pytest.mark.parametrize("before", ["", "2026-03-01 10:00:00 INFO "])
def test_no_line_of_a_private_key_is_shown(before: str) -> None:
    key = ("-----BEGIN PRIVATE KEY-----", "MIIEvQIB/AD+ANBg", "QyNTUx / OQ", "-----END PRIVATE KEY-----")  # fmt: skip
    assert shown(*(before + line for line in key), "done") == [MARK] * 4 + ["done"]


def test_lists_and_tables_below_a_name() -> None:
    assert shown("passwords:", "  - thistle", "  - clover", "lr: 0.1")[3] == "lr: 0.1"
    assert not any("clover" in line for line in shown("passwords:", "  - thistle", "  - clover"))
    assert "thistle" not in shown("user,password", "joe,thistle")[1]


@pytest.mark.parametrize("line", ["your one-time code is 350318", "recovery_code: 7KQ2-Z00C-IYUS"])
def test_codes_are_masked_whatever_the_numbers_before(line: str) -> None:
    assert MARK in shown("your one-time code is 0", line)[1]


def test_a_certificate_is_public() -> None:
    lines = ["-----BEGIN CERTIFICATE-----", "MIID", "-----END CERTIFICATE-----"]
    assert shown(*lines) == lines


def test_a_key_of_putty_ends_with_its_mac() -> None:
    lines = ["PuTTY-User-Key-File-3: ssh-rsa", "Private-Lines: 1", "AAAA", "Private-MAC: 00", "done"]  # fmt: skip
    assert shown(*lines) == [MARK] * 4 + ["done"]


@pytest.mark.parametrize("name", ["password:", "password: >-", "db_password ="])
def test_a_name_above_its_value(name: str) -> None:
    assert shown(name, "  Harbour-light", "loss 3")[1:] == [MARK, "loss 3"]


@pytest.mark.parametrize(
    "line",
    [
        "redis-cli -a clover.leaf", "unzip -P Harbour-light data.zip", "wpa_psk = Toucan7",
        "IDENTIFIED BY 'Wax_wing'", "wachtwoord = ijsvogel77", "requirepass ottoman",
    ],
)  # fmt: skip
def test_a_line_is_judged_whatever_announces_its_secret(line: str) -> None:
    assert MARK in shown(line)[0]


def test_only_a_key_hides_what_is_printed_behind_its_head() -> None:
    """A key in one line ends there, and somebody may speak of one."""
    whole = "-----BEGIN PRIVATE KEY-----MIIEvQIB/AD+ANBgQyNTUx-----END PRIVATE KEY-----"
    said = "ValueError: no line -----BEGIN PRIVATE KEY-----"
    quoted = "a key begins with '-----BEGIN PRIVATE KEY-----' in its own line"
    assert shown(whole, "loss 0.51") == [MARK, "loss 0.51"]
    assert shown(said, "loss 0.51", "loss 0.52")[1:] == ["loss 0.51", "loss 0.52"]
    assert shown(quoted, "loss 0.51")[1:] == ["loss 0.51"]
