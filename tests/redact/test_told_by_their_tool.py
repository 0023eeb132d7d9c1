"""Secrets that only the tool's own way of writing tells: masks of a CI, users of Redis, keys in a path."""

from __future__ import annotations

import pytest

from envsnap.redact import decision

SECRETS = [
    ('echo "::add-mask::marble-arch-jAVU"', "marble-arch-jAVU"),
    ("##vso[task.setvariable variable=DB_PW;issecret=true]marble-arch", "marble-arch"),
    ("ACL SETUSER ml on >walrus8x ~* +@all", "walrus8x"),
    ("user ml on #9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 ~*", "9f86d081"),
    ('secure_link_md5 "$secure_link_expires$uri peppermint-kayak";', "peppermint-kayak"),
    ('openconnect --passwd-on-stdin vpn.acme.io <<< "peachpie11"', "peachpie11"),
    ("--extra-index-url https://pypi.fury.io/Zq81mPxKd03LrTy7Vb2N/acme/", "Zq81mPxKd03LrTy7Vb2N"),
    ("url: https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef", "0123456789abcdef"),
    ("curl https://cronitor.link/p/0123456789abcdef0123456789abcdef/nightly", "0123456789abcdef"),
]
ORDINARY = [
    "https://packagecloud.io/acme/ml/pypi/simple",
    "user nobody on the host",
    "python - <<< 'print(1)'",
    "https://infura.io/docs",
    "user nginx #default of the package",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_it_is_left_out(text: str, secret: str) -> None:
    shown, _ = decision.value("note", text)
    assert secret not in str(shown)


@pytest.mark.parametrize("text", ORDINARY)
def test_what_only_looks_so_is_shown(text: str) -> None:
    assert decision.value("note", text)[0] == text
