"""Cells are judged by the name of their column, in any notation of tables."""

from __future__ import annotations

import pytest

from envsnap.redact import decision, tables
from envsnap.redact.trees import Walk

SECRET = "plumtulip"
MARKDOWN = f"| Service | User | Password |\n|---|---|---|\n| g | kim | {SECRET} |\n"


@pytest.mark.parametrize(
    "text",
    [
        MARKDOWN,
        f"+------+----------+\n| user | password |\n+------+----------+\n| kim  | {SECRET} |\n",
        f" name | api_key\n------+---------\n kim  | {SECRET}\n(1 row)\n",
        f"name;api_key;region\nprod;{SECRET};eu\n",
        f"user,password,n\nann,,1\nkim,{SECRET},7\n",
        f"Key         Value\n---         -----\napi_key     {SECRET}\nttl         768h\n",
        f"| Key | Value |\n|---|---|\n| DB_PASSWORD | {SECRET} |\n| TTL | 7 |\n",
        f"NAME    PASSWORD    AGE\nhub     {SECRET}   7d\n",
        f"<table><tr><th>Login</th><th>Password</th></tr><tr><td>kim</td><td>{SECRET}</td></tr></table>",
    ],
)
def test_the_secret_of_a_row_goes_and_the_rest_stays(text: str) -> None:
    shown = decision.message(text, {})
    assert SECRET not in shown
    assert shown == text.replace(SECRET, decision.REDACTED)


@pytest.mark.parametrize(
    "text",
    [
        "| Token | Id |\n|---|---|\n| house | 17 |\n| garden | 18 |\n",
        "| parameter | password |\n|---|---|\n| required | hidden |\n",
        "user, password, and host\nare, of course, needed\n",
        "| Key | Value |\n|---|---|\n| max_tokens | 512 |\n| name | plumtulip |\n",
        "  token      the token\n  host       the host\n  plumtulip  a fruit\n",
        "a | b\n",
        "passwords\n\nplumtulip\n",
    ],
)
def test_tables_without_secrets_stay(text: str) -> None:
    assert decision.message(text, {}) == text


def test_lines_are_told_one_after_the_other() -> None:
    table = tables.Table()
    found = [table.spans(line) for line in MARKDOWN.split("\n")]
    assert [bool(item) for item in found] == [False, False, True, False]
    assert table.spans("| kim | plumtulip |") == []  # another table


def walked(tree: object) -> object:
    return Walk(lambda *_: None).tree(tree, ("app",))


@pytest.mark.parametrize(
    "tree",
    [
        {"names": ["user", "password"], "values": ["kim", SECRET]},
        {"columns": ["user", "password"], "rows": [["kim", SECRET]]},
        {"rows": [["user", "password"], ["kim", SECRET]]},
        {"displayName": "Admin password", "defaultValue": SECRET},
        {"OptionName": "DB_PASSWORD", "Value": SECRET},
        {"$": {"name": "password"}, "_": SECRET},
        {"@name": "password", "#text": SECRET},
        {"type": "password", "value": SECRET},
        {"op": "add", "path": "/spec/env/0/DB_PASSWORD", "value": SECRET},
        {"path": "/run/secrets/db_password", "content": SECRET},
        {"field": "admin_password", "newValue": SECRET},
        {"chpasswd": {"list": f"root:{SECRET}\nubuntu:quickwhale\n"}},
        {"basic_auth_users": [f"kim:{SECRET}"]},
        {"users": f"kim:{SECRET},lee:hazytulip"},
        {"headers": {"X-Auth": SECRET}},
        {"api": {"key": SECRET}},
        {"env": {"AUTH": f"Bearer {SECRET}"}},
        {"key": SECRET, "secret": "quickwhale"},
    ],
)
def test_a_name_hides_the_value_that_stands_apart_from_it(tree: object) -> None:
    assert SECRET not in str(walked(tree))


@pytest.mark.parametrize(
    "tree",
    [
        {"names": ["user", "token_limit"], "values": ["kim", SECRET]},
        {"columns": ["user", "role"], "rows": [["kim", SECRET]]},
        {"name": "token-service", "API_STRING": SECRET},
        {"title": "Reset your password", "text": SECRET},
        {"path": "docs/password.md", "content": "how to reset a password"},
        {"users": "kim:admin,lee:viewer"},
        {"user": "1000:1000"},
        {"user": "nginx:nginx"},
        {"type": "token", "value": SECRET},
        {"name": "max_tokens", "value": SECRET},
        {"auth": "Bearer token"},
    ],
)
def test_other_names_hide_nothing(tree: object) -> None:
    assert walked(tree) == tree
