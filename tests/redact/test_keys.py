"""What a key says, read as English reads a compound."""

from __future__ import annotations

import pytest

from envsnap.redact import keys

PASSWORDS = (
    "password", "DB_PASSWORD", "dbPassword", "db-password", "spring.datasource.password",
    "passwd", "PASSPHRASE", "MYSQL_PWD", "PGPASSWORD", "SMTP_PASS", "REDIS_PW", "rootpw",
    "kata_sandi", "palavra_passe", "tajny_klucz", "cle_secrete", "mdp", "contrasenya", "pasahitza",
    "\u043b\u043e\u0437\u0438\u043d\u043a\u0430", "\u6697\u8a3c\u756a\u53f7", "\ube44\ubc88",
    "password2", "DB_PASSWORD_PROD", "user_password_old", "x" * 300 + "_password",
)  # fmt: skip
SECRETS = (
    "api_key", "apiKey", "X-Api-Key", "apikey", "api.key", "api key", "aws_secret_access_key",
    "HF_TOKEN", "token", "auth_token", "accessToken", "authtoken", "client_secret", "clientSecret",
    "private-key", "ssh_key", "cookie", "creds", "jwt", "openaiKey", "session_id", "webhook_url",
    "REDIS_AUTH", "credentials", "identitytoken", "registrytoken", "hubtoken", "ENC_KEY", "zugangsdaten", "bot_token", "vault_secret_id",
)  # fmt: skip
NO_SECRETS = (
    "tokenizer", "tokenizer_class", "pad_token", "eos_token_id", "max_tokens", "num_tokens",
    "tokens_per_second", "token_type_ids", "author", "key", "keys", "num_key_value_heads",
    "compass", "passes", "bypass_count", "max_new_tokens", "monkey", "special_tokens_map",
    "image_token_index", "password_file", "passwordMinLength", "secret_name", "secretName",
    "token_url", "token_path", "api_key_env", "cookie_secure", "low_pass", "forward_pass",
    "auth_type", "secretKeyRef", "tiktoken", "asttokens", "secretstorage", "public_key",
    "model.embed_tokens.weight", "TOKENIZERS_PARALLELISM", "keyboard", "GPG_KEY",
)  # fmt: skip


@pytest.mark.parametrize("key", PASSWORDS)
def test_a_password_hides_short_words_too(key: str) -> None:
    assert keys.weigh(key) == keys.PASSWORD


@pytest.mark.parametrize("key", SECRETS)
def test_keys_of_secrets(key: str) -> None:
    assert keys.weigh(key, variable=key.isupper()) == keys.SECRET


@pytest.mark.parametrize("key", NO_SECRETS)
def test_properties_and_tokens_of_models_are_no_secrets(key: str) -> None:
    assert keys.weigh(key) < keys.PERHAPS


@pytest.mark.parametrize("key", ["sha256", "commit", "model_revision", "etag", "run_id", "UUID"])
def test_digests_are_made_of_random_letters(key: str) -> None:
    assert keys.weigh(key) == keys.DIGEST


def test_a_variable_needs_no_more_than_key() -> None:
    assert keys.weigh("WIDGET_KEY", variable=True) >= keys.PERHAPS
    assert keys.weigh("widget", variable=True) == keys.NOTHING
