"""Defaults of code and templates, lists below a name, and what stands beside braces, prompts and certificates."""

from __future__ import annotations

import pytest

from envsnap.redact import decision, trees

VALUE = "hZ7wren94xQ"
LINES = [
    'token = os.environ.get("API_TOKEN") or "{}"',
    'const key = process.env.TOKEN ?? "{}"',
    'env::var("SECRET").unwrap_or("{}")',
    'api_key: str = Field(default="{}", description="x")',
    "password: ${{env:PW:{}}}",
    "password: ${{oc.env:PW,{}}}",
    "java -Ddb.pw={} -jar a.jar",
    "**Token:** {}",
    '<setting name="ApiSecret"><value>{}</value></setting>',
    'PASSWORDS = ["{}", "b7Kq29Lmz"]',
    'TOKENS = {{"kim": "{}"}}',
    "ALLOWED_TOKENS=a7Kq29Lmz;{}",
    "curl -sSfu kim:{} https://h/x",
    "curl --user kim:'{} z' https://h/x",
    "npm config set //reg.example.com/:_authToken {}",
    "ansible-vault encrypt_string {} --name x",
    "Password for 'https://kim@git': {}",
    'export DB_PASSWORD={}\nx: "{{{{ y }}}}"',
    'shell: "PGPASSWORD={} psql -h {{{{ pg_host }}}}"',
    "{{\\u0022password\\u0022:\\u0022{}\\u0022}}",
    '{{"url":"https://h/p?a=1\\u0026api_key={}\\u0026b=2"}}',
    "-----BEGIN CERTIFICATE-----\nMIIB8jCCAVug\n-----END CERTIFICATE-----\nunseal with kZ8s1Qm3Yw0pLr7Xb2{}=",
]


@pytest.mark.parametrize("line", LINES)
def test_the_value_is_left_out(line: str) -> None:
    shown = decision.message(line.format(VALUE), {})
    assert VALUE not in shown
    assert decision.REDACTED in shown


@pytest.mark.parametrize("word", ["enterprise", "pastelraisin", "yourselfish", "insertcoin"])
def test_a_word_that_begins_like_a_placeholder_is_none(word: str) -> None:
    assert word not in decision.message(f"password: {word}", {})
    assert word not in decision.message(f"https://kim:{word}@host/x", {})


ORDINARY = [
    "password: your_password",
    "api_key: insert_key_here",
    "token: YourToken",
    "{% if token == bos_token %}{{ token = eos }}{% endif %}",
    "password: {{ .Values.password | quote }}",
    'model = os.environ.get("MODEL_NAME") or "bert-base"',
    "lr: ${oc.env:LR,0.1}",
    'stop_tokens = ["</s>", "<|end|>"]',
    'tokens = ["the", "cat", "sat"]',
    "**Model:** bert-base-uncased",
    "java -Dfile.encoding=UTF-8 -jar a.jar",
    '"tokenizer\\u003dllama a\\u0026b"',
]


@pytest.mark.parametrize("line", ORDINARY)
def test_what_is_no_secret_stays(line: str) -> None:
    assert decision.message(line, {}) == line


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("password", "Password", True), ("forgot_password", "Forgot password?", True),
        ("password", "Xylophone", False), ("password", "password1", False),
    ],
)  # fmt: skip
def test_what_people_read_beside_a_field_is_no_secret(key: str, text: str, shown: bool) -> None:
    assert (decision.value(key, text)[0] == text) is shown


def test_of_a_line_in_a_list_the_rest_stays() -> None:
    lines = ["--verbose", "INFO config: db.password=leafytulip9, db.pool=1107", "plain words"]
    kept = trees.Walk(lambda *_: None).tree({"steps": lines}, ())["steps"]
    assert kept == [lines[0], lines[1].replace("leafytulip9", decision.REDACTED), lines[2]]
