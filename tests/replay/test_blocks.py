"""Secrets that the lines above a line name: lists below a name, and columns of tables."""

from __future__ import annotations

import pytest

from envsnap.redact import decision, kinds
from envsnap.replay.recorder import blocks

LISTED = (
    "passwords:\n  - <<thistle>>\n  - <<clover>>\nlr: 0.1",
    "passwords:\n- <<thistle>>\n- <<clover>>\nlr: 0.1",
    "secret:\n  - <<thistle>>",
    "db_password:\n  dev: <<thistle>>\n  prod: <<clover>>\nname: joe",
    '"passwords": [\n  "<<thistle>>",\n  "<<clover>>"\n],\n"lr": 1',
    "api_tokens:\n  ci: <<q8w7e6r5t4y3>>\n  count: 3",
    "passwords: [<<thistle>>, <<clover>>]",
    'passwords = {"dev": "<<thistle>>", "prod": "<<clover>>"}',
)
PAIRS = (
    "VASTAI=<<f99b3e23ab19dd77c0a1e8f24452aa10>>",
    "export MEM0=<<m0-5DozQ8xkTrA2vLm9sWcJfY3bNh7Rg>>",
    '"password?": "<<thistle>>",',
    '"password (prod)": <<thistle>>',
    '"--api-key": "<<q8w7e6r5t4y3>>"',
    "\u043b\u043e\u0437\u0438\u043d\u043a\u0430: <<thistle>>",
    "\u767b\u5f55\u5bc6\u7801: <<thistle>>",
    'password: "<<130262>>"',
)
TREES = (
    "auth: {username: ml, password: <<thistle>>, postgresPassword: <<clover>>, size: 7}",
    '{"db": {"user": "ml", "password": "<<thistle>>"}, "max_tokens": 4096}',
    "- {name: DB_PASSWORD, value: <<thistle>>}",
    '"credentials": [{"type": "password", "value": "<<thistle>>"}],',
)
TABLES = (
    "host,user,password,port\nn1,root,<<thistle>>,8121\nn2,root,<<clover>>,8122\n\nn3,a,b,c",
    "| login | password |\n|---|---|\n| admin | <<thistle>> |\n| joe | <<clover>> |",
    " host | passwd | n\n------+--------+---\n a    | <<thistle>>  | 3\n(1 row)",
    "NAME      PASSWORD    AGE\njoe       <<thistle>>     3d",
    "name\tapi token\njoe\t<<q8w7e6r5t4y3>>",
)
ALIKE = (
    "tokens:\n  - hello\n  - world",
    "special_tokens:\n  bos: <s>\n  eos: </s>",
    "secret:\n  name: db-creds\n  namespace: prod",
    "password:\n  min_length: 12\n  policy: strict",
    "password:\nlr: 0.1",
    "token   id\nhello   123",
    "NAME   SECRETS   AGE\ndefault   1   3d",
    "tokens: [hello, world]",
    "We need a user, a password, and a host\nthen one, two, three",
    "step | tokens | loss\n10 | 4096 | 0.3",
    "token: Paris",
    '{"token": "Paris", "max_tokens": 4096}',
    "auth: {type: none, secretName: db-creds}",
    'text: "Paris"',
    "run_id: 8f3a2b1c9d0e",
    "checkpoint: /out/run-8f3a2b1c/model.pt",
    "sha256: 0f8fad5bd9cb469fa1657086772895010f8fad5bd9cb469fa165708677289501",
    "generated: kX9qPz3Lm7Tt",
)


def cut(text: str) -> str:
    above, lines = blocks.Above(), []
    for line in text.split("\n"):
        spans = above.spans(line)
        lines.append(decision.marked(line, sorted(spans)) if spans else line)
    return "\n".join(lines)


@pytest.mark.parametrize("text", [*LISTED, *PAIRS, *TREES, *TABLES])
def test_what_a_name_above_tells_is_cut_out(text: str) -> None:
    shown = cut(text.replace("<<", "").replace(">>", ""))
    pieces = [piece.partition(">>") for piece in text.split("<<")]
    assert shown == kinds.MARK.join(piece[2] if at else piece[0] for at, piece in enumerate(pieces))


@pytest.mark.parametrize("text", ALIKE)
def test_what_no_name_above_tells_stays(text: str) -> None:
    assert cut(text) == text
