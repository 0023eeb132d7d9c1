"""Lines of configurations and programs that hand a secret to something, and lines that do not."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.intake import config_trees
from envsnap.redact import decision


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("requirepass ottoman", "ottoman"),
        ("spark.authenticate.secret        lantern", "lantern"),
        ("proxy_set_header X-Edge-Secret plum-Tree7;", "plum-Tree7"),
        ("sentinel auth-pass primary Br0ad-Way", "Br0ad-Way"),
        ("stats auth root:ha!Proxy", "ha!Proxy"),
        (': PSK "Elm_street"', "Elm_street"),
        ('wandb.login(key="0a1b2c3d4e5f60718293a4b5c6d7e8f901234567")', "0a1b2c3d4e5f6071"),
        ('cipher = Fernet(b"Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5=")', "Zm9vYmFy"),
        ('jwt.encode(claims, "summer-house", algorithm="HS256")', "summer-house"),
        ('passcode = "31-07-88"', "31-07-88"),
        ("Recovery codes: 3k9qa-8xw2p, n5t7q-y1c4d", "n5t7q-y1c4d"),
        ("license accepted: AKQ-Y2XT3-3QRKV-GZZDT", "AKQ-Y2XT3"),
        ("password changed from Old-Harbour to New-Harbour", "New-Harbour"),
        ("pass: Harbour.light host: db7", "Harbour.light"),
        ("expected 'Harbour-light' for password", "Harbour-light"),
        ("dvc remote modify --local origin password greenLeaf.oak", "greenLeaf.oak"),
        ("ssh-keygen -N 'rosehip' -f key", "rosehip"),
        ("PWD={Ab;c}}d};DRIVER=x", "c}}d"),
        ('pwd=b"Fieldstone"', "Fieldstone"),
    ],
)
def test_a_secret_is_cut(line: str, secret: str) -> None:
    assert secret not in decision.message(line, {})


@pytest.mark.parametrize(
    "line",
    [
        "//input[@type='password']",
        "token: <mask_77>",
        "next token: Oslo77",
        "--discovery-token-ca-cert-hash sha256:" + "0123456789abcdef" * 4,
        "vncviewer -passwd /home/joe/.vnc/passwd host",
        "LoadCredential=hf:/etc/creds/hf",
        "clave_primaria = id_cliente",
        "Ask Jane12 for the password",
        "auth_token expired",
        "api_key missing",
        "spark.hadoop.fs.s3a.access.key     trainer",
        "ssl.keystore.password=<redacted by envsnap>",
    ],
)
def test_what_is_none_is_shown(line: str) -> None:
    assert decision.message(line, {}) == line


def redacted(tree: dict[str, Any]) -> Any:
    return config_trees.redact(tree, ("app",), {})


def test_of_an_address_inside_a_text_the_rest_is_shown() -> None:
    text = "name=x\ndb.url=jdbc:postgresql://pg/x?user=u&password=Sitta7&sslmode=require\n"
    shown = redacted({"data": {"app.properties": text}})["data"]["app.properties"]
    assert "Sitta7" not in shown
    assert "postgresql://pg/x" in shown
    assert "sslmode=require" in shown


def test_of_a_command_that_yaml_reads_as_a_pair_the_rest_is_shown() -> None:
    key = 'curl --header "PRIVATE-TOKEN'
    shown = redacted({"script": [{key: 'glpat-abcdefghij1234567890" "https://git.example/x"'}]})
    assert "glpat" not in str(shown)
    assert "https://git.example/x" in str(shown)
