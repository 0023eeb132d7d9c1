"""Command lines, clauses and pieces of files in a text: what they hand over, and what stays.

Words and notations of `benchmarks.redaction` are not used again here, so that its sets stay apart.
"""

from __future__ import annotations

import pytest

from envsnap.intake import config_trees
from envsnap.redact import decision

HANDED = (
    "$ printf '%s' SECRET | skopeo login -u ann --password-stdin quay.example",
    "$ echo svc:SECRET | chpasswd",
    "$ kdestroy; kinit ann <<< SECRET",
    "$ tool sync --token-command 'echo SECRET' --n 3",
    "$ aria2c --rpc-secret-file=<(echo SECRET) x",
    "$ snmpbulkwalk -v 2c -c SECRET switch-3 ifTable",
    "$ ipmitool -H bmc -U admin -P SECRET sol activate",
    "cache:6379> AUTH default SECRET",
    "set -gx REDIS_PASSWORD SECRET",
    'expect "Password:"; send -- "SECRET\\r"',
    "C:\\> net user ann SECRET /domain",
    "$ useradd -m -p SECRET ann",
    "C:\\> net use * \\\\nas\\w SECRET /user:ann",
)
TOLD = (
    "the vault password of the old box was SECRET, ask ann",
    "reset the registry password (now SECRET) tomorrow",
    "password (once more): SECRET",
    "user ann pass SECRET at quay",
    "type SECRET as the sudo pass",
    "its account is ann, the password SECRET",
    "Wrong login password 'SECRET' for ann",
)
WRITTEN = (
    'store_password: Optional[str] = "SECRET"',
    "store_password ........ SECRET",
    "| store_password | SECRET | yes |",
    "storePassword\tSECRET",
    "<key>storePassword</key>\n  <string>SECRET</string>",
    '<item id="storePassword" kind="x">SECRET</item>',
    "{Port:1 StorePassword:SECRET Tls:true}",
    'option("--store-password", help="x", default="SECRET")',
    "Key (store_password)=(SECRET) is not present",
    "name: store_password\nvalue: SECRET",
    "assert conf.store_password == 'SECRET'",
    'fastcgi_param store_password "SECRET";',
    "db-1:5432:*:ann:SECRET",
    "ann:SECRET:1003:1003::/home/ann:/bin/sh",
    "snmp-server community SECRET RW",
    "username ann privilege 1 secret 0 SECRET",
    "<item id='storePassword'><![CDATA[SECRET]]></item>",
    "store_password:\n    SECRET",
    "$ yq '.a.store_password = \"SECRET\"' x",
    'ENV["STORE_PASSWORD"] ||= "SECRET"',
)
SETTINGS = (
    "$ echo done | tee log", "$ printf '%s' x | ssh gpu-7 cat", "$ psql <<< 'select 1'",
    "$ ping -c 4 gpu-7", "C:\\> net user ann /delete", "password:\n  - length: 8", "password:\n  required: true", "$ docker run -P nginx", "$ tool login --help", "$ gh auth status --hostname h.example",
    "cache:6379> AUTH failed", "set -gx TOKENIZERS_PARALLELISM false", "$ tool <(echo a) <(echo b)",
    "the password of the old box was changed", "password (hidden): unchanged", "use it as the token for padding",
    "user and password are needed", "tests pass with 4 workers as we pass them", "the pass that fuses conv is slow",
    "def check(self, password, salt=None):", "Secrets are encrypted with AES-GCM-256 here",
    "the key of the map is created_at", "token (so that **not** all is padded)",
    "curl -d 'max_new_tokens=90988&n=1' h", "| token | string | yes |", "| password | optional |",
    "{Port:1 KeyDim:64 Tokenizer:bpe}", "assert tok.pad_token == '<pad>'", "if token == 'bos':",
    "name: max_tokens\nvalue: 256", "ann:x:1003:1003::/home/ann:/bin/sh", "daemon:*:1:1::/usr/sbin:/bin/false",
    "hidden_states: SeamlessM4Tv2DecoderLayer Wav2Vec2CTCTokenizer", "community edition is fine",
    'option("--key-dim", default="64")', "sort_keys ........ True", "username ann privilege 1",
)  # fmt: skip


@pytest.mark.parametrize("text", [*HANDED, *TOLD, *WRITTEN])
@pytest.mark.parametrize("word", ["Quokka!82", "b7Kp2mQz9LtR4vWx", "wombat-numbat-4"])
def test_what_is_handed_told_or_written_down_is_left_out(text: str, word: str) -> None:
    shown = decision.message(text.replace("SECRET", word), {})
    assert word not in shown
    assert decision.REDACTED in shown


@pytest.mark.parametrize("text", SETTINGS)
def test_what_reads_alike_and_opens_nothing_stays(text: str) -> None:
    assert decision.message(text, {}) == text


@pytest.mark.parametrize(
    ("tree", "kept"),
    [
        ({"environment": ["DB_PASSWORD=quokka", "LR=1"]}, {"environment": ["DB_PASSWORD=<redacted by envsnap>", "LR=1"]}),
        ({"params": [["git_sha", "0a1b" * 10], ["lr", "1"]]}, None),
        ({"auth": {"git_sha": "0a1b" * 10}}, None),
        ({"backend": "b7Kp2mQz9LtR4vWx", "arch": "Qwen2VLForCausalLM"}, {"arch": "Qwen2VLForCausalLM"}),
        ({"url": "https://h.example/x?refresh_token=" + "0a" * 20}, {"url": "https://h.example/x"}),
    ],
)  # fmt: skip
def test_trees_are_read_as_what_they_are(tree: object, kept: object) -> None:
    assert config_trees.redact(tree, ("app",), {}) == (tree if kept is None else kept)
