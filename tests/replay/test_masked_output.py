"""A recording holds no secret: not of arguments, names, messages, settings, prints or files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from envsnap.replay.recorder import masks, texts
from tests.conftest import Run

SCRIPT = """
import sys
import torch
import envsnap

class Config:
    def to_dict(self):
        return {"api_key": "sk-PLANTIXabcdefgh1234567890", "password": "PLANTIX-9", "dim": 3}

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)
        self.config = Config()
    def forward(self, x, prompt=None):
        return self.layer(x)

model = Model()
print("token ghp_PLANTIX0123456789PLANTIX0123456789", "loss 0.5")
print("the password is PLANTIX.")
envsnap.tap("prompt", "connect with password PLANTIX at postgres://u:PLANTIX9@h/db")
envsnap.tap("hf_PLANTIXABCDEFGHIJKLMNOPQRSTUVWXYZ1234", torch.ones(3))
model(torch.ones(1, 3), prompt="my key is sk-PLANTIXABCDEFGHIJKLMNOP1234567890")
open("out.ghp_PLANTIX0123456789PLANTIX0123456789", "w").write("password=PLANTIX7\\nkeep 3\\n")
open("settings.env", "w").write("DB_PASSWORD=PLANTIX8\\nLR=1\\n")
raise RuntimeError("cannot reach https://joe:PLANTIX9@h.example/x?token=PLANTIX12345")
"""

RUN = 1_795_000_000.0, 1_795_000_004.0  # when it began and ended


@pytest.mark.parametrize("text", [(), ("--text",)], ids=["digests", "text"])
def test_nothing_planted_is_in_a_recording(
    text: tuple[str, ...], envsnap: Run, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    import sys

    (tmp_path / "s.py").write_text(SCRIPT)
    done = envsnap(
        "record", *text, "-o", "it.esr", "--", sys.executable, "s.py", "--api-key", "PLANTIX-42",
        env={"WANDB_API_KEY": "PLANTIX-env-123"},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    with zipfile.ZipFile(tmp_path / "it.esr") as archive:
        for name in archive.namelist():
            assert b"PLANTIX" not in archive.read(name), name
        record = json.loads(archive.read("record.json"))
    assert record["printed"]["lines"][0].split()[1] == "%secret"
    note = next(note for note in record["notes"] if "left out as secrets" in note)
    assert note.startswith("3 texts left out as secrets, and not compared: ")
    assert "raised.message" in note
    assert "cannot reach https://" in record["raised"]["message"]
    same = envsnap("compare", "it.esr", "it.esr")
    assert same.returncode == 0
    assert "left out as secrets" in same.stdout


def test_lines_without_secrets_are_as_they_were() -> None:
    said = b"step 3: tokens/s 812, loss 0.5, pad_token <pad>, keys 4\nlogin page of the account\n"
    assert list(texts.listed(said, RUN, text=True).lines) == [
        "step 3 : tokens / s 812 , loss 0.5 , pad_token < pad > , keys 4",
        "login page of the account",
        "",
    ]


# Pairs that differ in numbers alone, or in what stands between quotes: the first one has no secret.
ALIKE = (
    ("the password is 12", "the password is 'tulip12'"),
    ("token 5 of 7 was cut", "token 5 of hf_PLANTIX0123456789PLANTIX0123456789 was cut"),
    ("key = 17, lr = 0.1", "key = 17, password = 'tulip'"),
    ("login as joe / 17", "login as joe / tulip17"),
    ("took 12.5 s for key 3 at 10:22:31", "took 12.5 s for key=sk-PLANTIXabcdefgh1234567890 at 10:22:31"),
)  # fmt: skip


@pytest.mark.parametrize(("harmless", "secret"), ALIKE)
def test_a_line_is_judged_alike_whatever_was_said_before(harmless: str, secret: str) -> None:
    alone = [
        *texts.listed(harmless.encode(), RUN, text=True).lines,
        *texts.listed(secret.encode(), RUN, text=True).lines,
    ]
    assert list(texts.listed(f"{harmless}\n{secret}".encode(), RUN, text=True).lines) == alone
    assert "%secret" in alone[1]
    assert "%secret" not in alone[0]


def test_lines_that_differ_in_numbers_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    judge = masks.decision.message

    def counted(text: str, known: dict[str, str]) -> str:
        asked.append(text)
        return str(judge(text, known))

    monkeypatch.setattr(masks.decision, "message", counted)
    said = "".join(f"step {n} tokens=128 loss={n / 7:.4f} took {n}.5 s\n" for n in range(1000))
    assert len(list(texts.listed(said.encode(), RUN, text=True).lines)) == 1001
    assert len(asked) == 1
