"""A user with a password under a name that says nothing; and what only looks like one."""

import pytest

from envsnap.redact import decision, trees

HIDDEN = [
    ("ADMIN", "root:Ingwer41"),
    ("elastic", "elastic:changeme42"),
    ("RABBITMQ", "guest:Guave-55"),
    ("user", "anna:Feige-77x"),
]
SHOWN = [
    ("user", "1000:1000"),
    ("user", "root:root"),
    ("owner", "root:wheel"),
    ("user", "joe:staff"),
    ("service", "root:worker-2"),
    ("image", "admin:2024.1-alpine"),
    ("image", "postgres:16-alpine"),
    ("hostkey", "SHA256:Iqc7U9ZOWhU3r4Yd1kqLQ5p8mN2vB6xT0sAfGhJkLmN"),
    ("known_hosts", "|1|F1E1D1aZzZaZzZaZzZaZzZaZzZs=|3988aZzZaZzZaZzZaZzZaZzZaZz="),
]


@pytest.mark.parametrize(("key", "text"), HIDDEN)
def test_a_password_beside_an_account_is_left_out(key: str, text: str) -> None:
    assert decision.value(key, text)[0] is None


@pytest.mark.parametrize(("key", "text"), SHOWN)
def test_groups_releases_and_fingerprints_are_shown(key: str, text: str) -> None:
    assert decision.value(key, text) == (text, None)


@pytest.mark.parametrize("items", [["--auth", "u:Brombeer61"], ["run", "--auth", "u:Brombeer61"]])
def test_a_login_behind_an_option_is_left_out(items: list[str]) -> None:
    cuts: list[str] = []
    kept = trees.Walk(lambda _path, why, _lost: cuts.append(why)).tree({"args": items}, ())
    assert kept["args"][-1] is None
    assert cuts == ["user and password"]


def test_a_kind_of_login_behind_an_option_is_shown() -> None:
    tree = {"args": ["--auth", "basic"]}
    assert trees.Walk(lambda *_: None).tree(tree, ()) == tree
