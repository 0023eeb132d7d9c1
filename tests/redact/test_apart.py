"""Values whose names stand apart from them, in the notations of many tools."""

from __future__ import annotations

import pytest

from envsnap.redact import decision, kinds

PHRASE = "tiger maple orbit canal ribbon velvet garden puzzle rocket silver meadow lantern"
APART = (
    "INSERT INTO accounts (id, login, passwd) VALUES (1, 'joe', '<<thistle>>'), (2, 'ann', '<<clover>>')",
    'variable "admin_password" {\n  type = string\n  default = "<<thistle>>"\n}',
    "gh variable set DEPLOY_TOKEN -v <<q8w7e6r5t4y3>>",
    "put-secret --name db-password --value <<thistle>>",
    "ConvertTo-SecureString -String '<<thistle>>' -AsPlainText -Force",
    "mstsc /v:host /u:joe /p:<<thistle>>",
    "net use X: \\\\h\\s /user:joe <<thistle>>",
    f"seed phrase: <<{PHRASE}>>",
    "user,password\njoe,<<thistle>>\nann,<<clover>>\n",
    "requirepass <<thistle>>\nmaxmemory 2gb\n",
    "1 validation error for Settings\npassword\n  Input should be longer [type=x, input_value='<<thistle>>', input_type=str]",
    'Content-Disposition: form-data; name="passwd"\r\n\r\n<<thistle>>\r\n',
    "new NetworkCredential('joe', '<<thistle>>')",
    "nmcli dev wifi connect lab password <<thistle>>",
    "sudo -S <<< '<<thistle>>' reboot",
    "joe@example.org:<<thistle-9>>",
    "https://hc-ping.example/<<0f8fad5b-d9cb-469f-a165-70867728950e>>",
    "/mnt/joe:<<thistle>>@nas/lib",
    "failed with <<am9lOnRoaXN0bGU=>>",
    r'"inner": "user: joe\npassword: <<thistle>>\nworkers: 51\n"',
    r'"inner": "{\"db\": {\"pwd\": \"<<thistle>>\", \"region\": \"sa-east-1\"}}"',
    "SA=<<eyJwYXNzd29yZCI6ICJ0aGlzdGxlLTkxIn0=>>",
    '{"ParameterKey": "MasterUserPassword", "ParameterValue": "<<thistle>>"}',
    'unlock_code: "<<13958413>>"',
    '["serve", "--auth", "joe:<<thistle>>", "--max-tokens", "4093"]',
    "  auth: joe:<<thistle>>",
    "user joe identified by '<<thistle>>' with grant option",
    "SELECT pgp_sym_decrypt(x, '<<thistle>>') FROM t",
    "WARN your one-time code is <<350318>>, valid 5 minutes",
    "My PIN is <<7622>> and the door opens.",
    'Digest username="joe", realm="r", response="<<0123456789abcdef0123456789abcdef>>"',
)  # fmt: skip
ALIKE = (
    "INSERT INTO runs (id, tokens) VALUES (1, 4096)",
    'variable "max_tokens" {\n  default = "4096"\n}',
    "gh variable set MAX_TOKENS -v 4096",
    "msbuild /p:Configuration=Release /v:minimal",
    "chown /u:joe",
    r'"inner": "user: joe\ntokens: 4096\nworkers: 51\n"',
    r'"{\"max_tokens\": 4096, \"pad_token\": \"<pad>\"}"',
    "exit code is 137, valid 5 minutes",
    "the GPU pin is 7622.5 MHz",
    'language_code: "1031"',
    "epoch,tokens,loss\n1,4096,0.3\n",
    "maxmemory 2gb\nsave off\n",
    "password incorrect\nretrying\n",
    "1 validation error for Settings\nlr\n  Input should be a number [type=x, input_value='fast', input_type=str]",
    "scp model.bin joe@example.org:models",
    "set password policy to strong",
    "tool reset password page",
    "https://ping.example/api/v1/health",
    "an airplane over the sea and a ship under the bridge at night",
    "docker run -u 1000 -p 8080:80 img",
    "audit.#",
)


@pytest.mark.parametrize("text", APART, ids=range(len(APART)))
def test_a_value_apart_from_its_name_is_left_out(text: str) -> None:
    secrets = [piece.partition(">>")[0] for piece in text.split("<<")[1:] if ">>" in piece]
    plain = text.replace(">>", "")
    for secret in secrets:
        plain = plain.replace(f"<<{secret}", secret)
    shown = decision.message(plain, {})
    assert secrets
    assert not [secret for secret in secrets if secret in shown], shown
    assert decision.value("note", plain)[1] is not None


@pytest.mark.parametrize("text", ALIKE, ids=range(len(ALIKE)))
def test_what_stands_alike_and_is_a_setting_stays(text: str) -> None:
    assert decision.message(text, {}) == text
    assert decision.value("note", text) == (text, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("recovery_code", "thistle"), ("pairingCode", "thistle"), ("security_answer", "thistle"),
        ("contraseña", "thistle"), ("пароль", "thistle"), ("密码", "thistle"), ("Kennwort", "thistle"),
        ("SMTP_LOGIN", "joe/thistle"), ("API_TOKEN_ID", "thistle"), ("data_a", "0a1b2c3d" * 8), ("SPLUNK_HEC", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("wallet", PHRASE), ("eth_private", "0x" + "ab12" * 16), ("access_key_id", "Q8W7E6R5T4Y3U2I1O0P9"),
    ],
)  # fmt: skip
def test_names_that_open_something(key: str, value: str) -> None:
    assert decision.value(key, value)[0] is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("country_code", "DE"), ("exit_code", "E1101"), ("code", "utf8"), ("private", "true"),
        ("private_dns", "ml.internal"), ("login", "sso"), ("auth", "oidc"), ("answer", "thistle"),
        ("kms_key_id", "alias/ml"), ("pad_token_id", "thistle"), ("token_id", "thistle"),
        ("query", "SELECT key FROM kv WHERE token = :token"), ("certificate-authority-data", "thistle"), ("recipient", "age1" + "q8w7e6r5t4" * 5 + "q8w7e6r5"), ("community", "open source"),
        ("example.com/auth-secret", "basic-auth"), ("größe", "thistle"), ("author", "Keith Tokenov"), ("auth", "2446"),
    ],
)  # fmt: skip
def test_names_that_open_nothing(key: str, value: str) -> None:
    assert decision.value(key, value) == (value, None)


def test_a_login_in_a_label_is_left_out() -> None:
    held, gaps = {"label": "demo, login with joe / Thistle7"}, []
    decision.sweep(held, lambda path, _why, _lost: gaps.append(path))
    assert "Thistle7" not in held["label"]
    assert gaps == [("label",)]


def test_words_of_a_sentence_open_no_wallet() -> None:
    assert kinds.is_phrase(PHRASE)
    assert not kinds.is_phrase(" ".join(PHRASE.split()[:11]))
    assert not kinds.is_phrase(PHRASE.replace("canal", "the"))
