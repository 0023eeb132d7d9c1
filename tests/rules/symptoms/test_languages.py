"""Texts of programs whose locale is not English."""

from __future__ import annotations

import pytest

from envsnap.knowledge.tables import table
from envsnap.rules.symptoms.languages import in_english
from envsnap.rules.symptoms.reading import read

GL = "ld-missing"


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("ImportError: libX.so.1: Kann die Shared-Object-Datei nicht öffnen: Datei oder Verzeichnis nicht gefunden", GL),
        ("ImportError: libX.so.1: 无法打开共享对象文件: 没有那个文件或目录", GL),
        # Another release of the C library words it otherwise; how it ends is the same.
        ("ImportError: libX.so.1: 无法打开共享目标文件: 没有那个文件或目录", GL),
        ("OSError: libX.so.1: невозможно открыть разделяемый объектный файл: Нет такого файла или каталога", GL),
        ("OSError: [Errno 24] Zu viele offene Dateien", "os-open-files"),
        ("OSError: [Errno 28] Aucun espace disponible sur le périphérique: '/dev/shm/x'", "shared-memory"),
        ("Ungültiger Maschinenbefehl (Speicherabzug geschrieben)", "illegal-instruction"),
        ("./run.sh: Zeile 3:    42 Getötet                 python x.py", "killed"),
        ("バスエラー (コアダンプ)", "bus-error"),
    ],
)  # fmt: skip
def test_a_sentence_of_the_c_library_in_another_language(text: str, row: str) -> None:
    found = read(text).evidence
    assert row in [item.row["id"] for item in found]
    assert found[0].line in text  # quoted as it was printed


@pytest.mark.parametrize(
    "text",
    [
        "Epoch 1: 3 Morto",
        "Morto a galla",
        "OSError: [Errno 24] something of our own",
        "loaded libX.so.1: fine: ok",
        "Große Datei: ünïcödé",
    ],
)
def test_what_only_looks_so_is_left(text: str) -> None:
    assert in_english(text) == text


def test_every_translation_is_put_back_and_no_line_is_lost() -> None:
    known = table("translated_sentences")
    for english, foreign in known["loader"].items():
        for told in foreign:
            assert in_english(f"a\nlibX.so.1: {told}: ?\nb") == f"a\nlibX.so.1: {english}: ?\nb"
    for english, foreign in known["signals"].items():
        for told in foreign:
            assert in_english(f"a\n{told}\nb").split("\n")[1].startswith(english)
