"""What a first look by a stranger found: secrets that got through, and settings that did not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from envsnap.intake import config_trees
from envsnap.redact import texts


def redacted(tree: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    gaps: dict[str, str] = {}
    return config_trees.redact(tree, ("app",), gaps), gaps


@pytest.mark.parametrize(
    ("tree", "secret"),
    [
        ({"PassWord": "lemon36"}, "lemon36"),
        ({"db": {"pass_word": "lemon36"}}, "lemon36"),
        ({"auth": ["ml", "marble70"]}, "marble70"),
        ({"basicAuthUsers": {"alice": "raven52"}}, "raven52"),
        ({"u": "mssql+pyodbc:///?odbc_connect=UID%3Dsa%3BPWD%3Dzephyr21"}, "zephyr21"),
        ({"query": "user%3Dml%26password%3Dharbor28"}, "harbor28"),
        ({"arguments": '["--password", "saffron12"]'}, "saffron12"),
    ],
)
def test_these_are_left_out(tree: dict[str, Any], secret: str) -> None:
    shown, gaps = redacted(tree)
    assert secret not in json.dumps(shown)
    assert gaps


@pytest.mark.parametrize(
    "value",
    [
        {"token": "@/run/secrets/token"},
        {"step": "docker build --secret id=hf,env=HF_TOKEN ."},
        {"credentials": "include"},
        {"auth": ["ldap", "saml"]},
        {"auth": ["admin", "editor"]},
        {"python": "/nix/store/xg9tnpnzakpszssyynqd5prc362pd51r-python3-3.12.4"},
        {"run": "01HQESMSTBW0EB3ECV7GF62WTE"},
        {"cid": "QmiJUvuhCimqgiDXsk57UAbCFnsGvxHUG5JxbmgCHux9ge"},
        {"cache": "/tmp/inductor_root/fxgraph/ab/fr2rsi6b7raj545x5wtvdc8w0bup06jg4csifofle134oof2"},
        {"kernel": "/root/.triton/cache/8BIE2K4BPJCAFKDYJAFY84HCC0CLS95Q2IDOWETVEVWF3C3D/k.so"},
        {"protein": "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV"},
        {"arguments": '["--max-tokens", "12"]'},
        {"address": "https://h.example/a%3Ab/c?x=%3D1"},
    ],
)  # fmt: skip
def test_these_are_shown(value: dict[str, Any]) -> None:
    assert redacted(value) == (value, {})


@pytest.mark.parametrize("text", ["a" * (1 << 20) + "%41", "%41" * (1 << 18), "a%20" * (1 << 18)])
def test_one_long_word_in_the_encoding_of_addresses_is_read_once(text: str) -> None:
    begin = time.process_time()
    assert texts._percented(text) == []
    assert time.process_time() - begin < 10  # from each letter anew it took a minute
