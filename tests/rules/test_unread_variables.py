"""Variables that one side alone sets, and whose values nobody read: told where a text speaks of them."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples

OPENAI = (
    '  File "/v/lib/python3.10/site-packages/openai/_client.py", line 105, in __init__\n'
    "openai.OpenAIError: The api_key client option must be set either by passing api_key to the"
    " client or by setting the OPENAI_API_KEY environment variable\n"
)
WANDB = (
    "Traceback (most recent call last):\n"
    '  File "/v/lib/python3.10/site-packages/wandb/sdk/wandb_init.py", line 1287, in init\n'
    "    wandb._sentry.reraise(e)\n"
    "wandb.errors.errors.UsageError: api_key not configured (no-tty)\n"
)


def host(*others: str, secret: str | None = None) -> Manifest:
    facts = {"env_vars": {"entries": {}, "others": list(others)}}
    gaps = {"env_vars": {secret: "redacted: a secret"}} if secret else {}
    return examples.manifest({**facts, "packages": examples.packages(wandb="0.18.0")}, gaps=gaps)


def found(here: Manifest, there: Manifest, text: str) -> list[Finding]:
    result = engine.compare(here, there, error_text=text)
    return [item for item in result.findings if item.path[0] == "env_vars"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("JAVA_HOME", "JAVA_HOME is not set\n"),
        ("OPENAI_API_KEY", OPENAI),
        ("WANDB_API_KEY", WANDB),  # by the prefix of the package that failed
        ("GLOO_SOCKET_IFNAME", "RuntimeError: Unable to find address for: ib0\n"),  # by a sentence
    ],
)
def test_a_text_speaks_of_it(name: str, text: str) -> None:
    (told,) = found(host(name, "EDITOR"), host("EDITOR"), text)
    assert told.path == ("env_vars", name)
    assert told.severity is Severity.WARNING
    assert "set -> not set" in told.message
    assert told.fix == "Set it there, too."
    assert told.changes == ()


def test_a_secret_is_told_without_its_value() -> None:
    here = host(secret="HF_TOKEN")
    (told,) = found(here, host(), "huggingface_hub: 401 Client Error, set HF_TOKEN\n")
    assert told.path == ("env_vars", "HF_TOKEN")


def test_others_stay_silent() -> None:
    assert found(host("EDITOR", "JAVA_HOME"), host("SSH_TTY"), "ValueError: x\n") == []
    assert found(host("JAVA_HOME"), host("JAVA_HOME"), "JAVA_HOME is not set\n") == []
    unknown = examples.manifest({"env_vars": {"entries": {}}}, partial=("env_vars",))
    assert found(host("JAVA_HOME"), unknown, "JAVA_HOME is not set\n") == []
