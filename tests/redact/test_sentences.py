"""Secrets in prose, and prose about secrets."""

from __future__ import annotations

import pytest

from envsnap.intake import config_trees
from envsnap.redact import decision, trees

TOLD = (
    "the password is MOONLIGHT.", "password for joe was changed to MOONLIGHT", "password is 'MOONLIGHT'",
    "unlock with password MOONLIGHT", 'the passphrase was set to "MOONLIGHT over dances"',
    "login with joe / MOONLIGHT", "Log in as admin/MOONLIGHT first", "credentials: joe/MOONLIGHT",
    "credentials are admin:MOONLIGHT", "account: svc / MOONLIGHT", "user/password: joe/MOONLIGHT",
)  # fmt: skip
NOT_TOLD = (
    "the password is incorrect", "Password is required.", "username/password authentication is disabled",
    "please login to access meta-llama/Llama-2-7b-hf", "the account is read/write", "login and/or token",
    "the token generation failed", "password is case-sensitive.", "encrypt with password file",
    "The user / group of the process is svc / staff", "login page / landing page were not found",
    "connect using password authentication", "Please provide a password with --password or set PGPASSWORD.",
    "the login is username/password", "Invalid username or password.", "input/output error",
    "request id 9fA3kLm2Qz8RtYw5BnV7cXp1 failed", 'Secret "hf-token" not found in namespace "ml"',
    "undefined symbol: _ZN3c105ErrorC2ENS_14SourceLocationESs9fA3",
)  # fmt: skip


@pytest.mark.parametrize("text", TOLD)
@pytest.mark.parametrize("word", ["moonlight", "tangerine", "Gooseberry"])
def test_a_plain_word_is_a_password_where_a_sentence_says_so(text: str, word: str) -> None:
    shown = decision.message(text.replace("MOONLIGHT", word), {})
    assert word not in shown
    assert decision.REDACTED in shown


@pytest.mark.parametrize("text", NOT_TOLD)
def test_prose_about_passwords_stays(text: str) -> None:
    assert decision.message(text, {}) == text


@pytest.mark.parametrize(
    "text",
    ["use 9fA3kLm2Qz8RtYw5BnV7cXp1 here", "the token qwmzkxplvbtrhjdf was refused",
     "got Zk8aQ/9dLr+Xw2Pt5Yb7Nc4Gm1Hs6Jv3Ue0Fi=".replace("Fi=", "Fi8=") + " back"],
)  # fmt: skip
def test_random_letters_between_words_are_left_out(text: str) -> None:
    assert decision.REDACTED in decision.message(text, {})


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("json", '{"db_password": "86753090", "n": "8675"}', {"n": "8675"}),
        ("json", '{"db_password": 86753090}', {"db_password": 86753090}),
        ("yaml", 'db_password: "86753090"\nother_password: 86753090\n', {"other_password": "86753090"}),
        ("toml", 'db_password = "86753090"\nport = 8675\n', {"port": 8675}),
        ("env", "DB_PASSWORD='86753090'\nMAX_TOKENS=8675\n", {"MAX_TOKENS": "8675"}),
    ],
)  # fmt: skip
def test_digits_in_quotes_are_a_password_and_numbers_are_none(
    kind: str, text: str, kept: dict[str, object]
) -> None:
    tree = config_trees.parse(text, kind, quotes=True)
    gaps: dict[str, str] = {}
    found = config_trees.redact(tree, ("app",), gaps)
    assert found == kept
    assert not any(type(value) is trees.Quoted for value in found.values())
    assert len(gaps) == (0 if text == '{"db_password": 86753090}' else 1)


@pytest.mark.parametrize(
    ("tree", "kept"),
    [
        ({"kind": "Secret", "data": {"username": "YWRtaW4tcm9vdA=="}}, {"kind": "Secret", "data": {}}),
        ({"license": {"key": "WBSEZ-12M2S-IZH83-AYQBR", "edition": "pro"}}, {"license": {"edition": "pro"}}),
        ({"storage": {"key": "localMinIO"}}, None), ({"mask_keys": ["password", "secret"]}, None),
        ({"url": "postgresql://${DB_USER}:${DB_PASSWORD}@db/ml"}, None),
        ({"secretKeys": {"adminPasswordKey": "postgres-password"}}, None),
        ({"keys": [{"kty": "OKP", "x": "FZmRTP8LfGQfo28fqtsEJulecQVnx85JnVUebdTPi4X"}]}, None),
        ({"hook": "https://h.example/bot/v2/hook/449a8213-8f36-76ae-0edd-5aab1082aa3b"}, {"hook": "https://h.example/bot/v2/hook/"}),
        ({"wallet": {"seed_phrase": "abandon ability able about"}}, {"wallet": {}}),
        ({"x": "NEO4J", "NEO4J_AUTH": "neo4j/graphite7"}, {"x": "NEO4J"}),
    ],
)  # fmt: skip
def test_what_stands_around_a_value_decides(tree: object, kept: object) -> None:
    gaps: dict[str, str] = {}
    assert config_trees.redact(tree, ("app",), gaps) == (tree if kept is None else kept)
    assert bool(gaps) == (kept is not None)


@pytest.mark.parametrize("escape", ["\x1b[31m", "\x1b[2J", "\\u001b[1;31m", "\\033[0m"])
def test_colours_around_a_secret_do_not_hide_it(escape: str) -> None:
    kept = decision.message(f"{escape}password=hunter2{escape} lr=1{escape}", {})
    assert "hunter2" not in kept
    assert "lr=1" in kept


SIGNED = "Authorization: AWS4-HMAC-SHA256 Credential=x/s3/aws4_request, SignedHeaders=host, Signature={}"  # fmt: skip
PLACES = (
    ("ENV DB_PASSWORD {}", "freesia"),
    (SIGNED, "0f" * 32),
    ("java -Dx=1 JAVA_OPTS=-Djavax.net.ssl.trustStorePassword={} -Xmx2g", "cheddar"),
    ("oracle joe/{}@//ora:1521/ORCLPDB1", "tiger9"),
    ("mysql://root:{}@127.0.0.1:3306/db", "<r00t>!"),
    ("wandb: ERROR api_key not valid: {}", "0a" * 20),
    ("model_{}.bin", "AIza" + "a1B2-" * 7),
)


@pytest.mark.parametrize(("text", "secret"), PLACES)
def test_what_stands_around_a_secret_in_a_text_gives_it_away(text: str, secret: str) -> None:
    assert secret not in decision.message(text.format(secret), {})


@pytest.mark.parametrize(
    "text",
    [
        "git checkout 0123456789abcdef0123456789abcdef01234567",
        "docker-pullable://x@sha256:" + "0a" * 32,
        "the token ids hash: " + "0a" * 20,
        "secret was rotated, commit: " + "0a" * 20,
    ],
)
def test_digests_in_a_text_stay(text: str) -> None:
    assert decision.message(text, {}) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_TOKEN", "abc"),
        ("HASHIDS_SALT", "pretzel"),
        ("MY_AUTH", "joe:jack9"),
        ("LICENSE", "DIEPWT-U0JINW-52GGFN-H66Z5D"),
        ("recovery_code", "MpbuW-ueJXr"),
        ("SESSION_SECRET", "keyboard cat"),
    ],
)
def test_names_whose_values_are_short_or_spelled_oddly(name: str, value: str) -> None:
    assert decision.value(name, value, variable=True)[1] is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LICENSE", "Apache-2.0"),
        ("PAD_TOKEN", "pad"),
        ("AUTH", "oidc"),
        ("salt", "0"),
        ("secret_key", "api_key"),
        ("etag", '"' + "0a" * 32 + '"'),
        ("SLURM_CPU_BIND", "quiet,mask_cpu:0x000000000000FFFF"),
    ],
)
def test_settings_under_such_names_stay(name: str, value: str) -> None:
    assert decision.value(name, value, variable=name.isupper()) == (value, None)


@pytest.mark.parametrize(
    "text",
    [
        'execve("/usr/bin/curl", ["curl", "-u", "joe:semolina2", "https://x.example"], 0) = 0',
        'CMD ["serve", "--token", "semolina2"]',
        "os.environ['DB_PASSWORD'] = 'semolina2'",
        "requests.get(url, auth=('joe', 'semolina2'))",
        "https://conda.example/t/tk-XPu15YdaJgf2crs56WCsemolina2/channel",
        "Password reset to semolina2",
        "your one time code is semolina2",
    ],
)
def test_arguments_pairs_and_parts_of_a_path_are_found_in_texts(text: str) -> None:
    assert "semolina2" not in decision.message(text, {})


def test_digits_and_a_letter_are_a_version_and_two_are_none() -> None:
    assert decision.value("password", "12ab") == (None, "under a name that tells a secret")
    assert decision.value("version", "1.0a1.dev2") == ("1.0a1.dev2", None)


def test_a_secret_of_a_container_is_in_its_data_and_a_public_key_is_none() -> None:
    gaps: dict[str, str] = {}
    given = {
        "a_secret": {"data": {"api": "crumble"}, "public_key": "ssh-rsa AAAAB3Nza" + "a1B/" * 30}
    }
    kept = config_trees.redact(given, ("app",), gaps)
    assert "crumble" not in str(kept)
    assert "ssh-rsa" in str(kept)


@pytest.mark.parametrize("blank", [" ", "  ", "\t", "\u00a0 "])
def test_blanks_under_the_name_of_a_token_are_no_crash(blank: str) -> None:
    assert "lr" in decision.message(f'token: "{blank}" and lr: 1', {})
